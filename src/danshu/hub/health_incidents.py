"""Incidents of the health board: opened, raised, lowered, closed, each with its fact and its alert.

A metric has at most one open incident. People are told when one opens and when it gets graver, and
once more when it is over; what becomes milder is only written down. Under a maintenance window
nothing opens; what is still bad when the window ends opens then.
"""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.weave.burn import Burn
from danshu.capabilities.weave.health import Metric, Value
from danshu.capabilities.weave.levels import Level, Thresholds
from danshu.hub import incident_rows
from danshu.hub.health_facts import HealthIncidentChanged
from danshu.hub.health_windows import number
from danshu.hub.saying import say_next
from danshu.kernel import ids
from danshu.kernel.fact import NO_HEAD, Actor
from danshu.kernel.limits import HEALTH_INCIDENT_DAYS
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Sequence

Connection = psycopg.AsyncConnection[Any]
OVER: Final = "closed"
_HUB: Final = Actor(sub="health", role="system", grade="C")
_GRADES: Final = {
    Level.RED: incident_rows.RED,
    Level.YELLOW: incident_rows.YELLOW,
    Level.BLUE: incident_rows.BLUE,
}
_SIGNS: Final = {"ms": " ms", "us": " µs", "s": " s", "percent": " %", "count": ""}
_OPEN: Final = """
select tenant, metric, id, level, seq, head from health_incidents where closed is null
"""
_ADD: Final = """
insert into health_incidents(tenant,id,metric,level,value,culprit,opened,seq,head)
values (%s,%s,%s,%s,%s,%s,%s,%s,%s)
"""
_CHANGE: Final = """
update health_incidents set level=%s, value=%s, culprit=%s, closed=%s, seq=%s, head=%s
where tenant=%s and id=%s
"""
_SWEEP: Final = """
delete from health_incidents where closed < now() - make_interval(days => %s)
"""


class Standing(Struct, frozen=True, kw_only=True):
    """How a merchant's metric stands: what an incident is made of."""

    tenant: int
    metric: Metric
    level: Level
    value: Value
    muted: bool
    limits: Thresholds
    burn: Burn | None


class _Open(Struct, frozen=True):
    id: uuid.UUID
    level: Level
    seq: int
    head: bytes


async def settle(connection: Connection, standings: Sequence[Standing], at_ms: int) -> int:
    """Bring the incidents up to the levels; gives how many changed."""
    rows = await (await connection.execute(_OPEN)).fetchall()
    known = {
        (tenant, metric): _Open(id_, Level(level), seq, bytes(head))
        for tenant, metric, id_, level, seq, head in rows
    }
    changed = 0
    for one in standings:
        before = known.get((one.tenant, one.metric.code))
        held = before.level if before else Level.NORMAL
        if one.level == held or (one.muted and one.level > held):
            continue
        async with connection.transaction():
            await _change(connection, one, before, at_ms)
        changed += 1
    return changed


async def _change(connection: Connection, one: Standing, before: _Open | None, at_ms: int) -> None:
    at = write.instant(at_ms * 1000)
    value, metric = number(one.value.value), one.metric.code
    is_over = one.level is Level.NORMAL
    said = HealthIncidentChanged(
        culprit=one.value.culprit,
        level=one.level.word,
        metric=metric,
        state=OVER if is_over else "open",
        value=value,
    )
    id_ = before.id if before else ids.uuid7(at_ms, os.urandom(10))
    end = (before.seq, before.head) if before else (0, NO_HEAD)
    end = await say_next(connection, one.tenant, id_, end, _HUB, at_ms, said)
    told = (int(one.level), value, one.value.culprit)
    if before is None:
        opened = (one.tenant, id_, metric, *told, at, *end)
        await connection.execute(_ADD, opened)
    else:
        closed = at if is_over else None
        await connection.execute(_CHANGE, (*told, closed, *end, one.tenant, id_))
    held = before.level if before else Level.NORMAL
    if one.level > held:
        kind = f"{incident_rows.HEALTH}:{metric}"
        grade = _GRADES[one.level]
    elif is_over:
        kind, grade = f"{incident_rows.HEALTH_OVER}:{metric}", _GRADES[held]
    else:
        return
    if not one.muted:
        key = f"{id_}/{end[0]}"
        await incident_rows.alert(connection, one.tenant, kind, key, describe(one), grade)


def describe(one: Standing) -> str:
    """Write what people are told, in figures: 98.7 %, target 99.5 %, what is worst of it."""
    unit = _SIGNS[one.metric.unit]
    told = [f"{number(one.value.value) or '—'}{unit}"]
    if one.metric.target is not None:
        sign = "≤" if one.metric.better == "low" else "≥"
        told.append(f"{sign} {number(one.metric.target)}{unit}")
    if one.burn is not None:
        told.append(f"burn {one.burn.rate:.1f}×, {one.burn.spent:.0%} of 30 d")
    if one.value.culprit:
        told.append(one.value.culprit)
    return " · ".join(told)


async def sweep(connection: Connection) -> None:
    """Forget incidents that were closed long ago; their facts stay."""
    await connection.execute(_SWEEP, (HEALTH_INCIDENT_DAYS,))
