"""Full examples of the facts of order types, see fact_examples.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.capabilities.orders import money_facts as money
from danshu.hub import order_type_facts as types

if TYPE_CHECKING:
    from msgspec import Struct

EXAMPLES: Final[list[Struct]] = [
    money.StageEntered(
        at="2026-11-22T11:00:00.000Z",
        by="deposit.paid",
        opens="2026-12-01T16:00:00.000Z",
        stage="waiting",
        until="2026-12-02T15:59:59.000Z",
        was="booked",
    ),
    money.DepositForfeited(amount=2_000, clause="a7" * 32, reason="tail_missed"),
    money.RefundOwed(amount=2_000, reason="group_failed", stage="waiting"),
    types.OrderTypePublished(
        approved_by="person:019aa9d3-6b80-7000-8000-000000000004",
        code="presale",
        digest="b7" * 32,
        drafted_by="person:019aa9d3-6b80-7000-8000-000000000003",
        version=2,
    ),
    types.OrderTypeRetired(code="presale", digest="b7" * 32, reason="活动结束", version=2),
    types.GroupOpened(
        closes="2026-11-25T12:00:00.000Z",
        code="T0017",
        leader="团长 0017",
        minimum=5,
        pickup="示例小区南门药房",
        region="330106",
        type="pharmacy",
    ),
    types.GroupClosed(
        closes="2026-11-24T12:00:00.000Z",
        code="T0017",
        type="pharmacy",
        was="2026-11-25T12:00:00.000Z",
    ),
    types.GroupDecided(code="T0017", formed=True, joined=7, minimum=5, type="pharmacy"),
]
