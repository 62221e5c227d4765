"""The room `health`: looks at every merchant's twelve core metrics, and rings where one burns.

One process of the installation works in it. Each HEALTH_EVERY_S seconds the figures are read,
levels held (levels.py), incidents opened, raised and closed, each with its fact and its alert in
one commit. Each minute a mark of all twelve is kept: what sparklines show, and the counters from
which burn rates are taken (burn.py). What it remembers between two looks it reads when it begins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.weave import burn, health
from danshu.capabilities.weave.burn import Burn, Counts
from danshu.capabilities.weave.health import Metric, Value
from danshu.capabilities.weave.levels import Held, Level, hold
from danshu.hub import health_figures, health_incidents, health_windows, meters
from danshu.hub.meters import SHARED
from danshu.hub.worlds import now_ms
from danshu.kernel.limits import (
    HEALTH_BURN_LEAST,
    HEALTH_MARK_DAYS,
    HEALTH_MARK_MIN,
)
from danshu.ledger import write

if TYPE_CHECKING:
    import datetime
    from collections.abc import Awaitable, Callable, Mapping

Connection = psycopg.AsyncConnection[Any]
_SETTLED_S: Final = 15  # by then every process has written the minute that is over
_COUNTED: Final = 10  # every so many minutes are kept for days
_STATES: Final = """
select tenant, metric, value, culprit, level, since, worse, worst, better, best, burn, spent, muted
from health_states
"""
_PUT: Final = """
insert into health_states(tenant,metric,value,culprit,level,since,worse,worst,better,best,burn,
spent,muted,at) values (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)
on conflict (tenant,metric) do update set value=excluded.value, culprit=excluded.culprit,
level=excluded.level, since=excluded.since, worse=excluded.worse, worst=excluded.worst,
better=excluded.better, best=excluded.best, burn=excluded.burn, spent=excluded.spent,
muted=excluded.muted, at=excluded.at
"""
_LAST: Final = """
select distinct on (tenant) tenant, minute, good, total from health_marks
order by tenant, minute desc
"""
_MARK: Final = """
insert into health_marks(tenant,minute,vals,good,total) values (%s,%s,%s,%s,%s)
on conflict (tenant,minute) do nothing
"""
_BACK: Final = """
select t, s, coalesce(m.good, f.good), coalesce(m.total, f.total)
from unnest(%s::int[]) t cross join unnest(%s::int[]) s
cross join lateral (select good, total from health_marks where tenant=t order by minute limit 1) f
left join lateral (select good, total from health_marks
  where tenant=t and minute <= %s - s / 60 order by minute desc limit 1) m on true
"""
_SWEEP_MARKS: Final = (
    "delete from health_marks where minute < %(days)s"
    f" or (minute < %(recent)s and minute %% {_COUNTED} <> 0)"
)
_TENANTS: Final = "select id from tenants order by id"
_BEAT: Final = """
insert into cursors(tenant,name,half,position) values (0,'health','',%s)
on conflict (tenant,name,half) do update set position=excluded.position
"""


class Standing(Struct, frozen=True, kw_only=True):
    """What is known of a merchant's metric: its value, the level held, what burns, whether alerts
    are suppressed.
    """

    value: Value = Value()
    held: Held = Held()
    burn: Burn | None = None
    muted: bool = False


class Memory:
    """What the room remembers from look to look."""

    def __init__(self) -> None:
        self.standings: dict[tuple[int, str], Standing] = {}
        self.counters: dict[int, tuple[list[int], list[int]]] = {}
        self.minute = 0
        self.slow: health_figures.Found = {}
        self.burns: dict[tuple[int, str], Burn] = {}
        self.is_read = False

    async def read(self, connection: Connection) -> None:
        """Read what earlier looks left."""
        for tenant, metric, value, culprit, level, since, *held, rate, spent, muted in await (
            await connection.execute(_STATES)
        ).fetchall():
            worse, worst, better, best = held
            self.standings[tenant, metric] = Standing(
                value=Value(value=value, culprit=culprit),
                held=Held(
                    level=Level(level),
                    since_ms=round(since.timestamp() * 1000),
                    worse=worse,
                    worst=Level(worst),
                    better=better,
                    best=Level(best),
                ),
                burn=Burn(level=Level(level), rate=rate, long_s=0, spent=spent) if rate else None,
                muted=muted,
            )
        for tenant, minute, good, total in await (await connection.execute(_LAST)).fetchall():
            self.counters[tenant] = (list(good), list(total))
            self.minute = max(self.minute, minute)
        self.is_read = True


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Make the step of the room."""
    del url
    memory = Memory()

    async def step(connection: Connection) -> int:
        await look(connection, memory, now_ms())
        return 0

    return step


