"""What did not happen, looked for every few seconds: a warehouse that does not begin before a
promise, a scan without an order, an hour unlike its like; and findings whose time has come.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, Final

from danshu.capabilities.sentinel import drift
from danshu.capabilities.sentinel.model import Found
from danshu.capabilities.settlement.differences import CLASSES as DIFFERENCES
from danshu.hub import (
    findings,
    findings_acts,
    sentinel_arrivals,
    sentinel_late,
    sentinel_pull,
    sentinel_scans,
)
from danshu.kernel.limits import (
    DRIFT_ORDERS,
    DRIFT_WEEKS,
    FINDING_DAYS,
    SENTINEL_STUCK_PERCENT,
    SENTINEL_STUCK_ROWS,
    SENTINEL_STUCK_S,
)
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Connection = Any
_CHINA: Final = datetime.timezone(datetime.timedelta(hours=8))
_HOUR_MS: Final = 3_600_000
_BEGUN: Final = 60  # state `picked`: a warehouse has begun
_OVER: Final = "'{5,100,110}'::int2[]"
_TENANTS: Final = """
select distinct tenant from cursors where name='sentinel' order by 1
"""
# No act before so much of a running clock has passed; the earliest clock of each order.
_STUCK: Final = f"""
select distinct on (t.id) t.id, t.code, t.started, t.due, t.channel, coalesce(w.code,''), l.total
from ticking t join worklist l on l.tenant=t.tenant and l.id=t.id
left join warehouses w on w.tenant=t.tenant and w.no=t.wh
where t.tenant=%(tenant)s and t.state='running' and t.due > %(now)s - interval '1 day'
and t.due < %(now)s + interval '1 day' and l.state < {_BEGUN} and l.state <> all({_OVER})
and t.started + (t.due - t.started) * {SENTINEL_STUCK_PERCENT / 100} <= %(now)s
and not exists (select 1 from findings f where f.tenant=t.tenant and f.class='stuck'
  and f.subject=replace(t.id::text,'-','') and not (f.state='done' and f.how='gone'))
