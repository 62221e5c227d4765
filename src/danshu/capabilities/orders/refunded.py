"""What money and goods that come back change in an order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from danshu.capabilities.orders import refund_facts
from danshu.capabilities.orders.model import Reserve

if TYPE_CHECKING:
    from collections.abc import Callable

    from msgspec import Struct

    from danshu.capabilities.orders.model import Line, Order


def _others(order: Order, case: str) -> tuple[Reserve, ...]:
    return tuple(r for r in order.reserves if r.case != case)


def _reserved(order: Order, data: Any) -> Order:
    made = Reserve(
        amount=data.amount,
        case=data.case,
        over=data.over,
        postage=data.postage,
        shares=data.shares,
    )
    return replace(order, reserves=(*_others(order, data.case), made))


def _released(order: Order, data: Any) -> Order:
    return replace(order, reserves=_others(order, data.case))


def _refunded(order: Order, data: Any) -> Order:
    by_line = {s.line: s for s in data.shares}
    lines = []
    for line in order.lines:
        share = by_line.get(line.no)
        if share is not None:
            line = replace(
                line,
                refunded=line.refunded + share.amount,
                refunded_price=line.refunded_price + (0 if share.quantity else share.amount),
                refunded_units=line.refunded_units + share.quantity,
                withheld=line.withheld + share.withheld,
            )
        lines.append(line)
    return replace(
        order,
        lines=tuple(lines),
        refunded=order.refunded + data.amount,
        refunded_postage=order.refunded_postage + data.postage,
        refunded_over=order.refunded_over + data.over,
        reserves=_others(order, data.case),
    )


def _returned(order: Order, data: Any) -> Order:
    units: dict[int, int] = {}
    for share in data.shares:
        units[share.line] = units.get(share.line, 0) + share.quantity
    lines = tuple(
        replace(n, returned=n.returned + units[n.no]) if n.no in units else n for n in order.lines
    )
    return replace(order, lines=lines)


def _exchanged(order: Order, data: Any) -> Order:
    lines = tuple(
        replace(n, paid=n.paid - data.moved, swapped=n.swapped + data.quantity)
        if n.no == data.line
        else n
        for n in order.lines
    )
    return replace(
        order,
        goods=order.goods + data.supplement,
        lines=(*lines, *data.lines),
        total=order.total + data.supplement,
    )


def cover(lines: tuple[Line, ...], amount: int) -> tuple[Line, ...]:
    """Count a supplement's payment for the lines that ask for one, the first before others."""
    covered = []
    for line in lines:
        part = min(line.asked, amount)
        amount -= part
        covered.append(replace(line, asked=line.asked - part) if part else line)
    return tuple(covered)


STEPS: dict[type[Struct], Callable[[Order, Any], Order]] = {
    refund_facts.RefundReserved: _reserved,
    refund_facts.RefundReleased: _released,
    refund_facts.RefundPaid: _refunded,
    refund_facts.GoodsReturned: _returned,
    refund_facts.ExchangeArranged: _exchanged,
}
