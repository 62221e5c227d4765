"""`danshu bench speech --data DIR`: what the model of this machine hears, and what is made of it.

A folder holds recordings (WAV) and

    transcripts.tsv   file, text, order          tab separated, with a head; order is JSON or absent
    catalogue.json    {"skus": [{code, name, unit}], "options": [{code, name}], "stores": […]}

Without a catalogue it is that of testing/menus.py. An order is {"intent", "store", "lines":
[{"sku", "quantity", "options"}]}; {"ask": true} says that a question is due.
Wrong is caught where it is asked, doubted, or less sure than SURE. The floor is the same sound by
the model alone: no catalogue, its best guess read as it stands.
"""

from __future__ import annotations

import asyncio
import csv
import re
import time
from typing import TYPE_CHECKING, Any, Final

import cn2an
import msgspec
from msgspec import Struct
from rapidfuzz.distance import Levenshtein

from danshu.bench.report import Report, make_report
from danshu.capabilities.intake import expected, language, lexicon
from danshu.capabilities.intake.lexicon import Called, Goods, Option
from danshu.kernel.errors import InputError
from danshu.ports import registry
from danshu.ports.connector import Account
from danshu.ports.modality import Original
from danshu.testing import menus

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from danshu.capabilities.intake.lexicon import Lexicon
    from danshu.ports.modality import Candidate, Parsed, Span
    from danshu.ports.perceiver import Perception

BUDGET: Final = {
    "wrong_percent": 10.0,
    "wrong_uncaught_percent": 1.0,
    "cpu_s_per_utterance": 3.1,
}
SURE: Final = 650  # thousandths under which a draft goes to a person
_NOW_MS: Final = 1_764_486_000_000
_PLAIN: Final = re.compile(r"[^\w]")
_WAV: Final = "audio/wav"

Meaning = tuple[str, str, tuple[tuple[str, int, tuple[str, ...]], ...]]


class Line(Struct, frozen=True, kw_only=True):
    """A line of the order that was meant."""

    sku: str
    quantity: int
    options: tuple[str, ...] = ()


class Wanted(Struct, frozen=True, kw_only=True):
    """The order that was meant; `ask`: it can't be known without a question."""

    intent: str = "order"
    store: str = ""
    lines: tuple[Line, ...] = ()
    ask: bool = False


class Utterance(Struct, frozen=True, kw_only=True):
    """A recording, its words, and the order where it is one."""

    file: str
    body: bytes
    text: str
    order: Wanted | None


class _Named(Struct, frozen=True, kw_only=True):
    code: str
    name: str
    unit: str = ""


class _Catalogue(Struct, frozen=True, kw_only=True):
    skus: tuple[_Named, ...] = ()
    options: tuple[_Named, ...] = ()
    stores: tuple[_Named, ...] = ()


class _Tally:
    """What is counted of one way to hear."""

    def __init__(self) -> None:
        self.edits = self.chars = self.orders = self.exact = self.caught = self.asked = 0
        self.hits = self.found = self.meant = 0
        self.cpu_s: list[float] = []


class _Context:
    """Lent to the modality: the model of this machine and a catalogue."""

    source: Mapping[str, str] = {}
    now_ms = _NOW_MS

    def __init__(self, words: Lexicon, terms: tuple[str, ...]) -> None:
        self._words, self._terms = words, terms
        self.heard: Perception | None = None

    async def perceive(
        self, kind: str, original: Original, hints: Mapping[str, object] | None = None
    ) -> Perception:
        """Hear it with the model of the extra."""
        model: Any = registry.load("perceiver", "whisper")
        given = {**(hints or {}), "terms": self._terms}
        heard: Perception = await model.perceive(
            Account(url=""), _nobody, original.body, original.media_type, given
        )
        self.heard = heard
        return heard

    def understand(self, text: str, pieces: tuple[Span, ...] = ()) -> Parsed:
        """Read words."""
        return language.understand(text, self._words, _NOW_MS, pieces)

    def resolve(self, kind: str, words: str, of: str = "") -> tuple[Candidate, ...]:
        """Find words."""
        return lexicon.resolve(self._words, kind, words, of)


async def _nobody(*_: object) -> Any:
    raise InputError("asks_nobody", "a model on this machine asks nobody")


def run(seconds: int | None = None, size: int | None = None) -> Report:
    """Raise InputError: a voice is nothing that could be shipped."""
    del seconds, size
    raise InputError("no_data", "bench speech wants --data DIR: recordings and transcripts.tsv")


def run_data(data: Path, size: int | None = None) -> Report:
    """Measure a folder. Raises InputError `no_data`, NotAvailable without the extra."""
    utterances, words = _read(data, size)
    model: Any = registry.load("modality", "voice")
    biased, alone = _Tally(), _Tally()
    warm = _Context(words, ())
    asyncio.run(warm.perceive("speech", _original(utterances[0]), {"warm": True}))
    for each in utterances:
        for tally, terms in ((biased, expected.words(words)), (alone, ())):
            context = _Context(words, terms)
            started = time.process_time()
            parsed = asyncio.run(model.parse(_original(each), context))
            if tally is alone and context.heard is not None:
                parsed = context.understand(context.heard.text)
            tally.cpu_s.append(time.process_time() - started)
            _count(tally, each, parsed, context.heard.text if context.heard else "")
    figures = _figures(biased)
    # without orders beside the transcripts there is nothing that could be ordered wrongly
    budget = {name: most for name, most in BUDGET.items() if name in figures}
    return make_report("speech", figures=figures, floor=_figures(alone), budget=budget)


