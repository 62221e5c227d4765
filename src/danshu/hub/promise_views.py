"""What is read of promises: the running ones by their deadlines, the decided ones newest first.

Each page walks an index and looks at a bounded number of rows: one whose filters meet next to
nothing may come back short, or empty, with a `next`.
"""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.contract import terms
from danshu.capabilities.orders.model import State
from danshu.kernel.errors import InputError
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import PROMISE_PAGE_MS, SCAN_ROWS
from danshu.ledger import write

if TYPE_CHECKING:
    import datetime
    from collections.abc import Sequence

Connection = psycopg.AsyncConnection[Any]
Place = tuple[int, uuid.UUID, str]
"""Where a page begins: µs of the deadline or of the verdict, order, code."""
FIRST: Final[Place] = (0, uuid.UUID(int=0), "")
LAST: Final[Place] = (253_402_300_799_000_000, uuid.UUID(int=2**128 - 1), "\U0010ffff")
NOWHERE: Final = ("", "")
TICKING: Final = ("running", "paused")
# What is looked at: `scan` rows in the order of an index. Where the filters met too few of them,
# the next page goes on behind the last.
_TICKING: Final = """
select id,code,state,wh,channel,carrier,due,started,warned from ticking
where tenant=%(tenant)s and (due,id,code) > (%(at)s,%(id)s,%(code)s)
and (%(before)s::timestamptz is null or due < %(before)s) order by due,id,code limit %(scan)s
"""
_VERDICTS: Final = """
select id,code,state,wh,channel,carrier,due,at,gap_ms from verdicts
where tenant=%(tenant)s and state=%(listed)s and (at,id,code) < (%(at)s,%(id)s,%(code)s)
and (%(since)s::timestamptz is null or at >= %(since)s) order by at desc,id desc,code desc
limit %(scan)s
"""
_MEETS: Final = """
select * from ({looked}) r
where (%(state)s='' or state=%(state)s) and (%(channel)s='' or channel=%(channel)s)
and (%(wh)s::int is null or wh=%(wh)s) and (%(asked)s='' or r.code=%(asked)s)
and (%(carrier)s='' or carrier=%(carrier)s) order by {order} limit %(limit)s
"""
_REACH: Final = "select {moment},id,code from ({looked}) r order by {order} offset %(scan)s - 1"
# The range of the ids lets the server leave all other days alone.
_ORDERS: Final = """
select o.id, o.state, o.doc, o.terms from unnest(%b::uuid[]) w(id)
join orders o on o.tenant=%b and o.id=w.id and o.id>=%b and o.id<=%b
"""
_DEFINITIONS: Final = """
select code,version,active,digest,body from definitions where tenant=%s order by code,version
"""
_CODES_OF: Final = "select digest, code from definitions where tenant=%s and digest = any(%s)"
_WAREHOUSES: Final = "select no,code,name from warehouses where tenant=%s"
_NAMES: Final = """
select distinct on (code) code, body from definitions where tenant=%s order by code, version desc
"""


class Asked(Struct, frozen=True, kw_only=True):
    """Which promises: "" and None ask for nothing. `warehouse` is a number, -1 is none yet."""

    channel: str = ""
    warehouse: int | None = None
    code: str = ""
    carrier: str = ""


class PromiseRow(Struct, frozen=True, kw_only=True):
    """One promise of one order; `due`, `started` and `at` (when it was decided) are "" where there
    is none; `before` is the deadline before the consumer agreed to another. `warehouse` is a code.
    `carrier` carries it, or would on that lane; `warned` counts the
    marks that it passed.
    """

    order: uuid.UUID
    number: str
    order_state: str
    code: str
    name_zh: str
    name_en: str
    state: str
    channel: str
    warehouse: str
    warehouse_name: str
    carrier: str
    started: str
    due: str
    at: str
    gap_ms: int
    warned: int
    before: str = ""


class Found(Struct, frozen=True, kw_only=True):
    """A promise as its row says, before it is dressed with what people call things."""

    id: uuid.UUID
    code: str
    state: str
    wh: int
    channel: str
    carrier: str
    due: Any
    started: Any = None
    at: Any = None
    gap_ms: int = 0
    warned: int = 0


