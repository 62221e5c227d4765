"""Full examples of the facts of transfer orders, see fact_examples.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.capabilities.transfers import facts
from danshu.capabilities.transfers.model import PlannedUnits

if TYPE_CHECKING:
    from msgspec import Struct

EXAMPLES: Final[list[Struct]] = [
    facts.TransferPlanned(
        arrives_ms=1_798_848_000_000,
        cost_fen=86_000,
        from_warehouse="WH01",
        key="plan-7",
        lines=(
            PlannedUnits(quantity=120, sku="EX-CUP-BLUE"),
            PlannedUnits(quantity=6, sku="EX-SOAP"),
        ),
        note="大促前补苏州",
        number="TR-261130-0001",
        proposal="01938d2e-7c3a-7d20-9f00-2f6c1a0b5e44",
        to_warehouse="SZ01",
        truck="4.2m",
    ),
    facts.TransferDispatched(
        freed=(
            PlannedUnits(quantity=120, sku="EX-CUP-BLUE"),
            PlannedUnits(quantity=6, sku="EX-SOAP"),
        ),
        from_warehouse="WH01",
        key="out-1",
        lines=(
            PlannedUnits(quantity=118, sku="EX-CUP-BLUE"),
            PlannedUnits(quantity=6, sku="EX-SOAP"),
        ),
        note="两件外箱破损留下",
    ),
    facts.TransferReceived(
        final=True,
        key="in-1",
        lines=(
            facts.ReceivedUnits(damaged=2, good=115, had=4, sku="EX-CUP-BLUE"),
            facts.ReceivedUnits(damaged=0, good=6, had=0, sku="EX-SOAP"),
        ),
        note="短少一件",
    ),
    facts.TransferCancelled(
        freed=(PlannedUnits(quantity=120, sku="EX-CUP-BLUE"),),
        from_warehouse="WH01",
        reason="改走直发",
    ),
]
