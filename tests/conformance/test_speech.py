"""What hears: recordings of every form and of none, services by their own protocols, and what the
modality makes of several ways to read one recording.
"""

from __future__ import annotations

import asyncio
import struct

import numpy as np
import pytest

from danshu.adapters.modalities import _homophones, voice
from danshu.adapters.perceivers import _sound, _whisper_files, whisper
from danshu.adapters.perceivers.funasr import FunAsr
from danshu.adapters.perceivers.openai_audio import OpenAiAudio
from danshu.capabilities.intake import expected, language, lexicon
from danshu.capabilities.intake.lexicon import Called, Goods, Option
from danshu.hub import outside, wires
from danshu.kernel.errors import InputError, NotAvailable
from danshu.kernel.limits import SPEECH_S
from danshu.ports.connector import Account, NotTaken
from danshu.ports.modality import Parsed, Span
from danshu.ports.perceiver import Perception, Piece
from danshu.testing import menus, recordings, speech_desk

NOW_MS = 1_764_486_000_000
REACH = outside.Reach(20, 2_000_000, 1)
WORDS = lexicon.build(
    [Goods(code=g["code"], name=g["name"]) for g in menus.goods()],
    [Option(code=o["code"], name=o["name"]) for o in menus.options()],
    [Called(kind=d["kind"], code=d["code"], name=d["name"]) for d in menus.directory()],
)


class Lent:
    """What reading words needs."""

    def understand(self, text: str, pieces: tuple[Span, ...] = ()) -> Parsed:
        return language.understand(text, WORDS, NOW_MS, pieces)


def heard(*ways: tuple[str, int], sure: int = 900) -> Perception:
    pieces = tuple(Piece(text=text, confidence=weight) for text, weight in ways)
    first = pieces[0].text
    return Perception(
        kind="speech",
        engine="x",
        version="1",
        digest="00",
        text=first,
        pieces=tuple(
            Piece(text=c, from_ms=n * 200, to_ms=n * 200 + 200) for n, c in enumerate(first)
        ),
        alternatives=pieces,
        confidence=sure,
    )


def tone(rate_hz: int, seconds: float = 1.0, hz: float = 180.0) -> recordings.Floats:
    at = np.arange(int(seconds * rate_hz)) / rate_hz
    told: recordings.Floats = 0.4 * np.sin(2 * np.pi * hz * at) * (at % 0.4 < 0.3)
    return told


def form(kind: int, channels: int, rate_hz: int, bits: int) -> bytes:
    frame = channels * bits // 8
    return struct.pack("<HHIIHH", kind, channels, rate_hz, rate_hz * frame, frame, bits)


