"""What `order.amended` changes: lines, sums, where and when it goes, what warehouses keep of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from danshu.capabilities.orders import amend_bundles
from danshu.capabilities.orders.amend_facts import OrderAmended
from danshu.capabilities.orders.model import REGION_UNKNOWN, Fulfilment, Line, Order, Share

if TYPE_CHECKING:
    from collections.abc import Callable

_replace = msgspec.structs.replace


def amend(order: Order, data: OrderAmended) -> Order:
    """Give the order as an amendment leaves it."""
    sums = data.now
    return _replace(
        order,
        lines=_lines(order, data),
        fulfilments=tuple([_trim(f, data) for f in order.fulfilments]),
        goods=sums.goods if sums else order.goods,
        discount=sums.discount if sums else order.discount,
        total=sums.total if sums else order.total,
        owed=order.owed + data.owed,
        region=data.region or order.region,
        wanted=data.wanted or order.wanted,
        receivers=(*order.receivers, data.receiver) if data.receiver else order.receivers,
        holds=tuple([h for h in order.holds if not (data.region and h == REGION_UNKNOWN)]),
    )


def _lines(order: Order, data: OrderAmended) -> tuple[Line, ...]:
    states = {f.no: f.state for f in order.fulfilments}
    freed: dict[int, int] = {}
    stopped: dict[int, int] = {}
    for part in data.freed:
        for share in part.shares:
            freed[share.line] = freed.get(share.line, 0) + share.quantity
            if states[part.no] == "released":
                stopped[share.line] = stopped.get(share.line, 0) + share.quantity
    terms = {n.line: n for n in data.lines}
    lines = []
    for line in order.lines:
        told = terms.pop(line.no, None)
        if told is not None:
            now = told.now
            bundle = line.bundle
            if bundle is not None:
                bundle = amend_bundles.scale(bundle, line.quantity, now.quantity)
            line = _replace(
                line, quantity=now.quantity, price=now.price, paid=now.paid, bundle=bundle
            )
        if line.asked:  # what is due is by now what the amended order costs
            line = _replace(line, asked=0)
        if line.no in freed:
            line = _replace(
                line,
                allocated=line.allocated - freed[line.no],
                released=line.released - stopped.get(line.no, 0),
            )
        lines.append(line)
    for no, told in sorted(terms.items()):
        now = told.now
        lines.append(
            Line(
                no=no,
                sku=told.sku,
                title=told.title,
                quantity=now.quantity,
                price=now.price,
                paid=now.paid,
            )
        )
    return tuple(lines)


def _trim(f: Fulfilment, data: OrderAmended) -> Fulfilment:
    """Take what is freed out of a fulfilment order; one of which nothing is left is cancelled.

    What is cancelled keeps the shares that it had, as a withdrawn one does.
    """
    part = next((p for p in data.freed if p.no == f.no), None)
    if part is None:
        return f
    gone: dict[int, int] = {}
    for share in part.shares:
        gone[share.line] = gone.get(share.line, 0) + share.quantity
    left: list[Share] = []
    for share in f.shares:
        cut = min(share.quantity, gone.get(share.line, 0))
        gone[share.line] = gone.get(share.line, 0) - cut
        if share.quantity > cut:
            left.append(_replace(share, quantity=share.quantity - cut))
    return _replace(f, shares=tuple(left)) if left else _replace(f, state="cancelled")


STEPS: Final[dict[type[msgspec.Struct], Callable[[Order, Any], Order]]] = {OrderAmended: amend}
