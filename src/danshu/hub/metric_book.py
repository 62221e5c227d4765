"""Which formula a metric has at an instant: the shipped one, or a merchant's version of it."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.metrics import model, shipped
from danshu.capabilities.metrics.model import Metric
from danshu.hub import merchants
from danshu.hub.merchants import PRODUCT
from danshu.hub.metric_facts import MetricPublished, MetricRetired
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import METRIC_VERSIONS, METRICS

if TYPE_CHECKING:
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
NO_METRIC: Final = InputError("no_metric", "there is no such metric")
_AT: Final = """
select distinct on (code) code, version, digest, body, effective, approved_by, drafted_by, published
from metrics where tenant=%(t)s and effective <= %(at)s and published <= %(at)s
  and (retired is null or retired > %(at)s) order by code, version desc limit %(most)s
"""
_VERSIONS: Final = """
select version, digest, body, effective, drafted_by, approved_by, published, retired, reason
from metrics where tenant=%s and code=%s order by version desc limit %s
"""


_NEXT: Final = """
select coalesce(max(version) filter (where code=%(c)s),0)+1, count(*) filter (where code=%(c)s),
  count(distinct code) filter (where code<>%(c)s) from metrics where tenant=%(t)s
"""
_ADD: Final = """
insert into metrics(tenant,code,version,digest,body,drafted_by,approved_by,effective,published)
values (%s,%s,%s,%s,%s,%s,%s,%s,%s)
"""
_RETIRE: Final = """
update metrics set retired=%(at)s, reason=%(r)s
where tenant=%(t)s and code=%(c)s and retired is null and version=(
  select max(version) from metrics where tenant=%(t)s and code=%(c)s and retired is null)
returning version, digest
"""


class Held(Struct, frozen=True, kw_only=True):
    """A formula that holds: version 0 is the shipped one. Times are RFC 3339, "" = always."""

    metric: Metric
    version: int
    digest: str
    effective: str = ""
    drafted_by: str = PRODUCT
    approved_by: str = ""
    published: str = ""


class MetricVersion(Held, frozen=True, kw_only=True):
    """A version among all of its code; `reason` is why it was taken back."""

    retired: str = ""
    reason: str = ""


def instant(at_ms: int) -> datetime.datetime:
    """Give epoch ms as the database's instant."""
    return datetime.datetime.fromtimestamp(at_ms / 1000, datetime.UTC)


def _text(at: datetime.datetime | None) -> str:
    return rfc3339(round(at.timestamp() * 1000)) if at else ""


def shipped_held() -> dict[str, Held]:
    """Give the shipped metrics, by code."""
    return {
        code: Held(metric=metric, version=0, digest=model.digest(metric))
        for code, metric in shipped.library().metrics.items()
    }


async def read_at(connection: Connection, tenant: int, at_ms: int) -> dict[str, Held]:
    """Give every formula that holds at an instant, by code."""
    found = shipped_held()
    given = {"t": tenant, "at": instant(at_ms), "most": METRICS}
    for row in await (await connection.execute(_AT, given)).fetchall():
        code, version, digest, body, effective, approved, drafted, published = row
        found[code] = Held(
            metric=model.read(bytes(body)),
            version=version,
            digest=bytes(digest).hex(),
            effective=_text(effective),
            drafted_by=drafted,
            approved_by=approved,
            published=_text(published),
        )
    return found


async def list_versions(connection: Connection, tenant: int, code: str) -> list[MetricVersion]:
    """List every version of a code, the newest first, the shipped one last."""
    rows = await (await connection.execute(_VERSIONS, (tenant, code, METRIC_VERSIONS))).fetchall()
    found = [
        MetricVersion(
            metric=model.read(bytes(body)),
            version=version,
            digest=bytes(digest).hex(),
            effective=_text(effective),
            drafted_by=drafted,
            approved_by=approved,
            published=_text(published),
            retired=_text(retired),
            reason=reason,
        )
        for version, digest, body, effective, drafted, approved, published, retired, reason in rows
    ]
    own = shipped_held().get(code)
    if own is not None:
        found.append(MetricVersion(metric=own.metric, version=0, digest=own.digest))
    return found


async def publish(
    connection: Connection,
    tenant: int,
    metric: Metric,
    people: tuple[str, str],
    effective_ms: int,
    actor: Actor,
    now_ms: int,
) -> int:
    """Publish a checked formula in the caller's transaction; gives its version.

    `people` are who drafted and who approved it (subjects). It holds from `effective_ms` on, never
    from before now: what was reported yesterday was reported by yesterday's formula. Raises
    InputError `too_many`.
    """
    given = {"t": tenant, "c": metric.code}
    row = await (await connection.execute(_NEXT, given)).fetchone()
    assert row is not None
    version, count, others = row
    if count >= METRIC_VERSIONS or others >= METRICS:
        raise InputError("too_many", f"at most {METRIC_VERSIONS} versions of {METRICS} metrics")
    body, digest = model.encode(metric), model.digest(metric)
    effective_ms = max(effective_ms, now_ms)
    times = (instant(effective_ms), instant(now_ms))
    await connection.execute(
        _ADD, (tenant, metric.code, version, bytes.fromhex(digest), body, *people, *times)
    )
    rule = " ".join([w for w in (metric.rule.source, metric.rule.clause) if w])
    said = MetricPublished(
        approved_by=people[1],
        code=metric.code,
        digest=digest,
        drafted_by=people[0],
        effective=rfc3339(effective_ms),
        rule=rule,
        version=version,
    )
    await merchants.say(connection, tenant, actor, said)
    return int(version)


async def retire(
    connection: Connection, tenant: int, code: str, reason: str, actor: Actor, now_ms: int
) -> Refusal | None:
    """Take the newest version back: the one before holds again from now on, or the shipped one."""
    async with connection.transaction():
        given = {"t": tenant, "c": code, "r": reason, "at": instant(now_ms)}
        row = await (await connection.execute(_RETIRE, given)).fetchone()
        if row is None:
            return Refusal(
                code="metric_not_own",
                reason="没有可停用的自有版本,出厂口径不能停用",
                reason_en="There is no version of your own; a shipped formula can't be taken back",
                clause="metric.versions",
            )
        said = MetricRetired(code=code, digest=bytes(row[1]).hex(), reason=reason, version=row[0])
        await merchants.say(connection, tenant, actor, said)
    return None
