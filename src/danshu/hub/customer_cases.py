"""After-sales by link 买家申请售后: what whoever holds an order's link may ask for, and did.

Whoever holds a link is a third party whose word proves nothing of who they are (grade D). They ask
within the law's and the merchant's days for what was received; the merchant decides as ever.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.after_sales import windows
from danshu.capabilities.after_sales.machines import machine_of
from danshu.capabilities.after_sales.model import (
    CLAIM,
    COMPENSATION,
    EXCHANGE,
    WITH_GOODS,
    CaseLine,
    ExchangeGoods,
)
from danshu.capabilities.after_sales.windows import Bought
from danshu.capabilities.orders import facts as order_facts
from danshu.capabilities.orders import refunding, supplements
from danshu.capabilities.stock.model import Storage
from danshu.hub import (
    acts,
    after_sales,
    after_sales_goods,
    after_sales_opening,
    after_sales_settings,
    after_sales_views,
)
from danshu.hub.after_sales_pleas import Plea
from danshu.hub.buyer_requests import HOLDER
from danshu.kernel import fact
from danshu.kernel.errors import Busy, InputError, ProgramError, Refusal
from danshu.kernel.fact import epoch_ms
from danshu.kernel.limits import BUYER_CASES, BUYER_CASES_HOUR, CUSTOMER_COMMITS
from danshu.ledger import blobs, prove, vault, write

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable

    from danshu.capabilities.orders.model import Order
    from danshu.hub.after_sales import Doing
    from danshu.hub.after_sales_rows import Row
    from danshu.hub.after_sales_settings import Asking
    from danshu.hub.after_sales_views import CaseRow
    from danshu.hub.views import Seen
    from danshu.hub.world import World
    from danshu.kernel.fact import Fact

Connection = psycopg.AsyncConnection[Any]
_HOUR_MS: Final = 3_600_000
BUYER: Final = "buyer"
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
    """What a form asks for: units by line; `photos` are (media type, bytes)."""

    kind: str
    reason: str
    units: dict[int, int]
    text: str
    photos: tuple[tuple[str, bytes], ...] = ()


class Askable(Struct, frozen=True, kw_only=True):
    """A line that something may be asked about: at most so many units; whether it was received."""

    line: int
    title: str
    units: int
    received: bool
    exempt: str


class ReasonOffered(Struct, frozen=True, kw_only=True):
    """A reason that may still be given for some line, and within how many days after receipt."""

    reason: str
    days: int


class CaseSeen(Struct, frozen=True, kw_only=True):
    """A case as its customer sees it; of free text the merchant's answer alone. Minor units."""

    id: str
    kind: str
    state: str
    reason: str
    opened: str
    due: str
    amount: int
    units: int
    answer: str
    waybill: str
    outcome: str
    may_send: bool
    may_withdraw: bool


