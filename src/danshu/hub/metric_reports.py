"""Kept reports 存报表: what metrics came to, so that the number of a day can be proven.

A report is asked as of an instant that has settled: every fact recorded by then is in the sources.
So whoever asks the same question again, with whatever was learnt or decided since, gets the same
bytes; the fact `metric.reported` holds their digest.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
import psycopg
from msgspec import Meta, Struct

from danshu.capabilities.metrics.model import MetricCode
from danshu.hub import assets, merchants, metric_book, metric_gates, metrics
from danshu.hub.fields import PLAIN
from danshu.hub.metric_facts import MetricReported
from danshu.hub.metrics import MetricAnswer, MetricRow
from danshu.kernel import canonical, ids
from danshu.kernel.errors import InputError
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import (
    METRIC_BY,
    METRIC_DIMENSIONS,
    METRIC_REPORT_BYTES,
    METRIC_REPORT_METRICS,
    METRIC_REPORTS,
    METRIC_ROWS,
    METRIC_TITLE_CHARS,
    METRIC_VALUES,
    PAGE_ROWS,
    SKU_CHARS,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.hub.compose import Hub
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
NO_REPORT: Final = InputError("no_report", "there is no such report")
SETTLED_MS: Final = 60_000
"""A fact is a leaf, and so in the sources, well before this has passed since it was recorded."""
_REFRESHED: Final = ("channel-funnel",)
_LIST: Final = """
select id, name, body, digest, by, (extract(epoch from at)*1000)::int8 from metric_reports
where tenant=%s and (%s::uuid is null or id < %s) order by id desc limit %s
"""
_READ: Final = """
select id, name, body, digest, by, (extract(epoch from at)*1000)::int8 from metric_reports
where tenant=%s and id=%s
"""
_COUNT: Final = "select count(*) from metric_reports where tenant=%s"
_ADD: Final = """
insert into metric_reports(tenant,id,name,body,digest,as_of,by,at) values (%s,%s,%s,%s,%s,%s,%s,%s)
"""
Name = Annotated[str, Meta(min_length=1, max_length=METRIC_TITLE_CHARS, pattern=PLAIN)]
Values = Annotated[
    tuple[Annotated[str, Meta(max_length=2 * SKU_CHARS)], ...], Meta(max_length=METRIC_VALUES)
]


class ReportAsked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The question of a report: metrics by the same dimensions, filter and window, as known at
    `as_of_ms` (0 = the newest instant that has settled).
    """

    metrics: Annotated[tuple[MetricCode, ...], Meta(min_length=1, max_length=METRIC_REPORT_METRICS)]
    by: Annotated[tuple[str, ...], Meta(max_length=METRIC_BY)] = ()
    where: Annotated[dict[str, Values], Meta(max_length=METRIC_DIMENSIONS)] = {}
    since_ms: int = 0
    until_ms: int = 0
    as_of_ms: int = 0


class ReportFigure(Struct, frozen=True, kw_only=True):
    """What one metric came to, and the formula by which."""

    code: str
    version: int
    digest: str
    total: int | None
    rows: tuple[MetricRow, ...]


class ReportBody(Struct, frozen=True, kw_only=True):
    """What is kept of a report: its question and figures."""

    asked: ReportAsked
    figures: tuple[ReportFigure, ...]


class ReportKept(Struct, frozen=True, kw_only=True):
    """A kept report. `digest` is SHA-256 (hex) of its figures' canonical bytes; `at` RFC 3339."""

    id: str
    name: str
    asked: ReportAsked
    figures: tuple[ReportFigure, ...]
    digest: str
    by: str
    at: str


class ReportProven(Struct, frozen=True, kw_only=True):
    """A kept report beside the same question asked again: `is_same` when the bytes are the same."""

    kept: ReportKept
    again: tuple[ReportFigure, ...]
    digest: str
    is_same: bool


_decode: Final = msgspec.json.Decoder(ReportBody).decode


def _bytes(body: ReportBody) -> bytes:
    return canonical.encode(msgspec.to_builtins(body))


