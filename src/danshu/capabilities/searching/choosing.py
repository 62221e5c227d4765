"""Which metric a question means: its words against every name of every metric.

A name fits as far as it says what the question says (recall) and nothing else (precision); rare
words weigh more. What the question is counted by must be a dimension of the metric. Two that fit
alike are both offered, and what nobody knows of the question speaks against all.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.capabilities.searching.lexicon import COMMON, KINDS, telling
from danshu.capabilities.searching.model import Choice, Verdict
from danshu.capabilities.searching.scanning import Meaning, Token

if TYPE_CHECKING:
    from danshu.capabilities.searching.lexicon import Lexicon, Name
    from danshu.capabilities.searching.model import Card

SURE: Final = 640
LIKELY: Final = 380
APART: Final = 30
CHOICES: Final = 5
_RECALL: Final = 1.6
_LACKING: Final = 0.6
_OTHERWISE: Final = 0.9  # the name is not said as it is written
_BESIDE: Final = 0.7  # said by another name of the same metric
_COMMONLY: Final = 0.8  # only what is spoken of in passing was said of it
_BY_ALONE: Final = 0.5
_SAID: Final = 0.92  # and more, the more of the question is the name
_PERCENTILE: Final = re.compile(r"_p\d\d$")
_UNITS: Final = {
    "rate": ("thousandths",),
    "share": ("thousandths",),
    "amount": ("fen",),
    "duration": ("minutes", "ms", "days"),
    "count": ("orders", "units", "customers", ""),
}


class Asked(Struct, frozen=True, kw_only=True):
    """What of a question speaks of the number: its words, without times and values."""

    tokens: tuple[Token, ...]
    text: str
    length: int = 1
    """Characters of the words that say something."""
    by: tuple[str, ...]
    pressed: frozenset[str]
    """Dimensions that were asked for by 哪个, 各, 的… and not only named."""
    where: tuple[str, ...]
    lost: float = 0.0
    """How much of what was said is unknown, in words as rare as can be."""
    shapes: frozenset[str]


class Chosen(Struct, frozen=True, kw_only=True):
    """A verdict, the metrics that may be meant, and what the best is to be counted by."""

    verdict: Verdict
    choices: tuple[Choice, ...] = ()
    by: tuple[str, ...] = ()


class _Part(Struct, frozen=True, kw_only=True):
    meanings: frozenset[Meaning]
    weight: float


def choose(lexicon: Lexicon, asked: Asked) -> Chosen:
    """Give the verdict, and the metrics that may be meant, the best first, at most CHOICES."""
    parts, kinds = _parts(lexicon, asked)
    if not parts and not kinds:
        return Chosen(verdict="unknown")
    lost = lexicon.rarest * asked.lost
    order = {code: i for i, code in enumerate(lexicon.metrics)}
    found: list[tuple[Choice, tuple[str, ...]]] = []
    for code, card in lexicon.metrics.items():
        fit, name = max(
            [(_fit(lexicon, code, n, parts, lost, asked), n) for n in lexicon.names[code]],
            key=lambda f: f[0],
            default=(0.0, None),
        )
        if name is None or not fit:
            continue
        by = _by(lexicon, code, name, asked)
        lacks = tuple([d for d in (*by, *asked.where) if not lexicon.dimension(code, d)])
        fit *= _kind(card, kinds, asked.shapes) * _LACKING ** len(lacks)
        found.append((Choice(code=code, fit=round(1000 * min(fit, 1.0)), lacks=lacks), by))
    found.sort(key=lambda f: (-f[0].fit, order[f[0].code]))
    best = [f for f in found[:CHOICES] if f[0].fit >= LIKELY and f[0].fit * 2 >= found[0][0].fit]
    if not best:
        return Chosen(verdict="unknown")
    first = best[0][0]
    rivals = [c.fit for c, _ in best[1:] if not _is_variant(first.code, c.code)]
    is_sure = first.fit >= SURE and first.fit - max(rivals, default=0) >= APART and not first.lacks
    return Chosen(
        verdict="answered" if is_sure else "ambiguous",
        choices=tuple([c for c, _ in best]),
        by=best[0][1],
    )


def _is_variant(one: str, other: str) -> bool:
    """Whether two metrics are the same but for the percentile; the first of them is the usual."""
    return _PERCENTILE.sub("", one) == _PERCENTILE.sub("", other)


def _by(lexicon: Lexicon, code: str, name: Name, asked: Asked) -> tuple[str, ...]:
    """Give what it is counted by. A dimension that only stands in the metric's name (承诺 in
    承诺兑现率) is none, where another is asked for or the metric has no such dimension.
    """
    every = [part for n in lexicon.names[code] for part in n.parts]
    own = {c for part in every for kind, c in part if kind == "dimension"}
    concepts = {c for part in name.parts for kind, c in part if kind == "concept"}
    kept = []
    for dimension in asked.by:
        is_named = dimension in own and dimension not in asked.pressed
        is_other = bool(asked.pressed) or dimension in concepts
        if not is_named or not (is_other or not lexicon.dimension(code, dimension)):
            kept.append(dimension)
    return tuple(kept)


def _parts(lexicon: Lexicon, asked: Asked) -> tuple[tuple[_Part, ...], frozenset[str]]:
    parts: list[_Part] = []
    kinds: set[str] = set()
    for token in asked.tokens:
        kinds |= {code for kind, code in token.meanings if kind == "concept"} & KINDS
        kept = telling(token.meanings)
        if not kept or all(code in KINDS for _, code in kept):
            continue
        if any(p.meanings & kept for p in parts):
            continue
        weight = lexicon.weight(kept)
        parts.append(_Part(meanings=kept, weight=weight))
    return tuple(parts), frozenset(kinds)


def _fit(
    lexicon: Lexicon, code: str, name: Name, parts: tuple[_Part, ...], lost: float, asked: Asked
) -> float:
    said = found = beside = 0.0
    is_common, tells = True, False
    matched: set[int] = set()
    for part in parts:
        hit = next((i for i, p in enumerate(name.parts) if p & part.meanings), None)
        counted_by = [c for kind, c in part.meanings if kind == "dimension"]
        is_only = len(counted_by) == len(part.meanings)
        is_served = any(lexicon.dimension(code, c) for c in counted_by)
        if counted_by and (
            (hit is None and (is_only or is_served))
            or (is_only and is_served and asked.pressed.issuperset(counted_by))
        ):
            continue  # what it is counted by, not what is counted
        said += part.weight
        if hit is not None:
            matched.add(hit)
            found += part.weight
            is_common = is_common and any(c in COMMON for _, c in part.meanings)
            tells = tells or any(kind == "concept" for kind, _ in part.meanings)
        elif any(p & part.meanings for n in lexicon.names[code] for p in n.parts):
            beside += _BESIDE * part.weight
    if not found:
        return 0.0
    recall = (found + beside) / (said + lost)
    told = 0.0
    for i, meant in enumerate(name.parts):
        codes = {code for kind, code in meant if kind == "concept"}
        is_light = not codes or codes <= KINDS
        weight = lexicon.weight(meant) * (0.25 if is_light else 1.0)
        told += weight if i not in matched else 0.0
    precision = found / (found + told)
    square = _RECALL * _RECALL
    fit = (1 + square) * precision * recall / (square * precision + recall)
    if not tells and name.text not in asked.text:  # only what it is counted by was said
        fit *= _BY_ALONE
    if is_common and len(parts) > 1:
        fit *= _COMMONLY
    if name.text not in asked.text:
        return fit * _OTHERWISE
    return fit * (_SAID + (1 - _SAID) * min(1.0, len(name.text) / asked.length))


def _kind(card: Card, kinds: frozenset[str], shapes: frozenset[str]) -> float:
    """Give how well the unit answers what kind of number was asked for."""
    wanted = [_UNITS[k] for k in kinds if k in _UNITS]
    if wanted and not any(card.unit in units for units in wanted):
        return 0.72
    if not wanted and shapes & {"slow", "quick"} and card.unit not in _UNITS["duration"]:
        return 0.85
    return 1.0
