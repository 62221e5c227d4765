"""What an order brings about by itself: money owed back, goods that were refused, parcels lost.

It is asked in the commit of the act, so that no case is lost with a process, and none opened twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec.structs import replace

from danshu.capabilities.after_sales import facts
from danshu.capabilities.after_sales.model import CLAIM, REFUND_ONLY, RETURN, CaseLine
from danshu.capabilities.orders import evolve as order_evolve
from danshu.capabilities.orders import refunding
from danshu.capabilities.orders.amend_facts import OrderAmended
from danshu.capabilities.orders.facts import OrderCancelled
from danshu.capabilities.orders.intercepts import STOPPED
from danshu.capabilities.orders.money_facts import RefundOwed
from danshu.capabilities.orders.parcel_facts import (
    InterceptAnswered,
    ShipmentLost,
    ShipmentRefused,
)
from danshu.capabilities.orders.refund_facts import RefundReserved
from danshu.hub import (
    after_sales_money,
    after_sales_pleas,
    after_sales_rows,
    after_sales_settings,
    after_sales_times,
    claim_terms,
    remedies,
)
from danshu.hub.after_sales_pleas import Plea
from danshu.kernel.fact import NAMES, Actor, Said
from danshu.kernel.money import apportion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msgspec import Struct

    from danshu.capabilities.orders.model import Order, Share
    from danshu.hub.changes import Change, Held
    from danshu.hub.world import World

Connection = psycopg.AsyncConnection[Any]
_PLATFORM: Final = "platform"
HUB: Final = Actor(sub="after_sales", role="system", grade="C")
_CAUSES: Final = (
    OrderCancelled, OrderAmended, RefundOwed, ShipmentRefused, ShipmentLost, InterceptAnswered,
)  # fmt: skip


async def attend(
    connection: Connection, world: World, held: Held, decided: Change, actor: Actor, now_ms: int
) -> Change:
    """Open the cases that follow from what was decided; what policy grants is set aside at once."""
    causes = [(i, s.data) for i, s in enumerate(decided.said, 1) if isinstance(s.data, _CAUSES)]
    if not causes:
        return decided
    cancels = any(isinstance(data, OrderCancelled) for _, data in causes)
    known = any(isinstance(s.data, RefundReserved) for s in decided.said)
    for i, data in causes:
        order = decided.order
        if known and isinstance(data, OrderCancelled):
            continue  # a case asked for this cancellation, and pays for it
        if isinstance(data, RefundOwed) and cancels:
            continue  # what a cancelled order owes is the worth of its units, less what was kept
        plea = _plea(order, data)
        if plea is None:
            continue
        key = f"{NAMES[type(data)][0]}/{held.id}/{held.seq + i}"
        plea = replace(plea, key=key)
        if plea.kind == CLAIM:
            owed = await claim_terms.reckon(
                connection, world, order, plea.fulfilment, plea.carrier, now_ms
            )
            plea = replace(plea, own=owed.amount)
        decided = await _open(connection, world, held, decided, plea, actor, now_ms)
    return decided


def _plea(order: Order, data: Struct) -> Plea | None:
    """Say what a fact asks for; None where nothing was paid for it."""
    match data:
        case OrderCancelled():
            plea = Plea(
                kind=REFUND_ONLY,
                reason="cancelled",
                origin="cancelled",
                lines=_units(order, data.shares),
            )
        case OrderAmended():
            plea = _overpaid("amended", data.owed)
        case RefundOwed():
            plea = _owed(order, data.amount)
        case ShipmentRefused():
            return Plea(
                kind=RETURN,
                reason="refused",
                origin="refused",
                lines=_units(order, data.shares),
                fulfilment=data.fulfilment,
                carrier=_parcel(order, data.fulfilment)[0],
                waybill=_parcel(order, data.fulfilment)[1],
            )
        case InterceptAnswered():
            return _stopped(order, data)
        case ShipmentLost():
            return Plea(
                kind=CLAIM,
                reason="lost",
                origin="lost",
                fulfilment=data.fulfilment,
                carrier=_parcel(order, data.fulfilment)[0],
                waybill=_parcel(order, data.fulfilment)[1],
            )
        case _:
            return None
    pays = after_sales_money.propose(order, plea.kind, plea.reason, plea.lines, over=plea.over)
    return plea if pays.amount else None


def _stopped(order: Order, data: InterceptAnswered) -> Plea | None:
    """What a carrier brings back is the buyer's money again, once it has been looked at."""
    part = next((f for f in order.fulfilments if f.no == data.fulfilment), None)
    if part is None or data.answer != STOPPED or part.state != "shipped":
        return None  # what the floor stopped is cancelled in the same commit
    return Plea(
        kind=RETURN,
        reason="cancelled",
        origin="cancelled",
        lines=_units(order, part.shares),
        fulfilment=part.no,
        carrier=part.carrier,
        waybill=part.waybill,
    )


