"""出库复核 on the floor as a contract action: what was scanned and photographed is its evidence.

Where the action type that holds for the order asks for grade A, a review ends by the reviewer's
signature and not otherwise; where it asks for less, or there is none, the floor's own fact will do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.contract import decide as contract
from danshu.capabilities.contract.actions.model import Action
from danshu.capabilities.contract.model import Event
from danshu.capabilities.contract.performing import evidence
from danshu.capabilities.contract.performing.model import Goods, Item
from danshu.capabilities.floor.facts import FulfilmentReviewed
from danshu.capabilities.floor.model import NUMBERS, Scans, Work
from danshu.hub import acts, completing, performing, stating
from danshu.hub import performing_rows as rows
from danshu.kernel.errors import Refusal
from danshu.kernel.fact import epoch_ms
from danshu.kernel.limits import ACTIONS_OPEN
from danshu.ledger import blobs

if TYPE_CHECKING:
    import datetime
    import uuid
    from collections.abc import Sequence

    from danshu.capabilities.floor.model import Scan
    from danshu.hub.doers import By
    from danshu.hub.floor_tasks import Task
    from danshu.hub.passkeys import Origin
    from danshu.hub.world import World
    from danshu.kernel.fact import Said

Connection = psycopg.AsyncConnection[Any]
ACTION: Final = "outbound_review"
SCANS_TYPE: Final = "application/json"
_PHOTOS: Final = (
    "select digest, size, at from floor_photos where tenant=%s and id=%s and fulfilment=%s"
    " and kind=%s order by at, digest"
)
_encode = msgspec.json.Encoder(order="sorted").encode
REVIEWED: Final = "goods.reviewed"
UNSIGNED: Final = Refusal(
    code="nothing_to_sign",
    reason="这一步不用签署",
    reason_en="This work is not to be signed",
    clause="floor.review",
)


class Review(Struct, frozen=True, kw_only=True):
    """The action that a review on the floor is: why the caller may not, and what it still lacks."""

    action: Action
    definition: str
    why_not: tuple[Refusal, ...]
    missing: tuple[Refusal, ...]


async def find(connection: Connection, world: World, task: Task) -> tuple[Action, str] | None:
    """Give the action type that a review of this task has to go through; None where none must."""
    if task.work is not Work.REVIEW:
        return None
    found = await performing.versions(connection, world.tenant, task.order.placed_ms, ACTION)
    if ACTION not in found:
        return None
    action, definition = found[ACTION]
    if action.who.grade != "A" or not performing.applies(action, task.order, task.promised):
        return None
    return action, definition


async def look(
    connection: Connection, world: World, task: Task, by: By, now_ms: int
) -> Review | None:
    """Say how a review stands before its action type."""
    found = await find(connection, world, task)
    held = await acts.hold(connection, world, task.row.id, locked=False)
    if found is None or held is None:
        return None
    action, definition = found
    why_not, _, _ = await performing.why_not(
        connection, world.tenant, held, by, action, task.row.fulfilment, now_ms
    )
    items = [*_readings(task), *await _photos(connection, world.tenant, task)]
    missing = evidence.missing(action, items, _goods(task), now_ms)
    return Review(action=action, definition=definition, why_not=why_not, missing=tuple(missing))


def hear(change: acts.Change, said: Said, now_ms: int) -> None:
    """Let the clocks of a change hear a review by the floor's word, as they hear a signed one."""
    if not isinstance(said.data, FulfilmentReviewed):
        return
    event = Event(
        name=REVIEWED,
        occurred_ms=said.occurred_ms or now_ms,
        recorded_ms=now_ms,
        source="review",
        self_declared=bool(said.occurred_ms),
    )
    change.promises, heard = contract.hear(change.promises, [event], now_ms)
    change.said = [*change.said, *heard]


def _goods(task: Task) -> list[Goods]:
    return [Goods(sku=i.sku, name=i.name, quantity=i.quantity) for i in task.items]


def _readings(task: Task) -> list[Item]:
    """Give the right scans that name lot and expiry, without their bytes."""
    return [_reading(scan) for scan in task.scans if scan.sku and scan.lot and scan.expiry]


