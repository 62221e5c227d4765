"""A substitute asked of the buyer 征询替代: offered on the order's page, answered on the buyer's,
amended in the commit of the yes.

Nothing is reserved for an offer: a yes decides with what is there, and a substitute that is gone by
then is refused. An offer that nobody answers ends at its time, and the line waits on as it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.orders.amending import LineWish, Wish
from danshu.capabilities.orders.commands import conclude
from danshu.capabilities.orders.decide import open_units
from danshu.capabilities.orders.substitute_facts import (
    SubstituteAccepted,
    SubstituteDeclined,
    SubstituteEnded,
    SubstituteOffered,
)
from danshu.hub import acts, amending, masters, substitutes
from danshu.hub.changes import Change
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import rfc3339
from danshu.ledger import timers

if TYPE_CHECKING:
    import uuid

    from danshu.capabilities.orders.model import Offer, Order
    from danshu.hub.changes import Held
    from danshu.hub.requests import Answer
    from danshu.hub.world import World
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
TIMER_OFFER: Final = 41
EXPIRED: Final = "expired"
WITHDRAWN: Final = "withdrawn"
_HOUR_MS: Final = 3_600_000
_LINK: Final = "buyer.link"
NO_OFFER: Final = InputError("no_offer", "the order has no such offer (any more)")
NOT_OFFERED: Final = Refusal(
    code="not_offered",
    reason="这一行不缺货，或没有这个替代品的现货",
    reason_en="The line is not short of so many, or the substitute is not in stock",
    clause="order.substitute.offer",
)
OPEN_ALREADY: Final = Refusal(
    code="offer_open",
    reason="这一行已有一件征询在等买家回复",
    reason_en="The buyer is being asked about this line already",
    clause="order.substitute.open",
)
OVER: Final = Refusal(
    code="offer_over",
    reason="征询已结束",
    reason_en="The offer is over",
    clause="order.substitute.over",
)
SOLD_OUT: Final = Refusal(
    code="substitute_gone",
    reason="替代品已售完",
    reason_en="The substitute has sold out meanwhile",
    clause="order.substitute.stock",
)


class Asking(Struct, frozen=True, kw_only=True):
    """What is offered: `units` of `sku` for a line, for so many hours."""

    line: int
    sku: str
    units: int
    hours: int


async def offer(
    connection: Connection, world: World, id_: uuid.UUID, actor: Actor, asking: Asking, now_ms: int
) -> Answer | Refusal:
    """Ask the buyer; the offer ends by itself. Raises InputError for a line that is not there."""
    until_ms = now_ms + asking.hours * _HOUR_MS
    async with connection.transaction():
        held = await acts.hold(connection, world, id_)
        if held is None:
            return acts.NO_ORDER
        order = held.order
        if all(n.no != asking.line for n in order.lines):
            raise InputError("no_line", f"no line {asking.line}", "/line")
        if any(o.line == asking.line for o in order.offers):
            return OPEN_ALREADY
        found = await substitutes.offer(connection, world, order)
        mine = [o for o in found if (o.line, o.substitute) == (asking.line, asking.sku)]
        if not mine or not 0 < asking.units <= min(mine[0].short, mine[0].units):
            return NOT_OFFERED
        told = mine[0]
        wish = _wish(order, asking.line, asking.sku, asking.units, told.price)
        data = SubstituteOffered(
            by=actor.sub,
            line=asking.line,
            no=order.offered + 1,
            paid=substitutes.paid_for(order, wish),
            price=told.price,
            quantity=asking.units,
            sku=asking.sku,
            title=told.name,
            until=rfc3339(until_ms),
        )
        timer = timers.Timer(due_us=until_ms * 1000, tenant=world.tenant, id=id_, kind=TIMER_OFFER)
        put = timers.put([timer])
        await connection.execute(put.sql, put.params, binary=True)
        return await _say(connection, world, held, actor, data, now_ms)


async def answer(
    connection: Connection,
    world: World,
    id_: uuid.UUID,
    actor: Actor,
    no: int,
    *,
    accepts: bool,
    now_ms: int,
) -> Answer | Refusal:
    """Take the buyer's word: a yes amends the order in the same commit, a no leaves the line.

    Raises InputError `no_offer`, GuardFailed when stock was taken meanwhile.
    """
    async with connection.transaction():
        held = await acts.hold(connection, world, id_)
        if held is None:
            return acts.NO_ORDER
        found = find(held.order, no)
        if not accepts:
            said = SubstituteDeclined(by=_LINK, no=no)
            return await _say(connection, world, held, actor, said, now_ms)
        if not is_open(held.order, found, now_ms):
            return OVER
        await masters.load_stock(connection, world)  # a yes decides with what is there
        decided = accept(world, held, found, now_ms)
        if isinstance(decided, Refusal):
            return decided
        return await acts.change(connection, world, id_, actor, now_ms, lambda *_: decided)


async def withdraw(
    connection: Connection, world: World, id_: uuid.UUID, actor: Actor, no: int, now_ms: int
) -> Answer | Refusal:
    """Take an offer back. Raises InputError `no_offer`."""
    async with connection.transaction():
        held = await acts.hold(connection, world, id_)
        if held is None:
            return acts.NO_ORDER
        find(held.order, no)
        said = SubstituteEnded(no=no, reason=WITHDRAWN)
        return await _say(connection, world, held, actor, said, now_ms)


def accept(world: World, held: Held, offered: Offer, now_ms: int) -> Change | Refusal:
    """Decide the amendment that a yes is; the fact of the yes comes first and is its consent."""
    order = held.order
    wish = _wish(order, offered.line, offered.sku, offered.quantity, offered.price)
    line = replace(wish.lines[1], paid=min(offered.paid, substitutes.paid_for(order, wish)))
    wish = replace(
        wish,
        by=_LINK,
        consent=f"{held.id}/{held.seq + 1}",
        lines=(wish.lines[0], replace(line, title=offered.title)),
    )
    said = conclude(order, [SubstituteAccepted(by=_LINK, no=offered.no)], 0)
    change = amending.amend(world, replace(held, order=said.order), wish, (), now_ms)
    if isinstance(change, Refusal):
        return change
    if open_units(change.order.lines[-1]):
        return SOLD_OUT
    return replace(change, said=[*said.said, *change.said])


def ring(_: World, held: Held, now_ms: int) -> Change | Refusal:
    """End the offers whose time has come."""
    gone = [o for o in held.order.offers if o.until_ms <= now_ms]
    done = conclude(held.order, [SubstituteEnded(no=o.no, reason=EXPIRED) for o in gone], 0)
    return Change(order=done.order, said=list(done.said), promises=held.promises)


def find(order: Order, no: int) -> Offer:
    """Give an open offer. Raises InputError `no_offer`."""
    found = next((o for o in order.offers if o.no == no), None)
    if found is None:
        raise NO_OFFER
    return found


def is_open(order: Order, offered: Offer, now_ms: int) -> bool:
    """Tell whether a yes would still mean something: in time, and the line still so short."""
    short = sum(open_units(n) for n in order.lines if n.no == offered.line)
    return now_ms < offered.until_ms and short >= offered.quantity


def _wish(order: Order, line: int, sku: str, units: int, price: int) -> Wish:
    was = next(n for n in order.lines if n.no == line)
    kept = LineWish(line=line, quantity=was.quantity - units)
    new = LineWish(sku=sku, quantity=units, price=price, replaces=line)
    return Wish(by="", lines=(kept, new), reason="substitute")


async def _say(
    connection: Connection, world: World, held: Held, actor: Actor, data: Struct, now_ms: int
) -> Answer | Refusal:
    done = conclude(held.order, [data], 0)
    change = Change(order=done.order, said=list(done.said), promises=held.promises)
    return await acts.change(connection, world, held.id, actor, now_ms, lambda *_: change)
