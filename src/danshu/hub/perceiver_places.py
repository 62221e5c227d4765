"""What services write as texts, numbers, boxes and pages, in the one form of a Perception."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from danshu.capabilities.intake.perceptions import BadAnswer
from danshu.kernel.limits import PERCEIVER_RETRY_S, PERCEPTION_PAGE_PIXELS
from danshu.ports.perceiver import Piece

if TYPE_CHECKING:
    from collections.abc import Mapping

_SIDES: Final = (("left", "top", "width", "height"), ("x", "y", "w", "h"))
_SPAN_MS: Final = 1 << 40


def _bad(detail: str) -> BadAnswer:
    return BadAnswer(f"the answer has {detail}", PERCEIVER_RETRY_S)


def whole(value: Any, most: int = _SPAN_MS) -> int:
    """Give a number as a whole one. Raises BadAnswer."""
    if type(value) not in (int, float) or not math.isfinite(value) or abs(value) > most:
        raise _bad("a number that is none")
    told: int = round(value)
    return told


def words(value: Any) -> str:
    """Give a text, or lines of one. Raises BadAnswer."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "\n".join(value)
    raise _bad("a text that is none")


def figures(value: Any) -> dict[str, float]:
    """Give named numbers. Raises BadAnswer."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _bad("figures without names")
    for number in value.values():
        whole(number)
    return {name: float(number) for name, number in value.items()}


def pages(value: Any) -> tuple[tuple[int, int], ...]:
    """Give width and height of each page: one pair, pairs, or objects of width and height."""
    if value is None:
        return ()
    rows = value if isinstance(value, list) else [value]
    if len(rows) == 2 and all(type(row) in (int, float) for row in rows):
        rows = [rows]
    told = []
    for row in rows:
        pair = [row.get("width"), row.get("height")] if isinstance(row, dict) else row
        if not isinstance(pair, list) or len(pair) != 2:
            raise _bad("a page without width and height")
        told.append((whole(pair[0]), whole(pair[1])))
    return tuple(told)


def box(value: Any) -> tuple[int, ...]:
    """Give four corners, clockwise from the upper left, of what services write: corners as eight
    numbers or four pairs, or left, top, width and height as numbers or by name. Raises BadAnswer.
    """
    if value is None:
        return ()
    if isinstance(value, dict):
        named = next((names for names in _SIDES if all(n in value for n in names)), None)
        if named is None:
            raise _bad("a box without left, top, width and height")
        value = [value[name] for name in named]
    if not isinstance(value, list):
        raise _bad("a box that is none")
    flat = [each for one in value for each in (one if isinstance(one, list) else [one])]
    told = tuple([whole(each, 2 * PERCEPTION_PAGE_PIXELS) for each in flat])
    if len(told) == 4:
        left, top, width, height = told
        right, bottom = left + width, top + height
        return (left, top, right, top, right, bottom, left, bottom)
    if len(told) != 8:
        raise _bad("a box without four corners")
    return told


def piece(row: Mapping[str, Any]) -> Piece:
    """Give a stretch of words. Raises BadAnswer."""
    from_ms = whole(row.get("from_ms", 0))
    return Piece(
        text=words(row.get("text")),
        confidence=whole(row.get("confidence", 1_000)),
        from_ms=from_ms,
        to_ms=whole(row.get("to_ms", from_ms)),
        page=whole(row.get("page", 0)),
        box=box(row.get("box")),
        path=words(row.get("path"))[:200],
        kind=words(row.get("kind"))[:32] or "text",
    )