def _reading(scan: Scan) -> Item:
    return Item(
        no=0,
        kind="expiry_scan",
        digest="",
        size=0,
        media=SCANS_TYPE,
        by="device",
        sku=scan.sku,
        lot=scan.lot,
        expiry=scan.expiry,
        value=scan.code,
        at_ms=epoch_ms(scan.at),
        device_ms=epoch_ms(scan.device_at) if scan.device_at else 0,
    )


async def _photos(connection: Connection, tenant: int, task: Task) -> list[Item]:
    place = (tenant, task.row.id, task.row.fulfilment, NUMBERS[task.work])
    cursor = await connection.execute(_PHOTOS, place, binary=True)
    return [
        Item(
            no=0,
            kind="photo",
            digest=bytes(digest).hex(),
            size=size,
            media="image/jpeg",
            at_ms=_ms(at),
        )
        for digest, size, at in await cursor.fetchall()
    ]


def _ms(at: datetime.datetime) -> int:
    return round(at.timestamp() * 1000)


async def open_act(
    connection: Connection, tenant: int, order: uuid.UUID, fulfilment: int, by: By
) -> rows.Act | None:
    """Give the review that somebody has under way."""
    opened = await rows.list_open(connection, tenant, order, ACTIONS_OPEN)
    for act in reversed(opened):
        if (act.action, act.fulfilment, act.sub) == (ACTION, fulfilment, by.sub):
            return act
    return None


async def prepare(
    connection: Connection,
    world: World,
    origin: Origin,
    task: Task,
    by: By,
    now_ms: int,
    lang: stating.Lang,
) -> stating.Prepared | Refusal:
    """Show the statement of a review whose goods are scanned, inside the caller's transaction.

    What was scanned and photographed becomes the evidence of the act, which began with the claim.
    """
    act = await performing.begin(
        connection,
        world,
        task.row.id,
        by,
        ACTION,
        task.row.fulfilment,
        now_ms,
        began_ms=task.row.began_ms,
    )
    if isinstance(act, Refusal):
        return act
    items = await _keep(connection, world.tenant, task)
    await rows.replace_items(connection, world.tenant, act, items)
    return await stating.prepare(
        connection, world, origin, task.row.id, act.id, by, now_ms, lang=lang
    )


async def _keep(connection: Connection, tenant: int, task: Task) -> Sequence[Item]:
    """Keep the bytes of the scans: the whole list, and each that names a lot by itself."""
    row = task.row
    whole = Scans(
        fulfilment=row.fulfilment, order=str(row.id), scans=task.scans, work=task.work.value
    )
    right = [s for s in task.scans if s.sku]
    items: list[Item] = []
    for scans, kind in ((task.scans, "scan"), *(((s,), "expiry_scan") for s in right)):
        if kind == "expiry_scan" and not (scans[0].lot and scans[0].expiry):
            continue
        body = _encode(msgspec.structs.replace(whole, scans=tuple(scans)))
        digest = await blobs.put(connection, tenant, SCANS_TYPE, body)
        item = msgspec.structs.replace(
            _reading(scans[0]), kind=kind, digest=digest.hex(), size=len(body)
        )
        if kind == "scan":
            item = msgspec.structs.replace(
                item, sku="", lot="", expiry="", value="", count=max(1, len(right))
            )
        items.append(item)
    return [*items, *await _photos(connection, tenant, task)]


async def finish(
    connection: Connection,
    world: World,
    origin: Origin,
    task: Task,
    by: By,
    now_ms: int,
    *,
    credential: dict[str, Any] | None,
    is_fresh: bool,
    device_ms: int,
    said: Said,
) -> completing.Performed | Refusal:
    """End a review by its signature, inside the caller's transaction; `said` is the floor's fact,
    which stands beside the act and in a session's word.
    """
    act = await open_act(connection, world.tenant, task.row.id, task.row.fulfilment, by)
    if act is None or not act.statement:
        review = await look(connection, world, task, by, now_ms)
        refusals = (*review.why_not, *review.missing) if review else ()
        return refusals[0] if refusals else completing.STALE
    return await completing.complete(
        connection,
        world,
        origin,
        task.row.id,
        act.id,
        by,
        now_ms,
        credential=credential,
        is_fresh=is_fresh,
        device_ms=device_ms,
        also=[said],
    )
