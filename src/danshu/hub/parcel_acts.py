"""What the floor says of parcels, each in one commit with what follows: a short pick, an answer."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.floor import decide as floor_decide
from danshu.capabilities.floor.decide import OVER, missing
from danshu.capabilities.orders.model import Order
from danshu.capabilities.orders.parcel_facts import ShortPicked
from danshu.capabilities.stock.facts import Moved
from danshu.hub import acts, floor, floor_acts, parcels, shelves
from danshu.hub.changes import Change, Held
from danshu.kernel.errors import Refusal
from danshu.kernel.fact import Said

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import psycopg

    from danshu.hub.floor_tasks import Task
    from danshu.hub.requests import Answer
    from danshu.hub.world import World
    from danshu.kernel.fact import Actor

    Connection = psycopg.AsyncConnection[Any]

REASON: Final = "short_pick"
COUNT_DIFFERS: Final = Refusal(
    code="count_differs",
    reason="清点数与已扫数不符,先扫齐找到的",
    reason_en="The count differs from what was scanned: scan all that was found first",
    clause="floor.count",
)
_STOPS: Final = """
select t.id, t.fulfilment, t.wh, t.stage, t.number, t.label, t.units, t.who, t.stop, o.doc
from floor_tasks t join orders o on o.tenant=t.tenant and o.id=t.id
where t.tenant=%s and t.wh = any(%s) and t.stop is not null
order by t.stop, t.id, t.fulfilment limit %s
"""
_decode_order: Final = msgspec.json.Decoder(Order).decode


async def pick_short(
    connection: Connection,
    world: World,
    id_: uuid.UUID,
    no: int,
    found: Mapping[str, int],
    actor: Actor,
    now_ms: int,
    also: Sequence[Said] = (),
    check: Callable[[Order], None] = lambda _: None,
) -> Answer | Refusal:
    """Pick what was found; in the same commit the count is corrected and the rest decided again.

    `also` is said beside it; `check` raises where the rules say no. Raises
    GuardFailed when stock was taken meanwhile.
    """
    told: list[ShortPicked] = []
    inner = parcels.pick_short(no, found)

    def decide(world: World, held: Held, now_ms: int) -> Change | Refusal:
        check(held.order)
        change = inner(world, held, now_ms)
        if isinstance(change, Change):
            told[:] = [s.data for s in change.said if isinstance(s.data, ShortPicked)]
            change.said = [*change.said, *also]
        return change

    async with connection.transaction():
        done = await acts.change(connection, world, id_, actor, now_ms, decide)
        if isinstance(done, Refusal):
            return done
        for said in told:
            gone: dict[str, int] = {}
            for share in said.missing:
                gone[share.sku] = gone.get(share.sku, 0) + share.quantity
            moved = [Moved(sku=sku, on_hand=-n) for sku, n in sorted(gone.items())]
            refusal = await shelves.receive_stock(
                connection, world.tenant, said.warehouse, moved, REASON, actor
            )
            if refusal is not None:  # the units were reserved, so they are on hand: a broken row
                raise AssertionError(refusal.code)
    return done


async def finish_short(
    connection: Connection,
    world: World,
    worker: floor.Worker,
    task: Task,
    found: Mapping[str, int],
    actor: Actor,
    now_ms: int,
    device_ms: int,
) -> Refusal | None:
    """End a picking whose goods are not all there, in the caller's transaction.

    What is not scanned whole is to be named in `found` with the units that were scanned: a count
    that somebody stands for. The scans are its evidence, as of any finished work.
    """
    refusal = await floor_acts.begin(connection, world, worker, task, now_ms)
    if refusal:
        return refusal
    short = [n for n in task.items if n.scanned < n.quantity]
    unnamed = [n for n in short if n.sku not in found]
    if unnamed or not short:
        return missing(unnamed) or OVER
    if any(n.sku in found and found[n.sku] != n.scanned for n in task.items):
        return COUNT_DIFFERS
    row = task.row
    also = []
    if any(n.scanned for n in task.items):
        worked = floor_decide.finish(
            task.work,
            fulfilment=row.fulfilment,
            warehouse=task.part.warehouse,
            scans=task.scans,
            photos=0,
            began_ms=row.began_ms or now_ms,
            now_ms=now_ms,
            device_ms=device_ms,
        )
        evidence = await floor_acts.keep_evidence(connection, world, task)
        clock = "device" if device_ms else "server"
        also = [Said(data=worked, occurred_ms=device_ms, clock=clock, evidence=evidence)]
    counted = {n.sku: n.scanned for n in short}
    told = await pick_short(connection, world, row.id, row.fulfilment, counted, actor, now_ms, also)
    if isinstance(told, Refusal):
        return told
    await floor.give_back(connection, world.tenant, row.id, row.fulfilment)
    return None


class Stop(Struct, frozen=True, kw_only=True):
    """A fulfilment order that the floor is to stop 截单. `stage` is where it stands."""

    id: uuid.UUID
    fulfilment: int
    wh: int
    stage: int
    number: str
    label: str
    units: int
    who: str
    due_ms: int
    reason: str


async def list_stops(
    connection: Connection, tenant: int, warehouses: Sequence[int], limit: int
) -> list[Stop]:
    """List what the floors of these warehouses are to stop, the first to be answered first."""
    cursor = await connection.execute(_STOPS, (tenant, list(warehouses), limit), binary=True)
    return [
        Stop(
            id=id_,
            fulfilment=no,
            wh=wh,
            stage=stage,
            number=number,
            label=label,
            units=units,
            who=who,
            due_ms=round(due.timestamp() * 1000),
            reason=next(
                (
                    f.intercept.reason
                    for f in _decode_order(bytes(doc)).fulfilments
                    if f.no == no and f.intercept
                ),
                "",
            ),
        )
        for id_, no, wh, stage, number, label, units, who, due, doc in await cursor.fetchall()
    ]
