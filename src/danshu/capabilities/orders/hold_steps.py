"""What holds and their ends change in an order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from danshu.capabilities.orders import facts
from danshu.capabilities.orders.model import HoldRule, Order
from danshu.kernel.fact import epoch_ms

if TYPE_CHECKING:
    from collections.abc import Callable

    from msgspec import Struct


def _held(order: Order, data: Any) -> Order:
    rule = HoldRule(
        reason=data.reason,
        awaits=data.awaits,
        frees=data.frees,
        right=data.right,
        until_ms=epoch_ms(data.until) if data.until else 0,
    )
    rules = order.rules
    if rule != HoldRule(reason=data.reason):  # a plain one needs no more than its reason
        rules = (*rules, rule)
    return replace(order, holds=(*order.holds, data.reason), rules=rules)


def _unheld(order: Order, data: Any) -> Order:
    return replace(
        order,
        holds=tuple([h for h in order.holds if h != data.reason]),
        rules=tuple([r for r in order.rules if r.reason != data.reason]),
    )


STEPS: Final[dict[type[Struct], Callable[[Order, Any], Order]]] = {
    facts.OrderHeld: _held,
    facts.OrderUnheld: _unheld,
}
