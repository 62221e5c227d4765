"""Marks + what is wanted -> a fact | Refusal. Pure: no clock, no store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.capabilities.marks import facts
from danshu.kernel.errors import Refusal
from danshu.kernel.limits import ORDER_TAGS

if TYPE_CHECKING:
    from collections.abc import Sequence

TAGGED: Final = Refusal(
    code="tagged_already",
    reason="已有这些标签",
    reason_en="It bears these tags already",
    clause="marks.tags",
)
UNTAGGED: Final = Refusal(
    code="not_tagged",
    reason="没有这些标签",
    reason_en="It does not bear these tags",
    clause="marks.tags",
)
TOO_MANY: Final = Refusal(
    code="too_many_tags",
    reason=f"一单最多 {ORDER_TAGS} 个标签",
    reason_en=f"An order bears at most {ORDER_TAGS} tags",
    clause="marks.tags",
)
ASSIGNED: Final = Refusal(
    code="assigned_already",
    reason="已指派给此人",
    reason_en="It is assigned so already",
    clause="marks.assignee",
)


class Marks(Struct, frozen=True, kw_only=True):
    """What an order bears: its tags, and whose it is (a person's subject, "" = nobody's)."""

    tags: frozenset[str] = frozenset()
    person: str = ""
    number: str = ""


def tag(marks: Marks, tags: Sequence[str]) -> facts.OrderTagged | Refusal:
    """Put tags on; only those that are new are said."""
    new = tuple([t for t in dict.fromkeys(tags) if t not in marks.tags])
    if not new:
        return TAGGED
    if len(marks.tags) + len(new) > ORDER_TAGS:
        return TOO_MANY
    return facts.OrderTagged(tags=new)


def untag(marks: Marks, tags: Sequence[str]) -> facts.OrderUntagged | Refusal:
    """Take tags off; only those that are there are said."""
    gone = tuple([t for t in dict.fromkeys(tags) if t in marks.tags])
    return facts.OrderUntagged(tags=gone) if gone else UNTAGGED


def assign(marks: Marks, person: str, number: str) -> facts.OrderAssigned | Refusal:
    """Give the order to a person, "" to nobody."""
    if marks.person == person:
        return ASSIGNED
    return facts.OrderAssigned(number=number, person=person)
