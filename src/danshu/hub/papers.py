"""What stands on paper: picking lists, packing slips, evidence summaries. Read, digested, recorded.

The source of a paper is a Struct; its digest (SHA-256 of the sorted JSON) is printed in the footer
and stands in the fact `document.printed`, so that a paper can be compared with the record.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.floor.model import TAIL_CHARS, label_of
from danshu.hub import (
    acts,
    floor_rows,
    floor_tasks,
    masking,
    personal,
    request_vault,
    timeline,
)
from danshu.kernel import note
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import Said, rfc3339
from danshu.kernel.limits import LATEST_MS, PRINT_COMMITS
from danshu.ledger import vault
from danshu.ports.channel import Receiver

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable, Mapping, Sequence

    from danshu.capabilities.floor.facts import DocumentPrinted
    from danshu.capabilities.floor.model import Item
    from danshu.capabilities.orders.model import Fulfilment, Line, Order, Share
    from danshu.hub.compose import Hub
    from danshu.hub.views import Seen
    from danshu.hub.world import World
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
NOTHING_TO_PICK: Final = Refusal(
    code="nothing_to_pick",
    reason="这些履约单都不在待拣状态",
    reason_en="None of these fulfilment orders waits to be picked",
    clause="print.picking",
)
NO_FULFILMENT: Final = InputError("no_task", "there is no such fulfilment order")
_CHECKPOINTS: Final = """
select distinct on (half) half, size, note, signed from checkpoints where tenant=%s
and half = any(%s) order by half, size desc
"""
_SLOTS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_encode = msgspec.json.Encoder(order="sorted").encode


class SlotOrder(Struct, frozen=True, kw_only=True):
    """A fulfilment order on a picking list; `slot` is its place on the trolley."""

    slot: str
    order: str
    fulfilment: int
    number: str
    tail: str
    label: str
    due: str
    units: int


class SlotUnits(Struct, frozen=True, kw_only=True):
    """Units of a row that go to one slot."""

    slot: str
    tail: str
    quantity: int


class PickRow(Struct, frozen=True, kw_only=True):
    """A stop of the walk: goods, units in all, and where they go."""

    sku: str
    name: str
    barcode: str
    storage: int
    quantity: int
    slots: tuple[SlotUnits, ...]


class PickingList(Struct, frozen=True, kw_only=True):
    """What one walk through one warehouse collects, in the order of the walk."""

    warehouse: str
    warehouse_name: str
    orders: tuple[SlotOrder, ...]
    rows: tuple[PickRow, ...]
    units: int


class PackedLine(Struct, frozen=True, kw_only=True):
    """Goods in a parcel. `price` is that of a unit in minor units, -1 = not shown. `bundle`: title
    of the bundle that it belongs to, and units of that; `gift`: it goes along at no price.
    """

    sku: str
    name: str
    quantity: int
    price: int
    bundle: str = ""
    bundles: int = 0
    gift: bool = False


class PackingSlip(Struct, frozen=True, kw_only=True):
    """What is in a parcel. `receiver` is None once it was erased, `revealed` when some is plain."""

    order: str
    fulfilment: int
    number: str
    tail: str
    label: str
    channel: str
    shop: str
    warehouse: str
    warehouse_name: str
    currency: str
    receiver: Receiver | None
    revealed: bool
    lines: tuple[PackedLine, ...]
    units: int
    carrier: str
    waybill: str


class PromiseLine(Struct, frozen=True, kw_only=True):
    """A promise as shown to the buyer, its state, its deadline ("" = no clock)."""

    code: str
    version: int
    text: str
    state: str
    due: str
    digest: str


class SignedSize(Struct, frozen=True, kw_only=True):
    """A signed checkpoint: the log's name, its leaves, its root (hex), who signed, when."""

    origin: str
    half: str
    size: int
    root: str
    signer: str
    signed: str


class EvidenceSheet(Struct, frozen=True, kw_only=True):
    """Who did what when on an order, with the places of the facts in the log.

    `more` facts are not listed; `pending` are not under a checkpoint yet.
    """

    order: str
    number: str
    channel: str
    shop: str
    entries: tuple[timeline.Entry, ...]
    promises: tuple[PromiseLine, ...]
    grades: dict[str, int]
    facts: int
    more: int
    pending: int
    checkpoints: tuple[SignedSize, ...]


def digest(source: Struct | Sequence[Struct]) -> str:
    """Give the SHA-256 (hex) of what stands on a paper."""
    return hashlib.sha256(_encode(source)).hexdigest()


def list_picks(
    world: World, found: Iterable[tuple[uuid.UUID, Order, Fulfilment, int]]
) -> tuple[PickingList, ...]:
    """Lay out picking lists, one a warehouse, of (order's id, order, fulfilment order, due ms)."""
    by_warehouse: dict[str, list[tuple[uuid.UUID, Order, Fulfilment, int]]] = {}
    for each in found:
        by_warehouse.setdefault(each[2].warehouse, []).append(each)
    return tuple([_list(world, code, them) for code, them in sorted(by_warehouse.items())])


