"""What Prometheus reads at /metrics: this process's own counters, and the installation's figures.

Series are bounded whatever the number of merchants: processes count by kind of subject, figures are
the worst of all merchants and how many merchants are at each level. Merchants that
DANSHU_METRICS_MERCHANTS names (METRICS_MERCHANTS at most) have series of their own. Text format
0.0.4 of Prometheus. prometheus-client is loaded when the first scrape comes.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.weave import health
from danshu.capabilities.weave.levels import Level
from danshu.hub import meters
from danshu.hub.latency import top_us
from danshu.kernel.limits import METRICS_MERCHANTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.core import Metric

    from danshu.hub.batch import Batch
    from danshu.hub.latency import Histogram

Connection = psycopg.AsyncConnection[Any]
CONTENT_TYPE: Final = "text/plain; version=0.0.4"
_EDGES_S: Final = (
    *(1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3),
    *(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
_FIGURES: Final = """
select metric, min(value), max(value), count(*) filter (where level=1),
count(*) filter (where level=2), count(*) filter (where level=3), count(value)
from health_states group by 1
"""
_EVENTS: Final = """
select good, total from (select distinct on (tenant) tenant, good, total from health_marks
order by tenant, minute desc) m
"""
_OWN: Final = """
select t.code, s.metric, s.value, s.level from health_states s join tenants t on t.id=s.tenant
where t.code = any(%s) order by 1, 2
"""
_LOOKED: Final = "select position from cursors where name='health' and tenant=0 and half=''"


async def write(connection: Connection, batch: Batch | None = None) -> bytes:
    """Write what is known now, for one scrape; `batch` is a server's group commit."""
    from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    told = [*_process(meters.of(connection), batch), *await _installation(connection)]
    registry.register(_Told(told))
    return generate_latest(registry)


class _Told:
    """A collector of families that are made already."""

    def __init__(self, told: list[Metric]) -> None:
        self._told = told

    def collect(self) -> list[Metric]:
        return self._told


def _process(measured: meters.Meters, batch: Batch | None) -> Iterator[Metric]:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    ok = CounterMetricFamily("danshu_subject_ok", "What came out well.", labels=["kind"])
    failed = CounterMetricFamily("danshu_subject_failed", "What failed.", labels=["kind"])
    for kind, (well, bad) in sorted(measured.totals().items()):
        ok.add_metric([kind], well)
        failed.add_metric([kind], bad)
    yield from (ok, failed)
    if batch is None:
        return
    yield _histogram(
        "danshu_order_seconds",
        "From the request to the answer after the commit.",
        batch.latency.answer,
    )
    yield _histogram(
        "danshu_decision_seconds",
        "Deciding alone, an order's share of its group.",
        batch.latency.decision,
    )
    yield _histogram("danshu_commit_seconds", "One commit of a group.", batch.commits)
    yield CounterMetricFamily(
        "danshu_orders_failed",
        "Orders that were not answered by no fault of their sender.",
        sum(batch.failed.totals()[0]),
    )
    yield CounterMetricFamily(
        "danshu_groups_again", "Groups decided again on changed stock.", batch.slow_groups
    )
    yield GaugeMetricFamily("danshu_orders_waiting", "Orders that wait for a group.", batch.waiting)


def _histogram(name: str, told: str, measured: Histogram) -> Metric:
    """Give a histogram over the edges; each fine bucket counts where its longest duration fits."""
    from prometheus_client.core import HistogramMetricFamily

    counts, sum_s = measured.totals()
    buckets: list[tuple[str, float]] = []
    seen, at = 0, 0
    for edge_s in _EDGES_S:
        while at < len(counts) and top_us(at) <= edge_s * 1e6:
            seen += counts[at]
            at += 1
        buckets.append((f"{edge_s:g}", seen))
    buckets.append(("+Inf", sum(counts)))
    return HistogramMetricFamily(name, told, buckets=buckets, sum_value=sum_s)


async def _installation(connection: Connection) -> list[Metric]:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    worst = GaugeMetricFamily(
        "danshu_health", "A core metric in its unit, the worst of all merchants.", labels=["metric"]
    )
    merchants = GaugeMetricFamily(
        "danshu_health_merchants", "Merchants at a level.", labels=["metric", "level"]
    )
    for code, low, high, *levels, n in await _all(connection, _FIGURES, ()):
        metric = health.by_code().get(code)
        if metric is None:
            continue
        if n:
            worst.add_metric([code], low if metric.better == "high" else high)
        for level, count in zip((Level.BLUE, Level.YELLOW, Level.RED), levels, strict=True):
            merchants.add_metric([code, level.word], count)
    good = CounterMetricFamily("danshu_health_good", "Good events.", labels=["metric"])
    events = CounterMetricFamily("danshu_health_events", "All events.", labels=["metric"])
    marks = await _all(connection, _EVENTS, ())
    for at, metric in enumerate(health.metrics()):
        if metric.objective is None:
            continue
        # what is of the installation, every merchant's mark counts
        add = max if metric.shared else sum
        good.add_metric([metric.code], add([m[0][at] for m in marks] or [0]))
        events.add_metric([metric.code], add([m[1][at] for m in marks] or [0]))
    rows = await _all(connection, _LOOKED, ())
    looked_s = int(rows[0][0]) / 1000 if rows else 0.0
    looked = GaugeMetricFamily(
        "danshu_health_looked_timestamp_seconds", "When the room health looked last.", looked_s
    )
    return [worst, merchants, good, events, looked, *await _named(connection)]


async def _named(connection: Connection) -> list[Metric]:
    """Give the figures of the merchants that the installation names."""
    from prometheus_client.core import GaugeMetricFamily

    told = os.environ.get("DANSHU_METRICS_MERCHANTS", "").split(",")
    codes = sorted({code.strip() for code in told} - {""})[:METRICS_MERCHANTS]
    if not codes:
        return []
    labels = ["merchant", "metric"]
    value = GaugeMetricFamily("danshu_merchant_health", "A merchant's metric.", labels=labels)
    level = GaugeMetricFamily(
        "danshu_merchant_health_level", "0 normal, 1 blue, 2 yellow, 3 red.", labels=labels
    )
    for code, metric, known, grade in await _all(connection, _OWN, (codes,)):
        if known is not None:
            value.add_metric([code, metric], known)
        level.add_metric([code, metric], grade)
    return [value, level]


async def _all(connection: Connection, query: str, given: Any) -> list[tuple[Any, ...]]:
    return await (await connection.execute(query, given)).fetchall()
