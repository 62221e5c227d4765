"""What a fact changes of an order's marks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from danshu.capabilities.marks import facts

if TYPE_CHECKING:
    from msgspec import Struct

    from danshu.capabilities.marks.decide import Marks


def evolve(marks: Marks, data: Struct) -> Marks:
    """Apply one fact's data; other facts of the order's stream change nothing here."""
    if isinstance(data, facts.OrderTagged):
        return replace(marks, tags=marks.tags.union(data.tags))
    if isinstance(data, facts.OrderUntagged):
        return replace(marks, tags=marks.tags.difference(data.tags))
    if isinstance(data, facts.OrderAssigned):
        return replace(marks, person=data.person, number=data.number)
    return marks
