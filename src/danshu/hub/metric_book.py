"""Which formula a metric has at an instant: the shipped one, or a merchant's version of it."""

from __future__ import annotations

import datetime
from typing import Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.metrics import model, shipped
from danshu.capabilities.metrics.model import Metric
from danshu.hub.merchants import PRODUCT
from danshu.kernel.errors import InputError
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import METRIC_VERSIONS, METRICS

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
