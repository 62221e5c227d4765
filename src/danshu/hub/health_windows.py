"""Maintenance windows 维护窗口 and thresholds 阈值 of the health board: what people set.

A window suppresses alerts: of everything, of a metric, or of one far side, whose calls then count
for no figure. It hides nothing: the board shows the level and that it is under maintenance.
"""

from __future__ import annotations

import os
import re
import uuid
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.weave import health
from danshu.capabilities.weave.levels import Thresholds
from danshu.hub.health_facts import HealthThresholdsChanged, HealthWindowChanged
from danshu.hub.saying import say_next
from danshu.kernel import ids
from danshu.kernel.errors import InputError
from danshu.kernel.fact import NO_HEAD, rfc3339
from danshu.kernel.limits import HEALTH_WINDOW_H, HEALTH_WINDOWS
from danshu.ledger import write

if TYPE_CHECKING:
    import datetime

    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
ALL: Final = "all"
NO_WINDOW: Final = InputError("no_window", "there is no such maintenance window")
_SUBJECT: Final = re.compile(r"(connector|webhook):[A-Za-z0-9_.-]{1,80}")
_LOCK: Final = "select 1 from tenants where id=%s for no key update"
_OPEN: Final = "select count(*) from health_windows where tenant=%s and ends > %s and ended is null"
_ADD: Final = """
insert into health_windows(tenant,id,scope,reason,begins,ends,by,seq,head)
values (%s,%s,%s,%s,%s,%s,%s,%s,%s)
"""
_ONE: Final = """
select scope, reason, begins, ends, ended, seq, head from health_windows
where tenant=%s and id=%s for no key update
"""
_END: Final = "update health_windows set ended=%s, seq=%s, head=%s where tenant=%s and id=%s"
_LIST: Final = """
select id, scope, reason, begins, ends, by from health_windows
where tenant=%s and ends > %s and ended is null order by begins, id
"""
_ACTIVE: Final = """
select tenant, scope from health_windows where begins <= %s and ends > %s and ended is null
"""
_THRESHOLDS: Final = """
select metric, blue, yellow, red from health_thresholds where own and tenant=%s
"""
_ALL_THRESHOLDS: Final = "select tenant, metric, blue, yellow, red from health_thresholds where own"
_END_OF: Final = "select stream, seq, head from health_thresholds where tenant=%s and metric=%s"
_SET: Final = """
insert into health_thresholds(tenant,metric,stream,own,blue,yellow,red,seq,head)
values (%s,%s,%s,%s,%s,%s,%s,%s,%s) on conflict (tenant,metric) do update set own=excluded.own,
blue=excluded.blue, yellow=excluded.yellow, red=excluded.red, seq=excluded.seq, head=excluded.head
"""


class MaintenanceWindow(Struct, frozen=True, kw_only=True):
    """A window that has not ended: what it is of, why, from when until when, who set it."""

    id: uuid.UUID
    scope: str
    reason: str
    begins: str
    ends: str
    by: str


async def list_windows(
    connection: Connection, tenant: int, at_ms: int
) -> tuple[MaintenanceWindow, ...]:
    """List the windows that have not ended, the earliest first."""
    rows = await (await connection.execute(_LIST, (tenant, _at(at_ms)))).fetchall()
    return tuple(
        MaintenanceWindow(
            id=id_, scope=scope, reason=reason, begins=_text(begins), ends=_text(ends), by=by
        )
        for id_, scope, reason, begins, ends, by in rows
    )


async def active(connection: Connection, at_ms: int) -> dict[int, frozenset[str]]:
    """Give the scopes under maintenance at a moment, by merchant."""
    found: dict[int, set[str]] = {}
    rows = await (await connection.execute(_ACTIVE, (_at(at_ms), _at(at_ms)))).fetchall()
    for tenant, scope in rows:
        found.setdefault(tenant, set()).add(scope)
    return {tenant: frozenset(scopes) for tenant, scopes in found.items()}