class _Index(Struct, frozen=True, kw_only=True):
    """An index that is walked: what is looked at, its order, the column that it begins with."""

    looked: str
    order: str
    moment: str
    column: int


_SOONEST: Final = _Index(looked=_TICKING, order="due,id,code", moment="due", column=6)
_NEWEST: Final = _Index(looked=_VERDICTS, order="at desc,id desc,code desc", moment="at", column=7)


class _Number(Struct, frozen=True):
    number: str


class _Named(Struct, frozen=True):
    zh: str
    en: str


class _Definition(Struct, frozen=True):
    name: _Named


_decode_number = msgspec.json.Decoder(_Number).decode
_decode_definition = msgspec.json.Decoder(_Definition).decode


async def find_warehouse(connection: Connection, tenant: int, code: str) -> int | None:
    """Give the number of a warehouse asked for, None for "". Raises InputError `bad_filter`."""
    if not code:
        return None
    if code == "-":
        return -1
    cursor = await connection.execute(
        "select no from warehouses where tenant=%s and code=%s", (tenant, code)
    )
    row = await cursor.fetchone()
    if row is None:
        raise InputError("bad_filter", f"there is no {code!r}", "/warehouse")
    return int(row[0])


async def list_ticking(
    connection: Connection,
    tenant: int,
    *,
    state: str,
    asked: Asked,
    before_ms: int,
    after: Place,
    limit: int,
) -> tuple[list[Found], Place | None, int]:
    """List promises whose clock runs, the next to fall due first, where the list goes on, and how
    many were looked at. `state` "" is any of TICKING.
    """
    params = {
        "tenant": tenant,
        "before": write.instant(before_ms * 1000) if before_ms else None,
    }

    rows, place, looked = await _walk(connection, _SOONEST, params, (asked, state), after, limit)
    found = [
        Found(
            id=r[0], code=r[1], state=r[2], wh=r[3], channel=r[4], carrier=r[5], due=r[6],
            started=r[7], warned=r[8],
        )
        for r in rows
    ]  # fmt: skip
    return found, place, looked


async def list_verdicts(
    connection: Connection,
    tenant: int,
    *,
    state: str,
    asked: Asked,
    since_ms: int,
    after: Place,
    limit: int,
) -> tuple[list[Found], Place | None, int]:
    """List decided promises in a state below a place, the newest verdict first, as list_ticking."""
    params = {
        "tenant": tenant,
        "listed": state,
        "since": write.instant(since_ms * 1000) if since_ms else None,
    }

    rows, place, looked = await _walk(connection, _NEWEST, params, (asked, ""), after, limit)
    found = [
        Found(
            id=r[0], code=r[1], state=r[2], wh=r[3], channel=r[4], carrier=r[5], due=r[6], at=r[7],
            gap_ms=r[8],
        )
        for r in rows
    ]  # fmt: skip
    return found, place, looked


async def _walk(
    connection: Connection,
    index: _Index,
    params: dict[str, Any],
    wanted: tuple[Asked, str],
    after: Place,
    limit: int,
) -> tuple[list[tuple[Any, ...]], Place | None, int]:
    """Walk an index until the page is full, the rows end, or PROMISE_PAGE_MS are over. The number
    of rows looked at counts whole pieces only, but for the last.
    """
    asked, state = wanted
    params |= {
        "state": state,
        "channel": asked.channel,
        "wh": asked.warehouse,
        "asked": asked.code,
        "carrier": asked.carrier,
        "scan": limit + 1 if wanted == (Asked(), "") else SCAN_ROWS,
    }
    meets = _MEETS.format(looked=index.looked, order=index.order)
    reach = _REACH.format(moment=index.moment, looked=index.looked, order=index.order)
    rows: list[tuple[Any, ...]] = []
    began_s, place, looked = time.monotonic(), after, 0
    while True:
        params |= {"at": write.instant(place[0]), "id": place[1], "code": place[2]}
        params["limit"] = limit + 1 - len(rows)
        cursor = await connection.execute(meets, params, binary=True)
        rows += await cursor.fetchall()
        if len(rows) > limit:
            end = rows[limit - 1]
            return rows[:limit], (_us(end[index.column]), end[0], end[1]), looked + limit
        cursor = await connection.execute(reach, params, binary=True)
        last = await cursor.fetchone()
        if last is None:
            return rows, None, looked
        looked += params["scan"]
        place = (_us(last[0]), last[1], last[2])
        if (time.monotonic() - began_s) * 1000 > PROMISE_PAGE_MS:
            return rows, place, looked


