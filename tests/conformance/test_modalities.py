"""Every modality, by its entry point: the kit; the sample of a third party, as a loose plug-in."""

from __future__ import annotations

import io
import json
import wave
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from danshu.capabilities.intake import media
from danshu.kernel.errors import InputError
from danshu.kernel.limits import ORIGINAL_EVENT_BYTES
from danshu.ports import registry
from danshu.ports.modality import Intent
from danshu.ports.perceiver import Perception, Piece
from danshu.testing.modalities import CHECKS, ModalityCase, load_modality, parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from danshu.ports.modality import Parsed

SAMPLE: Final = Path(__file__).parents[2] / "samples/danshu-ar-gestures/danshu_ar_gestures.py"
AR: Final = "application/vnd.danshu.ar+json"
SAID: Final = "给人民广场店来三杯冰美式咖啡加燕麦奶"
HEARD: Final = Perception(
    kind="speech",
    engine="kit",
    version="1",
    digest="5e" * 32,
    text=SAID,
    pieces=(Piece(text=SAID[:10], to_ms=1_500), Piece(text=SAID[10:], from_ms=1_500, to_ms=3_000)),
    lang="zh",
    duration_ms=3_000,
)
SEEN: Final = Perception(
    kind="document",
    engine="kit",
    version="1",
    digest="d0" * 32,
    text="冰美式咖啡 3 杯",
    pieces=(
        Piece(text="冰美式咖啡", box=(10, 10, 60, 10, 60, 20, 10, 20)),
        Piece(text="3杯", box=(70, 10, 90, 10, 90, 20, 70, 20)),
    ),
    pages=((100, 100),),
)
SHAKEN: Final = Perception(
    kind="waveform",
    engine="kit",
    version="1",
    digest="3a" * 32,
    figures={"velocity_rms": 1.2, "kurtosis": 3.1},
    duration_ms=15_000,
)
READ: Final = Perception(
    kind="gauge",
    engine="kit",
    version="1",
    digest="9a" * 32,
    figures={"value": 0.2},
    pages=((100, 100),),
)

GAUGE: Final = {
    "code": "oil",
    "unit": "",
    "box": (10, 10, 20, 60),
    "low_symptom": "oil_low",
    "low_at": 300,
}


def events(*told: dict[str, Any]) -> bytes:
    return json.dumps({"format": "danshu-ar/1", "events": list(told)}).encode()


SESSION: Final = events(
    {"at_ms": 0, "gesture": "point", "anchor": "SKU-1"},
    {"at_ms": 400, "gesture": "count", "count": 3},
    {"at_ms": 900, "gesture": "pick", "anchor": "蓝莓蛋糕"},
    {"at_ms": 1_200, "gesture": "confirm"},
)


def sound() -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as told:
        told.setnchannels(1)
        told.setsampwidth(2)
        told.setframerate(8_000)
        told.writeframes(bytes(1_600))
    return out.getvalue()


CASES: Final[dict[str, Callable[[], ModalityCase]]] = {
    "text": lambda: ModalityCase(
        modality=load_modality("text"), originals=((SAID.encode(), "text/plain"),)
    ),
    "voice": lambda: ModalityCase(
        modality=load_modality("voice"),
        originals=((sound(), "audio/wav"),),
        perceptions={"speech": HEARD},
    ),
    "photo": lambda: ModalityCase(
        modality=load_modality("photo"),
        originals=((b"\x89PNG\r\n\x1a\n" + bytes(99), "image/png"),),
        perceptions={"document": SEEN},
    ),
    "waveform": lambda: ModalityCase(
        modality=load_modality("waveform"),
        originals=((b'{"device":"d-1"}\n' + bytes(99), "application/vnd.danshu.wave"),),
        perceptions={"waveform": SHAKEN},
        source={"device": "d-1"},
    ),
    "gauge": lambda: ModalityCase(
        rows={("gauge", "d-1"): GAUGE},
        modality=load_modality("gauge"),
        originals=((b"\x89PNG\r\n\x1a\n" + bytes(99), "image/png"),),
        perceptions={"gauge": READ},
        source={"device": "d-1"},
    ),
    "ar-gesture": lambda: ModalityCase(
        modality=load_modality("ar-gesture"), originals=((SESSION, AR),)
    ),
}


