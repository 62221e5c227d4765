"""Full examples of the facts of what the agent does about orders, see fact_examples.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.capabilities.orders.expedite_facts import OrderExpedited
from danshu.hub import order_skill_facts as facts

if TYPE_CHECKING:
    from msgspec import Struct

EXAMPLES: Final[list[Struct]] = [
    OrderExpedited(by="2026-11-11T02:30:00.000Z", reason="at_risk"),
    facts.PolicyWished(
        plan="ab" * 32, wish="019a5b1e-0000-7000-8000-000000000001", words="cd" * 32
    ),
    facts.LaneChased(
        asked=12,
        carrier="sf",
        day="2026-11-11",
        parcels=12,
        proposal="019a5b1e-0000-7000-8000-000000000002",
        region="330106",
        warehouse="SH01",
    ),
    facts.LaneChaseWithdrawn(carrier="sf", day="2026-11-11", region="330106", warehouse="SH01"),
]
