"""Stock as people ask for it: which SKUs cannot cover the orders that wait, what runs low, all of
one SKU, and how it got there. Each question reads a bounded number of rows.
"""

from __future__ import annotations

import time
from typing import Any, Final, Literal

import psycopg
from msgspec import Struct

from danshu.kernel.errors import InputError
from danshu.kernel.fact import rfc3339
from danshu.kernel.ids import made_ms
from danshu.kernel.limits import (
    SCAN_ROWS,
    STOCK_CHUNK_SKUS,
    STOCK_PAGE_MS,
    WAITING_COUNTED,
    WAITING_LOOKED,
    WAITING_SKUS,
)

Connection = psycopg.AsyncConnection[Any]
Low = Literal["", "below_safety", "out"]
_WHS: Final = "select no, code, name from warehouses where tenant=%s order by no"
_SUMS: Final = """
select count(*) as places, coalesce(sum(on_hand),0) as on_hand,
  coalesce(sum(reserved),0) as reserved, coalesce(sum(safety),0) as safety,
  coalesce(sum(in_transit),0) as in_transit,
  coalesce(sum(greatest(on_hand-reserved-safety,0)),0) as atp,
  count(*) filter (where on_hand-reserved<safety) as low,
  count(*) filter (where on_hand-reserved<=0) as out
from stock where tenant=%(tenant)s and wh = any(%(whs)s) and sku=k.no
"""
_WAITING: Final = """
with rows as (select sku,id,quantity,due from waiting_units where tenant=%(tenant)s limit %(rows)s),
asked as (select sku, sum(quantity) as units, count(*) as orders, min(due) as due,
  min(id::text)::uuid as first from rows group by sku)
select (select count(*) from asked), (select count(*) from rows),
  (select count(distinct id) from rows),
  a.sku, a.units, a.orders, a.due, a.first, k.name, s.atp, s.in_transit, s.on_hand
from (select * from asked order by units desc, sku limit %(looked)s) a
left join skus k on k.tenant=%(tenant)s and k.code=a.sku
left join lateral (""" + _SUMS + """) s on true
order by a.units > coalesce(s.atp,0) desc, a.due nulls last, a.units desc, a.sku limit %(skus)s
"""  # fmt: skip
_PAGE: Final = """
select k.no, k.code, k.name, k.storage, k.barcode, s.*, coalesce(w.units,0) from (
  select * from (
    select no,code,name,storage,barcode from skus where tenant=%(tenant)s and no>%(after)s
    order by no limit %(scan)s) x
  where {text} order by no limit %(chunk)s) k
left join lateral (""" + _SUMS + """) s on true
left join lateral (select sum(quantity) as units from waiting_units u
  where u.tenant=%(tenant)s and u.sku=k.code) w on true
order by k.no
"""  # fmt: skip
_REACH: Final = """
select max(no), count(*) from (
  select no from skus where tenant=%s and no>%s order by no limit %s) x
"""
_LOW: Final = {"below_safety": 11, "out": 12}  # columns of a page that count such warehouses
_LIKE: Final = "(code ilike %(like)s or name ilike %(like)s or barcode=%(word)s)"


class WaitingSku(Struct, frozen=True, kw_only=True):
    """A SKU that orders wait for: `units` in `orders` that no warehouse has yet, what may be
    promised now, and how many are missing even so. `due` is the first promise's deadline, `since`
    when the oldest of these orders was placed; "" for none. Unknown goods are `known` false.
    """

    sku: str
    name: str
    known: bool
    units: int
    orders: int
    atp: int
    missing: int
    in_transit: int
    due: str
    since: str


class Waiting(Struct, frozen=True, kw_only=True):
    """SKUs that orders wait for, those that cannot be covered first, then by deadline. `exact` is
    False when more is waiting than is counted.
    """

    items: tuple[WaitingSku, ...]
    skus: int
    orders: int
    exact: bool


class StockTotals(Struct, frozen=True, kw_only=True):
    """All stock rows in figures: below their safety stock, with nothing free, units on hand and
    reserved. `exact` is False when there are more rows than are counted; those of many rows were
    counted within the last minute.
    """

    rows: int
    below_safety: int
    out: int
    on_hand: int
    reserved: int
    exact: bool


