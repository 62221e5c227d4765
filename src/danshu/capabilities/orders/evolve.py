"""What a fact changes: state + data -> state. A stream's facts fold to its row, audited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from danshu.capabilities.orders import (
    amend_evolve,
    facts,
    hold_steps,
    parcel_steps,
    refunded,
    review_steps,
    staged,
    substitute_steps,
)
from danshu.capabilities.orders.model import (
    REGION_UNKNOWN,
    SKU_UNKNOWN,
    Fulfilment,
    Line,
    Order,
    Share,
)
from danshu.kernel.errors import ProgramError
from danshu.kernel.fact import epoch_ms

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_replace = msgspec.structs.replace


def place(data: facts.OrderPlaced, recorded_ms: int) -> Order:
    """Give the order that `order.placed` begins."""
    return Order(
        number=data.number,
        channel=data.channel,
        shop=data.shop,
        kind=data.kind,
        status=data.status,
        currency=data.currency,
        goods=data.goods,
        discount=data.discount,
        postage=data.postage,
        total=data.total,
        created_ms=epoch_ms(data.created),
        placed_ms=recorded_ms,
        ship_by_ms=epoch_ms(data.ship_by) if data.ship_by else 0,
        region=data.region,
        buyer=data.buyer,
        flag=data.flag,
        of_number=data.of_number,
        holds=data.holds,
        lines=data.lines,
        type=data.type,
        type_version=data.type_version,
        group=data.group,
    )


def evolve(order: Order, data: Struct) -> Order:
    """Apply one fact's data; facts of other capabilities on the same stream change nothing here."""
    step = _STEPS.get(type(data))
    return step(order, data) if step else order


def _add(order: Order, shares: Sequence[Share], **counts: int) -> tuple[Line, ...]:
    """Add units of the shares to the named counters of their lines; the factor is +1 or -1."""
    units: dict[int, int] = {}
    for share in shares:
        units[share.line] = units.get(share.line, 0) + share.quantity
    lines = []
    for line in order.lines:
        n = units.get(line.no)
        if n:
            line = _replace(line, **{k: getattr(line, k) + f * n for k, f in counts.items()})
        lines.append(line)
    return tuple(lines)


def _confirmed(order: Order, data: Any) -> Order:
    return _replace(order, confirmed=True)


def _paid(order: Order, data: Any) -> Order:
    paid = order.paid + data.amount
    if data.stage == "deposit":  # frozen: it does not start what a payment starts
        return _replace(order, paid=paid, deposit=order.deposit + data.amount)
    if data.stage == "supplement":
        order = _replace(order, lines=refunded.cover(order.lines, data.amount))
    return _replace(order, paid=paid, paid_ms=epoch_ms(data.at))


def _allocated(order: Order, data: Any) -> Order:
    made = tuple(
        Fulfilment(no=p.no, warehouse=p.warehouse, shares=p.shares) for p in data.fulfilments
    )
    shares = [s for p in data.fulfilments for s in p.shares]
    return _replace(
        order, fulfilments=order.fulfilments + made, lines=_add(order, shares, allocated=1)
    )


def _withdrawn(order: Order, data: Any) -> Order:
    gone = {p.no for p in data.freed}
    return _replace(
        order,
        lines=_add(order, [s for p in data.freed for s in p.shares], allocated=-1),
        fulfilments=tuple(
            _replace(f, state="cancelled") if f.no in gone else f for f in order.fulfilments
        ),
    )


def _overridden(order: Order, data: Any) -> Order:
    fulfilments = tuple(
        _replace(f, pinned=True) if f.no in data.fulfilments else f for f in order.fulfilments
    )
    return _replace(order, fulfilments=fulfilments)


def _aligned(order: Order, data: Any) -> Order:
    lines = tuple(_replace(n, known=True) if n.no in data.lines else n for n in order.lines)
    mended = {REGION_UNKNOWN} if data.region else set()
    if all(n.known for n in lines):
        mended.add(SKU_UNKNOWN)
    holds = tuple(h for h in order.holds if h not in mended)
    return _replace(order, lines=lines, region=data.region, holds=holds)


