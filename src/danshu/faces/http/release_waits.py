"""Orders whose release waits for another order of their receiver 等待合单."""

from __future__ import annotations

import uuid
from typing import Any, Final

from litestar import Request, get
from msgspec import Struct

from danshu.faces.http.framework import held_of, hub_of
from danshu.faces.http.merging import READ, world_of
from danshu.hub import merging_views, release_waits
from danshu.kernel.fact import rfc3339


class ReleaseWait(Struct, frozen=True, kw_only=True):
    """An order whose release waits for another order of its receiver, and until when (RFC 3339)."""

    order: uuid.UUID
    number: str
    channel: str
    shop: str
    warehouse_name: str
    units: int
    until: str


class ReleaseWaits(Struct, frozen=True, kw_only=True):
    """What waits, the first to go first."""

    items: tuple[ReleaseWait, ...]


@get("/v1/parcels/waiting", operation_id="listReleaseWaits", **READ)
async def list_waiting(request: Request[Any, Any, Any]) -> ReleaseWaits:
    """List orders whose release waits for another order of their receiver, the next to go first."""
    hub, held = hub_of(request), held_of(request)
    world = await world_of(hub, held)
    if world is None:
        return ReleaseWaits(items=())
    async with hub.connection() as connection:
        waiting = await release_waits.list_waiting(connection, held.tenant)
        rows = await merging_views.read(connection, world, [id_ for id_, _ in waiting])
    items = []
    for id_, until_ms in waiting:
        if id_ not in rows:
            continue
        order = rows[id_].order
        parts = [f for f in order.fulfilments if f.state == "allocated"]
        names = [world.warehouses[world.warehouse_no[f.warehouse]].name for f in parts]
        items.append(
            ReleaseWait(
                order=id_,
                number=order.number,
                channel=order.channel,
                shop=order.shop,
                warehouse_name="、".join(dict.fromkeys(names)),
                units=sum(s.quantity for f in parts for s in f.shares),
                until=rfc3339(until_ms),
            )
        )
    return ReleaseWaits(items=tuple(items))


ROUTES: Final = [list_waiting]
