"""`danshu bench vision`: how exactly documents are read, and what a page costs.

Without `--data` on documents of the project's own (testing/papers.py) in layouts that the reader
was not built with, clean and photographed; with `--data DIR` on a folder of pictures and a
fields.json
{"file": {"/customer": …, "/number": …, "/due": "YYYY-MM-DD", "/address": …, "/total_fen": …,
"/lines/0/code": …, name, quantity, unit, price_fen}}. A field counts when it is equal after NFKC
without spaces. `wrong_caught_percent` is the share of documents with a wrong field that say so
themselves: a trouble, a question, or a field below 900. The floor is the model alone on the same
pages: find, turn and read lines of words, without grids, labels and tables.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
import time
import unicodedata
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec

from danshu.bench.report import Report, make_report
from danshu.kernel.errors import InputError, NotAvailable
from danshu.ports import registry
from danshu.ports.connector import Account
from danshu.ports.modality import Draft, Intent, Original, Parsed
from danshu.testing import papers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.ports.connector import Answer
    from danshu.ports.modality import Assessment, Candidate, Modality, Span
    from danshu.ports.perceiver import Perceiver, Perception

BUDGET: Final = {"cpu_s_per_page": 4.0, "wrong_percent": 1.0}
_NOW_MS: Final = 1_795_000_000_000  # 2026-11-18: dates without a year are near it
_SURE: Final = 900
_TYPES: Final = {
    ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp",
    ".bmp": "image/bmp", ".pdf": "application/pdf",
}  # fmt: skip


class Bare:
    """A context that knows no master data: a document is read as it stands."""

    source: Mapping[str, str] = {}
    now_ms = _NOW_MS

    def __init__(self, seen: Perception) -> None:
        self._seen = seen

    async def perceive(
        self, kind: str, original: Original, hints: Mapping[str, object] | None = None
    ) -> Perception:
        """Give what was seen."""
        return self._seen

    def understand(self, text: str, pieces: tuple[Span, ...] = ()) -> Parsed:
        """Understand nothing."""
        return Parsed(intent=Intent.NONE, draft=Draft(), fields=(), confidence=0, text=text)

    def resolve(self, kind: str, words: str, of: str = "") -> tuple[Candidate, ...]:
        """Find nothing."""
        return ()

    def look_up(self, kind: str, code: str) -> Mapping[str, object]:
        """Know nothing."""
        return {}

    def assess(self, device: str, seen: Perception) -> Assessment:
        """Compare nothing."""
        raise NotAvailable("no device is known here")


def run(seconds: int | None = None, size: int | None = None) -> Report:
    """Measure `size` documents (2) of each unseen layout, clean ones and photos in turn."""
    del seconds
    with tempfile.TemporaryDirectory() as folder:
        for n, photos in enumerate((False, True)):
            each = ((size or 2) + 1 - n) // 2
            if each:
                papers.write_folder(Path(folder) / str(n), papers.UNSEEN, each, photos)
        return run_data(Path(folder), None)


def run_data(data: Path, size: int | None = None) -> Report:
    """Measure a folder, and folders in it. Raises InputError where none has a fields.json."""
    told: list[tuple[Path, dict[str, str]]] = []
    for listed in sorted([*data.glob("fields.json"), *data.glob("*/fields.json")]):
        rows = msgspec.json.decode(listed.read_bytes(), type=dict[str, dict[str, str]])
        told += [(listed.parent / name, right) for name, right in sorted(rows.items())]
    if not told:
        raise InputError("no_data", f"{data} has no fields.json")
    reader = cast("Perceiver", registry.load("perceiver", "paper"))
    photo = cast("Modality", registry.load("modality", "photo"))
    counted = {"fields": 0, "wrong": 0, "documents": 0, "all_right": 0, "caught": 0, "pages": 0}
    cpu_s, missed = 0.0, []
    _look(reader, *_read(told[0][0]))  # the models are loaded
    for path, right in told[:size]:
        body, kind = _read(path)
        started = time.process_time()
        seen = _look(reader, body, kind)
        cpu_s += time.process_time() - started
        original = Original(body=b"", media_type=kind, digest="", name=path.name)
        parsed = asyncio.run(photo.parse(original, Bare(seen)))
        said = values(parsed)
        wrong = [f for f, v in right.items() if _plain(said.get(f, "")) != _plain(v)]
        missed += [f"{path.name} {f}: {right[f]} / {said.get(f, '')}" for f in wrong]
        counted["fields"] += len(right)
        counted["wrong"] += len(wrong)
        counted["documents"] += 1
        counted["pages"] += len(seen.pages)
        counted["all_right"] += not wrong
        counted["caught"] += bool(wrong) and _is_doubted(parsed)
    bad = counted["documents"] - counted["all_right"]
    figures: dict[str, Any] = {
        "field_exact_percent": round(100 - 100 * counted["wrong"] / counted["fields"], 2),
        "wrong_percent": round(100 * counted["wrong"] / counted["fields"], 2),
        "fields": counted["fields"],
        "documents": counted["documents"],
        "documents_exact": counted["all_right"],
        "wrong_caught_percent": round(100 * counted["caught"] / bad, 1) if bad else 100.0,
        "cpu_s_per_page": round(cpu_s / max(1, counted["pages"]), 2),
        "missed": "; ".join(missed[:20]),
    }
    floor = {"cpu_s_per_page": round(_floor([_read(p) for p, _ in told[:size]][:4]), 2)}
    return make_report("vision", figures=figures, floor=floor, budget=BUDGET)


def _read(path: Path) -> tuple[bytes, str]:
    kind = _TYPES.get(path.suffix.lower())
    if kind is None:
        raise InputError("no_data", f"{path.name} is no picture and no PDF")
    return path.read_bytes(), kind


def _look(reader: Perceiver, body: bytes, kind: str) -> Perception:
    async def send(*_: object) -> Answer:
        raise NotAvailable("a local model asks nobody")

    return asyncio.run(reader.perceive(Account(url=""), send, body, kind, {}))


def values(parsed: Parsed) -> dict[str, str]:
    """Give what was read by the paths of fields.json."""
    said: dict[str, str] = {}
    for field in parsed.fields:
        line = re.match(r"(/lines/\d+)/(\w+)$", field.path)
        if field.path == "/due_ms":
            at = datetime.fromtimestamp(int(field.value) / 1000, UTC) + timedelta(hours=8)
            said["/due"] = f"{at:%Y-%m-%d}"
        elif field.path == "/customer":
            said["/customer"] = field.said
        elif line and line[2] == "sku":
            said[f"{line[1]}/code"] = field.said
        elif line and line[2] == "title":
            said[f"{line[1]}/name"] = field.value
        elif line and line[2] == "quantity":
            said[f"{line[1]}/quantity"] = field.value
            said[f"{line[1]}/unit"] = re.sub(r"^[\d\s,.]+", "", field.said)
        else:
            said[field.path] = field.value
    return said


def _plain(words: str) -> str:
    plain = unicodedata.normalize("NFKC", words).replace("×", "x").replace("*", "x")
    return "".join(plain.split()).casefold()


def _is_doubted(parsed: Parsed) -> bool:
    """Say whether a document tells that something of it may be wrong. That no master data is known
    here is no doubt of its own.
    """
    asked = [q for q in parsed.questions if q.code not in ("which_sku", "which_customer")]
    low = [
        f for f in parsed.fields
        if f.confidence < _SURE and not f.path.endswith("/sku") and f.path != "/customer"
    ]  # fmt: skip
    return bool(parsed.troubles or asked or low)


def _floor(pages: list[tuple[bytes, str]]) -> float:
    """CPU seconds a page of the model by itself."""
    import io

    import numpy as np
    from PIL import Image
    from rapidocr import RapidOCR

    threads = {"EngineConfig.onnxruntime.intra_op_num_threads": 2, "Global.log_level": "error"}
    engine = RapidOCR(params={"Det.limit_side_len": 736, "Det.limit_type": "max", **threads})
    drawn = [
        np.asarray(Image.open(io.BytesIO(body)).convert("RGB"))[:, :, ::-1]
        for body, kind in pages
        if kind != "application/pdf"
    ]
    if not drawn:
        return 0.0
    engine(drawn[0])
    started = time.process_time()
    for pixels in drawn:
        engine(pixels)
    return (time.process_time() - started) / len(drawn)
