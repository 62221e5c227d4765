"""Texts by likeness: BM25 over pairs of characters and words. Small and exact, no model."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

from danshu.capabilities.searching.plain import grams, plain
from danshu.capabilities.searching.scanning import stem

if TYPE_CHECKING:
    from collections.abc import Iterable

_K1: Final = 1.2
_B: Final = 0.5


def terms(text: str) -> tuple[str, ...]:
    """Give the terms of a text."""
    return tuple([stem(t) if t.isascii() else t for t in grams(plain(text))])


class Ranking:
    """An index of documents by name. Built once, then only read."""

    def __init__(self, documents: Iterable[tuple[str, str]]) -> None:
        self._posted: dict[str, list[tuple[str, int]]] = defaultdict(list)
        self._long: dict[str, int] = {}
        for name, text in documents:
            counted = Counter(terms(text))
            self._long[name] = sum(counted.values())
            for term, count in counted.items():
                self._posted[term].append((name, count))
        self._mean = sum(self._long.values()) / (len(self._long) or 1) or 1.0

    def rank(self, query: str) -> list[tuple[str, float]]:
        """Give the documents that have something of a query, the likest first, ties by name."""
        scores: dict[str, float] = defaultdict(float)
        size = len(self._long)
        for term in dict.fromkeys(terms(query)):
            posted = self._posted.get(term, ())
            rarity = math.log(1 + (size - len(posted) + 0.5) / (len(posted) + 0.5))
            for name, count in posted:
                length = 1 - _B + _B * self._long[name] / self._mean
                scores[name] += rarity * count * (_K1 + 1) / (count + _K1 * length)
        return sorted(scores.items(), key=lambda s: (-s[1], s[0]))
