"""After-sales cases as people see them: what is due first, one whole with its arithmetic."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.after_sales.model import Case
from danshu.capabilities.orders import model, refunding
from danshu.hub import after_sales_rows
from danshu.kernel.fact import epoch_ms, rfc3339
from danshu.ledger import vault, write

if TYPE_CHECKING:
    from collections.abc import Sequence


Connection = psycopg.AsyncConnection[Any]
OPEN: Final = "open"
_COLUMNS: Final = """
select a.id, a.oid, a.kind, a.state, a.reason, a.origin, a.number, a.channel, a.shop, a.wh,
a.amount, a.currency, a.waybill, (extract(epoch from a.opened)*1000)::int8,
(extract(epoch from a.due)*1000)::int8, a.tries, a.trouble, a.next_try is null, a.photos, a.doc
from after_sales a
"""
_BY_DUE: Final = (
    _COLUMNS
    + """
where a.tenant=%(tenant)s and a.due is not null and (a.due, a.id) > (%(at)s, %(id)s)
and (%(kind)s = '' or a.kind = %(kind)s)
and (%(states)s::text[] is null or a.state = any(%(states)s))
and (%(origin)s = '' or a.origin = %(origin)s)
and (%(upto)s::int8 = 0 or a.amount <= %(upto)s::int8)
and (%(q)s = '' or a.number = %(q)s or a.waybill = %(q)s)
order by a.due, a.id limit %(limit)s
"""
)
_ENDED: Final = (
    _COLUMNS
    + """
where a.tenant=%(tenant)s and a.state = any(%(states)s) and (a.opened, a.id) < (%(at)s, %(id)s)
and (%(kind)s = '' or a.kind = %(kind)s) and (%(origin)s = '' or a.origin = %(origin)s)
and (%(q)s = '' or a.number = %(q)s or a.waybill = %(q)s)
order by a.opened desc, a.id desc limit %(limit)s
"""
)
_OF_ORDER: Final = _COLUMNS + "where a.tenant=%s and a.oid=%s order by a.id"
_ONE: Final = _COLUMNS + "where a.tenant=%s and a.id=%s"
_COUNTS: Final = """
select kind, state, currency, count(*)::int8, coalesce(sum(amount),0)::int8,
count(*) filter (where due < %s)::int8
from after_sales where tenant=%s and due is not null
group by kind, state, currency order by kind, state, currency
"""
_ORDER: Final = "select doc from orders where tenant=%s and id=%s"
_decode_order: Final = msgspec.json.Decoder(model.Order).decode
FINAL: Final = ("closed", "refused", "withdrawn")


class CaseRow(Struct, frozen=True, kw_only=True):
    """A case in a list; amounts in minor units. `is_stuck`: the payment service will not pay."""

    id: uuid.UUID
    order: uuid.UUID
    kind: str
    state: str
    reason: str
    origin: str
    number: str
    channel: str
    shop: str
    warehouse: str
    amount: int
    currency: str
    waybill: str
    opened: str
    due: str
    tries: int
    trouble: str
    is_stuck: bool
    photos: tuple[str, ...]
    case: Case


class Counted(Struct, frozen=True, kw_only=True):
    """Open cases of a kind in a state and a currency: how many, of which sum, how many of them too
    late.
    """

    kind: str
    state: str
    currency: str
    count: int
    amount: int
    late: int


class Filter(Struct, frozen=True, kw_only=True):
    """What to list: open cases by time limit, or ended ones, the newest first. `upto` 0 = any."""

    kind: str = ""
    states: tuple[str, ...] = ()
    origin: str = ""
    upto: int = 0
    q: str = ""


Place = tuple[int, str]
FIRST: Final[Place] = (0, str(uuid.UUID(int=0)))
LAST: Final[Place] = (4_102_444_800_000, str(uuid.UUID(int=2**128 - 1)))


def _read(row: tuple[Any, ...]) -> CaseRow:
    (id_, order, kind, state, reason, origin, number, channel, shop, wh) = row[:10]
    amount, currency, waybill, opened, due, tries, trouble, never, photos, doc = row[10:]
    return CaseRow(
        id=id_,
        order=order,
        kind=kind,
        state=state,
        reason=reason,
        origin=origin,
        number=number,
        channel=channel,
        shop=shop,
        warehouse=wh,
        amount=amount,
        currency=currency,
        waybill=waybill,
        opened=rfc3339(opened),
        due=rfc3339(due) if due else "",
        tries=tries,
        trouble=trouble,
        is_stuck=state == after_sales_rows.PAYING and never,
        photos=tuple(photos),
        case=after_sales_rows.decode(bytes(doc)),
    )


async def page(
    connection: Connection, tenant: int, asked: Filter, after: Place, limit: int
) -> list[CaseRow]:
    """Read open cases by their time limit, or ended ones where `states` are final."""
    ended = bool(asked.states) and set(asked.states) <= set(FINAL)
    given = {
        "tenant": tenant,
        "at": write.instant(after[0] * 1000),
        "id": uuid.UUID(after[1]),
        "kind": asked.kind,
        "states": list(asked.states) or None,
        "origin": asked.origin,
        "upto": asked.upto,
        "q": asked.q,
        "limit": limit,
    }
    cursor = await connection.execute(_ENDED if ended else _BY_DUE, given)
    return [_read(row) for row in await cursor.fetchall()]


async def of_order(connection: Connection, tenant: int, order: uuid.UUID) -> list[CaseRow]:
    """Read the cases of an order, the oldest first."""
    cursor = await connection.execute(_OF_ORDER, (tenant, order))
    return [_read(row) for row in await cursor.fetchall()]


async def one(connection: Connection, tenant: int, id_: uuid.UUID) -> CaseRow:
    """Read a case. Raises InputError `no_case`."""
    row = await (await connection.execute(_ONE, (tenant, id_))).fetchone()
    if row is None:
        raise after_sales_rows.NO_CASE
    return _read(row)


async def counts(connection: Connection, tenant: int, now_ms: int) -> list[Counted]:
    """Count open cases by kind and state."""
    cursor = await connection.execute(_COUNTS, (write.instant(now_ms * 1000), tenant))
    return [
        Counted(kind=kind, state=state, currency=currency, count=n, amount=amount, late=late)
        for kind, state, currency, n, amount, late in await cursor.fetchall()
    ]


async def money_of(
    connection: Connection, tenant: int, order: uuid.UUID, leave: str = ""
) -> tuple[model.Order, refunding.Money]:
    """Read an order and its money; what `leave` has reserved counts as free."""
    row = await (await connection.execute(_ORDER, (tenant, order))).fetchone()
    if row is None:
        raise after_sales_rows.NO_CASE
    found = _decode_order(bytes(row[0]))
    return found, refunding.money(found, leave)


async def words(connection: Connection, tenant: int, id_: uuid.UUID) -> str:
    """Read what was written; "" once erased."""
    row = await vault.read(connection, tenant, id_)
    return row.raw.decode() if row is not None and row.raw else ""


async def find_parcel(connection: Connection, tenant: int, code: str) -> Sequence[CaseRow]:
    """Find the returns that a scanned code is about: a waybill, or an order's number."""
    asked = Filter(states=("agreed", "returning", "received"), q=code)
    return await page(connection, tenant, asked, FIRST, 20)


def place_of(row: CaseRow, is_ended: bool) -> Place:
    """Give the place of a row in its list."""
    return epoch_ms(row.opened if is_ended else row.due), str(row.id)
