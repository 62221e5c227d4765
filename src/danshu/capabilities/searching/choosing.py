"""Which metric a question means: its words against every name of every metric.

A name fits as far as it says what the question says (recall) and nothing else (precision); rare
words weigh more. What the question is counted by must be a dimension of the metric. Two that fit
alike are both offered, and what nobody knows of the question speaks against all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.capabilities.searching.lexicon import KINDS
from danshu.capabilities.searching.model import Choice
from danshu.capabilities.searching.scanning import Meaning, Token

if TYPE_CHECKING:
    from danshu.capabilities.searching.lexicon import Lexicon, Name
    from danshu.capabilities.searching.model import Card, Verdict

SURE: Final = 640
LIKELY: Final = 380
APART: Final = 45
CHOICES: Final = 5
_RECALL: Final = 1.6
_UNKNOWN: Final = 0.8
_HEARD: Final = 0.9
_LACKING: Final = 0.6
_UNITS: Final = {
    "rate": ("thousandths",),
    "amount": ("fen",),
    "duration": ("minutes", "ms", "days"),
    "count": ("orders", "units", "customers", ""),
}


class Asked(Struct, frozen=True, kw_only=True):
    """What of a question speaks of the number: its words, without times and values."""

    tokens: tuple[Token, ...]
    by: tuple[str, ...]
    where: tuple[str, ...]
    unknown: tuple[str, ...]
    shapes: frozenset[str]


class _Part(Struct, frozen=True, kw_only=True):
    meanings: frozenset[Meaning]
    weight: float


def choose(lexicon: Lexicon, asked: Asked) -> tuple[Verdict, tuple[Choice, ...]]:
    """Give the verdict, and the metrics that may be meant, the best first, at most CHOICES."""
    parts, kinds = _parts(lexicon, asked)
    if not parts and not kinds:
        return "unknown", ()
    lost = sum(_UNKNOWN * lexicon.rarest * min(len(u) / 2, 1.5) for u in asked.unknown)
    found = []
    for code, card in lexicon.metrics.items():
        fit = max((_fit(lexicon, n, parts, lost) for n in lexicon.names[code]), default=0.0)
        fit *= _kind(card, kinds, asked.shapes)
        lacks = tuple([d for d in (*asked.by, *asked.where) if not lexicon.dimension(code, d)])
        fit *= _LACKING ** len(lacks)
        if fit > 0:
            found.append(Choice(code=code, fit=round(1000 * min(fit, 1.0)), lacks=lacks))
    found.sort(key=lambda c: (-c.fit, list(lexicon.metrics).index(c.code)))
    best = [c for c in found[:CHOICES] if c.fit >= LIKELY and c.fit * 2 >= found[0].fit]
    if not best:
        return "unknown", ()
    rival = best[1].fit if len(best) > 1 else 0
    is_sure = best[0].fit >= SURE and best[0].fit - rival >= APART and not best[0].lacks
    return ("answered" if is_sure else "ambiguous"), tuple(best)


def _parts(lexicon: Lexicon, asked: Asked) -> tuple[tuple[_Part, ...], frozenset[str]]:
    parts: list[_Part] = []
    kinds: set[str] = set()
    for token in asked.tokens:
        kept = frozenset(m for m in token.meanings if m[0] in ("concept", "dimension"))
        said = {code for kind, code in kept if kind == "concept"}
        kinds |= said & KINDS
        if not kept or (said and said <= KINDS and not any(k == "dimension" for k, _ in kept)):
            continue
        if any(p.meanings & kept for p in parts):
            continue
        weight = lexicon.weight(kept) * (1.0 if token.is_exact else _HEARD)
        parts.append(_Part(meanings=kept, weight=weight))
    return tuple(parts), frozenset(kinds)


def _fit(lexicon: Lexicon, name: Name, parts: tuple[_Part, ...], lost: float) -> float:
    said = found = 0.0
    matched: set[int] = set()
    for part in parts:
        hit = next((i for i, p in enumerate(name.parts) if p & part.meanings), None)
        if hit is None and all(kind == "dimension" for kind, _ in part.meanings):
            continue  # what it is counted by, not what is counted
        weight = part.weight
        said += weight
        if hit is not None:
            matched.add(hit)
            found += weight
    if not found:
        return 0.0
    recall = found / (said + lost)
    told = 0.0
    for i, meant in enumerate(name.parts):
        codes = {code for kind, code in meant if kind == "concept"}
        is_light = not codes or codes <= KINDS
        weight = lexicon.weight(meant) * (0.25 if is_light else 1.0)
        told += weight if i not in matched else 0.0
    precision = found / (found + told)
    square = _RECALL * _RECALL
    return (1 + square) * precision * recall / (square * precision + recall)


def _kind(card: Card, kinds: frozenset[str], shapes: frozenset[str]) -> float:
    """Give how well the unit answers what kind of number was asked for."""
    wanted = [_UNITS[k] for k in kinds if k in _UNITS]
    if wanted and not any(card.unit in units for units in wanted):
        return 0.72
    if not wanted and shapes & {"slow", "quick"} and card.unit not in _UNITS["duration"]:
        return 0.85
    return 1.0
