"""What people do on the floor: scan, photograph, finish, stop. Each is one commit.

The order's row is locked first, then the floor's, as every act on an order does.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.contract.performing import gs1
from danshu.capabilities.floor import decide
from danshu.capabilities.floor.model import NUMBERS, Item, Review, Scans, Work, needs_review
from danshu.capabilities.orders import decide as orders
from danshu.hub import acts, completing, floor, floor_reviews, merging, performing_rows, stating
from danshu.hub.doers import By
from danshu.hub.passkeys import Origin
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import Evidence, Said
from danshu.kernel.limits import FLOOR_LEASE_S, FLOOR_PHOTOS, FLOOR_SCANS
from danshu.ledger import blobs, write

if TYPE_CHECKING:
    from danshu.hub.floor_tasks import Task
    from danshu.hub.requests import Answer
    from danshu.hub.world import World
    from danshu.kernel.fact import Actor

_encode = msgspec.json.Encoder(order="sorted").encode  # within profile EVJ1, of any length
Connection = psycopg.AsyncConnection[Any]
SCANS_TYPE: Final = "application/json"
PHOTO_TYPES: Final = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}
_EVENTS: Final = {Work.PICK: "pick", Work.PACK: "pack", Work.HANDOVER: "ship"}
_ADD_SCAN: Final = (
    "insert into floor_scans(tenant,id,fulfilment,kind,no,code,sku,quantity,at,device_at,lot,"
    "expiry) values(%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)"
)
_RENEW: Final = "update floor_tasks set until=%s where tenant=%s and id=%s and fulfilment=%s"
_CLAIM: Final = (
    "update floor_tasks set worker=%s, who=%s, kind=%s, began=%s, until=%s where tenant=%s"
    " and id=%s and fulfilment=%s"
)
_ADD_PHOTO: Final = (
    "insert into floor_photos(tenant,id,fulfilment,kind,digest,size) values(%s,%s,%s,%s,%s,%s)"
    " on conflict do nothing"
)
_REVIEWED: Final = (
    "update floor_tasks set review=%s, called=null where tenant=%s and id=%s and fulfilment=%s"
)
_CALLED: Final = "update floor_tasks set called=%s where tenant=%s and id=%s and fulfilment=%s"


class Proof(Struct, frozen=True, kw_only=True):
    """What a reviewer brings to sign with: who they are, where the page is from, the answer of
    their passkey and whether its challenge was still good.
    """

    by: By
    origin: Origin
    credential: dict[str, Any] | None = None
    is_fresh: bool = False


class Counted(Struct, frozen=True, kw_only=True):
    """A right scan: the goods with their new count, or the waybill; units that are left."""

    item: Item | None
    waybill: str
    left: int


async def begin(
    connection: Connection, world: World, worker: floor.Worker, task: Task, now_ms: int
) -> Refusal | None:
    """Make sure that the work is this worker's: a claim that ran out and nobody took goes on."""
    row = task.row
    refusal = floor.why_not(row, worker, task.work, now_ms)
    if refusal:
        return refusal
    until = write.instant((now_ms + FLOOR_LEASE_S * 1000) * 1000)
    place = (world.tenant, row.id, row.fulfilment)
    if row.worker == worker.id and row.kind == NUMBERS[task.work]:
        await connection.execute(_RENEW, (until, *place))
        return None
    if row.worker not in ("", worker.id):
        await floor.forget(connection, *place)
        task.scans, task.photos = (), ()
        task.items = tuple([msgspec.structs.replace(n, scanned=0) for n in task.items])
    now = write.instant(now_ms * 1000)
    values = (worker.id, worker.who, NUMBERS[task.work], now, until, *place)
    await connection.execute(_CLAIM, values)
    task.row = msgspec.structs.replace(row, began_ms=now_ms)
    return None