order by t.id, t.due limit {SENTINEL_STUCK_ROWS}
"""
_MOVED: Final = f"""
select f.subject from findings f left join worklist l on l.tenant=f.tenant and l.id=f.oid
where f.tenant=%s and f.class='stuck' and f.cause='not_begun' and f.state<>'done'
and (l.id is null or l.state >= {_BEGUN} or l.state = any({_OVER})) limit {SENTINEL_STUCK_ROWS}
"""
_FORGET: Final = """
with old as (delete from sentinel_prints where at < now() - interval '2 days'),
hours as (delete from sentinel_hours where hour < now() - interval '100 days')
delete from carrier_scans where at < now() - %s * interval '1 day'
"""
_HOURS: Final = """
select hour, channel, province, n, late_ms from sentinel_hours
where tenant=%s and hour = any(%s)
"""
_LOOKED: Final = """
insert into finding_heads as h (tenant,no,looked) values(%s,0,%s)
on conflict (tenant) do update set looked=excluded.looked
"""


# What reconciliation found of fees stays its own; here it has a time limit and an owner.
_FEES: Final = f"""
select d.id, d.book, d.number, d.expected, d.actual, d.at, d.oid, b.channel from differences d
left join bill_lines b on b.tenant=d.tenant and b.no=d.line
where d.tenant=%s and d.class={DIFFERENCES.index("fee") + 1} and d.state not in
('settled','closed') and not exists (select 1 from findings f where f.tenant=d.tenant and
f.class='fee_deviation' and f.subject=d.id::text and not (f.state='done' and f.how='gone'))
order by d.at, d.id limit 1000
"""
_FEES_OVER: Final = """
select f.subject from findings f join differences d on d.tenant=f.tenant and d.id::text=f.subject
where f.tenant=%s and f.class='fee_deviation' and f.state<>'done'
and d.state in ('settled','closed') limit 1000
"""


class Watch:
    """Looks at one merchant after another; remembers which hour it has judged."""

    def __init__(self) -> None:
        self._hours: dict[int, int] = {}
        self._stuck_ms: dict[int, int] = {}  # when orders that do not begin were looked for
        self._scans = sentinel_scans.Scans()
        self._swept_day = 0

    async def look(self, connection: Connection, at_ms: int) -> None:
        """Look once at every merchant that the sentinel follows."""
        if self._swept_day != at_ms // (24 * _HOUR_MS):
            self._swept_day = at_ms // (24 * _HOUR_MS)
            await connection.execute(_FORGET, (FINDING_DAYS,))
        for (tenant,) in await (await connection.execute(_TENANTS)).fetchall():
            await findings_acts.wake(connection, tenant, at_ms)
            await sentinel_pull.end_missing(connection, tenant, at_ms)
            # it reads every clock that falls due within a day
            if at_ms - self._stuck_ms.get(tenant, 0) >= SENTINEL_STUCK_S * 1000:
                self._stuck_ms[tenant] = at_ms
                await look_for_stuck(connection, tenant, at_ms)
                await sentinel_late.look(connection, tenant, at_ms)
            await sentinel_arrivals.look_at_gaps(connection, tenant, at_ms)
            await look_at_fees(connection, tenant, at_ms)
            await self._scans.look(connection, tenant, at_ms)
            hour = at_ms // _HOUR_MS - 1
            if self._hours.get(tenant) != hour:
                self._hours[tenant] = hour
                await look_at_hour(connection, tenant, hour * _HOUR_MS, at_ms)
            await connection.execute(_LOOKED, (tenant, write.instant(at_ms * 1000)))


async def look_for_stuck(connection: Connection, tenant: int, at_ms: int) -> None:
    """Find orders that no warehouse has begun although most of a clock has passed."""
    now = write.instant(at_ms * 1000)
    rows = await (await connection.execute(_STUCK, {"tenant": tenant, "now": now})).fetchall()
    moved = await (await connection.execute(_MOVED, (tenant,))).fetchall()
    if not rows and not moved:
        return
    opened = [
        Found(
            klass="stuck", subject=id_.hex, cause="not_begun",
            params={"promise": code, "due": round(due.timestamp() * 1000)},
            evidence=(f"{id_}/1",), channel=channel, warehouse=wh, place=wh, order=id_.bytes,
            risk=total, at_ms=_passed_ms(started, due),
        )
        for id_, code, started, due, channel, wh, total in rows
    ]  # fmt: skip
    async with connection.transaction():
        await findings.record(connection, tenant, at_ms, opened, [("stuck", r[0]) for r in moved])


async def look_at_fees(connection: Connection, tenant: int, at_ms: int) -> None:
    """Find platform fees that are not as agreed, as reconciliation says."""
    rows = await (await connection.execute(_FEES, (tenant,))).fetchall()
    over = await (await connection.execute(_FEES_OVER, (tenant,))).fetchall()
    if not rows and not over:
        return
    opened = [
        Found(
            klass="fee_deviation", subject=str(id_), cause="not_as_agreed",
            params={"expected": expected, "actual": actual, "book": book},
            evidence=(f"difference:{id_}",), channel=channel or "", place=book,
            order=oid.bytes if oid else b"", number=number, risk=abs(actual - expected),
            at_ms=round(at.timestamp() * 1000),
        )
        for id_, book, number, expected, actual, at, oid, channel in rows
    ]  # fmt: skip
    async with connection.transaction():
        gone = [("fee_deviation", r[0]) for r in over]
        await findings.record(connection, tenant, at_ms, opened, gone)


def _passed_ms(started: datetime.datetime, due: datetime.datetime) -> int:
    span = (due - started) * (SENTINEL_STUCK_PERCENT / 100)
    return round((started + span).timestamp() * 1000)


async def look_at_hour(connection: Connection, tenant: int, hour_ms: int, at_ms: int) -> None:
    """Compare an hour that is over with the same hour of earlier weeks; it warns, no more."""
    weeks = [hour_ms - n * 7 * 24 * _HOUR_MS for n in range(1, DRIFT_WEEKS + 1)]
    days = [datetime.datetime.fromtimestamp(ms / 1000, _CHINA) for ms in weeks]
    usual = [
        ms for ms, day in zip(weeks, days, strict=True)
        if (day.month, day.day) not in drift.CAMPAIGNS
    ]  # fmt: skip
    asked = [write.instant(ms * 1000) for ms in (hour_ms, *usual)]
    rows = await (await connection.execute(_HOURS, (tenant, asked))).fetchall()
    if len({r[0] for r in rows}) < 2:
        return
    # the mean of a few orders says nothing of a channel
    many = [row for row in rows if row[3] >= DRIFT_ORDERS]
    counts, delays = (
        _split(rows, asked[0], lambda n, _: float(n)),
        _split(many, asked[0], lambda n, late: late / n),
    )
    opened = [
        _drifted(kind, found, hour_ms)
        for kind, drifts in (
            ("volume_drift", drift.volumes(*counts)),
            ("latency_drift", drift.latencies(*delays, counts[0])),
        )
        for found in drifts
    ]
    if opened:
        async with connection.transaction():
            await findings.record(connection, tenant, at_ms, opened)


def _split(
    rows: Sequence[tuple[Any, ...]], now: datetime.datetime, value: Callable[[int, int], float]
) -> tuple[Mapping[tuple[str, str], float], Mapping[tuple[str, str], list[float]]]:
    """Part the hour itself from the same hour of earlier weeks."""
    real: dict[tuple[str, str], float] = {}
    past: dict[tuple[str, str], list[float]] = {}
    for hour, channel, province, n, late in rows:
        if hour == now:
            real[channel, province] = value(n, late)
        else:
            past.setdefault((channel, province), []).append(value(n, late))
    return real, past


def _drifted(kind: str, found: drift.Drift, hour_ms: int) -> Found:
    channel, province = found.cell
    above = found.real > found.expected
    return Found(
        klass=kind,
        subject=f"{hour_ms}/{channel}/{province}",
        cause="above" if above else "below",
        params={
            "province": province,
            "expected": round(found.expected),
            "real": round(found.real),
            "score": round(found.score * 10),
        },
        channel=channel,
        place=f"{channel}/{province}",
        at_ms=hour_ms + _HOUR_MS,
    )
