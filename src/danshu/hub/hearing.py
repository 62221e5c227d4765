"""Events that come in: what the hub understands, and each done once.

An event is noted by (source, id) in the commit of what it does, so that a repeat does nothing, here
and on any other node. What is refused leaves nothing behind: the sender may send it again once its
cause is gone (a shipment that came before the packing). The types are in KINDS; each is an act that
the API has too, under that act's own right.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.orders import model
from danshu.capabilities.orders.commands import Command
from danshu.capabilities.people.policies import Context
from danshu.capabilities.stock.model import StockLevel
from danshu.hub import acts, heard_forms, lists, order_rights, replies, shelves
from danshu.hub.world import World
from danshu.kernel.consumer import Event
from danshu.kernel.errors import DanshuError, InputError, Refusal
from danshu.kernel.fact import Actor, epoch_ms
from danshu.kernel.limits import (
    EARLIEST_MS,
    HEARD_DAYS,
    HEARD_NAME_CHARS,
    HEARD_SWEEP_ROWS,
)

if TYPE_CHECKING:
    from danshu.hub.compose import Hub

Connection = psycopg.AsyncConnection[Any]
FUTURE_MS: Final = 300_000  # clocks of others may be ahead by so much
CONFLICT: Final = Refusal(
    code="event_conflict",
    reason="同一来源与编号的事件以前说的不是这些",
    reason_en="An event of this source and id said something else before",
    clause="events.id",
)
_STOCK: Final = "stock.write"
_NO_ORDER: Final = acts.NO_ORDER
_decode_order: Final = msgspec.json.Decoder(model.Order).decode
_PLAIN: Final = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]*")
_NOTE: Final = """
insert into heard_events(tenant,source,id,digest,type,subject) values(%s,%s,%s,%s,%s,%s)
on conflict (tenant,source,id) do nothing
"""
_FIND: Final = "select digest from heard_events where tenant=%s and source=%s and id=%s"
_SWEEP: Final = """
delete from heard_events where (tenant,source,id) in (select tenant,source,id from heard_events
where heard < now() - make_interval(days => %s) order by heard limit %s)
"""
# The key under which an order of a platform, or of the API, came in: known in its own commit.
_BY_KEY: Final = """
select i.oid from idem i join orders o on o.tenant=i.tenant and o.id=i.oid
where i.tenant=%s and i.okey=any(%s) and o.channel=any(%s)
"""
_CANDIDATES: Final = 20  # orders that the search index may give for a number or waybill
_LEVELS: Final = """
select k.code, s.safety, s.in_transit from stock s
join warehouses w on w.tenant=s.tenant and w.no=s.wh
join skus k on k.tenant=s.tenant and k.no=s.sku
where s.tenant=%s and w.code=%s and k.code=any(%s) order by s.wh, s.sku for update of s
"""


class Ear(Struct, frozen=True, kw_only=True, eq=False):
    """Who tells: `ask` raises where the rules say no to an act with what is known of it."""

    tenant: int
    actor: Actor
    name: str
    ask: Callable[[str, Context], None]


class Doing(Struct, kw_only=True, eq=False):
    """One event at work, in the transaction that notes it."""

    connection: Connection
    world: World
    ear: Ear
    event: Event
    at_ms: int
    occurred_ms: int


class Kind(Struct, frozen=True, kw_only=True):
    """A type that the hub understands; `act` gives what refused it, None = done. `right` is what
    it asks for beside `event.send`.
    """

    name: str
    right: str
    title: str
    title_en: str
    data: type[Struct]
    act: Callable[[Doing, Any], Awaitable[Refusal | None]]


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of an event: accepted, repeated, or refused for `why`."""

    state: str
    why: Refusal | DanshuError | None = None