async def scan(
    connection: Connection,
    world: World,
    worker: floor.Worker,
    task: Task,
    *,
    code: str,
    quantity: int,
    now_ms: int,
    device_ms: int,
    lot: str = "",
    expiry: str = "",
) -> Counted | Refusal:
    """Count a scan, in the caller's transaction. What is turned away is kept too, uncounted.

    A GS1 code names goods, lot and expiry itself. Raises InputError `bad_evidence` for a date that
    is none.
    """
    named = _read_code(code, now_ms)
    lot, expiry = named.lot or lot, named.expiry or expiry
    refusal = await begin(connection, world, worker, task, now_ms)
    if refusal:
        return refusal
    if len(task.scans) >= FLOOR_SCANS:
        return Refusal(
            code="too_many_scans",
            reason=f"一次作业最多 {FLOOR_SCANS} 次扫描,用数量一次计多件",
            reason_en=f"At most {FLOOR_SCANS} readings: count several units by one",
            clause="floor.scans",
        )
    if task.work is Work.HANDOVER:
        read = decide.read_waybill(task.items, task.part.waybill, code)
        told: Counted | Refusal = (
            read if isinstance(read, Refusal) else Counted(item=None, waybill=read, left=0)
        )
        sku = "" if isinstance(read, Refusal) else "waybill"
    else:
        found = decide.count(task.items, named.gtin, quantity)
        told, sku = found if isinstance(found, Refusal) else _counted(task, found, quantity), ""
        if not isinstance(found, Refusal):
            sku = found.sku
    await connection.execute(
        _ADD_SCAN,
        (
            *(world.tenant, task.row.id, task.row.fulfilment, NUMBERS[task.work]),
            *(len(task.scans) + 1, code, sku, quantity, write.instant(now_ms * 1000)),
            write.instant(device_ms * 1000) if device_ms else None,
            *(lot, expiry),
        ),
    )
    return told


def _read_code(code: str, now_ms: int) -> gs1.Elements:
    """Read what a code says; one that is no GS1 element string names its goods alone."""
    year = datetime.datetime.fromtimestamp(now_ms / 1000, datetime.UTC).year
    try:
        return gs1.read(code, year) or gs1.Elements(gtin=code)
    except ValueError as error:
        raise InputError("bad_evidence", str(error), "/code") from error


def _counted(task: Task, item: Item, quantity: int) -> Counted:
    left = sum(n.quantity - n.scanned for n in task.items) - quantity
    now = msgspec.structs.replace(item, scanned=item.scanned + quantity)
    return Counted(item=now, waybill="", left=left)


async def keep_photo(
    connection: Connection,
    world: World,
    worker: floor.Worker,
    task: Task,
    body: bytes,
    now_ms: int,
) -> bytes | Refusal:
    """Keep a photo under its digest as evidence of this work. Raises InputError for no image."""
    kind = photo_type(body)
    if not kind:
        raise InputError("bad_photo", "a photo is JPEG, PNG or WebP")
    refusal = await begin(connection, world, worker, task, now_ms)
    if refusal:
        return refusal
    if len(task.photos) >= FLOOR_PHOTOS:
        return Refusal(
            code="too_many_photos",
            reason=f"一次作业最多 {FLOOR_PHOTOS} 张照片",
            reason_en=f"At most {FLOOR_PHOTOS} photos",
            clause="floor.photos",
        )
    digest = await blobs.put(connection, world.tenant, kind, body)
    place = (world.tenant, task.row.id, task.row.fulfilment, NUMBERS[task.work])
    await connection.execute(_ADD_PHOTO, (*place, digest, len(body)))
    return digest


def photo_type(body: bytes) -> str:
    """Tell the media type of an image by its first bytes, "" for anything else."""
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for head, kind in PHOTO_TYPES.items() if body.startswith(head)), "")


async def finish(
    connection: Connection,
    world: World,
    worker: floor.Worker,
    task: Task,
    actor: Actor,
    *,
    taken: tuple[str, str],
    now_ms: int,
    device_ms: int,
    proof: Proof,
) -> Refusal | completing.Performed | None:
    """Finish a piece of work: the machine's event and the fact of who scanned what, one commit.

    `taken`: who takes the parcel over, and the cold equipment that it leaves with. A review that
    its action type wants signed ends as that act, which is given.
    """
    refusal = await begin(connection, world, worker, task, now_ms) or _unfinished(task)
    if refusal:
        return refusal
    row = task.row
    said = Said(
        data=decide.finish(
            task.work,
            fulfilment=row.fulfilment,
            warehouse=task.part.warehouse,
            scans=task.scans,
            photos=len(task.photos),
            began_ms=row.began_ms or now_ms,
            now_ms=now_ms,
            device_ms=device_ms,
        ),
        occurred_ms=device_ms,
        clock="device" if device_ms else "server",
        evidence=await keep_evidence(connection, world, task),
    )
    told: Answer | Refusal | completing.Performed
    if await floor_reviews.find(connection, world, task):
        told = await floor_reviews.finish(
            connection,
            world,
            proof.origin,
            task,
            proof.by,
            now_ms,
            credential=proof.credential,
            is_fresh=proof.is_fresh,
            device_ms=device_ms,
            said=said,
        )
    else:
        told = await _work(connection, world, worker, task, actor, taken, said, now_ms)
    if isinstance(told, Refusal):
        return told
    place = (world.tenant, row.id, row.fulfilment)
    await floor.give_back(connection, *place)
    if task.work is Work.REVIEW:
        await connection.execute(_REVIEWED, (int(Review.DONE), *place))
    return told if isinstance(told, completing.Performed) else None