FORMS = {
    "8 bits": (form(1, 1, 8_000, 8), lambda x: ((x * 127) + 128).astype(np.uint8).tobytes(), 8_000),
    "24 bits": (
        form(1, 1, 44_100, 24),
        lambda x: (x * 2**31).astype("<i4").view(np.uint8).reshape(-1, 4)[:, 1:].tobytes(),
        44_100,
    ),
    "32 bits": (form(1, 1, 48_000, 32), lambda x: (x * 2**31).astype("<i4").tobytes(), 48_000),
    "floats": (form(3, 1, 22_050, 32), lambda x: x.astype("<f4").tobytes(), 22_050),
    "stereo": (
        form(1, 2, 16_000, 16),
        lambda x: np.repeat((x * 32_767).astype("<i2"), 2).tobytes(),
        16_000,
    ),
    "extensible": (
        form(0xFFFE, 1, 16_000, 16) + struct.pack("<HHIH", 22, 16, 4, 1) + bytes(14),
        lambda x: (x * 32_767).astype("<i2").tobytes(),
        16_000,
    ),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_recording_of_every_form_is_the_same_sound(name: str) -> None:
    head, write, rate_hz = FORMS[name]
    read = _sound.read(recordings.riff(head, write(tone(rate_hz))), "audio/wav")
    assert read.duration_ms == 1_000
    assert abs(len(read.samples) - _sound.RATE_HZ) <= 2
    assert 0.35 < float(np.abs(read.samples).max()) < 0.45
    assert abs(_sound.pitch_hz(read.samples) - 180) < 6


PCM = form(1, 1, 16_000, 16)
HOSTILE = {
    "two hours by its header": (recordings.riff(PCM, b"", claimed=2 * 7_200 * 16_000), "too_long"),
    "two hours of silence": (recordings.riff(PCM, bytes(2 * 16_000 * (SPEECH_S + 2))), "too_long"),
    "no numbers": (
        recordings.riff(form(3, 1, 16_000, 32), np.full(16_000, np.nan, "<f4").tobytes()),
        "bad_recording",
    ),
    "webm": (b"\x1a\x45\xdf\xa3" + bytes(400), "unsupported_recording"),
    "compressed": (recordings.riff(form(0x55, 1, 16_000, 16), bytes(400)), "unsupported_recording"),
    "no samples": (b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0" + PCM, "bad_recording"),
    "no rate": (recordings.riff(form(1, 1, 0, 16), bytes(400)), "bad_recording"),
    "no channel": (recordings.riff(form(1, 0, 16_000, 16), bytes(400)), "bad_recording"),
    "a format cut off": (b"RIFF\x24\0\0\0WAVEfmt \x04\0\0\0\1\0\1\0", "bad_recording"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_recording_is_refused_before_it_is_heard(name: str) -> None:
    body, code = HOSTILE[name]
    with pytest.raises(InputError) as refused:
        _sound.read(body, "audio/wav")
    assert refused.value.code.endswith(code)


def test_what_is_wrong_with_a_recording_is_said() -> None:
    cut = _sound.read(recordings.wav(tone(16_000))[:9_000], "audio/wav")
    assert cut.troubles == ("truncated",)
    assert "clipped" in _sound.read(recordings.wav(tone(16_000) * 9), "audio/wav").troubles
    fast = _sound.read(recordings.wav(tone(16_000, 3.0), 48_000), "audio/wav")
    assert "rate_mismatch" in fast.troubles
    silent = whisper.hear(_sound.read(recordings.wav(np.zeros(48_000)), "audio/wav"), {})
    assert (silent.text, silent.troubles, silent.confidence) == ("", ("silence",), 0)


@pytest.mark.skipif(not _whisper_files.is_installed(), reason="the extra `speech` is not there")
@pytest.mark.parametrize("sound", [recordings.noise(2), recordings.music(3)])
def test_no_words_are_heard_in_noise_and_music(sound: recordings.Floats) -> None:
    told = whisper.hear(_sound.read(recordings.wav(sound), "audio/wav"), {"terms": ("冰美式",)})
    assert told.text == ""
    assert "silence" in told.troubles
    assert told.digest == _whisper_files.MODEL_SHA256


def test_a_model_with_other_bytes_is_never_used(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = tmp_path / "danshu" / f"whisper-base-{_whisper_files.MODEL_SHA256[:12]}"
    folder.mkdir(parents=True)
    (folder / "model.bin").write_bytes(b"another")
    with pytest.raises(NotAvailable, match="not the model"):
        _whisper_files.prepare()


def test_a_service_is_asked_as_openai_documents_it() -> None:
    body = recordings.spoken("两杯冰美式，一杯热拿铁")

    async def ask(desk: speech_desk.Desk, key: str) -> Perception:
        async with wires.open_wire() as wire:
            account = Account(url=desk.url, options=speech_desk.OPTIONS, secrets={"api_key": key})
            send = wires.sender(wire, "desk", REACH)
            return await OpenAiAudio().perceive(
                account, send, body, "audio/wav", {"terms": ("冰美式", "热拿铁")}
            )

    with speech_desk.serve(speech_desk.Desk()) as desk:
        told = asyncio.run(ask(desk, speech_desk.API_KEY))
        assert told.text == "两杯冰美式，一杯热拿铁"
        assert told.pieces[0].to_ms >= 2_000
        assert desk.asked[0]["prompt"] == "冰美式，热拿铁"
        with pytest.raises(NotAvailable):
            asyncio.run(ask(desk, "another"))
        for status, kind in ((429, NotTaken), (500, NotAvailable), (413, InputError)):
            desk.failing.append(status)
            with pytest.raises(kind):
                asyncio.run(ask(desk, speech_desk.API_KEY))


@pytest.mark.parametrize("mode", ["2pass", "offline"])
def test_a_service_is_talked_to_as_funasr_documents_it(mode: str) -> None:
    desk = speech_desk.Desk()
    desk.transcript = "三箱农夫山泉"

    async def talk() -> Perception:
        async with wires.open_wire() as wire:
            return await FunAsr().converse(
                Account(url=desk.url, options={"mode": mode}),
                wires.talker(wire, "desk", REACH),
                recordings.wav(tone(16_000, 2.0)),
                "audio/wav",
                {"terms": ("农夫山泉",)},
            )

    with speech_desk.serve_funasr(desk):
        told = asyncio.run(talk())
    assert told.text == "三箱农夫山泉"
    assert (desk.asked[0]["audio_fs"], desk.asked[0]["mode"]) == ("16000", mode)
    assert "农夫山泉" in desk.asked[0]["hotwords"]


def test_ways_that_mean_the_same_vote_together() -> None:
    told = voice.read(
        heard(("四杯冰美式", 400), ("四杯冰美式。", 350), ("十杯冰美式", 250)), Lent()
    )
    assert [(line.sku, line.quantity) for line in told.draft.lines] == [("CF-AM-ICE", 4)]
    assert not told.questions
    assert told.confidence < 900


def test_ways_that_mean_another_quantity_are_asked_about() -> None:
    told = voice.read(heard(("四杯冰美式", 500), ("十杯冰美式", 480)), Lent())
    (question,) = told.questions
    assert (question.code, question.path) == ("heard_differently", "/lines/0/quantity")
    assert {one.value for one in question.candidates} == {"4", "10"}


def test_what_is_added_and_not_known_is_asked() -> None:
    told = voice.read(heard(("一杯卡布奇诺，加烟奶", 900)), Lent())
    assert {q.code for q in told.questions} == {"which_option"}


def test_what_was_hardly_heard_is_said_again() -> None:
    told = voice.read(heard(("三杯冰美式", 900), sure=300), Lent())
    assert [q.code for q in told.questions] == ["unclear"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("食香可口可乐，三香雪碧", "十箱可口可乐，三箱雪碧"),
        ("红烧牛肉面三香,大米五带。", "红烧牛肉面三箱,大米五袋。"),
        ("再来12香农夫山泉", "再来12箱农夫山泉"),
        ("把钢材那丹取销", "把刚才那单取消"),
        ("柠檬茶不要冷。", "柠檬茶不要了。"),
        ("杯珠不要吸管", "备注不要吸管"),
        ("我要一起去", "我要一起去"),
    ],
)
def test_words_of_orders_are_written_as_they_are_written(written: str, meant: str) -> None:
    assert _homophones.repair(written) == meant


def test_places_in_the_recording_go_along_with_another_way_to_read_it() -> None:
    told = voice.read(heard(("三杯冰美食", 300), ("嗯三杯冰美式", 600)), Lent())
    quantity = next(f for f in told.fields if f.path == "/lines/0/quantity")
    assert quantity.spans
    assert quantity.spans[0].to_ms <= 600


def test_a_model_expects_what_people_call_things() -> None:
    words = expected.words(WORDS)
    assert {"冰美式", "农夫山泉", "燕麦奶"} <= set(words)
    assert expected.words(WORDS) is words
