"""What platforms say of returns and refunds: their messages open cases of the order that they name.

The same message told again opens nothing anew. What no case can be made of stays what it was: an
order of kind `return`, or news in the inbox. What a platform has paid back is written down as
paid, never paid again; goods that are on their way then are asked back from their carrier.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec.structs import replace

from danshu.capabilities.after_sales import facts
from danshu.capabilities.after_sales.model import REFUND_ONLY, RETURN, CaseLine
from danshu.capabilities.orders import evolve as order_evolve
from danshu.capabilities.orders.commands import Command
from danshu.hub import acts, after_sales_money, after_sales_opening, after_sales_views
from danshu.hub.after_sales_follow import HUB
from danshu.hub.after_sales_pleas import Plea, write_new
from danshu.hub.after_sales_rows import known, read, say
from danshu.hub.changes import Change, Held
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import Said
from danshu.ledger import write

if TYPE_CHECKING:
    import uuid

    from danshu.capabilities.orders import refunding
    from danshu.capabilities.orders.model import Line, Order
    from danshu.hub.after_sales_rows import Row
    from danshu.hub.compose import Hub
    from danshu.hub.world import World
    from danshu.kernel.fact import Actor
    from danshu.ports.channel import Draft

Connection = psycopg.AsyncConnection[Any]
_WAITING: Final = """
select id from after_sales where tenant=%s and oid=%s and origin='platform' and kind='refund_only'
and state in ('asked','proposed') order by id limit 1
"""
ASKED: Final = "refund_requested"  # the hold of a draft whose buyer wants the money back
PAID: Final = "paid"  # the draft's word for what the platform has paid back
INTERCEPT_REASON: Final = "refunded"
_PLATFORM: Final = "platform"


def concerns(draft: Draft) -> bool:
    """Tell whether a message about a known order says that a refund is wanted, or was made."""
    return draft.hold == ASKED or draft.refund == PAID


async def hear_return(
    hub: Hub, tenant: int, order: uuid.UUID, draft: Draft, key: str, actor: Actor
) -> None:
    """Open the case that a platform's return message asks for, of the order that it names."""
    async with hub.connection() as connection:
        found, _ = await after_sales_views.money_of(connection, tenant, order)
    lines = _match(found, draft)
    sent = {n.no: n.shipped - n.returned for n in found.lines}
    has_left = bool(lines) and all(n.quantity <= sent[n.line] for n in lines)
    plea = Plea(
        kind=RETURN if has_left else REFUND_ONLY,
        reason="other",
        origin=_PLATFORM,
        lines=lines,
        words=draft.buyer_note,
        key=f"return/{key}",
    )
    await _open(hub, tenant, order, plea, actor)


async def hear_refund(
    hub: Hub, tenant: int, order: uuid.UUID, draft: Draft, digest: bytes, actor: Actor
) -> None:
    """Open the case of a refund that the platform tells of, about all that is left of the order."""
    async with hub.connection() as connection:
        found, money = await after_sales_views.money_of(connection, tenant, order)
    plea = Plea(
        kind=REFUND_ONLY,
        reason="other",
        origin=_PLATFORM,
        lines=_all(found, money),
        words=draft.buyer_note,
        key=f"refund/{order}/{digest.hex()[:32]}",
    )
    if draft.refund != PAID:
        await _open(hub, tenant, order, plea, actor)
        return
    world = await hub.worlds.ensure(tenant)
    async with hub.connection() as connection:
        try:
            await _write_down(connection, world, order, plea, actor, hub.clock())
        except (InputError, write.GuardFailed):
            hub.worlds.distrust({tenant})  # the message is kept: a person can write it down


async def _write_down(
    connection: Connection, world: World, order: uuid.UUID, plea: Plea, actor: Actor, now_ms: int
) -> None:
    """Write down in one commit what the platform has paid back, by the case that it had asked for
    or a new one; ask for the parcels that are on their way. Raises InputError, GuardFailed.
    """
    async with connection.transaction():
        held = await acts.hold(connection, world, order)
        if held is None or await known(connection, world.tenant, plea.key) is not None:
            return
        row = await _waiting(connection, world.tenant, order)
        if row is None:
            row = await write_new(connection, world.tenant, held, plea, HUB, now_ms)
        if row is None:
            return
        case, id_ = row.case, str(row.id)
        pays = after_sales_money.due(held.order, case, id_)
        if not pays.amount:
            raise psycopg.Rollback  # it was paid back before
        said = [
            facts.AfterSaleDecided(by=_PLATFORM, sum=pays, verdict="granted"),
            facts.AfterSaleClosed(amount=pays.amount, outcome="paid", receipt=_PLATFORM),
        ]
        told = [Said(data=data) for data in said]
        row = await say(connection, world.tenant, row, told, HUB, now_ms)
        paid = after_sales_money.paid(held.order, id_, case, pays, _PLATFORM)
        spoken = Said(data=paid, cause=f"{id_}/{row.seq}", actor=HUB)

        def decide(world: World, held: Held, now_ms: int) -> Change | Refusal:
            after = replace(held, order=order_evolve.evolve(held.order, paid))
            change = Change(order=after.order, said=[spoken], promises=held.promises)
            if not any(f.state == "shipped" for f in after.order.fulfilments):
                return change
            ask = Command(event="intercept", reason=INTERCEPT_REASON, by=actor.sub)
            asked = acts.command(ask)(world, after, now_ms)
            if isinstance(asked, Refusal):
                return change  # asked already, or nobody to be asked: the sentinel finds it
            return replace(asked, said=[spoken, *asked.said])

        await acts.change(connection, world, order, actor, now_ms, decide)


async def _waiting(connection: Connection, tenant: int, order: uuid.UUID) -> Row | None:
    """Find the case that the platform asked for before and nobody has decided, locked."""
    found = await (await connection.execute(_WAITING, (tenant, order))).fetchone()
    return await read(connection, tenant, found[0], locked=True) if found else None


async def _open(hub: Hub, tenant: int, order: uuid.UUID, plea: Plea, actor: Actor) -> None:
    if not plea.lines:
        return
    world = await hub.worlds.ensure(tenant)
    async with hub.connection() as connection:
        if await known(connection, tenant, plea.key) is not None:
            return
        try:
            await after_sales_opening.make(connection, world, order, actor, plea, hub.clock())
        except (InputError, write.GuardFailed):
            return  # the message is kept: a person can open it


def _all(order: Order, money: refunding.Money) -> tuple[CaseLine, ...]:
    skus = {n.no: n.sku for n in order.lines}
    return tuple(
        CaseLine(line=n.line, quantity=n.units_left, sku=skus[n.line])
        for n in money.lines
        if n.units_left
    )


def _match(order: Order, draft: Draft) -> tuple[CaseLine, ...]:
    """Find the order's lines of a return: by the platform's line id, else by SKU."""
    units: dict[int, int] = {}
    for told in draft.lines:
        line = _line(order, told.line, told.sku)
        if line is not None:
            units[line.no] = min(line.quantity, units.get(line.no, 0) + told.quantity)
    skus = {n.no: n.sku for n in order.lines}
    return tuple(CaseLine(line=no, quantity=q, sku=skus[no]) for no, q in sorted(units.items()))


def _line(order: Order, line: str, sku: str) -> Line | None:
    by_id = next((n for n in order.lines if line and n.line == line), None)
    return by_id or next((n for n in order.lines if n.sku == sku), None)
