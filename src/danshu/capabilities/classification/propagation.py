"""Levels go down the lineage: what is made from a field is at least of its level; only counting
over enough people lowers, and only where that is proven.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from danshu.capabilities.classification.rules import lower

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Column = tuple[str, str]


class Edge(Struct, frozen=True, kw_only=True):
    """A column made from another, each (place, name). `people` is how many stand behind each cell
    at least, 0 where nothing is counted or nothing is proven.
    """

    source: tuple[str, str]
    target: tuple[str, str]
    people: int = 0


class Carried(Struct, frozen=True, kw_only=True):
    """A level and the classes that it came with; `came_from` is the column that raised it."""

    level: int
    classes: tuple[str, ...] = ()
    came_from: tuple[str, str] = ("", "")


def propagate(known: Mapping[Column, Carried], edges: Iterable[Edge]) -> dict[Column, Carried]:
    """Carry levels along the edges until nothing rises any more; circles do no harm."""
    levels = dict(known)
    steps = list(edges)
    is_moving = True
    while is_moving:
        is_moving = False
        for edge in steps:
            source = levels.get(edge.source)
            if source is None:
                continue
            level = lower(source.level, source.classes, edge.people)
            before = levels.get(edge.target, Carried(level=1))
            if level > before.level:
                classes = tuple(sorted({*before.classes, *source.classes}))
                levels[edge.target] = Carried(level=level, classes=classes, came_from=edge.source)
                is_moving = True
    return levels
