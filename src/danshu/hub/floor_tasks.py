"""One piece of work on the floor as it stands: its order, what to scan, what was scanned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.contract import terms
from danshu.capabilities.floor.model import NUMBERS, Item, Scan, Work
from danshu.capabilities.orders import tables as order_tables
from danshu.capabilities.orders.model import Fulfilment, Order
from danshu.hub import floor
from danshu.kernel.fact import rfc3339

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from danshu.hub.world import World

Connection = psycopg.AsyncConnection[Any]
_SCANS: Final = (
    "select no, code, sku, quantity, at, device_at, lot, expiry from floor_scans"
    " where tenant=%s and id=%s and fulfilment=%s and kind=%s order by no"
)
_PHOTOS: Final = (
    "select digest, size from floor_photos where tenant=%s and id=%s and fulfilment=%s and kind=%s"
    " order by digest"
)
_decode_order = msgspec.json.Decoder(Order).decode


class Task(Struct, kw_only=True, eq=False):
    """A piece of work as it stands: the floor's row, the order with the codes of what was promised
    on it, what to scan and what was.
    """

    row: floor.Waiting
    work: Work
    order: Order
    part: Fulfilment
    items: tuple[Item, ...]
    scans: tuple[Scan, ...]
    photos: tuple[tuple[bytes, int], ...]  # digest, size in bytes
    promised: frozenset[str] = frozenset()

    @property
    def scanned_waybill(self) -> str:
        """The waybill that was scanned for this hand-over, in the spelling on record, or ""."""
        scanned = next((s.code for s in reversed(self.scans) if s.sku), "")
        return (self.part.waybill or scanned) if scanned else ""


async def open_task(
    connection: Connection,
    world: World,
    worker: floor.Worker,
    work: Work,
    id_: uuid.UUID,
    no: int,
    *,
    locked: bool = False,
) -> Task:
    """Read a piece of work; `locked` holds the order's row and the floor's until the commit.

    Raises InputError `no_task` when the fulfilment order is not on a floor of the worker's.
    """
    sql = order_tables.LOCK if locked else order_tables.READ
    stored = await (await connection.execute(sql, (world.tenant, id_), binary=True)).fetchone()
    row = await (floor.lock if locked else floor.read)(connection, world.tenant, id_, no)
    if stored is None or row is None or row.wh not in worker.warehouses:
        raise floor.NO_TASK
    order = _decode_order(bytes(stored[11]))
    part = next((f for f in order.fulfilments if f.no == no), None)
    if part is None:
        raise floor.NO_TASK
    place = (world.tenant, id_, no, NUMBERS[work])
    cursor = await connection.execute(_SCANS, place, binary=True)
    scans = tuple([_scan(r) for r in await cursor.fetchall()])
    cursor = await connection.execute(_PHOTOS, place, binary=True)
    photos = tuple([(bytes(digest), size) for digest, size in await cursor.fetchall()])
    counted: dict[str, int] = {}
    for s in scans:
        counted[s.sku] = counted.get(s.sku, 0) + s.quantity
    return Task(
        row=row,
        work=work,
        order=order,
        part=part,
        items=lay_out(world, order, part, counted),
        scans=scans,
        photos=photos,
        promised=frozenset(p.code for p in terms.load(bytes(stored[12]), world.book)),
    )


def lay_out(
    world: World, order: Order, part: Fulfilment, counted: dict[str, int]
) -> tuple[Item, ...]:
    """Give the goods in the order of the walk: storage class, then SKU; there are no bins yet."""
    units: dict[str, int] = {}
    titles = {n.sku: n.title for n in order.lines}
    for share in part.shares:
        units[share.sku] = units.get(share.sku, 0) + share.quantity
    items = []
    for code, quantity in units.items():
        known = world.skus.get(code)
        items.append(
            Item(
                sku=code,
                name=known[1].name if known else titles.get(code, "") or code,
                barcode=known[1].barcode if known else "",
                storage=int(known[1].storage) if known else 1,
                quantity=quantity,
                scanned=counted.get(code, 0),
            )
        )
    return tuple(sorted(items, key=lambda n: (n.storage, n.sku)))


def _scan(row: Sequence[Any]) -> Scan:
    no, code, sku, quantity, at, device_at, lot, expiry = row
    return Scan(
        no=no,
        code=code,
        sku=sku,
        quantity=quantity,
        at=rfc3339(round(at.timestamp() * 1000)),
        device_at=rfc3339(round(device_at.timestamp() * 1000)) if device_at else "",
        lot=lot,
        expiry=expiry,
    )