@pytest.fixture(autouse=True)
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sample of the repository, plugged in as a loose file."""
    (tmp_path / "modality").mkdir()
    (tmp_path / "modality" / "ar-gesture.py").write_bytes(SAMPLE.read_bytes())
    monkeypatch.setenv(registry.VARIABLE, str(tmp_path))


def test_every_plugged_modality_is_in_the_kit() -> None:
    assert set(registry.names("modality")) == set(CASES)


@pytest.mark.parametrize("name", sorted(CASES))
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_conformance(check: Callable[[ModalityCase], None], name: str) -> None:
    check(CASES[name]())


def gestured(*told: dict[str, Any]) -> Parsed:
    return parse(CASES["ar-gesture"](), events(*told), AR)


def test_gestures_come_to_an_order_or_to_a_question() -> None:
    sure = parse(CASES["ar-gesture"](), SESSION, AR)
    assert [(n.sku, n.quantity) for n in sure.draft.lines] == [("SKU-1", 3), ("SKU-3", 1)]
    assert (sure.intent, sure.questions) == (Intent.ORDER, ())
    assert sure.fields[0].spans[0].to_ms == 401
    point = {"at_ms": 0, "gesture": "point", "anchor": "SKU-1"}
    confirm = {"at_ms": 9, "gesture": "confirm"}
    assert [q.code for q in gestured(point, confirm).questions] == ["how_many"]
    unknown = {"at_ms": 0, "gesture": "pick", "anchor": "zzz"}
    assert [q.code for q in gestured(unknown, confirm).questions] == ["which_sku"]
    unfinished = gestured({**point, "gesture": "pick"})
    assert [q.code for q in unfinished.questions] == ["unclear"]
    assert gestured(point, {"at_ms": 5, "gesture": "cancel"}, confirm).intent is Intent.NONE
    with pytest.raises(InputError):
        gestured({**point, "at_ms": 9}, {"at_ms": 3, "gesture": "confirm"})


@pytest.mark.parametrize(
    ("said", "body", "kind"),
    [
        ("audio/x-wav", sound(), "audio/wav"),
        ("", b"\xff\xd8\xff" + bytes(9), "image/jpeg"),
        ("image/png", b"\x89PNG\r\n\x1a\n", "image/png"),
        ("video/webm", b"\x1a\x45\xdf\xa3" + bytes(9), "audio/webm"),
        ("application/octet-stream", b"%PDF-1.7", "application/pdf"),
        ("application/x-npz", b"PK\x03\x04" + bytes(9), "application/x-npz"),
        ("text/csv", b"1,2\n", "text/csv"),
        ("text/plain; charset=utf-8", "你好".encode(), "text/plain"),
        (AR, SESSION, AR),
        ("application/vnd.danshu.wave", b'{"device":"d"}\n\x80\x01', "application/vnd.danshu.wave"),
        ("application/vnd.danshu.wave", b'{"device":"d"}', "application/vnd.danshu.wave"),
        ("image/png", b"\xff\xd8\xff", None),
        ("audio/wav", b"RIFF\0\0\0\0WEBPVP8", None),
        ("text/plain", b"%PDF-1.7", None),
        ("text/plain", b"\xff\xfe\x80", None),
        ("application/pdf", b"hello", None),
        ("", b"\x80\x81\x82", None),
        (AR, b"[" * (ORIGINAL_EVENT_BYTES + 1), None),
    ],
)
def test_the_first_bytes_say_what_it_is(said: str, body: bytes, kind: str | None) -> None:
    if kind is None:
        with pytest.raises(InputError):
            media.settle(said, body)
    else:
        assert media.settle(said, body) == kind