class CustomerCases(Struct, frozen=True, kw_only=True):
    """What stands in the part 售后 of the page: the form where something may be asked for, what was
    asked for, where goods go back to, and what a dearer exchange still asks for (minor units).
    """

    lines: tuple[Askable, ...]
    reasons: tuple[ReasonOffered, ...]
    cases: tuple[CaseSeen, ...]
    return_to: str
    supplement: int

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to show."""
        return not (self.lines or self.cases)


async def read_facts(connection: Connection, tenant: int, order: uuid.UUID) -> list[Fact]:
    """Read what was said of an order, as far as the page does."""
    found = []
    for commit in await prove.locate(connection, tenant, order, 0, CUSTOMER_COMMITS):
        for each in commit:
            try:
                found.append(fact.read(each.body))
            except ProgramError:  # of a type that a newer version says
                continue
    return found


def received(facts: Iterable[Fact]) -> dict[int, int]:
    """Give when the last units of each line were received, epoch ms: never later than was told."""
    at: dict[int, int] = {}
    for each in facts:
        if isinstance(each.data, order_facts.OrderDelivered):
            ms = min(epoch_ms(each.occurred), epoch_ms(each.time))
            for share in each.data.shares:
                at[share.line] = max(at.get(share.line, 0), ms)
    return at


def exempt(world: World, asking: Asking, sku: str) -> str:
    """Say why goods don't go back without a reason: by the merchant's word, else as stored."""
    told = asking.exempt.get(sku, "")
    if told or sku not in world.skus:
        return told
    storage = world.skus[sku][1].storage
    if storage in (Storage.CHILLED, Storage.FROZEN):
        return "perishable"
    return "licensed" if storage is Storage.LICENSED else ""


def _bought(world: World, asking: Asking, order: Order, at: dict[int, int]) -> dict[int, Bought]:
    return {
        n.no: Bought(line=n.no, received_ms=at.get(n.no, 0), exempt=exempt(world, asking, n.sku))
        for n in order.lines
    }


def _askable(order: Order, bought: dict[int, Bought]) -> list[Askable]:
    held = refunding.money(order)
    found = []
    for n in order.lines:
        money, line = held.line(n.no), bought[n.no]
        left = money.units_left if money else 0
        if line.received_ms:
            left = min(left, n.delivered - n.returned)
        else:
            left = min(left, n.quantity - n.cancelled)
        if left > 0:
            found.append(
                Askable(
                    line=n.no,
                    title=n.title or n.sku,
                    units=left,
                    received=bool(line.received_ms),
                    exempt=line.exempt,
                )
            )
    return found


async def read(
    connection: Connection,
    world: World,
    seen: Seen,
    facts: Iterable[Fact],
    now_ms: int,
    *,
    erased: bool,
) -> CustomerCases:
    """Read it. Once personal data was erased, nothing new may be asked for by link."""
    settings = await after_sales_settings.read(connection, world.tenant)
    asking, order = settings.asking, seen.order
    rows = await after_sales_views.of_order(connection, world.tenant, seen.id)
    bought = _bought(world, asking, order, received(facts))
    lines: list[Askable] = []
    reasons: list[ReasonOffered] = []
    may_ask = asking.by_link and not erased and order.paid and order.kind == "order"
    if may_ask and not order.cancelled and len(_of_buyer(rows)) < BUYER_CASES:
        lines = _askable(order, bought)
        reasons = [
            ReasonOffered(reason=w.reason, days=windows.days(w.reason, asking.windows, now_ms))
            for w in windows.windows()
            if any(
                windows.refuse(kind, w.reason, bought[n.line], asking.windows, now_ms) is None
                for n in lines
                for kind in windows.KINDS
            )
        ]
    shown = tuple(_seen(row) for row in rows if row.kind not in (CLAIM, COMPENSATION))
    return CustomerCases(
        lines=tuple(lines) if reasons else (),
        reasons=tuple(reasons),
        cases=shown,
        return_to=asking.return_to,
        supplement=supplements.due_of(order) if supplements.SUPPLEMENT in order.holds else 0,
    )


def _of_buyer(rows: Iterable[CaseRow]) -> list[CaseRow]:
    return [row for row in rows if row.origin == BUYER]


def _seen(row: CaseRow) -> CaseSeen:
    case = row.case
    events = {e.event for e in machine_of(case.kind).edges if e.source == case.state}
    return CaseSeen(
        id=str(row.id),
        kind=row.kind,
        state=row.state,
        reason=row.reason,
        opened=row.opened,
        due=row.due,
        amount=row.amount,
        units=sum(n.quantity for n in case.lines),
        answer=case.answer if case.state == "refused" else "",
        waybill=case.waybill if case.state not in ("asked", "proposed") else "",
        outcome=case.outcome,
        may_send="send_back" in events and case.kind in WITH_GOODS,
        may_withdraw="withdraw" in events and row.origin == BUYER,
    )


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
    bought = _bought(world, settings.asking, held.order, received(facts))
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
    units = {n.line: n for n in _askable(order, bought)}
    asked = {line: q for line, q in wanted.units.items() if q}
    if not asked or any(line not in units or q > units[line].units for line, q in asked.items()):
        raise InputError("bad_field", "units of the order's lines", "/units")
    if wanted.kind == EXCHANGE and len(asked) != 1:
        raise InputError("bad_field", "an exchange is of one line", "/units")
    skus = {n.no: n.sku for n in order.lines}
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