def _list(
    world: World, code: str, found: list[tuple[uuid.UUID, Order, Fulfilment, int]]
) -> PickingList:
    found.sort(key=lambda each: (each[3], each[0], each[2].no))
    orders: list[SlotOrder] = []
    rows: dict[tuple[int, str], tuple[Item, list[SlotUnits]]] = {}
    for i, (id_, order, part, due_ms) in enumerate(found):
        slot = _slot(i)
        items = floor_tasks.lay_out(world, order, part, {})
        tail = order.number[-TAIL_CHARS:]
        orders.append(
            SlotOrder(
                slot=slot,
                order=str(id_),
                fulfilment=part.no,
                number=order.number,
                tail=tail,
                label=label_of(order.number, id_, part.no),
                due=rfc3339(due_ms) if due_ms < LATEST_MS else "",
                units=sum(n.quantity for n in items),
            )
        )
        for n in items:
            units = SlotUnits(slot=slot, tail=tail, quantity=n.quantity)
            rows.setdefault((n.storage, n.sku), (n, []))[1].append(units)
    return PickingList(
        warehouse=code,
        warehouse_name=_warehouse_name(world, code),
        orders=tuple(orders),
        rows=tuple(
            [
                PickRow(
                    sku=n.sku,
                    name=n.name,
                    barcode=n.barcode,
                    storage=n.storage,
                    quantity=sum(s.quantity for s in slots),
                    slots=tuple(slots),
                )
                for _, (n, slots) in sorted(rows.items())
            ]
        ),
        units=sum(o.units for o in orders),
    )


def _slot(i: int) -> str:
    """Name a slot: A to Z without I and O, then A2, B2."""
    turn, letter = divmod(i, len(_SLOTS))
    return _SLOTS[letter] + (str(turn + 1) if turn else "")


def _warehouse_name(world: World, code: str) -> str:
    no = world.warehouse_no.get(code, -1)
    return world.warehouses[no].name if no >= 0 else code


def pick_part(seen: Seen, no: int) -> tuple[Fulfilment, int]:
    """Give a fulfilment order and its deadline in epoch ms. Raises InputError `no_task`."""
    for f in seen.order.fulfilments:
        if f.no == no:
            return f, floor_rows.due_of(seen.promises)
    raise NO_FULFILMENT


async def read_slip(
    connection: Connection,
    world: World,
    seen: Seen,
    no: int,
    *,
    prices: bool,
    sees: Mapping[personal.Field, bool],
) -> PackingSlip:
    """Read what stands on a packing slip; `sees` tells which fields of the receiver stay plain.

    Raises InputError `no_task`.
    """
    part, _ = pick_part(seen, no)
    order = seen.order
    kept = await vault.read(connection, world.tenant, seen.id)
    placed = kept.person if kept else None
    receiver = await request_vault.read_receiver(connection, world.tenant, seen.id, placed)
    if receiver:
        receiver = masking.mask_receiver(
            receiver,
            sees_name=sees["name"],
            sees_phone=sees["phone"],
            sees_address=sees["address"],
        )
    of = {n.no: n for n in order.lines}
    lines = [_pack(world, of[s.line], s, prices=prices) for s in part.shares]
    return PackingSlip(
        order=str(seen.id),
        fulfilment=no,
        number=order.number,
        tail=order.number[-TAIL_CHARS:],
        label=label_of(order.number, seen.id, no),
        channel=order.channel,
        shop=order.shop,
        warehouse=part.warehouse,
        warehouse_name=_warehouse_name(world, part.warehouse),
        currency=order.currency,
        receiver=receiver,
        revealed=receiver is not None and any(sees.values()),
        lines=tuple(lines),
        units=sum(n.quantity for n in lines),
        carrier=part.carrier,
        waybill=part.waybill,
    )


def _pack(world: World, line: Line, share: Share, *, prices: bool) -> PackedLine:
    known = share.sku in world.skus
    return PackedLine(
        sku=share.sku,
        name=world.skus[share.sku][1].name if known else line.title or share.sku,
        quantity=share.quantity,
        price=line.price if prices else -1,
        bundle=line.bundle.title if line.bundle else "",
        bundles=line.bundle.units if line.bundle else 0,
        gift=bool(line.gift),
    )


async def read_evidence(
    connection: Connection, world: World, seen: Seen, lang: str
) -> EvidenceSheet:
    """Read what stands on an evidence summary: the facts of the oldest PRINT_COMMITS."""
    told = await timeline.read(connection, world, seen, lang, 0, PRINT_COMMITS)
    halves = sorted({p.half for e in told.entries for p in e.facts if p.half})
    cursor = await connection.execute(_CHECKPOINTS, (world.tenant, halves), binary=True)
    grades: dict[str, int] = {}
    for entry in told.entries:
        grades[entry.who.grade] = grades.get(entry.who.grade, 0) + 1
    return EvidenceSheet(
        order=str(seen.id),
        number=seen.order.number,
        channel=seen.order.channel,
        shop=seen.order.shop,
        entries=told.entries,
        promises=tuple(
            [
                PromiseLine(
                    code=p.code,
                    version=p.version,
                    text=p.text,
                    state=p.state.value,
                    due=rfc3339(p.due_ms) if p.due_ms else "",
                    digest=p.digest,
                )
                for p in seen.promises
            ]
        ),
        grades=dict(sorted(grades.items())),
        facts=told.facts,
        more=seen.seq - told.facts,
        pending=told.facts - told.sealed,
        checkpoints=tuple([_signed(*row) for row in await cursor.fetchall()]),
    )


def _signed(half: str, size: int, raw: bytes, signed: Any) -> SignedSize:
    parsed = note.parse(bytes(raw))
    head = note.parse_checkpoint(parsed.text)
    return SignedSize(
        origin=head.origin,
        half=half,
        size=size,
        root=head.root.hex(),
        signer=parsed.signatures[0].name,
        signed=rfc3339(round(signed.timestamp() * 1000)),
    )


async def record_on(
    hub: Hub, tenant: int, id_: uuid.UUID, printed: DocumentPrinted, actor: Actor
) -> None:
    """Write the fact of a printing on the order's stream. Raises InputError `no_order`."""

    def decide(_: World, held: acts.Held, __: int) -> acts.Change | Refusal:
        return acts.Change(order=held.order, said=[Said(data=printed)], promises=held.promises)

    if isinstance(await hub.change(tenant, id_, decide, actor), Refusal):
        raise InputError("no_order", "there is no such order")
