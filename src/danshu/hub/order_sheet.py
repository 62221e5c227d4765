"""An order as its page shows it: head, lines with what was paid for each, money, parcels, receiver.

What belongs to a person is masked unless the caller sees it by right (masking.py).
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.orders import facts, model, parcel_facts, supplements
from danshu.capabilities.stock.model import Storage
from danshu.hub import masking, order_promises, request_vault, timeline_figures
from danshu.hub.order_promises import PromiseSheet
from danshu.hub.world import goods_of, storage_of
from danshu.kernel import fact
from danshu.kernel.fact import rfc3339
from danshu.ledger import vault

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from danshu.hub.views import Numbered, Seen
    from danshu.hub.world import World
    from danshu.kernel.fact import Fact
    from danshu.ports.channel import Receiver

Connection = psycopg.AsyncConnection[Any]
_COLD: Final = Storage.CHILLED | Storage.FROZEN


class Sight(Struct, frozen=True, kw_only=True):
    """What of a receiver the caller sees by right."""

    name: bool = False
    phone: bool = False
    address: bool = False


class SheetLine(Struct, frozen=True, kw_only=True):
    """A line. Money in minor units; `paid` is the line's share of what the buyer paid. `bundle`:
    it is a component of one; `gift`: the rule that gave it; `arrives`: sold ahead of goods.
    """

    no: int
    sku: str
    name: str
    title: str
    attributes: str
    quantity: int
    price: int
    worth: int
    paid: int
    weight_g: int
    storage: int
    known: bool
    open_units: int
    cancelled: int
    fulfilments: tuple[int, ...]
    bundle: model.Bundled | None = None
    gift: str = ""
    arrives: str = ""


class Payment(Struct, frozen=True, kw_only=True):
    """Money that moved, in minor units: `payment` from the buyer, `compensation` to them."""

    kind: str
    amount: int
    at: str
    fact: str


class Parcel(Struct, frozen=True, kw_only=True):
    """A fulfilment order and its parcel; instants are "" until they come."""

    fulfilment: int
    warehouse: str
    name: str
    state: str
    carrier: str
    waybill: str
    units: int
    weight_g: int
    cold: bool
    lines: tuple[model.Share, ...]
    of: int  # split from this fulfilment order, 0 = it was not
    group: str  # leaves as one parcel with the others of this group
    sent_again: tuple[model.Share, ...]
    intercept: model.Intercept | None
    released: str
    picked: str
    packed: str
    shipped: str
    delivered: str


class ReceiverShown(Struct, frozen=True, kw_only=True):
    """Who receives, masked as `masked` says. `erased` is when it was erased, "" if it was not.

    `encrypted`: the platform gave ciphertexts, so that there is nothing to unmask.
    """

    name: str
    phone: str
    country: str
    province: str
    city: str
    district: str
    address: str
    masked: tuple[str, ...]
    encrypted: bool
    erased: str


class OrderSheet(Struct, frozen=True, kw_only=True):
    """An order's page in one answer. Money in minor units of `currency`; `seq` as in getOrder."""

    order: uuid.UUID
    number: str
    channel: str
    channel_title: str
    shop: str
    kind: str
    state: str
    stage: str
    platform_status: str
    currency: str
    goods: int
    discount: int
    postage: int
    total: int
    paid: int
    due: int
    units: int
    weight_g: int
    created: str
    placed: str
    paid_at: str
    region: str
    region_name: str
    flag: str
    of_number: str
    holds: tuple[str, ...]
    cancelled: str
    lines: tuple[SheetLine, ...]
    payments: tuple[Payment, ...]
    parcels: tuple[Parcel, ...]
    promises: tuple[PromiseSheet, ...]
    receiver: ReceiverShown
    seq: int


async def read_receiver(
    connection: Connection, tenant: int, id_: uuid.UUID
) -> tuple[Receiver | None, int]:
    """Read who receives an order, None once erased, and when it was erased (epoch ms, 0 = not)."""
    row = await vault.read(connection, tenant, id_)
    if row is None or row.person is None:
        return None, (row.erased_ms or 0) if row else 0
    return await request_vault.read_receiver(connection, tenant, id_, row.person), 0


def show(
    world: World,
    seen: Seen,
    told: Sequence[Numbered],
    receiver: Receiver | None,
    erased_ms: int,
    sight: Sight,
    now_ms: int,
) -> OrderSheet:
    """Put the page together from the order's row, its facts and what the vault holds."""
    o = seen.order
    lines = tuple(_line(world, o, n) for n in o.lines)
    regions = dict(
        zip(world.snapshot.network.regions, world.snapshot.network.region_names, strict=True)
    )
    read = [fact.read(n.body) for n in told if any(mark in n.body for mark in _MARKS)]
    return OrderSheet(
        order=seen.id,
        number=o.number,
        channel=o.channel,
        channel_title=timeline_figures.channel_title(o.channel),
        shop=o.shop,
        kind=o.kind,
        state=model.state(o).word,
        stage=model.stage(o).word,
        platform_status=o.status,
        currency=o.currency,
        goods=o.goods,
        discount=o.discount,
        postage=o.postage,
        total=o.total,
        paid=o.paid,
        due=supplements.due_of(o) if supplements.SUPPLEMENT in o.holds or not o.paid_ms else 0,
        units=sum(n.quantity for n in o.lines),
        weight_g=sum(n.weight_g * n.quantity for n in lines),
        created=rfc3339(o.created_ms),
        placed=rfc3339(o.placed_ms),
        paid_at=rfc3339(o.paid_ms) if o.paid_ms else "",
        region=o.region,
        region_name=regions.get(o.region, ""),
        flag=o.flag,
        of_number=o.of_number,
        holds=o.holds,
        cancelled=o.cancelled,
        lines=lines,
        payments=tuple(_payments(read)),
        parcels=tuple(_parcel(world, o, f, read) for f in o.fulfilments),
        promises=order_promises.show(seen.promises, now_ms),
        receiver=show_receiver(receiver, erased_ms, sight),
        seq=seen.seq,
    )


