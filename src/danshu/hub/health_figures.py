"""What the twelve core metrics are now, of every merchant, in a few statements over all of them.

Formulas: docs/reference/health.md. What was measured by processes comes from `health_samples`, what
connectors did from `connector_minutes`, all else from the rows that the hub keeps anyway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.routing.variables import VARIABLES
from danshu.capabilities.weave.burn import Counts
from danshu.capabilities.weave.health import Value
from danshu.hub import trust
from danshu.hub.board_marks import ANYWHERE, EVERY, HOUR_MS, Kind, Verdict
from danshu.hub.latency import bucket_of, percentile_us
from danshu.hub.meters import SHARED

if TYPE_CHECKING:
    from collections.abc import Mapping

Connection = psycopg.AsyncConnection[Any]
Found = dict[int, dict[str, Value]]
"""Values by merchant and metric; those of SHARED are every merchant's."""
_TOOK: Final = """
select subject, k, sum(n)::int8 from health_samples, unnest(keys, ns) u(k, n)
where tenant=0 and subject in ('orders', 'routing') and minute > %s group by 1, 2
"""
_SHARES: Final = """
select tenant, subject, sum(ok)::int8, sum(failed)::int8 from health_samples
where minute > %s and (subject in ('stock', 'oversold') or subject like 'webhook:%%') group by 1, 2
"""
_CONNECTORS: Final = """
select m.tenant, m.connector::text, c.title, sum(m.calls)::int8, sum(m.failed)::int8
from connector_minutes m join connectors c on c.tenant=m.tenant and c.id=m.connector
where m.minute > to_timestamp(%s) group by 1, 2, 3
"""
_PROMISES: Final = f"""
select tenant, coalesce(sum(n) filter (where state={int(Verdict.KEPT)}), 0)::int8, sum(n)::int8
from board_counts where kind={int(Kind.OUTCOME)} and wh={ANYWHERE} and channel='{EVERY}'
and at > %s and state in ({int(Verdict.KEPT)}, {int(Verdict.BROKEN)}) group by 1
"""
_DELAYS: Final = """
select tenant, percentile_disc(0.99) within group (order by extract(epoch from found - at))::float8
from findings where found > to_timestamp(%s) group by 1
"""
_DIFFERENCES: Final = """
select r.tenant, r.orders + r.lines, (select count(*) from differences d where d.tenant=r.tenant
and d.state not in ('settled', 'closed')) from (select distinct on (tenant) tenant, orders, lines
from reconcile_runs where stage='done' and whole order by tenant, id desc) r
"""
_SIGNALS: Final = """
select s.tenant, s.key, count(*), count(*) filter (where l.observed > %(at)s - t.ttl)
from signal_sources s join unnest(%(keys)s::text[], %(ttls)s::int8[]) t(key, ttl) on t.key=s.key
left join signal_latest l on l.tenant=s.tenant and l.no=s.no
where s.retired is null group by 1, 2
"""
_RELAYED: Final = """
select b.tenant, b.half, b.size, c.position from books b join cursors c
on c.tenant=b.tenant and c.half=b.half and c.name='relay'
"""
_NAMES: Final = "select 'webhook:' || id, name from subscriptions"
_BEHIND: Final = "select distinct tenant from books where size > signed"


async def read_quick(
    connection: Connection, at_ms: int, muted: Mapping[int, frozenset[str]]
) -> Found:
    """Read what may change within seconds. `muted` subjects of a merchant count nothing."""
    minute = at_ms // 60_000
    found: Found = {SHARED: {}}
    shared = found[SHARED]
    took: dict[str, dict[int, int]] = {}
    for subject, bucket, n in await _all(connection, _TOOK, (minute - 5,)):
        took.setdefault(subject, {})[bucket] = n
    for subject, code, unit in (("orders", "order_create", 1000), ("routing", "decision", 1)):
        of = took.get(subject, {})
        us = percentile_us(of, 0.99)
        value = None if us is None else round(us / unit, 3)
        shared[code] = Value(value=value, n=sum(of.values()))
    webhooks: dict[int, list[tuple[str, int, int]]] = {}
    names: dict[str, str] = {k: v for k, v in await _all(connection, _NAMES, ())}
    for tenant, subject, ok, failed in await _all(connection, _SHARES, (minute - 60,)):
        if subject == "stock":
            shared["reservation_conflicts"] = Value(value=_percent(failed, ok + failed))
        elif subject == "oversold":
            _put(found, tenant, "oversell_refusals", Value(value=float(ok)))
        elif subject not in muted.get(tenant, ()):
            name = names.get(subject, subject.partition(":")[2])
            webhooks.setdefault(tenant, []).append((name, ok + failed, failed))
    _put_shares(found, "event_delivery", webhooks)
    connectors: dict[int, list[tuple[str, int, int]]] = {}
    for tenant, id_, title, calls, failed in await _all(
        connection, _CONNECTORS, (at_ms / 1000 - 3_600,)
    ):
        if f"connector:{id_}" not in muted.get(tenant, ()):
            connectors.setdefault(tenant, []).append((title, calls, failed))
    _put_shares(found, "connector_availability", connectors)
    await _relay(connection, found, at_ms)
    behind = {row[0] for row in await _all(connection, _BEHIND, ())}
    for (tenant,) in await _all(connection, "select id from tenants", ()):
        waiting_ms = 0
        if tenant in behind:
            waiting_ms = (await trust.read(connection, tenant, at_ms)).waiting_ms
        _put(found, tenant, "seal_lag", Value(value=round(waiting_ms / 1000, 1)))
    return found


