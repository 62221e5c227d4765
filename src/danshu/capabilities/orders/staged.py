"""What the facts of an order's type change: its stage, its frozen deposit, what is owed back; and
that it is to be hurried.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from danshu.capabilities.orders import expedite_facts, money_facts
from danshu.kernel.fact import epoch_ms

if TYPE_CHECKING:
    from collections.abc import Callable

    from msgspec import Struct

    from danshu.capabilities.orders.model import Order


def _forfeited(order: Order, data: Any) -> Order:
    return replace(order, forfeited=order.forfeited + data.amount)


def _owed(order: Order, data: Any) -> Order:
    return replace(order, owed=order.owed + data.amount)


def _entered(order: Order, data: Any) -> Order:
    return replace(
        order,
        phase=data.stage,
        opens_ms=epoch_ms(data.opens) if data.opens else 0,
        until_ms=epoch_ms(data.until) if data.until else 0,
    )


def _expedited(order: Order, data: Any) -> Order:
    return replace(order, hurry_ms=epoch_ms(data.by) if data.by else 0)


STEPS: Final[dict[type[Struct], Callable[[Order, Any], Order]]] = {
    money_facts.DepositForfeited: _forfeited,
    money_facts.RefundOwed: _owed,
    money_facts.StageEntered: _entered,
    expedite_facts.OrderExpedited: _expedited,
}