def _read(data: Path, size: int | None) -> tuple[list[Utterance], Lexicon]:
    try:
        with (data / "transcripts.tsv").open(encoding="utf-8-sig", newline="") as told:
            rows = list(csv.DictReader(told, delimiter="\t", quoting=csv.QUOTE_NONE))[:size]
        path, catalogue = data / "catalogue.json", None
        if path.exists():
            catalogue = msgspec.json.decode(path.read_bytes(), type=_Catalogue)
        utterances = [
            Utterance(
                file=row["file"],
                body=(data / row["file"]).read_bytes(),
                text=row["text"],
                order=msgspec.json.decode(row["order"], type=Wanted) if row.get("order") else None,
            )
            for row in rows
        ]
    except (OSError, KeyError, msgspec.MsgspecError) as error:
        raise InputError("no_data", f"{data} is no folder of recordings: {error}") from error
    if not utterances:
        raise InputError("no_data", f"{data} has no recordings")
    return utterances, _index(catalogue)


def _index(catalogue: _Catalogue | None) -> Lexicon:
    if catalogue is None:
        return lexicon.build(
            [Goods(code=g["code"], name=g["name"]) for g in menus.goods()],
            [Option(code=o["code"], name=o["name"]) for o in menus.options()],
            [Called(kind=d["kind"], code=d["code"], name=d["name"]) for d in menus.directory()],
        )
    return lexicon.build(
        [
            Goods(code=s.code, name=s.name, units={s.unit: 1} if s.unit else {})
            for s in catalogue.skus
        ],
        [Option(code=o.code, name=o.name) for o in catalogue.options],
        [Called(kind="store", code=s.code, name=s.name) for s in catalogue.stores],
    )


def _original(each: Utterance) -> Original:
    return Original(body=each.body, media_type=_WAV, digest="", name=each.file)


def _count(tally: _Tally, each: Utterance, parsed: Parsed, heard: str) -> None:
    meant = normalise(each.text)
    tally.edits += Levenshtein.distance(meant, normalise(heard))
    tally.chars += len(meant)
    if each.order is None:
        return
    want, got = _meant(each.order), _understood(parsed)
    entities, known = _entities(want), _entities(got)
    tally.hits += len(entities & known)
    tally.meant += len(entities)
    tally.found += len(known)
    asks = bool(parsed.questions or parsed.troubles) or parsed.confidence < SURE
    is_exact = (asks or parsed.intent.value == "none") if each.order.ask else want == got
    tally.orders += 1
    tally.exact += is_exact
    tally.caught += asks and not is_exact
    tally.asked += asks and is_exact


def normalise(text: str) -> str:
    """Write text for comparison: digits as characters, 二 for 两, no marks."""
    spelled = re.sub(r"\d{1,12}", lambda found: str(cn2an.an2cn(found[0])), text)
    return _PLAIN.sub("", spelled).replace("两", "二").lower()


def _meant(order: Wanted) -> Meaning:
    lines = [(line.sku, line.quantity, tuple(sorted(line.options))) for line in order.lines]
    return order.intent, order.store, tuple(sorted(lines))


def _understood(parsed: Parsed) -> Meaning:
    draft = parsed.draft
    lines = [(line.sku, line.quantity, tuple(sorted(line.options))) for line in draft.lines]
    return parsed.intent.value, draft.store, tuple(sorted(lines))


def _entities(meaning: Meaning) -> set[tuple[str, str]]:
    _, store, lines = meaning
    told = {("store", store)} if store else set()
    for sku, quantity, options in lines:
        told |= {("sku", sku), ("count", f"{sku} {quantity}")}
        told |= {("option", f"{sku} {option}") for option in options}
    return told


def _figures(tally: _Tally) -> dict[str, Any]:
    wrong = tally.orders - tally.exact
    figures: dict[str, Any] = {
        "cer": _share(tally.edits, tally.chars),
        "utterances": len(tally.cpu_s),
        "cpu_s_per_utterance": round(sum(tally.cpu_s) / max(1, len(tally.cpu_s)), 2),
    }
    if tally.orders:
        figures |= {
            "orders": tally.orders,
            "entity_f1": _share(2 * tally.hits, tally.meant + tally.found),
            "whole_order_exact": _share(tally.exact, tally.orders),
            "wrong_percent": round(100 * _share(wrong, tally.orders), 2),
            "wrong_caught": _share(tally.caught, wrong) if wrong else 1.0,
            "wrong_uncaught_percent": round(100 * _share(wrong - tally.caught, tally.orders), 2),
            "right_but_asked_percent": round(100 * _share(tally.asked, tally.orders), 2),
        }
    return figures


def _share(part: int, of: int) -> float:
    return round(part / of, 4) if of else 0.0
