"""What stands in the way of a metric, as far as its text and its tables' columns tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.capabilities.metrics import grammar
from danshu.capabilities.metrics.model import Metric, MetricFinding
from danshu.kernel.limits import METRIC_DEPTH, METRIC_PARTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from danshu.capabilities.metrics.grammar import Kind, Parsed

PERSONAL: Final = frozenset({"buyer", "fact", "number", "seq", "stream", "who"})
"""Columns that part one person or order from another: counted, never split by."""


def check(
    metric: Metric,
    columns: Mapping[str, str],
    find: Callable[[str], Metric | None],
    lookups: Mapping[str, Mapping[str, str]],
) -> tuple[MetricFinding, ...]:
    """Check a metric beside the columns of its table (name -> type, {} where it has none) and the
    metrics that it may refer to.
    """
    return tuple(_check(metric, columns, find, lookups))


def _check(
    metric: Metric,
    columns: Mapping[str, str],
    find: Callable[[str], Metric | None],
    lookups: Mapping[str, Mapping[str, str]],
) -> Iterator[MetricFinding]:
    if not metric.title.zh or not metric.title.en:
        yield MetricFinding(code="title", field="title")
    parsed = _parse(metric.expression, "measure")
    yield from _formula(parsed, columns, "expression", lookups)
    yield from _references(metric, parsed, find)
    if metric.filter:
        yield from _formula(_parse(metric.filter, "row"), columns, "filter", lookups)
    if not metric.on and any(grammar.is_aggregate(n) for n in _nodes(parsed)):
        yield MetricFinding(code="no_table", field="on")
    if metric.time and columns and metric.time not in columns:
        yield MetricFinding(code="column_unknown", field="time", value=metric.time)
    elif metric.time and columns and columns[metric.time] == "text":
        yield MetricFinding(code="time_text", field="time", value=metric.time)
    names = [d.name for d in metric.dimensions]
    for name in sorted({n for n in names if names.count(n) > 1}):
        yield MetricFinding(code="dimension_twice", field="dimensions", value=name)
    if metric.on:
        for dimension in metric.dimensions:
            parsed = _parse(dimension.formula, "row")
            for name in sorted(PERSONAL & set(parsed.columns)):
                yield MetricFinding(code="dimension_person", field="dimensions", value=name)
            yield from _formula(parsed, columns, f"dimensions/{dimension.name}", lookups)


def _parse(text: str, kind: Kind) -> Parsed:
    return grammar.parse(text, kind)


def _nodes(parsed: Parsed) -> Iterator[grammar.Node]:
    if parsed.tree is not None:
        yield from parsed.tree.walk()


def _formula(
    parsed: Parsed,
    columns: Mapping[str, str],
    field: str,
    lookups: Mapping[str, Mapping[str, str]],
) -> Iterator[MetricFinding]:
    """Give what is wrong with one formula, told of its field."""
    from msgspec.structs import replace

    for finding in parsed.findings:
        yield replace(finding, field=field)
    yield from grammar.check_columns(parsed, columns, field)
    for node in _nodes(parsed):
        if type(node).__name__ == "Anonymous" and node.name.lower() == "lookup":
            name = node.expressions[0].name if node.expressions else ""
            if name not in lookups:
                start, end = grammar.place(node)
                yield MetricFinding(code="lookup", field=field, start=start, end=end, value=name)


def _references(
    metric: Metric, parsed: Parsed, find: Callable[[str], Metric | None]
) -> Iterator[MetricFinding]:
    """Follow the metrics that a formula refers to: each is there, none leads back, not too many,
    and each has the dimensions of the whole.
    """
    seen: set[str] = set()
    wanted = {d.name for d in metric.dimensions}
    queue: list[tuple[str, int, tuple[str, ...]]] = [
        (code, 1, (metric.code,)) for code in parsed.metrics
    ]
    while queue:
        code, depth, above = queue.pop()
        other = find(code)
        if other is None:
            yield MetricFinding(code="metric_unknown", value=code)
            continue
        if code in above or depth > METRIC_DEPTH:
            yield MetricFinding(code="metric_cycle", value=code)
            continue
        for name in sorted(wanted - {d.name for d in other.dimensions}):
            yield MetricFinding(
                code="dimension_missing", field="dimensions", value=f"{code}.{name}"
            )
        seen.add(code)
        if len(seen) > METRIC_PARTS:
            yield MetricFinding(code="too_many_metrics", value=str(METRIC_PARTS))
            return
        more = grammar.parse(other.expression, "measure").metrics
        queue += [(each, depth + 1, (*above, code)) for each in more]
