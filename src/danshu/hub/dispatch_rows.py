"""Fulfilment orders that are asked of a warehouse's own system 仓储系统, and waybills of carriers.

What is released is asked of the connector that the route of `wms` names, in the release's commit;
what is cancelled before it left is stopped there. What is packed gets a waybill from the route of
`carrier`, and the route of `tracks` tells where parcels are. A merchant without these routes pays
for one comparison. Who receives is filled in when the call is handed over, so that no copy of a
person lies in the outbox (dispatches.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg

from danshu.capabilities.orders.facts import (
    OrderCancelled,
    OrderPacked,
    OrderReleased,
    OrderShipped,
    OrderWithdrawn,
    WaybillRecorded,
)
from danshu.hub import connecting
from danshu.hub.dispatch_routes import CARRIER as _CARRIER
from danshu.hub.dispatch_routes import TRACKS as _TRACKS
from danshu.hub.dispatch_routes import WMS as _WMS
from danshu.kernel.fact import rfc3339
from danshu.ports.asks.carrier import Subscription, WaybillAsk
from danshu.ports.asks.wms import Dispatch, Dispatched, Stop

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable

    from danshu.capabilities.orders.model import Fulfilment, Order
    from danshu.hub.changes import Change, Held
    from danshu.hub.world import World

Connection = psycopg.AsyncConnection[Any]
DISPATCH: Final = "dispatch"
WAYBILL: Final = "waybill"
_WENT: Final = """
select connector, reference from connector_calls where tenant=%s and key=%s and state='done'
"""


def key_of(id_: uuid.UUID, no: int) -> str:
    """Give the key that a fulfilment order is dispatched under."""
    return f"dsp-{id_.hex}-{no}"


async def follow(
    connection: Connection, world: World, held: Held, decided: Change, now_ms: int
) -> None:
    """Put the calls into the outbox that follow from what was said."""
    order = decided.order
    parts = {f.no: f for f in order.fulfilments}
    for said in decided.said:
        data = said.data
        if isinstance(data, OrderReleased) and _WMS in world.connected:
            await _dispatch(connection, world, held, order, parts[data.fulfilment], now_ms)
        elif isinstance(data, (OrderCancelled, OrderWithdrawn)) and _WMS in world.connected:
            released = {f.no for f in held.order.fulfilments if f.state == "released"}
            gone = [p.no for p in data.freed if p.no in released]
            reason = data.reason or "cancelled"
            await _stop(connection, world, held, [parts[no] for no in gone], reason, now_ms)
        elif isinstance(data, OrderPacked) and _CARRIER in world.connected:
            await _ask_waybill(connection, world, held, order, parts[data.fulfilment], now_ms)

        elif isinstance(data, (OrderShipped, WaybillRecorded)) and _TRACKS in world.connected:
            await _subscribe(connection, world, held, parts[data.fulfilment], data, now_ms)


async def _subscribe(
    connection: Connection,
    world: World,
    held: Held,
    part: Fulfilment,
    data: OrderShipped | WaybillRecorded,
    now_ms: int,
) -> None:
    if data.waybill:
        body = Subscription(carrier=data.carrier, waybill=data.waybill)
        key, what = track_key(data.waybill), (_TRACKS, "subscribe", part)
        await _ask(connection, world, held, what, key, body, now_ms)


def track_key(waybill: str) -> str:
    """Give the key that a parcel's tracks are subscribed to under."""
    return f"trk-{waybill}"


async def _dispatch(
    connection: Connection, world: World, held: Held, order: Order, part: Fulfilment, now_ms: int
) -> None:
    lines = {n.no: n for n in order.lines}
    body = Dispatch(
        order=str(held.id),
        fulfilment=part.no,
        number=order.number,
        channel=order.channel,
        shop=order.shop,
        warehouse=part.warehouse,
        lines=tuple(
            Dispatched(
                line=s.line,
                sku=s.sku,
                quantity=s.quantity,
                title=lines[s.line].title,
                price=lines[s.line].price,
            )
            for s in part.shares
        ),
        placed=rfc3339(order.placed_ms),
        paid=rfc3339(order.paid_ms) if order.paid_ms else "",
        carrier=part.carrier,
    )
    await _ask(
        connection, world, held, (_WMS, DISPATCH, part), key_of(held.id, part.no), body, now_ms
    )


async def _stop(
    connection: Connection,
    world: World,
    held: Held,
    parts: Iterable[Fulfilment],
    reason: str,
    now_ms: int,
) -> None:
    """Stop what a warehouse had taken over, with the warehouse that did."""
    for part in parts:
        key = key_of(held.id, part.no)
        row = await (await connection.execute(_WENT, (world.tenant, key))).fetchone()
        if row is None:
            continue  # it never went out, or was refused: there is nothing to stop
        body = Stop(key=key, reference=row[1], warehouse=part.warehouse, reason=reason)
        what = (_WMS, "stop", part)
        await _ask(connection, world, held, what, f"{key}-stop", body, now_ms, row[0])


async def _ask_waybill(
    connection: Connection, world: World, held: Held, order: Order, part: Fulfilment, now_ms: int
) -> None:
    if part.waybill:
        return
    titles = {n.no: n.title or n.sku for n in order.lines}
    weights = [
        world.skus[s.sku][1].weight_g * s.quantity for s in part.shares if s.sku in world.skus
    ]
    body = WaybillAsk(
        order=str(held.id),
        fulfilment=part.no,
        goods=titles[part.shares[0].line][:60],
        weight_g=sum(weights),
    )
    key = f"wbl-{held.id.hex}-{part.no}"
    await _ask(connection, world, held, (_CARRIER, WAYBILL, part), key, body, now_ms)


async def _ask(
    connection: Connection,
    world: World,
    held: Held,
    what: tuple[str, str, Fulfilment],
    key: str,
    body: msgspec.Struct,
    now_ms: int,
    connector: uuid.UUID | None = None,
) -> None:
    capability, operation, part = what
    await connecting.ask(
        connection,
        world.tenant,
        capability=capability,
        operation=operation,
        key=key,
        subject=str(held.id),
        body=msgspec.json.encode(body),
        at_ms=now_ms,
        context=connecting.Context(
            purpose=operation if operation in (DISPATCH, WAYBILL) else "",
            data=str(part.no).encode(),
            warehouse=part.warehouse,
            channel=held.order.channel,
            connector=connector,
        ),
    )