def _overpaid(origin: str, amount: int) -> Plea:
    return Plea(kind=REFUND_ONLY, reason=origin, origin=origin, over=amount)


def _owed(order: Order, amount: int) -> Plea:
    """What is owed of an order that follows a type: first what was overpaid, then its lines."""
    held = refunding.money(order)
    over = min(held.over, amount)
    left = [n for n in held.lines if n.left]
    rest = min(amount - over, sum(n.left for n in left))
    shares = apportion(rest, [n.left for n in left]) if rest > 0 else []
    skus = {n.no: n.sku for n in order.lines}
    lines = tuple(
        CaseLine(line=n.line, lowered=share, sku=skus[n.line])
        for n, share in zip(left, shares, strict=False)
        if share
    )
    return Plea(kind=REFUND_ONLY, reason="owed", origin="owed", lines=lines, over=over)


def _units(order: Order, shares: Sequence[Share]) -> tuple[CaseLine, ...]:
    """Give the units for which nothing was paid back yet."""
    held = refunding.money(order)
    units: dict[int, int] = {}
    for share in shares:
        units[share.line] = units.get(share.line, 0) + share.quantity
    skus = {n.no: n.sku for n in order.lines}
    left = {n.line: min(units.get(n.line, 0), n.units_left) for n in held.lines}
    return tuple(CaseLine(line=no, quantity=q, sku=skus[no]) for no, q in left.items() if q)


def _parcel(order: Order, no: int) -> tuple[str, str]:
    part = next((f for f in order.fulfilments if f.no == no), None)
    return (part.carrier, part.waybill) if part else ("", "")


async def _open(
    connection: Connection,
    world: World,
    held: Held,
    decided: Change,
    plea: Plea,
    actor: Actor,
    now_ms: int,
) -> Change:
    """Write the case; up to the merchant's limit what is owed is granted by policy.

    A platform that cancels what was paid has paid the buyer back itself: that is written down.
    """
    tenant, now = world.tenant, replace(held, order=decided.order)
    id_ = after_sales_rows.new_id(now_ms)
    more: list[Struct] = []
    is_done = plea.origin == "cancelled" and actor.role == "channel"
    if plea.kind == REFUND_ONLY:
        more = await _granted(connection, tenant, decided.order, plea, is_done, now_ms)
    row = await after_sales_pleas.write_new(connection, tenant, now, plea, HUB, now_ms, more, id_)
    if row is None or not more:
        return decided
    case, pays = row.case, row.case.sum
    data: Struct = after_sales_money.reserve(decided.order, str(id_), case, pays)
    if is_done:
        data = after_sales_money.paid(decided.order, str(id_), case, pays, _PLATFORM)
    said = Said(data=data, cause=f"{id_}/{row.seq}", actor=HUB)
    order = order_evolve.evolve(decided.order, data)
    return replace(decided, order=order, said=[*decided.said, said])


async def _granted(
    connection: Connection, tenant: int, order: Order, plea: Plea, is_done: bool, now_ms: int
) -> list[Struct]:
    """Say what policy grants, and what the platform has paid."""
    pays = after_sales_money.propose(order, plea.kind, plea.reason, plea.lines, over=plea.over)
    by = _PLATFORM if is_done else "policy"
    own = await after_sales_times.read(connection, tenant)
    paying = after_sales_rows.PAYING
    times = after_sales_times.timed(plea.kind, paying, now_ms, order.channel, own)
    granted = facts.AfterSaleDecided(by=by, sum=pays, verdict="granted", **times)
    if is_done:
        closed = facts.AfterSaleClosed(amount=pays.amount, outcome="paid", receipt=_PLATFORM)
        return [granted, closed]
    settings = await after_sales_settings.read(connection, tenant)
    service = await remedies.read_settings(connection, tenant)
    return [granted] if pays.amount <= settings.auto_fen and service.adapter else []