async def _relay(connection: Connection, found: Found, at_ms: int) -> None:
    """Put how long the oldest event of each merchant has waited for the bus, where one is used."""
    if not await _all(connection, "select 1 from relays where tenant=0", ()):
        return
    waiting: dict[int, int] = {}
    for tenant, half, size, position in await _all(connection, _RELAYED, ()):
        late_ms = 0
        if position < size:
            late_ms = at_ms - await trust.told_ms(connection, tenant, half, position)
        waiting[tenant] = max(waiting.get(tenant, 0), late_ms)
    for tenant, late_ms in waiting.items():
        _put(found, tenant, "relay_lag", Value(value=round(max(0, late_ms) / 1000, 1)))


async def read_slow(connection: Connection, at_ms: int) -> Found:
    """Read what changes within minutes."""
    found: Found = {}
    hour = at_ms // HOUR_MS
    for tenant, kept, total in await _all(connection, _PROMISES, (hour - 24,)):
        _put(found, tenant, "promise_attainment", Value(value=_percent(kept, total)))
    for tenant, delay_s in await _all(connection, _DELAYS, (at_ms / 1000 - 86_400,)):
        _put(found, tenant, "anomaly_delay", Value(value=round(max(0.0, delay_s), 1)))
    for tenant, looked_at, differ in await _all(connection, _DIFFERENCES, ()):
        value = Value(value=_percent(differ, looked_at))
        _put(found, tenant, "reconcile_difference", value)
    signals: dict[int, list[tuple[str, int, int]]] = {}
    asked = {
        "at": at_ms,
        "keys": [v.key for v in VARIABLES],
        "ttls": [v.ttl_s * 1000 for v in VARIABLES],
    }
    for tenant, key, n, fresh in await _all(connection, _SIGNALS, asked):
        signals.setdefault(tenant, []).append((key, n, n - fresh))
    _put_shares(found, "signal_freshness", signals)
    return found


_ORDERS_OF: Final = """
select minute, k, sum(n)::int8 from health_samples, unnest(keys, ns) u(k, n)
where tenant=0 and subject='orders' and minute > %s and minute <= %s group by 1, 2
"""
_FAILED_OF: Final = """
select minute, sum(failed)::int8 from health_samples
where tenant=0 and subject='orders' and minute > %s and minute <= %s group by 1
"""
_WEBHOOKS_OF: Final = """
select tenant, subject, sum(ok)::int8, sum(ok + failed)::int8 from health_samples
where minute > %s and minute <= %s and subject like 'webhook:%%' group by 1, 2
"""
_CALLS_OF: Final = """
select tenant, 'connector:' || connector, sum(calls - failed)::int8, sum(calls)::int8
from connector_minutes where minute > to_timestamp(%s) and minute <= to_timestamp(%s) group by 1, 2
"""


async def read_events(
    connection: Connection,
    since: int,
    upto: int,
    target_ms: float,
    muted: Mapping[int, frozenset[str]],
) -> dict[int, dict[str, Counts]]:
    """Count good and all events of the minutes (since, upto], of the metrics that have a budget; of
    `order_create` those are good that were answered within `target_ms`.
    """
    found: dict[int, dict[str, Counts]] = {}
    within = bucket_of(target_ms / 1000)
    good = total = 0
    for _, bucket, n in await _all(connection, _ORDERS_OF, (since, upto)):
        total += n
        good += n if bucket <= within else 0
    for _, failed in await _all(connection, _FAILED_OF, (since, upto)):
        total += failed
    found[SHARED] = {"order_create": Counts(good, total)}
    for statement, code, span in (
        (_WEBHOOKS_OF, "event_delivery", (since, upto)),
        (_CALLS_OF, "connector_availability", (since * 60, upto * 60)),
    ):
        for tenant, subject, ok, n in await _all(connection, statement, span):
            if subject in muted.get(tenant, ()):
                continue
            of = found.setdefault(tenant, {})
            before = of.get(code, Counts(0, 0))
            of[code] = Counts(before.good + ok, before.total + n)
    return found


def _put(found: Found, tenant: int, code: str, value: Value) -> None:
    found.setdefault(tenant, {})[code] = value


def _put_shares(found: Found, code: str, of: Mapping[int, list[tuple[str, int, int]]]) -> None:
    """Put the share that came out well of (name, all, bad), and name whose share is worst."""
    for tenant, rows in of.items():
        total, bad = sum(r[1] for r in rows), sum(r[2] for r in rows)
        worst = max(rows, key=lambda r: (r[2] / r[1] if r[1] else 0.0, r[2]))
        culprit = worst[0] if worst[2] else ""
        _put(found, tenant, code, Value(value=_percent(total - bad, total), culprit=culprit))


def _percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 3) if whole else None


async def _all(connection: Connection, statement: str, given: Any) -> list[tuple[Any, ...]]:
    return await (await connection.execute(statement, given)).fetchall()
