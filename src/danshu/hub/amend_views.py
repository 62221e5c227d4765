"""What an amendment would do, shown beside what was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from danshu.capabilities.orders.amend_facts import OrderAmended
from danshu.hub.amending import open_units
from danshu.hub.offers import Freed, PromiseChange

if TYPE_CHECKING:
    from danshu.capabilities.orders import model
    from danshu.hub.amend_wishes import Shown
    from danshu.hub.world import World


class LineBeside(Struct, frozen=True, kw_only=True):
    """A line before and after; amounts in minor units, `paid` is for all its units."""

    line: int
    sku: str
    title: str
    quantity_was: int
    quantity: int
    price_was: int
    price: int
    paid_was: int
    paid: int
    open_units: int


class PlannedAnew(Struct, frozen=True, kw_only=True):
    """What a warehouse would ship of what is decided anew."""

    fulfilment: int
    warehouse: str
    name: str
    units: int


class AmendmentShown(Struct, frozen=True, kw_only=True):
    """What an amendment would do. `owed` has been paid too much, `due` is still to be paid; while
    something is due the order is held. `freed` leaves its warehouse, `planned` is decided anew,
    `open_units` wait for stock. `version` is the order's `seq` that it was decided on.
    """

    version: int
    currency: str
    total_was: int
    total: int
    owed: int
    due: int
    region_was: str
    region: str
    wanted_was: str
    wanted: str
    lines: tuple[LineBeside, ...]
    freed: tuple[Freed, ...]
    planned: tuple[PlannedAnew, ...]
    open_units_was: int
    open_units: int
    promises: tuple[PromiseChange, ...]


def show(world: World, shown: Shown) -> AmendmentShown:
    """Show what an amendment would do."""
    before, after = shown.before.order, shown.change.order
    said = next(s.data for s in shown.change.said if isinstance(s.data, OrderAmended))
    names = {w.code: w.name for w in world.warehouses}
    states = {f.no: f for f in before.fulfilments}
    return AmendmentShown(
        version=shown.before.seq,
        currency=before.currency,
        total_was=before.total,
        total=after.total,
        owed=said.owed,
        due=said.due,
        region_was=before.region,
        region=after.region,
        wanted_was=before.wanted,
        wanted=after.wanted,
        lines=_lines(before, after),
        freed=tuple(
            [
                Freed(
                    fulfilment=p.no,
                    warehouse=p.warehouse,
                    name=names.get(p.warehouse, p.warehouse),
                    units=sum(s.quantity for s in p.shares),
                    stop=states[p.no].state != "allocated",
                    waybill=states[p.no].waybill,
                )
                for p in said.freed
            ]
        ),
        planned=tuple(
            [
                PlannedAnew(
                    fulfilment=f.no,
                    warehouse=f.warehouse,
                    name=names.get(f.warehouse, f.warehouse),
                    units=sum(s.quantity for s in f.shares),
                )
                for f in after.fulfilments
                if f.no not in states
            ]
        ),
        open_units_was=open_units(before),
        open_units=open_units(after),
        promises=_promises(shown),
    )


def _lines(before: model.Order, after: model.Order) -> tuple[LineBeside, ...]:
    was = {n.no: n for n in before.lines}
    out = []
    for line in after.lines:
        old = was.get(line.no)
        out.append(
            LineBeside(
                line=line.no,
                sku=line.sku,
                title=line.title,
                quantity_was=old.quantity if old else 0,
                quantity=line.quantity,
                price_was=old.price if old else 0,
                price=line.price,
                paid_was=old.paid if old else 0,
                paid=line.paid,
                open_units=line.quantity - line.cancelled - line.allocated,
            )
        )
    return tuple(out)


def _promises(shown: Shown) -> tuple[PromiseChange, ...]:
    was = {p.code: p.state.value for p in shown.before.promises}
    return tuple(
        [
            PromiseChange(
                code=p.code,
                name=p.clause.definition.name.zh,
                before=was[p.code],
                after=p.state.value,
            )
            for p in shown.change.promises
            if was.get(p.code, p.state.value) != p.state.value
        ]
    )