def _hex(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


async def answer(hub: Hub, tenant: int, asked: ReportAsked) -> list[MetricAnswer]:
    """Ask each metric of a report."""
    return [
        await metrics.evaluate(
            hub,
            tenant,
            code,
            by=asked.by,
            where=asked.where,
            since_ms=asked.since_ms,
            until_ms=asked.until_ms,
            as_of_ms=asked.as_of_ms,
            limit=METRIC_ROWS,
            by_key=True,
        )
        for code in asked.metrics
    ]


def figures(answers: Sequence[MetricAnswer]) -> tuple[ReportFigure, ...]:
    """Give what of answers is kept."""
    return tuple(
        ReportFigure(code=a.code, version=a.version, digest=a.digest, total=a.total, rows=a.rows)
        for a in answers
    )


async def keep(hub: Hub, tenant: int, name: str, asked: ReportAsked, actor: Actor) -> ReportKept:
    """Ask a report and keep what it gave, with its fact. Raises InputError `too_many`,
    `not_settled`, `too_large`, `draws_on_masters` (such a figure can't be proven later), and what
    a metric raises.
    """
    now_ms = hub.clock()
    newest = now_ms - SETTLED_MS
    if asked.as_of_ms > newest:
        raise InputError("not_settled", "that instant has not settled yet", "/as_of_ms")
    asked = msgspec.structs.replace(asked, as_of_ms=asked.as_of_ms or newest)
    async with hub.connection() as connection:
        held = await metric_book.read_at(connection, tenant, asked.as_of_ms)
    for code in asked.metrics:
        if code in held and metric_gates.draws_on_masters(held[code].metric, held):
            raise InputError("draws_on_masters", f"{code} draws on costs, which are as of now")
    await assets.refresh(hub, tenant, _REFRESHED)
    body = ReportBody(asked=asked, figures=figures(await answer(hub, tenant, asked)))
    data = _bytes(body)
    if len(data) > METRIC_REPORT_BYTES:
        raise InputError("too_large", f"a report gives at most {METRIC_REPORT_BYTES} bytes")
    id_ = ids.uuid7(now_ms, os.urandom(10))
    async with hub.connection() as connection, connection.transaction():
        row = await (await connection.execute(_COUNT, (tenant,))).fetchone()
        if row and row[0] >= METRIC_REPORTS:
            raise InputError("too_many", f"at most {METRIC_REPORTS} kept reports")
        digest, as_of = bytes.fromhex(_hex(data)), metric_book.instant(asked.as_of_ms)
        at = metric_book.instant(now_ms)
        await connection.execute(_ADD, (tenant, id_, name, data, digest, as_of, actor.sub, at))
        said = MetricReported(
            as_of=rfc3339(asked.as_of_ms),
            asked=_hex(canonical.encode(msgspec.to_builtins(asked))),
            digest=_hex(data),
            metrics=asked.metrics,
            name=name,
            report=str(id_),
        )
        await merchants.say(connection, tenant, actor, said)
    return _kept((id_, name, data, digest, actor.sub, now_ms))


def _kept(row: Sequence[Any]) -> ReportKept:
    id_, name, body, digest, by, at_ms = row
    told = _decode(bytes(body))
    return ReportKept(
        id=str(id_),
        name=name,
        asked=told.asked,
        figures=told.figures,
        digest=bytes(digest).hex(),
        by=by,
        at=rfc3339(at_ms),
    )


async def list_reports(
    connection: Connection, tenant: int, after: str = "", limit: int = PAGE_ROWS
) -> list[ReportKept]:
    """List kept reports, the newest first, behind the one called `after`."""
    last = _read_id(after) if after else None
    cursor = await connection.execute(_LIST, (tenant, last, last, min(limit, PAGE_ROWS)))
    return [_kept(row) for row in await cursor.fetchall()]


def _read_id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise NO_REPORT from None


async def read(connection: Connection, tenant: int, id_: str) -> ReportKept:
    """Read a kept report. Raises InputError `no_report`."""
    row = await (await connection.execute(_READ, (tenant, _read_id(id_)))).fetchone()
    if row is None:
        raise NO_REPORT
    return _kept(row)


async def prove(hub: Hub, tenant: int, kept: ReportKept) -> ReportProven:
    """Ask a kept report's question again and compare."""
    again = figures(await answer(hub, tenant, kept.asked))
    digest = _hex(_bytes(ReportBody(asked=kept.asked, figures=again)))
    return ReportProven(kept=kept, again=again, digest=digest, is_same=digest == kept.digest)
