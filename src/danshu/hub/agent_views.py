"""The tables that skills read, and who reads them: one reader a view (ports/skill_views.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from danshu.hub import agent_order_views, learning_reading, network_reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.hub.compose import Hub


class Reader(Protocol):
    """Reads a view of one merchant; rows are the Structs that VIEWS names."""

    async def __call__(self, hub: Hub, tenant: int, now_ms: int) -> Sequence[Any]:
        """Give the rows, the most urgent or dearest first."""
        ...


def readers() -> dict[str, Reader]:
    """Give the readers by the names of their views."""
    return {
        "stock_risks": network_reading.read_risks,
        "transfer_options": network_reading.read_transfers,
        "safety_gaps": network_reading.read_gaps,
        "slow_movers": network_reading.read_slow,
        "promotion_splits": network_reading.read_splits,
        "order_risks": learning_reading.read_order_risks,
        "late_lanes": learning_reading.read_late_lanes,
        "short_routes": agent_order_views.read_short_routes,
        "grievances": agent_order_views.read_grievances,
        "policy_knobs": agent_order_views.read_policy_knobs,
        "policy_wishes": agent_order_views.read_policy_wishes,
    }
