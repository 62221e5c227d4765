"""What the facts of parcels change: steps of the order's fold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from danshu.capabilities.orders import parcel_facts as facts
from danshu.capabilities.orders.model import Fulfilment, Intercept, Line, Order, Share
from danshu.kernel.fact import epoch_ms

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from msgspec import Struct

_SENT: Final = ("allocated", "released", "picked", "packed", "shipped")


def add_units(lines: Sequence[Line], shares: Sequence[Share], **counts: int) -> tuple[Line, ...]:
    """Add units of the shares to the named counters of their lines; the factor is +1 or -1."""
    units: dict[int, int] = {}
    for share in shares:
        units[share.line] = units.get(share.line, 0) + share.quantity
    return tuple(
        replace(n, **{k: getattr(n, k) + f * units[n.no] for k, f in counts.items()})
        if units.get(n.no)
        else n
        for n in lines
    )


def _change(order: Order, no: int, **values: Any) -> tuple[Fulfilment, ...]:
    return tuple(replace(f, **values) if f.no == no else f for f in order.fulfilments)


def _split(order: Order, data: Any) -> Order:
    whole = next(f for f in order.fulfilments if f.no == data.fulfilment)
    made = tuple(
        Fulfilment(no=p.no, warehouse=p.warehouse, shares=p.shares, state=whole.state, of=whole.no)
        for p in data.parts
    )
    kept = _change(order, data.fulfilment, shares=data.kept)
    return replace(order, fulfilments=kept + made)


def _merged(order: Order, data: Any) -> Order:
    return replace(order, fulfilments=_change(order, data.fulfilment, group=data.group))


def _unmerged(order: Order, data: Any) -> Order:
    return replace(order, fulfilments=_change(order, data.fulfilment, group=""))


def _deferred(order: Order, data: Any) -> Order:
    return replace(order, release_ms=epoch_ms(data.until))


def _short_picked(order: Order, data: Any) -> Order:
    lines = add_units(order.lines, data.missing, allocated=-1, released=-1)
    if data.shares:
        changed = _change(order, data.fulfilment, shares=data.shares, state="picked")
        lines = add_units(lines, data.shares, picked=1)
    else:
        changed = _change(order, data.fulfilment, state="cancelled")
    return replace(order, fulfilments=changed, lines=lines)


def _became(state: str) -> Callable[[Order, Any], Order]:
    def step(order: Order, data: Any) -> Order:
        return replace(order, fulfilments=_change(order, data.fulfilment, state=state))

    return step


def _reshipped(order: Order, data: Any) -> Order:
    part = next(f for f in order.fulfilments if f.no == data.fulfilment)
    back = dict.fromkeys(_SENT, -1)
    if part.state == "delivered":
        back["delivered"] = -1
    again = _sum((*part.sent_again, *data.shares))
    return replace(
        order,
        fulfilments=_change(order, data.fulfilment, sent_again=again),
        lines=add_units(order.lines, data.shares, **back),
    )


def _sum(shares: Sequence[Share]) -> tuple[Share, ...]:
    units: dict[tuple[int, str], int] = {}
    for s in shares:
        units[s.line, s.sku] = units.get((s.line, s.sku), 0) + s.quantity
    return tuple(Share(line=no, sku=sku, quantity=q) for (no, sku), q in sorted(units.items()))


def _requested(order: Order, data: Any) -> Order:
    asked = Intercept(state="asked", by=data.by, reason=data.reason, due_ms=epoch_ms(data.due))
    return replace(order, fulfilments=_change(order, data.fulfilment, intercept=asked))


def _answered(order: Order, data: Any) -> Order:
    part = next(f for f in order.fulfilments if f.no == data.fulfilment)
    was = part.intercept or Intercept(state="asked", by=data.by)
    answered = replace(was, state=data.answer)
    return replace(order, fulfilments=_change(order, data.fulfilment, intercept=answered))


STEPS: Final[dict[type[Struct], Callable[[Order, Any], Order]]] = {
    facts.FulfilmentSplit: _split,
    facts.FulfilmentMerged: _merged,
    facts.FulfilmentUnmerged: _unmerged,
    facts.ReleaseDeferred: _deferred,
    facts.ShortPicked: _short_picked,
    facts.ShipmentLost: _became("lost"),
    facts.ShipmentRefused: _became("refused"),
    facts.ShipmentReturned: _became("returned"),
    facts.ShipmentReshipped: _reshipped,
    facts.InterceptRequested: _requested,
    facts.InterceptAnswered: _answered,
}
