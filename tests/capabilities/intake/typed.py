"""The typed orders: the catalogue that they are read by, and how an answer is written down."""

from __future__ import annotations

import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from danshu.capabilities.intake.language import understand
from danshu.capabilities.intake.lexicon import Alias, Called, Goods, Lexicon, Option, build
from danshu.ports.modality import Intent, Parsed

_HERE: Final = Path(__file__).parent
_SHANGHAI: Final = datetime.timezone(datetime.timedelta(hours=8))
NOW_MS: Final = int(datetime.datetime(2026, 11, 30, 10, tzinfo=_SHANGHAI).timestamp() * 1000)


def _read(name: str) -> Any:
    return yaml.safe_load((_HERE / name).read_text(encoding="utf-8"))


@cache
def lexicon() -> Lexicon:
    """Give the catalogue's lexicon."""
    told = _read("catalogue.yaml")
    goods = [
        Goods(code=c, name=row[0], units=row[1] if len(row) > 1 else {})
        for c, row in told["goods"].items()
    ]
    options = [
        Option(code=c, name=row[0], allergens=tuple(row[1]) if len(row) > 1 else ())
        for c, row in told["options"].items()
    ]
    called = [
        Called(kind=kind, code=c, name=name)
        for kind in ("store", "customer", "device", "symptom")
        for c, name in told[kind + "s"].items()
    ]
    aliases = [Alias(kind=k, alias=a, code=c, scope=s) for k, a, c, s in told["aliases"]]
    return build(goods, options, called, aliases)


@cache
def cases() -> tuple[tuple[str, str, str, str], ...]:
    """Give (part, group, text, expected)."""
    told = _read("typed_orders.yaml")
    return tuple(
        [
            (part, group, text, expected)
            for part, groups in told.items()
            for group, rows in groups.items()
            for text, expected in rows
        ]
    )


@cache
def read(text: str) -> Parsed:
    """Understand a text at the corpus' moment."""
    return understand(text, lexicon(), NOW_MS)


def write(parsed: Parsed) -> str:
    """Write an answer down as the corpus has it: lines, then the rest, questions last."""
    draft = parsed.draft
    pieces: list[str] = []
    if parsed.intent not in (Intent.ORDER, Intent.MAINTAIN):
        pieces.append(parsed.intent.value)
    if draft.repair is not None:
        pieces += ["maintain", *(["device=" + draft.repair.device] if draft.repair.device else [])]
        pieces += ["sym=" + s for s in draft.repair.symptoms]
    for line in draft.lines:
        marks = "".join([" +" + o for o in line.options] + [" #" + r for r in line.remarks])
        pieces.append(f"{line.quantity or '?'} {line.sku or '?'}{marks}")
    for name, value in (
        ("store", draft.store), ("customer", draft.customer), ("to", draft.address),
        ("who", draft.receiver), ("tel", draft.phone), ("no", draft.number.lower()),
        ("of", draft.of_order),
    ):  # fmt: skip
        pieces += [f"{name}={value}"] if value else []
    pieces += [f"total={draft.total_fen}"] if draft.total_fen >= 0 else []
    pieces += ["note=" + r for r in draft.remarks]
    if draft.due_ms:
        moment = datetime.datetime.fromtimestamp(draft.due_ms / 1000, _SHANGHAI)
        year = f"{moment.year}-" if moment.year != 2026 else ""
        pieces.append(f"due={year}{moment:%m-%d %H:%M}")
    pieces += sorted({"ask=" + q.code for q in parsed.questions})
    return "; ".join(pieces)


def normal(expected: str) -> frozenset[str]:
    """Compare without order of the pieces; lines count as often as they stand."""
    pieces = [p.strip() for p in expected.split(";")]
    return frozenset([f"{p}|{pieces[:n].count(p)}" for n, p in enumerate(pieces)])