async def look(connection: Connection, memory: Memory, at_ms: int) -> int:
    """Look once at all merchants; gives how many incidents opened, changed or closed."""
    if not memory.is_read:
        await memory.read(connection)
    scopes = await health_windows.active(connection, at_ms)
    own = await health_windows.all_thresholds(connection)
    found = await health_figures.read_quick(connection, at_ms, scopes)
    minute = (at_ms - _SETTLED_S * 1000) // 60_000 - 1  # the last one that is complete
    is_new = minute > memory.minute
    if is_new or not memory.slow:
        memory.slow = await health_figures.read_slow(connection, at_ms)
    tenants = [row[0] for row in await (await connection.execute(_TENANTS)).fetchall()]
    if is_new:
        await _count(connection, memory, tenants, minute, scopes)
    news: list[tuple[int, Metric, Standing]] = []
    changed: list[tuple[Any, ...]] = []
    for tenant in tenants:
        for metric in health.metrics():
            value = _value(metric, tenant, found, memory.slow)
            limits = own.get((tenant, metric.code), metric.thresholds)
            before = memory.standings.get((tenant, metric.code), Standing())
            burning = memory.burns.get((tenant, metric.code))
            muted = scopes.get(tenant, frozenset())
            level = burning.level if burning else Level.NORMAL
            after = Standing(
                value=Value(value=value.value, culprit=value.culprit),
                held=hold(before.held, _judged(metric, value), limits, metric.better, at_ms, level),
                burn=burning,
                muted=health_windows.ALL in muted or metric.code in muted,
            )
            news.append((tenant, metric, after))
            if after != before:
                memory.standings[tenant, metric.code] = after
                changed.append(_row(tenant, metric.code, after, at_ms))
    if changed:
        async with connection.cursor() as cursor:
            await cursor.executemany(_PUT, changed)
    rang = await health_incidents.settle(
        connection,
        [
            health_incidents.Standing(
                tenant=tenant,
                metric=metric,
                level=after.held.level,
                value=after.value,
                muted=after.muted,
                limits=own.get((tenant, metric.code), metric.thresholds),
                burn=after.burn,
            )
            for tenant, metric, after in news
        ],
        at_ms,
    )
    if is_new:
        await _mark(connection, memory, tenants, found, minute)
        memory.minute = minute
        await _sweep(connection, minute)
    await connection.execute(_BEAT, (at_ms,))
    return rang


def _value(
    metric: Metric, tenant: int, quick: health_figures.Found, slow: health_figures.Found
) -> Value:
    for known in (quick, slow):
        value = known.get(SHARED if metric.shared else tenant, {}).get(metric.code)
        if value is not None:
            return value
    return Value(value=0.0) if metric.code == "oversell_refusals" else Value()


def _judged(metric: Metric, value: Value) -> float | None:
    """Give the value that has a level: one of a few samples has none."""
    return value.value if value.n is None or value.n >= metric.least else None


async def _count(
    connection: Connection,
    memory: Memory,
    tenants: list[int],
    minute: int,
    scopes: Mapping[int, frozenset[str]],
) -> None:
    """Move the counters on to a minute, and take the burn rates from them."""
    since = memory.minute or minute - 1
    target_ms = health.find("order_create").target or 0.0
    found = await health_figures.read_events(connection, since, minute, target_ms, scopes)
    codes = [m.code for m in health.metrics()]
    fresh = [t for t in tenants if t not in memory.counters]
    nothing = ([float("nan")] * len(codes), [0] * len(codes), [0] * len(codes))
    async with connection.cursor() as cursor:  # where counting began
        await cursor.executemany(_MARK, [(tenant, since, *nothing) for tenant in fresh])
    for tenant in tenants:
        good, total = memory.counters.setdefault(tenant, ([0] * len(codes), [0] * len(codes)))
        for of in (found.get(SHARED, {}), found.get(tenant, {})):
            for code, counts in of.items():
                good[codes.index(code)] += counts.good
                total[codes.index(code)] += counts.total
    active = [t for t in tenants if any(memory.counters[t][1])]
    rows = await (await connection.execute(_BACK, (active, list(burn.SPANS_S), minute))).fetchall()
    back = {(tenant, span): (good, total) for tenant, span, good, total in rows}
    memory.burns = {}
    for tenant in active:
        good, total = memory.counters[tenant]
        for at, metric in enumerate(health.metrics()):
            if metric.objective is None or not total[at]:
                continue
            spans: dict[int, Counts] = {}
            for span in burn.SPANS_S:
                was_good, was = back.get((tenant, span), ([0] * len(codes), [0] * len(codes)))
                spans[span] = Counts(good[at] - was_good[at], total[at] - was[at])
            judged = burn.judge(spans, metric.objective / 100, HEALTH_BURN_LEAST)
            if judged is not None:
                memory.burns[tenant, metric.code] = judged


async def _mark(
    connection: Connection,
    memory: Memory,
    tenants: list[int],
    found: health_figures.Found,
    minute: int,
) -> None:
    nan = float("nan")
    rows = []
    for tenant in tenants:
        values = [_value(m, tenant, found, memory.slow).value for m in health.metrics()]
        good, total = memory.counters[tenant]
        told = [nan if v is None else v for v in values]
        rows.append((tenant, minute, told, good, total))
    async with connection.cursor() as cursor:
        await cursor.executemany(_MARK, rows)


async def _sweep(connection: Connection, minute: int) -> None:
    await meters.sweep(connection, minute)
    given = {"days": minute - HEALTH_MARK_DAYS * 1_440, "recent": minute - HEALTH_MARK_MIN}
    await connection.execute(_SWEEP_MARKS, given)
    await health_incidents.sweep(connection)


def _row(tenant: int, code: str, now: Standing, at_ms: int) -> tuple[Any, ...]:
    held = now.held
    rate, spent = (now.burn.rate, now.burn.spent) if now.burn else (0.0, 0.0)
    return (
        *(tenant, code, now.value.value, now.value.culprit, int(held.level), _at(held.since_ms)),
        *(held.worse, int(held.worst), held.better, int(held.best), rate, spent, now.muted),
        _at(at_ms),
    )


def _at(at_ms: int) -> datetime.datetime:
    return write.instant(at_ms * 1000)