async def state(
    connection: Connection,
    world: World,
    worker: floor.Worker,
    task: Task,
    by: By,
    origin: Origin,
    now_ms: int,
    lang: stating.Lang,
) -> stating.Prepared | Refusal:
    """Show what a reviewer signs, once all is scanned, inside the caller's transaction."""
    refusal = await begin(connection, world, worker, task, now_ms) or _unfinished(task)
    if refusal:
        return refusal
    if not await floor_reviews.find(connection, world, task):
        return floor_reviews.UNSIGNED
    return await floor_reviews.prepare(connection, world, origin, task, by, now_ms, lang)


async def _work(
    connection: Connection,
    world: World,
    worker: floor.Worker,
    task: Task,
    actor: Actor,
    taken: tuple[str, str],
    said: Said,
    now_ms: int,
) -> Answer | Refusal:
    """Say what was done, with the machine's event where the work is a step of it."""
    row, (carrier, equipment) = task.row, taken
    event = _EVENTS.get(task.work)
    command = event and orders.Command(
        event=event,
        fulfilment=row.fulfilment,
        carrier=carrier or task.part.carrier,
        waybill=task.scanned_waybill,
        equipment=equipment,
        by=worker.who,
    )
    if command and event == "ship" and (group := task.part.group):
        return await merging.leave(connection, world, group, row.id, command, actor, now_ms, said)
    return await acts.change(connection, world, row.id, actor, now_ms, _also(said, command or None))


def _unfinished(task: Task) -> Refusal | None:
    if task.work is not Work.HANDOVER:
        return decide.missing(task.items)
    if task.row.review != Review.DONE and any(needs_review(n.storage) for n in task.items):
        return decide.NOT_REVIEWED
    return None if task.scanned_waybill else decide.NO_WAYBILL


async def stop(
    connection: Connection,
    world: World,
    worker: floor.Worker,
    task: Task,
    actor: Actor,
    *,
    kind: str,
    sku: str,
    found: int,
    detail: str,
    now_ms: int,
    device_ms: int,
) -> Refusal | None:
    """Say that the work cannot go on. Short and damaged hold the order and free the claim; help
    marks the task and leaves it with the worker.
    """
    refusal = await begin(connection, world, worker, task, now_ms)
    if refusal:
        return refusal
    said = Said(
        data=decide.stop(
            task.work,
            kind,
            fulfilment=task.row.fulfilment,
            warehouse=task.part.warehouse,
            items=task.items,
            sku=sku,
            found=found,
            detail=detail,
        ),
        occurred_ms=device_ms,
        clock="device" if device_ms else "server",
        evidence=await keep_evidence(connection, world, task),
    )
    reason = decide.HOLDS.get(kind)
    hold = orders.Command(event="hold", reason=reason, by=worker.who) if reason else None
    told = await acts.change(connection, world, task.row.id, actor, now_ms, _also(said, hold))
    if isinstance(told, Refusal):
        return told
    place = (world.tenant, task.row.id, task.row.fulfilment)
    if reason:
        await floor.give_back(connection, *place)
    else:
        await connection.execute(_CALLED, (write.instant(now_ms * 1000), *place))
    return None


def _also(said: Said, command: orders.Command | None) -> acts.Decide:
    """Decide an act on the order, and say what happened on the floor in the same commit."""

    def decide_both(world: World, held: acts.Held, now_ms: int) -> acts.Change | Refusal:
        change = acts.Change(order=held.order, said=[], promises=held.promises)
        if command is not None:
            told = acts.command(command)(world, held, now_ms)
            if not isinstance(told, Refusal):
                change = told
            elif told.code != "held_for_it":  # another part of the order stopped for the same
                return told
        change.said = [*change.said, said]
        floor_reviews.hear(change, said, now_ms)
        return change

    return decide_both


async def keep_evidence(connection: Connection, world: World, task: Task) -> tuple[Evidence, ...]:
    """Keep the list of scans, and name it and the photos by digest."""
    out = []
    if task.scans:
        kept = Scans(
            fulfilment=task.row.fulfilment,
            order=str(task.row.id),
            scans=task.scans,
            work=task.work.value,
        )
        body = _encode(kept)
        digest = await blobs.put(connection, world.tenant, SCANS_TYPE, body)
        out.append(Evidence(kind="scans", digest=digest.hex(), size=len(body)))
    out += [Evidence(kind="photo", digest=d.hex(), size=size) for d, size in task.photos]
    owned = [(bytes.fromhex(e.digest), e.kind) for e in out]
    await performing_rows.own(connection, world.tenant, task.row.id, owned)
    return tuple(out)
