"""What the floor shows: tasks that wait, one task in full, the answer to a scan."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.contract.model import Texts
from danshu.capabilities.floor.model import TAIL_CHARS, Item, Review, Scan, Work
from danshu.capabilities.routing.closures import COLD
from danshu.hub import floor, floor_acts, floor_reviews, floor_tasks
from danshu.hub.acting_views import Why, tell_why
from danshu.hub.doers import By
from danshu.hub.world import World
from danshu.kernel.fact import rfc3339

_CARRIERS: Final = """
select distinct carrier from lanes where tenant=%s and wh=%s and carrier<>'' order by 1 limit 50
"""
_REVIEWS: Final = {Review.OPTIONAL: "optional", Review.NEEDED: "needed", Review.DONE: "done"}


class FloorSite(Struct, frozen=True, kw_only=True):
    """A warehouse in which this person may work."""

    code: str
    name: str


class FloorItem(Struct, frozen=True, kw_only=True):
    """A task in a list. `due` is "" when no promise runs, `who` when nobody holds it.

    `label` is the code on its paper, `tail` the end of the order's number.
    """

    order: uuid.UUID
    fulfilment: int
    kind: str
    number: str
    label: str
    tail: str
    warehouse: str
    units: int
    skus: int
    due: str
    review: str
    who: str
    mine: bool
    began: str
    until: str
    called: str
    intercept: str  # it is to be stopped, and the answer is due then; "" = it is not
    group: str  # it leaves as one parcel with the others of this group


class FloorGroup(Struct, frozen=True, kw_only=True):
    """What waits for one kind of work; `count` is exact unless `more`. `next` is a cursor."""

    kind: str
    count: int
    more: bool
    items: tuple[FloorItem, ...]
    next: str


class FloorTasks(Struct, frozen=True, kw_only=True):
    """What this person may do, by kind, and what they hold; `now` by the hub's clock."""

    warehouses: tuple[FloorSite, ...]
    mine: tuple[FloorItem, ...]
    groups: tuple[FloorGroup, ...]
    now: str


class FloorLot(Struct, frozen=True, kw_only=True):
    """A lot that was scanned, with its expiry date (YYYY-MM-DD)."""

    lot: str
    expiry: str


class FloorLine(Struct, frozen=True, kw_only=True):
    """Goods to scan; `storage` is the bit of the storage class, `lots` those scanned so far."""

    sku: str
    name: str
    barcode: str
    storage: int
    quantity: int
    scanned: int
    lots: tuple[FloorLot, ...] = ()


class FloorPhoto(Struct, frozen=True, kw_only=True):
    """A photo kept: SHA-256 in hex, size in bytes."""

    digest: str
    size: int


class FloorReview(Struct, frozen=True, kw_only=True):
    """The contract action that a review is, where it is to be signed: why this person may not, what
    is missing. `lots`: each lot is to be scanned with its expiry; `min_ms` it takes at least.
    """

    action: str
    version: int
    name: Texts
    device_bound: bool
    lots: bool
    photos: int
    min_ms: int
    why_not: tuple[Why, ...]
    missing: tuple[Why, ...]


class FloorTask(Struct, frozen=True, kw_only=True):
    """One task in full. `open`: this work is what comes next. `waybill` is the one on record,
    `scanned_waybill` the one that was scanned; `carriers` serve the warehouse. `equipment`: cold
    equipment is to be scanned before the parcel leaves.
    """

    item: FloorItem
    warehouse_name: str
    open: bool
    held: bool
    holds: tuple[str, ...]
    lines: tuple[FloorLine, ...]
    left: int
    wrong: int
    photos: tuple[FloorPhoto, ...]
    waybill: str
    scanned_waybill: str
    carrier: str
    carriers: tuple[str, ...]
    equipment: bool
    review: FloorReview | None
    now: str


class Claimed(Struct, frozen=True, kw_only=True):
    """The task that is now theirs; None when nothing waits."""

    task: FloorTask | None
    now: str


class Scanned(Struct, frozen=True, kw_only=True):
    """A right scan: the goods with their count (`line`), or the waybill; units left to scan."""

    line: FloorLine | None
    waybill: str
    left: int
    at: str


class Worked(Struct, frozen=True, kw_only=True):
    """What was asked is done, at this moment of the server. `fact` (stream/seq) and `grade` of the
    signed act, "" where nothing was to be signed.
    """

    order: uuid.UUID
    fulfilment: int
    at: str
    fact: str = ""
    grade: str = ""


