"""A draft that was confirmed, or goes by itself, becomes an order on the straight line.

Its number and key come from the original, so that a second try places nothing twice; its cause is
the original's first fact, its evidence the original's digest.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.stock.model import Storage
from danshu.hub import original_rows
from danshu.hub.names import Contact
from danshu.hub.requests import Answer, Request
from danshu.kernel.errors import DanshuError, InputError, Refusal
from danshu.kernel.fact import Evidence
from danshu.ledger import vault
from danshu.ports import channel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.hub.compose import Hub
    from danshu.hub.original_rows import Row
    from danshu.hub.world import World
    from danshu.kernel.fact import Actor
    from danshu.ports.modality import Draft, DraftLine

Connection = Any
CHANNEL: Final = "original"
_PLACES: Final = (
    "select kind, code, name, warehouse, address::text from directory where tenant=%s and active"
    " and (kind,code) in (('store',%s),('customer',%s))"
)
_OPTIONS: Final = (
    "select code, name, sku, price_fen, storage from options where tenant=%s and code = any(%s)"
)
# What a requirement of the merchant's rules makes of where goods may lie.
STORAGES: Final = {
    "cold_2_8": Storage.CHILLED,
    "chilled": Storage.CHILLED,
    "frozen": Storage.FROZEN,
    "licensed": Storage.LICENSED,
    "prescription": Storage.LICENSED,
    "dangerous": Storage.DANGEROUS,
}
_encode: Final = msgspec.json.Encoder().encode
_decode_contact: Final = msgspec.json.Decoder(Contact).decode


class Option(Struct, frozen=True):
    """An option of the merchant: what it is, costs and does to where goods may lie."""

    code: str
    name: str
    sku: str
    price_fen: int
    storage: str


class Place(Struct, frozen=True):
    """A store or customer of the directory."""

    kind: str
    code: str
    name: str
    warehouse: str
    contact: Contact


class Known(Struct, frozen=True):
    """What of the master data a draft names."""

    options: Mapping[str, Option]
    store: Place | None = None
    customer: Place | None = None


async def know(connection: Connection, tenant: int, draft: Draft) -> Known:
    """Read the options and places that a draft names."""
    codes = sorted({o for line in draft.lines for o in line.options})
    options: dict[str, Option] = {}
    if codes:
        found = await (await connection.execute(_OPTIONS, (tenant, codes))).fetchall()
        options = {row[0]: Option(*row) for row in found}
    places: dict[str, Place] = {}
    if draft.store or draft.customer:
        asked = (tenant, draft.store, draft.customer)
        for kind, code, name, wh, at in await (await connection.execute(_PLACES, asked)).fetchall():
            places[kind] = Place(kind, code, name, wh, _decode_contact(at))
    return Known(options, places.get("store"), places.get("customer"))


def worth(world: World, draft: Draft, known: Known) -> int:
    """Give what a draft comes to in 分 by the price list, or as its document says; -1 where a SKU
    has no price.
    """
    total = 0
    parts = draft.repair.parts if draft.repair is not None else ()
    for line in (*draft.lines, *parts):
        price = price_of(world, line, known)
        if price < 0:
            return -1
        total += price * line.quantity
    return max(total, draft.total_fen)


def price_of(world: World, line: DraftLine, known: Known) -> int:
    """Give the price of a unit with its options, in 分; -1 for a SKU that is not there."""
    if line.price_fen >= 0:
        return line.price_fen
    sku = world.skus.get(line.sku)
    if sku is None:
        return -1
    added = sum([known.options[o].price_fen for o in line.options if o in known.options])
    return sku[1].price_fen + added


def number_of(row: Row) -> str:
    """Give the order number of an original: the same for ever."""
    return original_rows.number_of(row.id, row.received_ms)


async def place(
    hub: Hub, lent: Connection | None, tenant: int, row: Row, draft: Draft, actor: Actor
) -> Answer | Refusal:
    """Place a draft; one that was placed before is given as it is. Without a connection that is
    `lent` it holds none while it waits for its commit.

    Raises InputError for what can't be placed, NotAvailable, UnknownOutcome.
    """
    async with contextlib.AsyncExitStack() as stack:
        connection = lent or await stack.enter_async_context(hub.connection())
        known = await know(connection, tenant, draft)
    world = await hub.worlds.ensure(tenant)
    raw = _encode(draft)
    request = Request(
        tenant=tenant,
        key=f"{CHANNEL}/{row.id}",
        digest=hashlib.sha256(raw).digest(),
        draft=to_channel(world, row, draft, known),
        raw=raw,
        actor=actor,
        refuse_unknown=True,
        cause=f"{row.id}/1",
        evidence=(evidence_of(row),),
        storages=storages_of(draft, known),
    )
    outcome = await hub.batch.submit(request)
    if isinstance(outcome, DanshuError):
        raise outcome
    return outcome


def evidence_of(row: Row) -> Evidence:
    """Name an original as evidence: its digest, or where words could be guessed nothing of it."""
    salted = row.media_type.startswith("text/")
    digest = vault.commit(row.salt, "digest", row.digest.encode()) if salted else row.digest
    return Evidence(kind="original", digest=digest, salted=salted, size=row.size)


def storages_of(draft: Draft, known: Known) -> tuple[int, ...]:
    """Give of each line which storage classes (bits) it needs beyond its SKU's: what an option or
    a rule of the merchant makes of it.
    """
    common = 0
    for requirement in draft.requirements:
        common |= STORAGES.get(requirement, 0)
    told = []
    for line in draft.lines:
        own = common
        for code in line.options:
            option = known.options.get(code)
            if option is not None and option.storage:
                own |= STORAGES[option.storage]
        told.append(own)
        told += [own for o in line.options if o in known.options and known.options[o].sku]
    return tuple(told) if any(told) else ()


def to_channel(world: World, row: Row, draft: Draft, known: Known) -> channel.Draft:
    """Give a draft in the words of the desk. Raises InputError where a line can't be sold or nobody
    is named who receives.
    """
    lines: list[channel.DraftLine] = []
    for at, line in enumerate(draft.lines):
        price = price_of(world, line, known)
        if price < 0:
            raise InputError("unknown_sku", f"no SKU {line.sku!r}", f"/lines/{at}/sku")
        if missing := [o for o in line.options if o not in known.options]:
            raise InputError("unknown_option", f"no option {missing[0]!r}", f"/lines/{at}/options")
        options = [known.options[o] for o in line.options]
        told = [f"加:{'、'.join([o.name for o in options])}"] if options else []
        told += [f"备注:{'、'.join(line.remarks)}"] if line.remarks else []
        lines.append(_line(len(lines), line.sku, line.title, line.quantity, price, ";".join(told)))
        for option in options:
            if option.sku:  # goods that go along with each unit; the unit's price has it already
                along = f"随第 {at + 1} 行"
                lines.append(_line(len(lines), option.sku, option.name, line.quantity, 0, along))
    goods = sum([n.price * n.quantity for n in lines])
    return channel.Draft(
        channel=CHANNEL,
        shop=draft.store,
        number=number_of(row),
        status=row.modality,
        lines=tuple(lines),
        goods=goods,
        discount=0,
        postage=0,
        total=goods,
        paid=0,
        created_ms=row.received_ms,
        ship_by_ms=draft.due_ms,
        receiver=_receiver(draft, known),
        buyer=draft.customer,
        buyer_note=_note(draft),
    )


def _line(
    at: int, sku: str, title: str, quantity: int, price: int, attributes: str
) -> channel.DraftLine:
    return channel.DraftLine(
        line=str(at + 1),
        sku=sku,
        title=title,
        quantity=quantity,
        price=price,
        paid=0,
        attributes=attributes[:500],
    )


def _note(draft: Draft) -> str:
    told: Sequence[str] = [*draft.remarks, *([f"客户单号 {draft.number}"] if draft.number else [])]
    return "\n".join(told)[:2000]


def _receiver(draft: Draft, known: Known) -> channel.Receiver:
    """Who receives: the address that was said, else where the store or the customer is."""
    places = [p for p in (known.store, known.customer) if p is not None]
    if draft.address:
        name = draft.receiver or (places[0].name if places else "")
        return channel.Receiver(name=name, phone=draft.phone, detail=draft.address)
    for place in places:
        at = place.contact
        if at.detail or at.city or at.province:
            return channel.Receiver(
                name=draft.receiver or at.name or place.name,
                phone=draft.phone or at.phone,
                province=at.province,
                city=at.city,
                district=at.district,
                detail=at.detail,
            )
    raise InputError("no_address", "nobody is named who receives it", "/address")
