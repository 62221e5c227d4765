"""What people and programs see of connectors: how each is, its calls, its routes, what adapters
there are. Of a call neither the question nor a secret is shown: a question may name a person.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.weave import breaker
from danshu.capabilities.weave.canary import BUCKETS, percentile_ms
from danshu.hub import connector_books, connectors
from danshu.hub.connector_answers import NO_CALL
from danshu.hub.connector_sides import decode_breaker
from danshu.kernel.errors import InputError
from danshu.kernel.fact import rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

Connection = psycopg.AsyncConnection[Any]
MINUTES: Final = 60
_STANDING: Final = """
select id, breaker, probed, probe_trouble, state_at,
  (select count(*) from (select 1 from connector_calls c where c.tenant=d.tenant
    and c.connector=d.id and c.state in ('due','pending','held') limit 10000) o)
from connectors d where tenant=%s
"""
_HEALTH: Final = """
select connector, minute, sum(calls), sum(done), sum(refused), sum(failed), max(backlog),
  array_agg(latency) from connector_minutes
where tenant=%s and minute > now() - make_interval(mins=>%s) group by connector, minute
order by connector, minute
"""
_CALL: Final = (
    "id,capability,operation,key,subject,state,connector,handed,tries,asked,tried,answered,"
    "next_try,reference,code,reason,trouble,trial,warehouse,channel"
)
_CALLS: Final = f"""
select {_CALL} from connector_calls where tenant=%s and connector=%s and id<%s
  and (%s='' or state=%s) order by id desc limit %s
"""
_UNROUTED: Final = f"""
select {_CALL} from connector_calls where tenant=%s and connector is null and id<%s
  and state='due' order by id desc limit %s
"""
_ONE: Final = f"select {_CALL}, reply from connector_calls where tenant=%s and id=%s"
_RUNS: Final = """
select r.id, r.capability, r.began, j.state, r.figures, j.trouble from connector_runs r
left join jobs j on j.tenant=r.tenant and j.id=r.id
where r.tenant=%s and r.capability=%s and r.id<%s order by r.id desc limit %s
"""
_RUN: Final = """
select r.id, r.capability, r.began, coalesce(j.state, r.state), r.figures, coalesce(j.trouble, '')
from connector_runs r left join jobs j on j.tenant=r.tenant and j.id=r.id
where r.tenant=%s and r.id=%s
"""
_DIFFERENCES: Final = """
select no, kind, key, connector, call, detail from connector_differences
where tenant=%s and run=%s and no>=%s order by no limit %s
"""
NO_RUN: Final = InputError("no_run", "there is no such comparison")
_decode_figures: Final = msgspec.json.Decoder(connector_books.BooksFigures).decode


class ConnectorMinute(Struct, frozen=True, kw_only=True):
    """What a connector did in a minute; `p95_ms` of its tries, `backlog` the most that waited."""

    at: str
    calls: int
    done: int
    refused: int
    failed: int
    p95_ms: int
    backlog: int


class ConnectorHealth(Struct, frozen=True, kw_only=True):
    """The last hour: tries, what share of them the far side answered (hundredths of a percent), the
    p50 and p95 of how long they took.
    """

    calls: int
    failed: int
    answered: int
    p50_ms: int
    p95_ms: int
    minutes: tuple[ConnectorMinute, ...]


class ConnectorView(Struct, frozen=True, kw_only=True):
    """A connector and how it is. `waiting` counts its open calls, up to 10,000; `breaker` is
    closed, open until `breaker_until`, or half_open; `probe_trouble` is what the last probe said.
    """

    id: uuid.UUID
    capability: str
    adapter: str
    title: str
    url: str
    trial_url: str
    options: dict[str, str]
    secrets: tuple[str, ...]
    state: str
    state_at: str
    concurrency: int
    rate_per_s: int
    timeout_s: float
    callback_url: str
    waiting: int
    breaker: str
    breaker_until: str
    probed: str
    probe_trouble: str
    health: ConnectorHealth


class ConnectorCall(Struct, frozen=True, kw_only=True):
    """A call: who has it, how often it was tried, what was answered. `handed`: the far side may
    have it.
    """

    id: uuid.UUID
    capability: str
    operation: str
    key: str
    subject: str
    state: str
    connector: uuid.UUID | None
    handed: bool
    tries: int
    asked: str
    tried: str
    answered: str
    next_try: str
    reference: str
    code: str
    reason: str
    trouble: str
    trial: bool
    warehouse: str
    channel: str


class BooksRun(Struct, frozen=True, kw_only=True):
    """A comparison of both sides' books."""

    id: uuid.UUID
    capability: str
    began: str
    state: str
    trouble: str
    figures: connector_books.BooksFigures


class BooksDifference(Struct, frozen=True, kw_only=True):
    """Where the books differ."""

    no: int
    kind: str
    key: str
    connector: uuid.UUID | None
    call: uuid.UUID | None
    detail: str


async def list_connectors(connection: Connection, tenant: int) -> list[ConnectorView]:
    """Give the connectors of a merchant, by capability and title."""
    desks = await connectors.read_all(connection, tenant)
    standing = {
        row[0]: row[1:] for row in await (await connection.execute(_STANDING, (tenant,))).fetchall()
    }
    health = await read_health(connection, tenant, MINUTES)
    return [
        _view(desk, standing[desk.id], health.get(desk.id, _NO_HEALTH))
        for desk in desks
        if desk.id in standing
    ]