def _moved(counter: str) -> Callable[[Order, Any], Order]:
    def step(order: Order, data: Any) -> Order:
        fulfilments = tuple(
            _replace(f, state=counter) if f.no == data.fulfilment else f for f in order.fulfilments
        )
        return _replace(
            order, fulfilments=fulfilments, lines=_add(order, data.shares, **{counter: 1})
        )

    return step


def _released(order: Order, data: Any) -> Order:
    order = _moved("released")(order, data)
    return _replace(order, release_ms=0) if order.release_ms else order


def _recalled(order: Order, data: Any) -> Order:
    before = next((f.state for f in order.fulfilments if f.no == data.fulfilment), "")
    back = {"picked": -1, "packed": -1} if before == "packed" else {"picked": -1}
    fulfilments = tuple(
        _replace(f, state="released") if f.no == data.fulfilment else f for f in order.fulfilments
    )
    return _replace(order, fulfilments=fulfilments, lines=_add(order, data.shares, **back))


def _shipped(order: Order, data: Any) -> Order:
    order = _moved("shipped")(order, data)
    return _waybill(order, data)


def _waybill(order: Order, data: Any) -> Order:
    if not data.waybill:
        return order
    return _replace(
        order,
        fulfilments=tuple(
            _replace(f, carrier=data.carrier, waybill=data.waybill)
            if f.no == data.fulfilment
            else f
            for f in order.fulfilments
        ),
    )


def _arranged(order: Order, data: Any) -> Order:
    window = (epoch_ms(data.start), epoch_ms(data.end)) if data.start and data.end else ()
    fulfilments = tuple(
        _replace(f, carrier=data.carrier or f.carrier, window=window or f.window)
        if f.no == data.fulfilment and not f.waybill
        else f
        for f in order.fulfilments
    )
    return _replace(order, fulfilments=fulfilments)


def _completed(order: Order, data: Any) -> Order:
    return _replace(order, completed=True)


def _cancelled(order: Order, data: Any) -> Order:
    freed = [s for p in data.freed for s in p.shares]
    gone = {p.no for p in data.freed}
    order = _replace(order, lines=_add(order, freed, allocated=-1))
    released = [
        s for f in order.fulfilments if f.no in gone and f.state == "released" for s in f.shares
    ]
    order = _replace(order, lines=_add(order, released, released=-1))
    return _replace(
        order,
        cancelled=data.reason,
        release_ms=0,
        lines=_add(order, data.shares, cancelled=1),
        fulfilments=tuple(
            _replace(f, state="cancelled") if f.no in gone else f for f in order.fulfilments
        ),
    )


_STEPS: dict[type[Struct], Callable[[Order, Any], Order]] = {
    facts.OrderConfirmed: _confirmed,
    facts.OrderPaid: _paid,
    facts.OrderAligned: _aligned,
    facts.OrderAllocated: _allocated,
    facts.OrderWithdrawn: _withdrawn,
    facts.RouteOverridden: _overridden,
    facts.OrderReleased: _released,
    facts.OrderPicked: _moved("picked"),
    facts.OrderPacked: _moved("packed"),
    facts.OrderRecalled: _recalled,
    facts.OrderShipped: _shipped,
    facts.WaybillRecorded: _waybill,
    facts.ShipmentArranged: _arranged,
    facts.OrderDelivered: _moved("delivered"),
    facts.OrderCompleted: _completed,
    facts.OrderCancelled: _cancelled,
    **parcel_steps.STEPS,
    **refunded.STEPS,
    **amend_evolve.STEPS,
    **hold_steps.STEPS,
    **staged.STEPS,
    **substitute_steps.STEPS,
    **review_steps.STEPS,
}


def fold(stream: Sequence[tuple[Struct, int]]) -> Order:
    """Fold a stream's (data, recorded_ms), the first being `order.placed`."""
    (first, recorded_ms), *rest = stream
    if not isinstance(first, facts.OrderPlaced):
        raise ProgramError("an order's stream begins with order.placed")
    order = place(first, recorded_ms)
    for data, _ in rest:
        order = evolve(order, data)
    return order
