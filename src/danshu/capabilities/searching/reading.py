"""A question read: its time, what it is counted by and where, in which shape, and which number."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from danshu.capabilities.searching import times
from danshu.capabilities.searching.choosing import Asked, Chosen, choose
from danshu.capabilities.searching.model import Filter, Reading
from danshu.capabilities.searching.plain import number, plain
from danshu.capabilities.searching.scanning import units

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date

    from danshu.capabilities.searching.lexicon import Lexicon
    from danshu.capabilities.searching.model import Against, Choice, Shape, Step
    from danshu.capabilities.searching.scanning import Token, Unit

_LIMIT: Final = re.compile(
    r"(?:前|top ?|(?<=最多的)|(?<=最高的))(\d{1,2}|[一二三四五六七八九十两]{1,3})"
    r"(?!\d|[一二三四五六七八九十]|个?(?:天|日|周|星期|月|年|季|小时))(?:名|位|个|家|款|大)?"
)
_CLAUSE: Final = re.compile(r"[,，。!！?？;；、:：\n]+")
_HOURLY_DAYS: Final = 2
_PARTICLE: Final = 0.15
_BEFORE: Final = 0.8
_AFTER: Final = 0.4
_AREA: Final = ("province", "city", "region")
_RANKED: Final = frozenset({"top", "least", "best", "worst", "slow", "quick"})
_STEPS: Final[tuple[tuple[int, Step], ...]] = ((2, "hour"), (62, "day"), (190, "week"))


def read(question: str, lexicon: Lexicon, today: date) -> Reading:
    """Read a question as of a day. It abstains rather than guess: see Reading."""
    text, heard = lexicon.words.respell(plain(question))
    limits = [m for m in _LIMIT.finditer(text) if number(m[1])]
    said = _times(text, lexicon, today, limits)
    taken = [(t.start, t.end) for t in said] + [m.span() for m in limits]
    scanned = lexicon.words.scan(text, taken)
    tokens = scanned.tokens
    shapes = frozenset(_codes(tokens, "shape"))
    valued = _values(tokens)
    where = _filters(valued, lexicon)
    named = _named(tokens, valued, lexicon)
    clauses = _clauses(text)
    asked = Asked(
        tokens=tuple([t for t in tokens if t not in valued]),
        text=text,
        by=tuple(dict.fromkeys(c for t in named for c in _codes([t], "dimension")[:1])),
        pressed=_pressed(tokens, named),
        where=tuple([f.dimension for f in where]),
        shapes=shapes,
    )
    step = next(iter(_codes(tokens, "step")), "")
    chosen, clause = _choose(lexicon, asked, scanned.unknown, clauses)
    here = [t for t in said if clause[0] <= t.start < clause[1]] or said
    window = here[0].window if here else times.usual(today)
    versus = here[1].window if len(here) > 1 and "versus" in shapes else None
    by = chosen.by
    if step == "hour" and (window.until - window.since).days > _HOURLY_DAYS:
        step, by = "", tuple(dict.fromkeys((*by, "hour")))
    shape = _shape(shapes, step, by, is_limited=bool(limits))
    return Reading(
        verdict=chosen.verdict,
        choices=chosen.choices,
        by=by,
        where=where,
        window=window,
        is_dated=bool(said),
        shape=shape,
        least=_is_least(shapes, lexicon, chosen.choices),
        limit=next((number(m[1]) or 0 for m in limits), 0),
        against=_against(shapes),
        versus=versus,
        step=_step(step, (window.until - window.since).days) if shape == "trend" else "",
        heard=heard,
        unknown=tuple([u.text for u in scanned.unknown]),
    )


def _clauses(text: str) -> list[tuple[int, int]]:
    cuts = [m.start() for m in _CLAUSE.finditer(text)]
    return list(pairwise([0, *cuts, len(text)]))


def _choose(
    lexicon: Lexicon, asked: Asked, unknown: Sequence[Unit], clauses: Sequence[tuple[int, int]]
) -> tuple[Chosen, tuple[int, int]]:
    """Choose by the clause that says most clearly what is asked for; what is said besides (老板下周
    要开会) says why, and what is unknown there does not count.
    """
    best: tuple[tuple[bool, int], Chosen, tuple[int, int]] | None = None
    for clause in clauses:
        within = [t for t in asked.tokens if clause[0] <= t.start < clause[1]]
        lost = _lost([u for u in unknown if clause[0] <= u.start < clause[1]], within)
        length = max(1, sum(t.end - t.start for t in within if _is_content(t)))
        here = set(_codes(within, "dimension")) | asked.pressed
        part = replace(
            asked,
            tokens=tuple(within),
            by=tuple([d for d in asked.by if d in here]),
            lost=lost,
            length=length,
        )
        chosen = choose(lexicon, part)
        fit = chosen.choices[0].fit if chosen.choices else 0
        rank = (chosen.verdict == "answered", fit)
        if best is None or rank > best[0]:
            best = rank, chosen, clause
    assert best is not None
    return best[1], best[2]


def _lost(unknown: Sequence[Unit], tokens: Sequence[Token]) -> float:
    """Weigh what nobody knows: a single character is mostly grammar; before what is counted it
    says of whom (员工离职率), behind it less.
    """
    last = max((t.start for t in tokens if _is_content(t)), default=0)
    weights = [
        _PARTICLE
        if len(u.text) == 1
        else _BEFORE * min(len(u.text) / 2, 1.5) * (1.0 if u.start < last else _AFTER)
        for u in unknown
    ]
    return sum(weights)


def _codes(tokens: Sequence[Token], kind: str) -> list[str]:
    return [code for t in tokens for k, code in t.meanings if k == kind]


def _is_content(token: Token) -> bool:
    return any(kind in ("concept", "dimension") for kind, _ in token.meanings)


def _times(
    text: str, lexicon: Lexicon, today: date, limits: Sequence[re.Match[str]]
) -> list[times.Said]:
    """Find the times; one inside a longer known word (当日达) is none."""
    wider = list(lexicon.words.spans(units(text)))
    return [
        t
        for t in times.find(text, today)
        if not any(m.start() < t.end and t.start < m.end() for m in limits)
        and not any(
            start <= t.start and t.end <= end and end - start > t.end - t.start
            for start, end in wider
        )
    ]


def _values(tokens: Sequence[Token]) -> tuple[Token, ...]:
    """Give the words that name values of master data; a word of the glossary is no value."""
    return tuple([t for t in tokens if t.meanings[0][0] == "value"])


def _filters(valued: Sequence[Token], lexicon: Lexicon) -> tuple[Filter, ...]:
    found: dict[str, Filter] = {}
    for token in valued:
        value = lexicon.values[_codes([token], "value")[0]]
        before = found.get(value.dimension)
        codes = (*(before.values if before else ()), *value.codes)
        said = f"{before.said}、{value.title}" if before else value.title or token.text
        found[value.dimension] = Filter(
            dimension=value.dimension, values=tuple(dict.fromkeys(codes)), said=said
        )
    return tuple(found.values())


def _named(
    tokens: Sequence[Token], valued: Collection[Token], lexicon: Lexicon
) -> tuple[Token, ...]:
    """Give the words that name what is counted by. Beside a value of its own, such a word only
    says of what kind that is (华东地区), unless it is asked for (华东哪个省).
    """
    dims = {lexicon.values[c].dimension for t in valued for c in _codes([t], "value")}
    kept = []
    for i, token in enumerate(tokens):
        codes = _codes([token], "dimension")
        if not codes:
            continue
        before = tokens[i - 1] if i else None
        is_asked = before is not None and bool({"which", "each"} & set(_codes([before], "shape")))
        is_area = codes[0] in _AREA and bool(dims & set(_AREA))
        if not is_asked and (set(codes) & dims or is_area):
            near = [t for t in valued if t.end == token.start or token.end == t.start]
            spaced = [t for t in valued if abs(t.end - token.start) <= 1]
            if near or spaced or not before:
                continue
        kept.append(token)
    return tuple(kept)


def _pressed(tokens: Sequence[Token], named: Collection[Token]) -> frozenset[str]:
    """Give the dimensions that are asked for: after 哪个, 各, by, or at the end, after 的."""
    found = set()
    for i, token in enumerate(tokens):
        if token not in named:
            continue
        before = tokens[i - 1] if i else None
        near = set(_codes([before], "shape")) if before else set()
        if near & {"which", "each", "top", "worst", "best", "least", "slow", "quick"} or (
            before is not None and before.text == "的" and token is tokens[-1]
        ):
            found.add(_codes([token], "dimension")[0])
    return frozenset(found)


def _shape(shapes: frozenset[str], step: str, by: Sequence[str], *, is_limited: bool) -> Shape:
    if "trend" in shapes or step:
        return "trend"
    if shapes & {"previous", "year", "versus"}:
        return "compare"
    if is_limited or shapes & _RANKED:
        return "top"
    if "share" in shapes:
        return "share"
    if by:
        return "top"
    return "total"


def _against(shapes: frozenset[str]) -> Against:
    return "year" if "year" in shapes else "previous" if "previous" in shapes else ""


def _step(said: str, days: int) -> Step:
    for code in ("hour", "day", "week", "month"):
        if said == code:
            return code
    return next((step for most, step in _STEPS if days <= most), "month")


def _is_least(shapes: frozenset[str], lexicon: Lexicon, choices: Sequence[Choice]) -> bool:
    """Whether the smallest are asked for. The worst of a number of which less is better is the
    largest; the slowest is the longest.
    """
    card = lexicon.metrics.get(choices[0].code) if choices else None
    higher = card.higher if card else None
    is_time = card is not None and card.unit in ("minutes", "ms", "days")
    if "least" in shapes or ("quick" in shapes and is_time):
        return True
    if "slow" in shapes and not is_time:
        return higher is True
    if "worst" in shapes:
        return higher is True
    return "best" in shapes and higher is False