async def set_window(
    connection: Connection,
    tenant: int,
    actor: Actor,
    *,
    scope: str,
    reason: str,
    begins_ms: int,
    ends_ms: int,
    at_ms: int,
) -> uuid.UUID:
    """Suppress the alerts of a scope for a while.

    Raises InputError `bad_scope`, `bad_window`, `too_many`.
    """
    if scope != ALL and scope not in health.by_code() and not _SUBJECT.fullmatch(scope):
        raise InputError("bad_scope", "all, a metric, connector:… or webhook:…", "/scope")
    if ends_ms <= max(begins_ms, at_ms) or ends_ms - begins_ms > HEALTH_WINDOW_H * 3_600_000:
        told = f"it ends in future, within {HEALTH_WINDOW_H} hours of its begin"
        raise InputError("bad_window", told, "/ends")
    stream = ids.uuid7(at_ms, os.urandom(10))
    said = HealthWindowChanged(
        begins=rfc3339(begins_ms), ends=rfc3339(ends_ms), reason=reason, scope=scope, state="set"
    )
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        row = await (await connection.execute(_OPEN, (tenant, _at(at_ms)))).fetchone()
        if row and row[0] >= HEALTH_WINDOWS:
            raise InputError("too_many", f"at most {HEALTH_WINDOWS} windows that have not ended")
        end = await say_next(connection, tenant, stream, (0, NO_HEAD), actor, at_ms, said)
        given = (tenant, stream, scope, reason, _at(begins_ms), _at(ends_ms), actor.sub, *end)
        await connection.execute(_ADD, given)
    return stream


async def end_window(
    connection: Connection, tenant: int, actor: Actor, id_: uuid.UUID, at_ms: int
) -> None:
    """End a window before its time; one that has ended stays. Raises InputError `no_window`."""
    async with connection.transaction():
        row = await (await connection.execute(_ONE, (tenant, id_))).fetchone()
        if row is None:
            raise NO_WINDOW
        scope, reason, begins, ends, ended, seq, head = row
        if ended is not None or ends.timestamp() * 1000 <= at_ms:
            return
        said = HealthWindowChanged(
            begins=_text(begins), ends=_text(ends), reason=reason, scope=scope, state="ended"
        )
        end = await say_next(connection, tenant, id_, (seq, bytes(head)), actor, at_ms, said)
        await connection.execute(_END, (_at(at_ms), *end, tenant, id_))


async def read_thresholds(connection: Connection, tenant: int) -> dict[str, Thresholds]:
    """Read the thresholds that a merchant set itself, by metric."""
    rows = await (await connection.execute(_THRESHOLDS, (tenant,))).fetchall()
    return {metric: _thresholds(*told) for metric, *told in rows}


async def all_thresholds(connection: Connection) -> dict[tuple[int, str], Thresholds]:
    """Read every merchant's own thresholds."""
    rows = await (await connection.execute(_ALL_THRESHOLDS)).fetchall()
    return {(tenant, metric): _thresholds(*told) for tenant, metric, *told in rows}


async def set_thresholds(
    connection: Connection,
    tenant: int,
    actor: Actor,
    metric: str,
    wanted: Thresholds | None,
    at_ms: int,
) -> None:
    """Set from where a metric is blue, yellow, red; None: as shipped.

    Raises InputError `no_metric`, `bad_thresholds`.
    """
    known = health.find(metric)
    if wanted is not None:
        health.check(known, wanted)
    levels = wanted or Thresholds()
    said = HealthThresholdsChanged(
        blue=number(levels.blue),
        metric=metric,
        own=wanted is not None,
        red=number(levels.red),
        yellow=number(levels.yellow),
    )
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        row = await (await connection.execute(_END_OF, (tenant, metric))).fetchone()
        stream, end = ids.uuid7(at_ms, os.urandom(10)), (0, NO_HEAD)
        if row is not None:
            stream, end = row[0], (row[1], bytes(row[2]))
        end = await say_next(connection, tenant, stream, end, actor, at_ms, said)
        levels_told = (said.own, said.blue, said.yellow, said.red)
        await connection.execute(_SET, (tenant, metric, stream, *levels_told, *end))


def number(value: float | None) -> str:
    """Write a figure for a fact, which knows no floats: "" of None."""
    return "" if value is None else f"{value:.6f}".rstrip("0").rstrip(".")


def _thresholds(blue: str, yellow: str, red: str) -> Thresholds:
    b, y, r = (float(text) if text else None for text in (blue, yellow, red))
    return Thresholds(blue=b, yellow=y, red=r)


def _at(at_ms: int) -> datetime.datetime:
    return write.instant(at_ms * 1000)


def _text(at: datetime.datetime) -> str:
    return rfc3339(round(at.timestamp() * 1000))
