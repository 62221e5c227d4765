"""Promises in groups: what is about to break, and how it went, by channel, warehouse, clause,
carrier. Counted from at most PROMISES_COUNTED rows; beyond them the answer says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.hub.promise_views import Asked, instant, read_warehouses
from danshu.kernel.limits import PROMISE_GROUPS, PROMISES_COUNTED
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Sequence

Connection = psycopg.AsyncConnection[Any]
COLUMNS: Final = {"channel": "channel", "warehouse": "wh", "code": "code", "carrier": "carrier"}
MINUTE_MS: Final = 60_000
MARKS_MIN: Final = (30, 120, 480, 1_440)
"""Minutes until which a clock that still runs is counted apart."""
_FILTERS: Final = """
(%(channel)s='' or channel=%(channel)s) and (%(code)s='' or code=%(code)s)
and (%(carrier)s='' or carrier=%(carrier)s) and (%(wh)s::int is null or wh=%(wh)s)
"""
_OPEN: Final = (
    """
with rows as (select due,code,wh,channel,carrier from ticking where tenant=%(tenant)s
  order by due,id,code limit %(rows)s)
select {first}::text, {second}::text, count(*), count(*) filter (where due<=%(now)s),
  count(*) filter (where due>%(now)s and due<=%(m0)s),
  count(*) filter (where due>%(m0)s and due<=%(m1)s),
  count(*) filter (where due>%(m1)s and due<=%(m2)s),
  count(*) filter (where due>%(m2)s and due<=%(m3)s), min(due), (select count(*) from rows)
from rows where """
    + _FILTERS
    + """ group by 1,2 order by min(due), 1, 2 limit %(groups)s
"""
)
_DECIDED: Final = (
    """
with rows as (
  select * from (
    select v.* from unnest(array['broken','late','borderline','kept','excused']) s(state)
    cross join lateral (select state,code,wh,channel,carrier,gap_ms from verdicts
      where tenant=%(tenant)s and state=s.state and at>=%(since)s and at<%(until)s
      order by at desc limit %(rows)s) v) all_states limit %(rows)s)
select {first}::text, {second}::text, count(*), count(*) filter (where state='kept'),
  count(*) filter (where state='broken'), count(*) filter (where state='late'),
  count(*) filter (where state='borderline'), count(*) filter (where state='excused'),
  max(gap_ms) filter (where state='late'), (select count(*) from rows)
from rows where """
    + _FILTERS
    + """ group by 1,2
order by count(*) filter (where state in ('broken','late')) desc, count(*) desc, 1, 2
limit %(groups)s
"""
)


class OpenGroup(Struct, frozen=True, kw_only=True):
    """Running clocks of a group by what is left: past due and not judged yet, up to 30 minutes, 2,
    8, 24 hours, each without those before it; `total` holds the later ones too.
    """

    key: str
    then: str
    total: int
    overdue: int
    in_30m: int
    in_2h: int
    in_8h: int
    in_24h: int
    soonest: str


class DecidedGroup(Struct, frozen=True, kw_only=True):
    """Verdicts of a group; `worst_ms` is the longest delay of those that were done late."""

    key: str
    then: str
    total: int
    kept: int
    broken: int
    late: int
    borderline: int
    excused: int
    worst_ms: int


async def group_open(
    connection: Connection, tenant: int, asked: Asked, by: str, then: str, now_ms: int
) -> tuple[list[OpenGroup], bool]:
    """Group the running clocks, soonest first; tells whether all of them were counted."""
    marks = {
        f"m{i}": write.instant((now_ms + m * MINUTE_MS) * 1000) for i, m in enumerate(MARKS_MIN)
    }
    params = {**_params(tenant, asked), **marks, "now": write.instant(now_ms * 1000)}
    rows = await _ask(connection, _OPEN, by, then, params)
    warehouses = await read_warehouses(connection, tenant)
    groups = [
        OpenGroup(
            key=_key(by, r[0], warehouses), then=_key(then, r[1], warehouses), total=r[2],
            overdue=r[3], in_30m=r[4], in_2h=r[5], in_8h=r[6], in_24h=r[7], soonest=instant(r[8]),
        )
        for r in rows
    ]  # fmt: skip
    return groups, not rows or rows[0][9] < PROMISES_COUNTED


async def group_decided(
    connection: Connection,
    tenant: int,
    asked: Asked,
    by: str,
    then: str,
    since_ms: int,
    until_ms: int,
) -> tuple[list[DecidedGroup], bool]:
    """Group the verdicts of a span, the most breaches first; tells whether all were counted."""
    params = {
        **_params(tenant, asked),
        "since": write.instant(since_ms * 1000),
        "until": write.instant(until_ms * 1000),
    }
    rows = await _ask(connection, _DECIDED, by, then, params)
    warehouses = await read_warehouses(connection, tenant)
    groups = [
        DecidedGroup(
            key=_key(by, r[0], warehouses), then=_key(then, r[1], warehouses), total=r[2],
            kept=r[3], broken=r[4], late=r[5], borderline=r[6], excused=r[7], worst_ms=r[8] or 0,
        )
        for r in rows
    ]  # fmt: skip
    return groups, not rows or rows[0][9] < PROMISES_COUNTED


def _params(tenant: int, asked: Asked) -> dict[str, Any]:
    return {
        "tenant": tenant,
        "channel": asked.channel,
        "code": asked.code,
        "carrier": asked.carrier,
        "wh": asked.warehouse,
        "rows": PROMISES_COUNTED,
        "groups": PROMISE_GROUPS,
    }


async def _ask(
    connection: Connection, sql: str, by: str, then: str, params: dict[str, Any]
) -> Sequence[tuple[Any, ...]]:
    text = sql.format(first=COLUMNS[by], second=COLUMNS.get(then, "''"))
    return await (await connection.execute(text, params)).fetchall()


def _key(by: str, value: str, warehouses: dict[int, str]) -> str:
    return warehouses.get(int(value), "") if by == "warehouse" else value
