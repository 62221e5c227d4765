"""Promises in groups: what is about to break, and how it went, by channel, warehouse, clause,
carrier. Counted from at most PROMISES_COUNTED rows, the next to fall due or the newest verdicts;
beyond them the board's counters tell the totals, which know no carrier and no span of time. What
neither can tell, the answer does not call exact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypedDict

import psycopg
from msgspec import Struct
from msgspec.structs import replace

from danshu.hub import promise_totals
from danshu.hub.promise_views import NOWHERE, Asked, instant, read_names, read_warehouses
from danshu.hub.timeline_figures import channel_title
from danshu.kernel.limits import LATEST_MS, PROMISE_GROUPS, PROMISES_COUNTED
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
  count(*) filter (where due>%(m2)s and due<=%(m3)s), min(due), (select count(*) from rows),
  (select max(due) from rows)
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
    8, 24 hours, each without those before it; `total` holds the later ones too. `soonest` is ""
    where nothing of the group was among the rows that were counted.
    """

    key: str
    name_zh: str
    name_en: str
    then: str
    total: int
    overdue: int
    in_30m: int
    in_2h: int
    in_8h: int
    in_24h: int
    soonest: str


class DecidedGroup(Struct, frozen=True, kw_only=True):
    """Verdicts of a group; `worst_ms` is the longest delay of those that were done late, among the
    rows that were counted.
    """

    key: str
    name_zh: str
    name_en: str
    then: str
    total: int
    kept: int
    broken: int
    late: int
    borderline: int
    excused: int
    worst_ms: int


class Open(Struct, frozen=True, kw_only=True):
    """Groups of running clocks. `exact`: whether the totals are; counts by what is left are exact
    up to `exact_min` minutes from now, 0 = none of them.
    """

    groups: list[OpenGroup]
    exact: bool
    exact_min: int


async def group_open(
    connection: Connection, tenant: int, asked: Asked, by: str, then: str, now_ms: int
) -> Open:
    """Group the running clocks, soonest first."""
    marks = {
        f"m{i}": write.instant((now_ms + m * MINUTE_MS) * 1000) for i, m in enumerate(MARKS_MIN)
    }
    params = {**_params(tenant, asked), **marks, "now": write.instant(now_ms * 1000)}
    rows = await _ask(connection, _OPEN, by, then, params)
    names = await _Names.read(connection, tenant, by, then)
    groups = [
        OpenGroup(
            **names.of(r[0]), then=names.then(r[1]), total=r[2],
            overdue=r[3], in_30m=r[4], in_2h=r[5], in_8h=r[6], in_24h=r[7], soonest=instant(r[8]),
        )
        for r in rows
    ]  # fmt: skip
    if not rows or rows[0][9] < PROMISES_COUNTED:
        return Open(groups=groups, exact=True, exact_min=MARKS_MIN[-1])
    reached_min = max([m for i, m in enumerate(MARKS_MIN) if marks[f"m{i}"] < rows[0][10]] or [0])
    totals = None if then else await promise_totals.read_open(connection, tenant, asked, by)
    if totals is None:
        return Open(groups=groups, exact=False, exact_min=reached_min)
    # The board is a moment behind the rows.
    seen = {r[0] for r in rows}
    groups = [
        replace(g, total=max(g.total, totals.get(r[0], 0)))
        for g, r in zip(groups, rows, strict=True)
    ]
    later = [
        OpenGroup(
            **names.of(key), then="", total=n, overdue=0, in_30m=0, in_2h=0, in_8h=0, in_24h=0,
            soonest="",
        )
        for key, n in sorted(totals.items())
        if n and key not in seen
    ]  # fmt: skip
    return Open(groups=[*groups, *later][:PROMISE_GROUPS], exact=True, exact_min=reached_min)


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
    names = await _Names.read(connection, tenant, by, then)
    groups = [
        DecidedGroup(
            **names.of(r[0]), then=names.then(r[1]), total=r[2],
            kept=r[3], broken=r[4], late=r[5], borderline=r[6], excused=r[7], worst_ms=r[8] or 0,
        )
        for r in rows
    ]  # fmt: skip
    if not rows or rows[0][9] < PROMISES_COUNTED:
        return groups, True
    if then or since_ms or until_ms < LATEST_MS:
        return groups, False
    totals = await promise_totals.read_decided(connection, tenant, asked, by)
    if totals is None:
        return groups, False
    worst = {r[0]: r[8] or 0 for r in rows}
    groups = [
        DecidedGroup(
            **names.of(key), then="", total=told.total, kept=told.kept, broken=told.broken,
            late=told.late, borderline=told.borderline, excused=told.excused,
            worst_ms=worst.get(key, 0),
        )
        for key, told in totals.items()
    ]  # fmt: skip
    groups.sort(key=lambda g: (-(g.broken + g.late), -g.total, g.key))
    return groups[:PROMISE_GROUPS], True


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


class _Named(TypedDict):
    """Key and names of a group."""

    key: str
    name_zh: str
    name_en: str


class _Names(Struct, frozen=True, kw_only=True):
    """What the keys of groups are called."""

    by: str
    inner: str
    warehouses: dict[int, tuple[str, str]]
    clauses: dict[str, tuple[str, str]]

    @classmethod
    async def read(cls, connection: Connection, tenant: int, by: str, then: str) -> _Names:
        """Read the names that the groups need."""
        is_clause = by == "code"
        return cls(
            by=by,
            inner=then,
            warehouses=await read_warehouses(connection, tenant),
            clauses=await read_names(connection, tenant) if is_clause else {},
        )

    def of(self, value: str) -> _Named:
        """Give key and names of a group."""
        key = self._key(self.by, value)
        zh = en = key
        if self.by == "warehouse":
            zh = en = self.warehouses.get(int(value), NOWHERE)[1]
        elif self.by == "code":
            zh, en = self.clauses.get(value, (value, value))
        elif self.by == "channel":
            zh, en = channel_title(value), channel_title(value, "en")
        return _Named(key=key, name_zh=zh, name_en=en)

    def then(self, value: str) -> str:
        """Give the key of a group within a group."""
        return self._key(self.inner, value)

    def _key(self, by: str, value: str) -> str:
        return self.warehouses.get(int(value), NOWHERE)[0] if by == "warehouse" else value