class _No(Exception):
    """What the event wanted was refused."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


def _on_order(event: str) -> Callable[[Doing, Any], Awaitable[Refusal | None]]:
    """Make the act on an order that the machines call `event`."""

    async def act(doing: Doing, data: heard_forms.Named) -> Refusal | None:
        id_ = await _find(doing, data)
        if id_ is None:
            return _NO_ORDER
        told = Command(
            event=event,
            fulfilment=getattr(data, "fulfilment", 0),
            reason=getattr(data, "reason", ""),
            amount=getattr(data, "amount", 0),
            carrier=getattr(data, "carrier", ""),
            waybill=getattr(data, "waybill", ""),
            equipment=getattr(data, "equipment", ""),
            occurred_ms=doing.occurred_ms,
            by=doing.ear.name,
        )
        decide = order_rights.command(told, doing.ear.ask)
        done = await acts.change(
            doing.connection, doing.world, id_, doing.ear.actor, doing.at_ms, decide
        )
        return done if isinstance(done, Refusal) else None

    return act


async def _find(doing: Doing, data: heard_forms.Named) -> uuid.UUID | None:
    """Give the order that is meant; None where there is none, or more than one.

    The hub's id and the key that an order came by are known at once, a waybill and a number that
    came by another key when the search index has them: about a second later.
    """
    waybill = getattr(data, "waybill", "")
    tenant, connection = doing.ear.tenant, doing.connection
    if data.order or not (data.number or waybill):
        text = data.order or doing.event.subject
        try:
            return uuid.UUID(text)
        except ValueError:
            raise InputError("bad_data", f"{text!r} is not the id of an order", "/order") from None
    if data.number:
        keys = [f"{data.channel}/{data.shop}/{data.number}", f"api/{data.number}"]
        channels = [data.channel] if data.channel else ["api"]
        cursor = await connection.execute(_BY_KEY, (tenant, keys, channels))
        rows: list[tuple[uuid.UUID]] = await cursor.fetchall()
        if len(rows) == 1:
            return rows[0][0]
    asked = lists.Filter(q=data.number or waybill, channel=data.channel)
    page = await lists.page(connection, tenant, asked, None, _CANDIDATES)
    found = [row.id for row in page.rows if _is_meant(_decode_order(row.doc), data, waybill)]
    return found[0] if len(found) == 1 else None


def _is_meant(order: model.Order, data: heard_forms.Named, waybill: str) -> bool:
    """Tell whether an order has the number, or a parcel of it the waybill."""
    if data.number:
        return order.number == data.number and data.shop in ("", order.shop)
    carrier = getattr(data, "carrier", "")
    return any(
        f.waybill == waybill and carrier in ("", f.carrier) for f in order.fulfilments if f.waybill
    )


async def _count(doing: Doing, data: heard_forms.Counted) -> Refusal | None:
    doing.ear.ask(_STOCK, {"warehouse": data.warehouse})
    codes = [level.sku for level in data.levels]
    cursor = await doing.connection.execute(_LEVELS, (doing.ear.tenant, data.warehouse, codes))
    kept = {code: (safety, in_transit) for code, safety, in_transit in await cursor.fetchall()}
    levels = []
    for level in data.levels:
        safety, in_transit = kept.get(level.sku, (0, 0))
        levels.append(
            StockLevel(
                warehouse=data.warehouse,
                sku=level.sku,
                on_hand=level.on_hand,
                safety=safety if level.safety is None else level.safety,
                in_transit=in_transit if level.in_transit is None else level.in_transit,
            )
        )
    return await shelves.count_stock(
        doing.connection, doing.ear.tenant, levels, "count", doing.ear.actor
    )


def _kind(
    name: str, titles: tuple[str, str], data: type[Struct], event: str = "", right: str = ""
) -> Kind:
    """Make a type that does `event` to an order, or counts stock."""
    return Kind(
        name="danshu." + name,
        right=right or f"order.{event}",
        title=titles[0],
        title_en=titles[1],
        data=data,
        act=_on_order(event) if event else _count,
    )


_WORKED, _SHIPPED, _TRACKED = heard_forms.Worked, heard_forms.Shipped, heard_forms.Tracked
KINDS: Final = {
    kind.name: kind
    for kind in (
        _kind("wms.fulfilment.picked", ("仓库已拣货", "Picked"), _WORKED, "pick"),
        _kind("wms.fulfilment.packed", ("仓库已打包", "Packed"), _WORKED, "pack"),
        _kind("wms.fulfilment.shipped", ("仓库已交接", "Shipped"), _SHIPPED, "ship"),
        _kind("carrier.parcel.collected", ("承运商揽收", "Collected"), _TRACKED, "ship"),
        _kind("carrier.parcel.delivered", ("签收", "Delivered"), _TRACKED, "deliver"),
        _kind(
            "stock.counted",
            ("库存盘点", "Stock counted"),
            heard_forms.Counted,
            right=_STOCK,
        ),
        _kind(
            "order.cancel_requested",
            ("请求取消", "Cancellation asked for"),
            heard_forms.CancelRequested,
            "cancel",
        ),
        _kind(
            "payment.received",
            ("收到付款", "Payment received"),
            heard_forms.PaymentReceived,
            "pay",
        ),
    )
}
"""What the hub understands, by its CloudEvents type."""


async def hear(hub: Hub, ear: Ear, event: Event, at_ms: int) -> Outcome:
    """Do what an event says, once. What can't be read or is not allowed is an Outcome too.

    Raises NotAvailable where it may be sent again as it is.
    """
    try:
        kind, data, occurred_ms = _understand(event, at_ms)
        world = await hub.worlds.ensure(ear.tenant)

        async def do(connection: Connection) -> bool:
            if not await _note(connection, ear.tenant, event):
                return False
            doing = Doing(
                connection=connection,
                world=world,
                ear=ear,
                event=event,
                at_ms=at_ms,
                occurred_ms=occurred_ms,
            )
            refusal = await kind.act(doing, data)
            if refusal is not None:
                raise _No(refusal)
            return True

        is_new = await replies.again(hub, ear.tenant, do)
    except _No as no:
        return Outcome(state="refused", why=no.refusal)
    except InputError as error:
        return Outcome(state="refused", why=error)
    return Outcome(state="accepted" if is_new else "repeated")


def _understand(event: Event, at_ms: int) -> tuple[Kind, Struct, int]:
    """Give the type, the data and when it came about (epoch ms, 0 = now). Raises InputError."""
    for name in ("id", "source", "type", "subject"):
        text = getattr(event, name)
        if len(text) > HEARD_NAME_CHARS or not _PLAIN.fullmatch(text):
            raise InputError("bad_event", f"{name} is at most {HEARD_NAME_CHARS} plain characters")
    kind = KINDS.get(event.type)
    if kind is None:
        raise InputError("unknown_type", f"no event type {event.type!r} is understood", "/type")
    try:
        data = msgspec.convert(event.data, kind.data)
    except msgspec.ValidationError as error:
        raise InputError("bad_data", f"{event.type}: {error}", "/data") from error
    return kind, data, _occurred_ms(event.time, at_ms)


def _occurred_ms(text: str, at_ms: int) -> int:
    if not text:
        return 0
    try:
        told_ms = epoch_ms(text)
    except (ValueError, OverflowError):
        told_ms = 0
    if not EARLIEST_MS <= told_ms <= at_ms + FUTURE_MS:
        raise InputError("time", "what happened lies in the past, after 2000", "/time")
    return told_ms


async def _note(connection: Connection, tenant: int, event: Event) -> bool:
    """Note the event; False where it was noted before. Raises _No where it said something else."""
    digest = bytes.fromhex(event.digest)
    place = (tenant, event.source, event.id)
    cursor = await connection.execute(_NOTE, (*place, digest, event.type, event.subject))
    if cursor.rowcount == 1:
        return True
    cursor = await connection.execute(_FIND, place)
    row = await cursor.fetchone()
    if row is not None and bytes(row[0]) != digest:
        raise _No(CONFLICT)
    return False


async def sweep(connection: Connection) -> int:
    """Take some of what was heard long ago away; gives how many rows."""
    return (await connection.execute(_SWEEP, (HEARD_DAYS, HEARD_SWEEP_ROWS))).rowcount


class Sweeper:
    """Takes what was heard long ago away, at most once a minute."""

    def __init__(self) -> None:
        self._next_s = 0.0

    async def sweep(self, hub: Hub) -> None:
        """Take some rows away where it is time to."""
        now_s = time.monotonic()
        if now_s < self._next_s:
            return
        self._next_s = now_s + 60
        async with hub.connection() as connection, connection.transaction():
            await sweep(connection)