async def read_connector(connection: Connection, tenant: int, id_: uuid.UUID) -> ConnectorView:
    """Give one. Raises InputError `no_connector`."""
    found = next((c for c in await list_connectors(connection, tenant) if c.id == id_), None)
    if found is None:
        raise connectors.NO_CONNECTOR
    return found


async def read_health(
    connection: Connection, tenant: int, minutes: int
) -> dict[uuid.UUID, ConnectorHealth]:
    """Give how the connectors of a merchant were in the last minutes."""
    rows = await (await connection.execute(_HEALTH, (tenant, minutes))).fetchall()
    by_connector: dict[uuid.UUID, list[tuple[Any, ...]]] = {}
    for row in rows:
        by_connector.setdefault(row[0], []).append(row[1:])
    return {id_: _health(told) for id_, told in by_connector.items()}


async def list_calls(
    connection: Connection,
    tenant: int,
    connector: uuid.UUID | None,
    state: str,
    before: uuid.UUID,
    limit: int,
) -> list[ConnectorCall]:
    """List the calls of a connector, the newest first, or (None) those that no route has taken."""
    if connector is None:
        cursor = await connection.execute(_UNROUTED, (tenant, before, limit))
    else:
        asked = (tenant, connector, before, state, state, limit)
        cursor = await connection.execute(_CALLS, asked)
    return [_call(row) for row in await cursor.fetchall()]


async def read_call(connection: Connection, tenant: int, id_: uuid.UUID) -> ConnectorCall:
    """Give one call. Raises InputError `no_call`."""
    row = await (await connection.execute(_ONE, (tenant, id_))).fetchone()
    if row is None:
        raise NO_CALL
    return _call(row[:-1])


async def list_runs(
    connection: Connection, tenant: int, capability: str, before: uuid.UUID, limit: int
) -> list[BooksRun]:
    """List comparisons of a capability, the newest first."""
    asked = (tenant, capability, before, limit)
    return [_run(row) for row in await (await connection.execute(_RUNS, asked)).fetchall()]


async def read_run(connection: Connection, tenant: int, id_: uuid.UUID) -> BooksRun:
    """Give a comparison. Raises InputError `no_run`."""
    row = await (await connection.execute(_RUN, (tenant, id_))).fetchone()
    if row is None:
        raise NO_RUN
    return _run(row)


async def list_differences(
    connection: Connection, tenant: int, run: uuid.UUID, first: int, limit: int
) -> list[BooksDifference]:
    """List where the books differ, in the order of the keys."""
    rows = await (await connection.execute(_DIFFERENCES, (tenant, run, first, limit))).fetchall()
    names = ("no", "kind", "key", "connector", "call", "detail")
    return [BooksDifference(**dict(zip(names, row, strict=True))) for row in rows]


def _view(
    desk: connectors.Desk, standing: tuple[Any, ...], health: ConnectorHealth
) -> ConnectorView:
    state, probed, probe_trouble, state_at, waiting = standing
    at = decode_breaker(state)
    return ConnectorView(
        id=desk.id,
        capability=desk.capability,
        adapter=desk.adapter,
        title=desk.title,
        url=desk.url,
        trial_url=desk.trial_url,
        options=desk.options,
        secrets=desk.secrets,
        state=desk.state,
        state_at=_instant(state_at),
        concurrency=desk.concurrency,
        rate_per_s=desk.rate_per_s,
        timeout_s=desk.timeout_s,
        callback_url=connectors.callback_url(desk.id),
        waiting=waiting,
        breaker=at.phase.value,
        breaker_until=rfc3339(at.until_ms) if at.phase is breaker.Phase.OPEN else "",
        probed=_instant(probed),
        probe_trouble=probe_trouble,
        health=health,
    )


def _health(rows: Iterable[tuple[Any, ...]]) -> ConnectorHealth:
    minutes = []
    whole = [0] * BUCKETS
    for minute, calls, done, refused, failed, backlog, latencies in rows:
        one = [sum(column) for column in zip(*latencies, strict=True)]
        whole = [a + b for a, b in zip(whole, one, strict=True)]
        minutes.append(
            ConnectorMinute(
                at=_instant(minute),
                calls=int(calls),
                done=int(done),
                refused=int(refused),
                failed=int(failed),
                p95_ms=percentile_ms(one, 95),
                backlog=int(backlog),
            )
        )
    calls = sum(minute.calls for minute in minutes)
    failed = sum(minute.failed for minute in minutes)
    return ConnectorHealth(
        calls=calls,
        failed=failed,
        answered=10_000 * (calls - failed) // calls if calls else 10_000,
        p50_ms=percentile_ms(whole, 50),
        p95_ms=percentile_ms(whole, 95),
        minutes=tuple(minutes),
    )


_NO_HEALTH: Final = _health(())


def _call(row: tuple[Any, ...]) -> ConnectorCall:
    named = dict(zip(_CALL.split(","), row, strict=True))
    for name in ("asked", "tried", "answered", "next_try"):
        named[name] = _instant(named[name])
    return ConnectorCall(**named)


def _run(row: tuple[Any, ...]) -> BooksRun:
    id_, capability, began, state, figures, trouble = row
    return BooksRun(
        id=id_,
        capability=capability,
        began=_instant(began),
        state=state or "done",
        trouble=trouble or "",
        figures=_decode_figures(bytes(figures)),
    )


def _instant(at: datetime | None) -> str:
    return rfc3339(round(at.timestamp() * 1000)) if at else ""