def _line(world: World, order: model.Order, line: model.Line) -> SheetLine:
    sku = world.skus[line.sku][1] if line.sku in world.skus else None
    return SheetLine(
        no=line.no,
        sku=line.sku,
        name=sku.name if sku else line.title,
        title=line.title,
        attributes=line.attributes,
        quantity=line.quantity,
        price=line.price,
        worth=line.price * line.quantity,
        paid=line.paid,
        weight_g=sku.weight_g if sku else 0,
        storage=int(goods_of(world, line).storage) if sku else 0,
        known=line.known,
        open_units=line.quantity - line.cancelled - line.allocated,
        cancelled=line.cancelled,
        fulfilments=tuple(
            f.no
            for f in order.fulfilments
            if f.state != "cancelled" and any(s.line == line.no for s in f.shares)
        ),
        bundle=line.bundle,
        gift=line.gift,
        arrives=line.arrives,
    )


_MOVES: Final[dict[type[Struct], str]] = {
    facts.OrderReleased: "released",
    facts.OrderPicked: "picked",
    facts.OrderPacked: "packed",
    facts.OrderShipped: "shipped",
    facts.OrderDelivered: "delivered",
}
_MONEY: Final[dict[type[Struct], str]] = {
    facts.OrderPaid: "payment",
    facts.CompensationPaid: "compensation",
}
_READ: Final[list[type[Struct]]] = [*_MOVES, *_MONEY, facts.OrderRecalled, parcel_facts.ShortPicked]
_MARKS: Final = tuple(f'"type":"{fact.NAMES[cls][0]}"'.encode() for cls in _READ)


def _payments(read: Iterable[Fact]) -> Iterable[Payment]:
    for each in read:
        data = each.data
        if isinstance(data, facts.OrderPaid | facts.CompensationPaid):
            yield Payment(
                kind=_MONEY[type(data)], amount=data.amount, at=each.occurred, fact=each.id
            )


def _parcel(world: World, order: model.Order, f: model.Fulfilment, read: Iterable[Fact]) -> Parcel:
    times = dict.fromkeys(_MOVES.values(), "")
    for each in read:
        data = each.data
        if isinstance(data, facts.OfFulfilment) and data.fulfilment == f.no:
            if isinstance(data, facts.OrderRecalled):
                times |= {"picked": "", "packed": ""}
            elif isinstance(data, parcel_facts.ShortPicked):
                times["picked"] = each.occurred
            elif type(data) in _MOVES:
                times[_MOVES[type(data)]] = each.occurred
    skus = [world.skus[s.sku][1] for s in f.shares if s.sku in world.skus]
    weights = {sku.code: sku.weight_g for sku in skus}
    numbers = world.warehouse_no
    place = world.warehouses[numbers[f.warehouse]] if f.warehouse in numbers else None
    return Parcel(
        fulfilment=f.no,
        warehouse=f.warehouse,
        name=place.name if place else f.warehouse,
        state=f.state,
        carrier=f.carrier,
        waybill=f.waybill,
        units=sum(s.quantity for s in f.shares),
        weight_g=sum(weights.get(s.sku, 0) * s.quantity for s in f.shares),
        cold=bool(storage_of(world, order, f.shares) & _COLD),
        lines=f.shares,
        of=f.of,
        group=f.group,
        sent_again=f.sent_again,
        intercept=f.intercept,
        **times,
    )


def show_receiver(receiver: Receiver | None, erased_ms: int, sight: Sight) -> ReceiverShown:
    """Show who receives, as far as the caller sees it."""
    if receiver is None:
        return ReceiverShown(
            name="",
            phone="",
            country="",
            province="",
            city="",
            district="",
            address="",
            masked=(),
            encrypted=False,
            erased=rfc3339(erased_ms) if erased_ms else "",
        )
    shown = masking.mask_receiver(
        receiver, sees_name=sight.name, sees_phone=sight.phone, sees_address=sight.address
    )
    hidden = msgspec.structs.asdict(sight)
    return ReceiverShown(
        name=shown.name,
        phone=shown.phone,
        country=shown.country,
        province=shown.province,
        city=shown.city,
        district=shown.district,
        address=" ".join(filter(None, (shown.street, shown.detail)))
        if sight.address
        else (masking.STARS if receiver.street or receiver.detail else ""),
        masked=tuple(name for name, sees in hidden.items() if not sees),
        encrypted=bool(receiver.cipher),
        erased="",
    )
