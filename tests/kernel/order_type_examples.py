"""Full examples of the facts of order types, see fact_examples.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.capabilities.orders import money_facts as money

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
]
