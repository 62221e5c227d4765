"""Sentences held against what they cite: a number that no citation has is not said.

A language model may choose words; it may not choose figures. Each sentence must cite results of
tools that were called for this answer, and each number in it must occur in one of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")
_CITE: Final = re.compile(r"\s*\[(\d{1,2})\]")
_END: Final = re.compile(r"(?<=[。！？!?\n])|(?<=[.;])\s+(?=[A-Z\[一-鿿])")


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence as a model wrote it, and the numbers of the results that it cites, from 1."""

    text: str
    cites: tuple[int, ...]


def split(text: str) -> list[Claimed]:
    """Split what a model wrote into sentences with the citations that stand in or behind them."""
    sentences: list[Claimed] = []
    for part in _END.split(text):
        cites = tuple(dict.fromkeys(int(n) for n in _CITE.findall(part)))
        words = _CITE.sub("", part).strip(" \t\n-*•")
        if words:
            sentences.append(Claimed(text=words, cites=cites))
        elif cites and sentences:
            last = sentences[-1]
            sentences[-1] = Claimed(text=last.text, cites=(*last.cites, *cites))
    return sentences


def holds(claimed: Claimed, results: Sequence[Any]) -> bool:
    """Tell whether a sentence may be said: it cites results that exist, and they have its numbers.

    A number holds where a cited result has it, also as a percentage of thousandths or of a share,
    or as 元 of 分.
    """
    if not claimed.cites or any(not 1 <= n <= len(results) for n in claimed.cites):
        return False
    known: set[str] = set()
    for n in claimed.cites:
        _gather(results[n - 1], known)
    return all(_plain(n) in known for n in _NUMBER.findall(claimed.text))


def _gather(value: Any, known: set[str]) -> None:
    if isinstance(value, bool) or value is None:
        return
    if isinstance(value, int):
        known.update(map(_plain, (str(value), _cut(value / 10), _cut(value / 100))))
    elif isinstance(value, float):
        known.update(map(_plain, (_cut(value), _cut(value * 100), f"{value * 100:.0f}")))
    elif isinstance(value, str):
        known.update(map(_plain, _NUMBER.findall(value)))
    elif isinstance(value, dict):
        for one in value.values():
            _gather(one, known)
    elif isinstance(value, list | tuple):
        known.add(str(len(value)))
        for one in value:
            _gather(one, known)


def _cut(number: float) -> str:
    return f"{number:.2f}"


def _plain(number: str) -> str:
    """Write a number one way: no thousands' commas, no zeros in front or behind the point."""
    text = number.replace(",", "")
    head, point, tail = text.partition(".")
    if point and tail.isdigit():
        text = f"{head}.{tail}".rstrip("0").rstrip(".")
    return text.lstrip("0") or "0" if not text.startswith("0.") else text