async def dress(connection: Connection, tenant: int, rows: Sequence[Found]) -> list[PromiseRow]:
    """Give the rows with order numbers, names of warehouses and promises."""
    if not rows:
        return []
    ids = sorted({row.id for row in rows})
    cursor = await connection.execute(
        _ORDERS, (write.uuids(ids), tenant, ids[0], ids[-1]), binary=True
    )
    found = await cursor.fetchall()
    orders = {r[0]: (State(r[1]).word, _decode_number(r[2]).number) for r in found}
    before = await _amended(connection, tenant, {r[0]: bytes(r[3]) for r in found})
    warehouses = await read_warehouses(connection, tenant)
    names = await read_names(connection, tenant)
    return [
        PromiseRow(
            order=r.id,
            number=orders[r.id][1] if r.id in orders else "",
            order_state=orders[r.id][0] if r.id in orders else "",
            code=r.code,
            name_zh=names.get(r.code, (r.code, r.code))[0],
            name_en=names.get(r.code, (r.code, r.code))[1],
            state=r.state,
            channel=r.channel,
            warehouse=warehouses.get(r.wh, NOWHERE)[0],
            warehouse_name=warehouses.get(r.wh, NOWHERE)[1],
            carrier=r.carrier,
            started=instant(r.started),
            due=instant(r.due),
            at=instant(r.at),
            gap_ms=r.gap_ms,
            warned=r.warned,
            before=before.get((r.id, r.code), ""),
        )
        for r in rows
    ]


async def _amended(
    connection: Connection, tenant: int, orders: dict[uuid.UUID, bytes]
) -> dict[tuple[uuid.UUID, str], str]:
    """Find which promises fell due earlier before the consumer agreed; by order and code."""
    moved = [(id_, t) for id_, raw in orders.items() for t in terms.read(raw) if t.before_ms]
    if not moved:
        return {}
    digests = sorted({bytes.fromhex(t.digest) for _, t in moved})
    cursor = await connection.execute(_CODES_OF, (tenant, digests))
    codes = {bytes(digest).hex(): code for digest, code in await cursor.fetchall()}
    return {(id_, codes.get(t.digest, "")): rfc3339(t.before_ms) for id_, t in moved}


async def read_warehouses(connection: Connection, tenant: int) -> dict[int, tuple[str, str]]:
    """Read code and name of the merchant's warehouses by their numbers."""
    cursor = await connection.execute(_WAREHOUSES, (tenant,))
    return {no: (code, name) for no, code, name in await cursor.fetchall()}


async def read_names(connection: Connection, tenant: int) -> dict[str, tuple[str, str]]:
    """Read what the promises are called, in Chinese and English, by their codes."""
    cursor = await connection.execute(_NAMES, (tenant,), binary=True)
    names = {}
    for code, body in await cursor.fetchall():
        name = _decode_definition(body).name
        names[code] = (name.zh, name.en)
    return names


def instant(moment: Any) -> str:
    """Write a moment of the database as RFC 3339, "" for none."""
    return rfc3339(_us(moment) // 1000) if moment else ""


def _us(moment: datetime.datetime) -> int:
    return round(moment.timestamp() * 1_000_000)


async def list_definitions(
    connection: Connection, tenant: int
) -> list[tuple[str, int, bool, str, bytes]]:
    """List definitions: code, version, active, digest in hex, JSON."""
    cursor = await connection.execute(_DEFINITIONS, (tenant,), binary=True)
    return [(r[0], r[1], r[2], bytes(r[3]).hex(), bytes(r[4])) for r in await cursor.fetchall()]
