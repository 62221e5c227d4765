"""The health board 能力健康度仪表盘 as its page shows it, for one merchant."""

from __future__ import annotations

import datetime
import math
import uuid
from typing import TYPE_CHECKING, Any, Final, Literal

import psycopg
from msgspec import Struct

from danshu.capabilities.weave import health
from danshu.capabilities.weave.levels import Level, Thresholds
from danshu.hub import health_rows, health_windows
from danshu.hub.health_rows import HealthRow
from danshu.hub.health_windows import MaintenanceWindow
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import HEALTH_EVERY_S

if TYPE_CHECKING:
    from danshu.capabilities.weave.health import Metric

Connection = psycopg.AsyncConnection[Any]
Range = Literal["5m", "1h", "24h"]
_MINUTES: Final = {"5m": 5, "1h": 60, "24h": 1_440}
_POINTS: Final = 60
_STALE_MS: Final = 6 * HEALTH_EVERY_S * 1000
_STATES: Final = """
select metric, value, culprit, level, since, burn, spent, muted from health_states where tenant=%s
"""
_MARKS: Final = "select minute, vals from health_marks where tenant=%s and minute>%s order by 1"
_BEAT: Final = "select position from cursors where name='health' and tenant=0 and half=''"
_OPEN: Final = """
select id, metric, level, value, culprit, opened, closed from health_incidents
where tenant=%s and (closed is null or closed > %s) order by closed nulls first, level desc, id desc
limit 50
"""


class HealthTile(Struct, frozen=True, kw_only=True):
    """A core metric: its value in its unit (None: nobody measured it), its level since when, what
    is worst of it, how fast its budget burns and how much of 30 days' it spent. `is_own`: the
    thresholds are the merchant's. `spark`: how it went, the oldest first, None where not measured.
    """

    metric: str
    unit: str
    better: str
    window_s: int
    value: float | None
    level: str
    since: str
    culprit: str
    target: float | None
    thresholds: Thresholds
    is_own: bool
    objective: float | None
    burn: float
    spent: float
    is_muted: bool
    is_shared: bool
    link: str
    runbook: str
    spark: tuple[float | None, ...]


class HealthIncident(Struct, frozen=True, kw_only=True):
    """A metric that was over its thresholds; `closed` "" while it is."""

    id: uuid.UUID
    metric: str
    level: str
    value: str
    culprit: str
    opened: str
    closed: str


class HealthBoard(Struct, frozen=True, kw_only=True):
    """The twelve in their order, capabilities and far sides, what is under maintenance, incidents
    that are open or were within a day. `looked` says when the room looked last, `is_stale` that
    this is too long ago.
    """

    looked: str
    is_stale: bool
    tiles: tuple[HealthTile, ...]
    rows: tuple[HealthRow, ...]
    windows: tuple[MaintenanceWindow, ...]
    incidents: tuple[HealthIncident, ...]
    dead: int


async def read(connection: Connection, tenant: int, at_ms: int, span: Range) -> HealthBoard:
    """Read the board."""
    row = await (await connection.execute(_BEAT)).fetchone()
    looked_ms = int(row[0]) if row else 0
    rows = await (await connection.execute(_STATES, (tenant,))).fetchall()
    states = {r[0]: r[1:] for r in rows}
    own = await health_windows.read_thresholds(connection, tenant)
    since = at_ms // 60_000 - _MINUTES[span]
    marks = await (await connection.execute(_MARKS, (tenant, since))).fetchall()
    sparks = _sparks(marks, since, _MINUTES[span])
    tiles = [
        _tile(metric, states.get(metric.code), own.get(metric.code), sparks[at])
        for at, metric in enumerate(health.metrics())
    ]
    return HealthBoard(
        looked=rfc3339(looked_ms) if looked_ms else "",
        is_stale=at_ms - looked_ms > _STALE_MS,
        tiles=tuple(tiles),
        rows=await health_rows.read(connection, tenant, at_ms),
        windows=await health_windows.list_windows(connection, tenant, at_ms),
        incidents=await _incidents(connection, tenant, at_ms),
        dead=await _dead(connection, tenant),
    )


def _tile(
    metric: Metric,
    state: tuple[Any, ...] | None,
    own: Thresholds | None,
    spark: tuple[float | None, ...],
) -> HealthTile:
    value, culprit, level, since, burn, spent, muted = state or (None, "", 0, None, 0.0, 0.0, False)
    return HealthTile(
        metric=metric.code,
        unit=metric.unit,
        better=metric.better,
        window_s=metric.window_s,
        value=value,
        level=Level(level).word,
        since=_text(since) if since and level else "",
        culprit=culprit,
        target=metric.target,
        thresholds=own or metric.thresholds,
        is_own=own is not None,
        objective=metric.objective,
        burn=round(burn, 2),
        spent=round(spent, 4),
        is_muted=muted,
        is_shared=metric.shared,
        link=metric.link,
        runbook=metric.runbook,
        spark=spark,
    )


def _sparks(
    marks: list[tuple[int, list[float]]], since: int, minutes: int
) -> list[tuple[float | None, ...]]:
    """Give each metric's points: at most _POINTS, of each step the last mark."""
    step = max(1, minutes // _POINTS)
    points = minutes // step
    found: list[list[float | None]] = [[None] * points for _ in health.metrics()]
    for minute, values in marks:
        slot = (minute - since - 1) // step
        for at, value in enumerate(values[: len(found)]):
            if 0 <= slot < points and not math.isnan(value):
                found[at][slot] = value
    return [tuple(one) for one in found]


async def _incidents(connection: Connection, tenant: int, at_ms: int) -> tuple[HealthIncident, ...]:
    day = datetime.datetime.fromtimestamp(at_ms / 1000 - 86_400, datetime.UTC)
    rows = await (await connection.execute(_OPEN, (tenant, day))).fetchall()
    return tuple(
        HealthIncident(
            id=id_,
            metric=metric,
            level=Level(level).word,
            value=value,
            culprit=culprit,
            opened=_text(opened),
            closed=_text(closed) if closed else "",
        )
        for id_, metric, level, value, culprit, opened, closed in rows
    )


async def _dead(connection: Connection, tenant: int) -> int:
    query = "select count(*) from parked_events where tenant=%s and state='dead'"
    row = await (await connection.execute(query, (tenant,))).fetchone()
    return int(row[0]) if row else 0


def _text(at: datetime.datetime) -> str:
    return rfc3339(round(at.timestamp() * 1000))
