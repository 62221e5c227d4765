"""What a buyer does by link with after-sales: asks, names a waybill, takes it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.after_sales import windows
from danshu.capabilities.after_sales.model import EXCHANGE, CaseLine, ExchangeGoods
from danshu.hub import (
    acts,
    after_sales,
    after_sales_goods,
    after_sales_opening,
    after_sales_settings,
)
from danshu.hub.after_sales_pleas import Plea
from danshu.hub.buyer_requests import HOLDER
from danshu.hub.customer_cases import BUYER, askable_of, bought_of, read_facts, received
from danshu.kernel.errors import Busy, InputError, Refusal
from danshu.kernel.limits import BUYER_CASES, BUYER_CASES_HOUR
from danshu.ledger import blobs, vault, write

if TYPE_CHECKING:
    import uuid

    from danshu.capabilities.after_sales.windows import Bought
    from danshu.capabilities.orders.model import Order
    from danshu.hub.after_sales import Doing
    from danshu.hub.after_sales_rows import Row
    from danshu.hub.world import World

Connection = psycopg.AsyncConnection[Any]
_HOUR_MS: Final = 3_600_000
# What must be seen: the merchant cannot judge it by words alone.
EVIDENT: Final = frozenset({"quality", "damaged", "wrong_goods", "not_as_described"})
NO_CASE: Final = InputError("no_case", "the order has no such case")
NOT_BY_LINK: Final = Refusal(
    code="not_by_link",
    reason="商家没有开放在线申请,请直接联系商家",
    reason_en="The merchant takes no requests here: ask it directly",
    clause="after_sales.by_link",
)
TOO_MANY: Final = Refusal(
    code="too_many_cases",
    reason=f"这张订单的申请已有 {BUYER_CASES} 件,请联系商家",
    reason_en=f"This order has {BUYER_CASES} requests already; ask the merchant directly",
    clause="after_sales.order",
)
_SO_FAR: Final = """
select count(*)::int4, count(*) filter (where opened > %s)::int4 from after_sales
where tenant=%s and oid=%s and origin='buyer'
"""
_OWNED: Final = (
    "insert into order_blobs(tenant,oid,digest,kind) values(%s,%s,%s,%s) on conflict do nothing"
)


class Wanted(Struct, frozen=True, kw_only=True):
    """What a form asks for: units by line, or for price protection `lowered` minor units of one
    line's price; `photos` are (media type, bytes).
    """

    kind: str
    reason: str
    units: dict[int, int]
    text: str
    lowered: int = 0
    photos: tuple[tuple[str, bytes], ...] = ()


async def ask(
    connection: Connection, world: World, order_id: uuid.UUID, wanted: Wanted, now_ms: int
) -> Row | Refusal:
    """Open a case in one commit with its photos; a refusal keeps nothing.

    Raises Busy when an order's cases come too fast, InputError for what can't be asked.
    """
    made: Row | Refusal = acts.NO_ORDER
    async with connection.transaction():
        made = await _ask(connection, world, order_id, wanted, now_ms)
        if isinstance(made, Refusal):
            raise psycopg.Rollback
    return made


async def _ask(
    connection: Connection, world: World, order_id: uuid.UUID, wanted: Wanted, now_ms: int
) -> Row | Refusal:
    held = await acts.hold(connection, world, order_id)
    if held is None:
        return acts.NO_ORDER
    settings = await after_sales_settings.read(connection, world.tenant)
    kept = await vault.read(connection, world.tenant, order_id)
    if not settings.asking.by_link or kept is None or kept.person is None:
        return NOT_BY_LINK
    since = write.instant((now_ms - _HOUR_MS) * 1000)
    counted = await connection.execute(_SO_FAR, (since, world.tenant, order_id))
    total, recent = await counted.fetchone() or (0, 0)
    if total >= BUYER_CASES:
        return TOO_MANY
    if recent >= BUYER_CASES_HOUR:
        raise Busy("this order's cases come too fast", _HOUR_MS // 1000)
    facts = await read_facts(connection, world.tenant, order_id)
    bought = bought_of(world, settings.asking, held.order, received(facts))
    lines = _lines(held.order, bought, wanted)
    for n in lines:
        refusal = windows.refuse(
            wanted.kind, wanted.reason, bought[n.line], settings.asking.windows, now_ms
        )
        if refusal is not None:
            return refusal
    photos = []
    for kind, body in wanted.photos:
        digest = await blobs.put(connection, world.tenant, kind, body)
        await connection.execute(_OWNED, (world.tenant, order_id, digest, "photo"))
        photos.append((digest.hex(), len(body)))
    plea = Plea(
        kind=wanted.kind,
        reason=wanted.reason,
        origin=BUYER,
        lines=lines,
        wanted=_same(held.order, lines) if wanted.kind == EXCHANGE else (),
        words=wanted.text,
        photos=tuple(photos),
    )
    return await after_sales_opening.make(connection, world, order_id, HOLDER, plea, now_ms)


def _lines(order: Order, bought: dict[int, Bought], wanted: Wanted) -> tuple[CaseLine, ...]:
    """Give the lines that are asked about. Raises InputError `bad_field`."""
    units = {n.line: n for n in askable_of(order, bought)}
    asked = {line: q for line, q in wanted.units.items() if q}
    if not asked or any(line not in units or q > units[line].units for line, q in asked.items()):
        raise InputError("bad_field", "units of the order's lines", "/units")
    if wanted.kind == EXCHANGE and len(asked) != 1:
        raise InputError("bad_field", "an exchange is of one line", "/units")
    skus = {n.no: n.sku for n in order.lines}
    if wanted.lowered:
        if len(asked) != 1:
            raise InputError("bad_field", "the price of one line", "/units")
        (no,) = asked
        return (CaseLine(line=no, lowered=wanted.lowered, sku=skus[no]),)
    return tuple(CaseLine(line=no, quantity=q, sku=skus[no]) for no, q in sorted(asked.items()))


def _same(order: Order, lines: tuple[CaseLine, ...]) -> tuple[ExchangeGoods, ...]:
    """Give the same goods again: by link nothing else is exchanged for."""
    by_no = {n.no: n for n in order.lines}
    return tuple(
        ExchangeGoods(
            price=by_no[n.line].price,
            quantity=n.quantity,
            sku=n.sku,
            title=by_no[n.line].title,
        )
        for n in lines
    )


async def send_back(
    connection: Connection,
    world: World,
    order: uuid.UUID,
    case: uuid.UUID,
    told: tuple[str, str],
    now_ms: int,
) -> Row | Refusal:
    """Note carrier and waybill of goods on their way back. Raises InputError `no_case`."""
    carrier, waybill = told

    async def deed(doing: Doing) -> Row | Refusal:
        _check(doing, order)
        return await after_sales_goods.send_back(doing, carrier, waybill)

    return await after_sales.run(connection, world, case, HOLDER, now_ms, deed)


async def withdraw(
    connection: Connection, world: World, order: uuid.UUID, case: uuid.UUID, now_ms: int
) -> Row | Refusal:
    """Take a case back that was asked for by link. Raises InputError `no_case`."""

    async def deed(doing: Doing) -> Row | Refusal:
        _check(doing, order)
        if doing.case.origin != BUYER:
            raise NO_CASE
        return await after_sales.withdraw(doing, "")

    return await after_sales.run(connection, world, case, HOLDER, now_ms, deed)


def _check(doing: Doing, order: uuid.UUID) -> None:
    """Keep a link to its own order. Raises InputError `no_case`."""
    if doing.row.order != order:
        raise NO_CASE
