"""What a metric is made of: its columns, the columns of sources behind them, the facts in those."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from danshu.capabilities.assets.sources import SOURCES
from danshu.capabilities.metrics import grammar
from danshu.capabilities.metrics.compiling import quote
from danshu.capabilities.metrics.lineage import SourceColumn, column_lineage
from danshu.capabilities.metrics.model import Metric, MetricTitle
from danshu.hub import asset_store, metric_book, metric_tables
from danshu.hub.asset_views import reading
from danshu.hub.assets import place
from danshu.hub.metric_book import NO_METRIC
from danshu.hub.metric_checks import column_titles

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from danshu.hub.asset_store import Store
    from danshu.hub.compose import Hub
    from danshu.hub.metric_book import Held

_SOURCE = "source:"


class MetricColumn(Struct, frozen=True, kw_only=True):
    """A column that a metric reads: of which table, for what (`expression`, `filter`, `time`,
    `dimension`), of which source columns it is made.
    """

    metric: str
    table: str
    column: str
    title: MetricTitle
    uses: tuple[str, ...]
    sources: tuple[SourceColumn, ...]


class SourceShown(Struct, frozen=True, kw_only=True):
    """A source that columns come from: what a row is, the facts it is folded from."""

    name: str
    about: str
    facts: tuple[str, ...]


class MetricLineage(Struct, frozen=True, kw_only=True):
    """Everything that a metric is made of; `metrics` are those that its formula names."""

    metrics: tuple[str, ...]
    columns: tuple[MetricColumn, ...]
    sources: tuple[SourceShown, ...]


async def trace_columns(hub: Hub, tenant: int, code: str) -> MetricLineage:
    """Follow the columns of a metric that holds now. Raises InputError `no_metric`."""
    async with hub.connection() as connection:
        held = await metric_book.read_at(connection, tenant, hub.clock())
    if code not in held:
        raise NO_METRIC

    def work() -> MetricLineage:
        with asset_store.open_store(place(), tenant) as store:
            return follow(store, code, held)

    return await reading(work)


def follow(store: Store, code: str, held: Mapping[str, Held]) -> MetricLineage:
    """Follow a metric and those that its formula names down to the sources."""
    metrics = list(_parts(code, held))
    found: list[MetricColumn] = []
    for metric in metrics:
        uses = _uses(metric)
        if not metric.on or not uses:
            continue
        made = _made_of(store, metric.on, tuple(uses))
        titles = column_titles(metric.on)
        found += [
            MetricColumn(
                metric=metric.code,
                table=metric.on,
                column=name,
                title=titles.get(name, MetricTitle(zh=name, en=name)),
                uses=used,
                sources=made.get(name, ()),
            )
            for name, used in uses.items()
        ]
    names = sorted({s.table for column in found for s in column.sources})
    return MetricLineage(
        metrics=tuple(m.code for m in metrics if m.code != code),
        columns=tuple(found),
        sources=tuple(
            SourceShown(name=n, about=SOURCES[n].about, facts=SOURCES[n].facts)
            for n in names
            if n in SOURCES
        ),
    )


def _parts(code: str, held: Mapping[str, Held], seen: tuple[str, ...] = ()) -> Iterator[Metric]:
    """Give a metric and those that its formula names, each once."""
    if code in seen or code not in held:
        return
    metric = held[code].metric
    yield metric
    below: list[str] = [*seen, code]
    for other in grammar.parse(metric.expression, "measure").metrics:
        for part in _parts(other, held, tuple(below)):
            below.append(part.code)
            yield part


def _uses(metric: Metric) -> dict[str, tuple[str, ...]]:
    """Give the columns of a metric's table with what each is for."""
    found: dict[str, list[str]] = {}
    texts = [("expression", metric.expression, "measure"), ("filter", metric.filter, "row")]
    for use, text, kind in texts:
        if text:
            for name in grammar.parse(text, "measure" if kind == "measure" else "row").columns:
                found.setdefault(name, []).append(use)
    if metric.time:
        found.setdefault(metric.time, []).append("time")
    for dimension in metric.dimensions:
        for name in grammar.parse(dimension.formula, "row").columns:
            if "dimension" not in found.setdefault(name, []):
                found[name].append("dimension")
    return {name: tuple(uses) for name, uses in found.items()}


def _made_of(
    store: Store, on: str, columns: tuple[str, ...]
) -> Mapping[str, tuple[SourceColumn, ...]]:
    """Give the source columns of some columns of a table."""
    tables = {
        name: sql
        for name, sql in metric_tables.spell(store, (on,)).items()
        if not name.startswith(_SOURCE) or name == on
    }
    spelled = ", ".join(f"{quote(name)} as ({sql})" for name, sql in tables.items())
    chosen = ", ".join(quote(c) for c in columns)
    schemas = {
        spelling: dict(source.columns)
        for name, source in SOURCES.items()
        for spelling in (name, f"{_SOURCE}{name}")
    }
    made = column_lineage(f"with {spelled} select {chosen} from {quote(on)}", schemas)
    return {name: tuple(_plain(sources)) for name, sources in made.items()}


def _plain(sources: tuple[SourceColumn, ...]) -> Iterator[SourceColumn]:
    from msgspec.structs import replace

    for source in sources:
        yield replace(source, table=source.table.removeprefix(_SOURCE))