def show_site(world: World, no: int) -> FloorSite:
    """Show a warehouse."""
    return FloorSite(code=world.warehouses[no].code, name=world.warehouses[no].name)


def show_item(
    row: floor.Waiting, work: Work, world: World, worker: floor.Worker, now_ms: int
) -> FloorItem:
    """Show a task in a list, as this worker sees it."""
    is_held = row.worker != "" and row.until_ms >= now_ms
    return FloorItem(
        order=row.id,
        fulfilment=row.fulfilment,
        kind=work.value,
        number=row.number,
        label=row.label,
        tail=row.number[-TAIL_CHARS:],
        warehouse=world.warehouses[row.wh].code if 0 <= row.wh < len(world.warehouses) else "",
        units=row.units,
        skus=row.skus,
        due=rfc3339(row.due_ms) if floor.has_clock(row) else "",
        review=_REVIEWS[Review(row.review)],
        who=row.who if is_held else "",
        mine=row.is_held_by(worker.id, now_ms),
        began=rfc3339(row.began_ms) if is_held and row.began_ms else "",
        until=rfc3339(row.until_ms) if is_held else "",
        called=rfc3339(row.called_ms) if row.called_ms else "",
        intercept=rfc3339(row.stop_ms) if row.stop_ms else "",
        group=row.group,
    )


async def show_task(
    connection: psycopg.AsyncConnection[Any],
    task: floor_tasks.Task,
    world: World,
    worker: floor.Worker,
    now_ms: int,
    by: By,
) -> FloorTask:
    """Show a task in full, to who asks."""
    carriers: tuple[str, ...] = ()
    if task.work is Work.HANDOVER:
        cursor = await connection.execute(_CARRIERS, (world.tenant, task.row.wh))
        carriers = tuple([r[0] for r in await cursor.fetchall()])
    item = show_item(task.row, task.work, world, worker, now_ms)
    return FloorTask(
        item=item,
        warehouse_name=world.warehouses[task.row.wh].name if item.warehouse else "",
        open=task.row.allows(task.work),
        held=task.row.held,
        holds=task.order.holds,
        lines=tuple([show_line(n, task.scans) for n in task.items]),
        left=sum(n.quantity - n.scanned for n in task.items),
        wrong=sum(1 for s in task.scans if not s.sku),
        photos=tuple([FloorPhoto(digest=d.hex(), size=size) for d, size in task.photos]),
        waybill=task.part.waybill,
        scanned_waybill=task.scanned_waybill if task.work is Work.HANDOVER else "",
        carrier=task.part.carrier or (carriers[0] if len(carriers) == 1 else ""),
        carriers=carriers,
        equipment=task.work is Work.HANDOVER
        and world.equipment is not None
        and any(n.storage & COLD for n in task.items),
        review=show_review(await floor_reviews.look(connection, world, task, by, now_ms)),
        now=rfc3339(now_ms),
    )


def show_review(review: floor_reviews.Review | None) -> FloorReview | None:
    """Show what a review has to go through; None where the floor's word will do."""
    if review is None:
        return None
    action = review.action
    return FloorReview(
        action=action.action,
        version=action.version,
        name=action.name,
        device_bound=action.who.device_bound,
        lots=any("expiry_scan" in w.kind.split("|") for w in action.evidence),
        photos=sum(w.min for w in action.evidence if "photo" in w.kind.split("|")),
        min_ms=action.measure.min_ms if action.measure else 0,
        why_not=tuple([tell_why(r) for r in review.why_not]),
        missing=tuple([tell_why(r) for r in review.missing]),
    )


def show_line(item: Item, scans: Sequence[Scan] = ()) -> FloorLine:
    """Show goods to scan, with the lots that were."""
    lots = {(s.lot, s.expiry): None for s in scans if s.sku == item.sku and s.lot}
    return FloorLine(
        sku=item.sku,
        name=item.name,
        barcode=item.barcode,
        storage=item.storage,
        quantity=item.quantity,
        scanned=item.scanned,
        lots=tuple([FloorLot(lot=lot, expiry=expiry) for lot, expiry in lots]),
    )


def show_scanned(told: floor_acts.Counted, now_ms: int) -> Scanned:
    """Show the answer to a right scan."""
    return Scanned(
        line=show_line(told.item) if told.item else None,
        waybill=told.waybill,
        left=told.left,
        at=rfc3339(now_ms),
    )
