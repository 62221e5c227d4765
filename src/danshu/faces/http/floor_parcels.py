"""Parcels on the floor over HTTP: what was not all there, and what is to be stopped."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final

from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.capabilities.floor.decide import OVER
from danshu.capabilities.floor.model import STAGES, Work
from danshu.faces.http.floor import WorkWord, worker_of
from danshu.faces.http.floor_views import Worked
from danshu.faces.http.floor_work import At, asking, claimed_ms, once_for, write_task
from danshu.faces.http.framework import READ_PROBLEMS, held_of, hub_of, may
from danshu.faces.http.orders import IdempotencyKey
from danshu.faces.http.parcels import FoundUnits, by_sku
from danshu.faces.http.placing import Instant
from danshu.hub import parcel_acts
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import ORDER_LINES, PAGE_ROWS

_WORDS: Final = {int(stage): word for word, stage in STAGES.items()}


class ShortTask(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The SKUs that were not all there, with the units found of each: those that were scanned."""

    found: Annotated[tuple[FoundUnits, ...], Meta(min_length=1, max_length=ORDER_LINES)]
    device_at: Instant | None = None


class FloorStop(Struct, frozen=True, kw_only=True):
    """A fulfilment order that is to be stopped; `state` is where it stands, `due` when the answer
    is.
    """

    order: uuid.UUID
    fulfilment: int
    warehouse: str
    state: str
    number: str
    label: str
    units: int
    who: str
    reason: str
    due: str


class FloorStops(Struct, frozen=True, kw_only=True):
    """What is to be stopped, the first to be answered first; `now` by the hub's clock."""

    items: tuple[FloorStop, ...]
    now: str


@post(**write_task("/short", "finishFloorTaskShort"))
async def finish_short(
    order_id: FromPath[uuid.UUID],
    fulfilment: FromPath[int],
    work: FromPath[WorkWord],
    data: JSONBody[ShortTask],
    request: Request[Any, Any, Any],
    idempotency_key: IdempotencyKey = None,
) -> Response[Worked]:
    """Finish a picking whose goods are not all there: what was scanned goes on, the count of stock
    is corrected, and the missing units are decided again elsewhere, all in one commit.
    """
    asked = asking(request, order_id, fulfilment, work, idempotency_key)
    found, device_ms = by_sku(data.found), claimed_ms(data.device_at)

    async def deed(at: At) -> Worked | Refusal:
        if asked.work is not Work.PICK:
            return OVER
        told = await parcel_acts.finish_short(
            at.connection, at.world, at.worker, at.task, found, at.actor, at.now_ms, device_ms
        )
        return told or Worked(order=order_id, fulfilment=fulfilment, at=rfc3339(at.now_ms))

    return await once_for(asked, deed)


@get(
    "/v1/floor/intercepts",
    operation_id="listFloorIntercepts",
    tags=["floor"],
    responses=READ_PROBLEMS,
    guards=[may("floor.read")],
)
async def list_intercepts(request: Request[Any, Any, Any]) -> FloorStops:
    """List what is to be stopped and put back in this person's warehouses."""
    held, hub = held_of(request), hub_of(request)
    now_ms = hub.clock()
    try:
        world = await hub.worlds.ensure(held.tenant)
    except InputError:  # a merchant without a network has no floor
        return FloorStops(items=(), now=rfc3339(now_ms))
    worker = worker_of(held, world)
    async with hub.connection() as connection:
        stops = await parcel_acts.list_stops(connection, held.tenant, worker.warehouses, PAGE_ROWS)
    return FloorStops(
        items=tuple(
            [
                FloorStop(
                    order=n.id,
                    fulfilment=n.fulfilment,
                    warehouse=world.warehouses[n.wh].code,
                    state=_WORDS[n.stage],
                    number=n.number,
                    label=n.label,
                    units=n.units,
                    who=n.who,
                    reason=n.reason,
                    due=rfc3339(n.due_ms),
                )
                for n in stops
            ]
        ),
        now=rfc3339(now_ms),
    )


ROUTES: Final = [finish_short, list_intercepts]