class SkuRow(Struct, frozen=True, kw_only=True):
    """A SKU over all (or the asked) warehouses; `low` and `out` count warehouses, `waiting` are
    units of orders that no warehouse has yet.
    """

    sku: str
    name: str
    storage: int
    barcode: str
    places: int
    on_hand: int
    reserved: int
    safety: int
    in_transit: int
    atp: int
    low: int
    out: int
    waiting: int


async def list_waiting(connection: Connection, tenant: int) -> Waiting:
    """List the SKUs that orders wait for, WAITING_SKUS at most."""
    whs = [no for no, _, _ in await _warehouses(connection, tenant)]
    cursor = await connection.execute(
        _WAITING,
        {
            "tenant": tenant,
            "whs": whs,
            "rows": WAITING_COUNTED,
            "skus": WAITING_SKUS,
            "looked": WAITING_LOOKED,
        },
    )
    rows = await cursor.fetchall()
    if not rows:
        return Waiting(items=(), skus=0, orders=0, exact=True)
    return Waiting(
        items=tuple([_waiting(r) for r in rows]),
        skus=rows[0][0],
        orders=rows[0][2],
        exact=rows[0][1] < WAITING_COUNTED,
    )


def _waiting(r: tuple[Any, ...]) -> WaitingSku:
    units, atp = int(r[4]), int(r[9] or 0)
    return WaitingSku(
        sku=r[3],
        name=r[8] or "",
        known=r[8] is not None,
        units=units,
        orders=r[5],
        atp=atp,
        missing=max(0, units - atp),
        in_transit=int(r[10] or 0),
        due=_instant(r[6]),
        since=rfc3339(made_ms(r[7])),
    )


async def list_skus(
    connection: Connection,
    tenant: int,
    *,
    q: str,
    low: Low,
    warehouse: str,
    after: int,
    limit: int,
) -> tuple[list[SkuRow], int | None]:
    """List SKUs after a number with their sums; a page may be short before the end. Gives where
    the following page begins, None at the end.
    """
    whs = await _asked(connection, tenant, warehouse)
    began_s = time.monotonic()
    params: dict[str, Any] = {"tenant": tenant, "whs": whs, "word": q, "like": f"%{_escape(q)}%"}
    sql = _PAGE.format(text=_LIKE if q else "true")
    rows: list[tuple[int, SkuRow]] = []
    # with a word or a condition many rows are passed over, so more are looked at
    scan = SCAN_ROWS if q else STOCK_CHUNK_SKUS if low else limit + 1
    while True:
        cursor = await connection.execute(_REACH, (tenant, after, scan))
        reach, seen = await cursor.fetchone() or (None, 0)
        asked = {**params, "after": after, "scan": scan, "chunk": STOCK_CHUNK_SKUS}
        chunk = await (await connection.execute(sql, asked)).fetchall()
        rows += [(r[0], _sku(r)) for r in chunk if not low or r[_LOW[low]]]
        if len(rows) > limit:
            return [row for _, row in rows[:limit]], rows[limit - 1][0]
        if seen < scan and len(chunk) < STOCK_CHUNK_SKUS:
            return [row for _, row in rows], None
        after = chunk[-1][0] if len(chunk) == STOCK_CHUNK_SKUS or reach is None else reach
        if (time.monotonic() - began_s) * 1000 > STOCK_PAGE_MS:
            return [row for _, row in rows], after


def _sku(r: tuple[Any, ...]) -> SkuRow:
    return SkuRow(
        sku=r[1], name=r[2], storage=r[3], barcode=r[4], places=r[5], on_hand=int(r[6]),
        reserved=int(r[7]), safety=int(r[8]), in_transit=int(r[9]), atp=int(r[10]), low=r[11],
        out=r[12], waiting=int(r[13]),
    )  # fmt: skip


async def _warehouses(connection: Connection, tenant: int) -> list[tuple[int, str, str]]:
    cursor = await connection.execute(_WHS, (tenant,))
    return [(r[0], r[1], r[2]) for r in await cursor.fetchall()]


async def _asked(connection: Connection, tenant: int, warehouse: str) -> list[int]:
    found = await _warehouses(connection, tenant)
    whs = [no for no, code, _ in found if not warehouse or code == warehouse]
    if warehouse and not whs:
        raise InputError("bad_filter", f"there is no {warehouse!r}", "/warehouse")
    return whs


def _escape(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _instant(moment: Any) -> str:
    return rfc3339(round(moment.timestamp() * 1000)) if moment else ""
