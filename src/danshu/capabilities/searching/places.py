"""Provinces and the areas that they make, as values that a question can name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from danshu.capabilities.searching.model import Value
from danshu.capabilities.searching.words import areas

if TYPE_CHECKING:
    from collections.abc import Iterable


def values(places: Iterable[tuple[str, str, str]], dimension: str) -> tuple[Value, ...]:
    """Give the values of a dimension of provinces, of (first two digits of GB/T 2260, value as
    stored, name); an area stands for those of its provinces that are there.
    """
    held = {digits: (value, name) for digits, value, name in places}
    found = []
    for value, name in held.values():
        short = name.removesuffix("省").removesuffix("市")
        names = tuple(dict.fromkeys((name, short)))
        found.append(Value(dimension=dimension, codes=(value,), names=names, title=short))
    for area in areas().areas:
        codes = tuple([held[d][0] for d in area.provinces if d in held])
        if codes:
            names = (area.zh, area.en, *area.words)
            found.append(Value(dimension=dimension, codes=codes, names=names, title=area.zh))
    return tuple(found)
