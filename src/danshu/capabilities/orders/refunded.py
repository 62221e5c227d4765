"""What money and goods that come back change in an order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from danshu.capabilities.orders import refund_facts

if TYPE_CHECKING:
    from collections.abc import Callable

    from msgspec import Struct

    from danshu.capabilities.orders.model import Order


def _refunded(order: Order, data: Any) -> Order:
    by_line = {s.line: s for s in data.shares}
    lines = []
    for line in order.lines:
        share = by_line.get(line.no)
        if share is not None:
            line = replace(
                line,
                refunded=line.refunded + share.amount,
                refunded_units=line.refunded_units + share.quantity,
            )
        lines.append(line)
    return replace(
        order,
        lines=tuple(lines),
        refunded=order.refunded + data.amount,
        refunded_postage=order.refunded_postage + data.postage,
        refunded_over=order.refunded_over + data.over,
    )


def _returned(order: Order, data: Any) -> Order:
    units: dict[int, int] = {}
    for share in data.shares:
        units[share.line] = units.get(share.line, 0) + share.quantity
    lines = tuple(
        replace(n, returned=n.returned + units[n.no]) if n.no in units else n for n in order.lines
    )
    return replace(order, lines=lines)


STEPS: dict[type[Struct], Callable[[Order, Any], Order]] = {
    refund_facts.RefundPaid: _refunded,
    refund_facts.GoodsReturned: _returned,
}
