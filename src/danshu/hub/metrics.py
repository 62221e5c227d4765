"""Figures 指标: what a metric comes to, as it is known now or as it was known on a past day.

The formula is the one that held at the instant asked about (metric_book), the data is what had been
recorded by then (asset_store).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.capabilities.metrics import compiling, shipped
from danshu.capabilities.metrics.compiling import Question
from danshu.capabilities.metrics.model import Metric, MetricTitle, Unit
from danshu.hub import asset_store, metric_book, metric_tables
from danshu.hub.asset_views import reading
from danshu.hub.assets import place
from danshu.hub.metric_book import NO_METRIC, Held
from danshu.kernel.errors import InputError
from danshu.kernel.limits import METRIC_DAYS, METRIC_ROWS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from danshu.hub.compose import Hub

DAY_MS: Final = 86_400_000


class MetricRow(Struct, frozen=True, kw_only=True):
    """A group: its values of the dimensions in their order, the figure (None: nothing to divide
    by, or nothing there), the figure of the period before where that was asked for.
    """

    keys: tuple[str, ...]
    value: int | None
    previous: int | None = None


class MetricAnswer(Struct, frozen=True, kw_only=True):
    """What a metric comes to. `total` is over everything asked for, by the formula, not a sum of
    rows. `more`: groups were left out. `positions` is how far each book was read.
    """

    code: str
    version: int
    digest: str
    title: MetricTitle
    unit: Unit
    better: str
    approved_by: str
    effective: str
    on: tuple[str, ...]
    asset: str
    by: tuple[str, ...]
    since_ms: int
    until_ms: int
    as_of_ms: int
    total: int | None
    rows: tuple[MetricRow, ...]
    more: bool
    previous: int | None
    previous_since_ms: int
    names: dict[str, dict[str, MetricTitle]]
    positions: dict[str, int]
    took_ms: int
    sql: str
    hidden: int = 0
    """Groups of fewer people than may be told apart, for who may not see rows."""


Answer = MetricAnswer


async def evaluate(
    hub: Hub,
    tenant: int,
    code: str,
    *,
    by: Sequence[str] = (),
    where: Mapping[str, str | Sequence[str]] | None = None,
    since_ms: int = 0,
    until_ms: int = 0,
    as_of_ms: int = 0,
    limit: int = 100,
    by_key: bool = False,
    is_compared: bool = False,
) -> MetricAnswer:
    """Work out a metric for a window [since, until) in epoch ms; 0 is unbounded.

    `as_of_ms` asks what was known then, by the formula that held then. `is_compared` adds the
    period of the same length before. Raises InputError: `no_metric`, `no_dimension`, `bad_window`,
    `bad_filter`, `not_evaluable`.
    """
    at_ms = as_of_ms or hub.clock()
    async with hub.connection() as connection:
        held = await metric_book.read_at(connection, tenant, at_ms)
    asked = ask(by, where or {}, since_ms, until_ms, limit, by_key)
    one = held.get(code)
    if one is None:
        raise NO_METRIC
    return await reading(lambda: work_out(tenant, one, held, asked, as_of_ms, is_compared))


def ask(
    by: Sequence[str],
    where: Mapping[str, str | Sequence[str]],
    since_ms: int,
    until_ms: int,
    limit: int,
    by_key: bool,
) -> Question:
    """Make a question of what was asked for. Raises InputError `bad_window`."""
    if since_ms < 0 or until_ms < 0 or (until_ms and since_ms >= until_ms):
        raise InputError("bad_window", "a window ends after it begins")
    if since_ms and until_ms and until_ms - since_ms > METRIC_DAYS * DAY_MS:
        raise InputError("bad_window", f"a window is at most {METRIC_DAYS} days")
    return Question(
        by=tuple(by),
        where={k: (v,) if isinstance(v, str) else tuple(v) for k, v in where.items()},
        since_ms=since_ms,
        until_ms=until_ms,
        limit=max(1, min(limit, METRIC_ROWS)),
        by_key=by_key,
    )


def work_out(
    tenant: int,
    held: Held,
    others: Mapping[str, Held],
    asked: Question,
    as_of_ms: int,
    is_compared: bool,
) -> MetricAnswer:
    """Compile and run, in a thread: a store is opened for it and closed again."""
    began = time.perf_counter()
    metric = held.metric
    earlier = _before(asked) if is_compared else None
    with asset_store.open_store(place(), tenant, as_of_ms) as store:
        compiled, sql, rows = run_metric(store, metric, others, asked)
        past = run_metric(store, metric, others, earlier)[2] if earlier else []
        positions = dict(store.index.ends)
    total, groups = split_rows(rows, len(asked.by))
    previous, were = split_rows(past, len(asked.by))
    known = dict(were)
    return MetricAnswer(
        code=metric.code,
        version=held.version,
        digest=held.digest,
        title=metric.title,
        unit=metric.unit,
        better=metric.better,
        approved_by=held.approved_by,
        effective=held.effective,
        on=compiled.tables,
        asset=metric.asset,
        by=asked.by,
        since_ms=asked.since_ms,
        until_ms=asked.until_ms,
        as_of_ms=as_of_ms,
        total=total,
        rows=tuple(
            MetricRow(keys=keys, value=value, previous=known.get(keys))
            for keys, value in groups[: asked.limit]
        ),
        more=len(groups) > asked.limit or len(rows) > asked.limit,
        previous=previous,
        previous_since_ms=earlier.since_ms if earlier else 0,
        names={d: v for d, v in shipped.library().values.items() if d in asked.by},
        positions=positions,
        took_ms=round((time.perf_counter() - began) * 1000),
        sql=sql,
    )


def run_metric(
    store: asset_store.Store, metric: Metric, others: Mapping[str, Held], asked: Question
) -> tuple[compiling.Compiled, str, list[tuple[Any, ...]]]:
    """Compile and run one metric on a store; gives the plan, its SQL and its rows."""

    def find(code: str) -> Metric | None:
        return others[code].metric if code in others else None

    compiled = compiling.compile_metric(metric, asked, find, shipped.library().lookups)
    sql = metric_tables.whole_sql(store, compiled)
    return compiled, sql, metric_tables.run(store, sql)


def split_rows(
    rows: list[tuple[Any, ...]], keys: int
) -> tuple[int | None, list[tuple[tuple[str, ...], int | None]]]:
    """Part the row over everything from the groups."""
    total = next((row[keys + 1] for row in rows if row[keys] == 1), None)
    groups = [
        (tuple(str(k if k is not None else "") for k in row[:keys]), row[keys + 1])
        for row in rows
        if row[keys] == 0
    ]
    return total, groups


def _before(asked: Question) -> Question | None:
    """Give the same question of the period before; None where the window has no bounds."""
    if not asked.since_ms or not asked.until_ms:
        return None
    length = asked.until_ms - asked.since_ms
    return Question(
        by=asked.by,
        where=asked.where,
        since_ms=max(asked.since_ms - length, 1),
        until_ms=asked.since_ms,
        limit=METRIC_ROWS,
        by_key=asked.by_key,
    )
