"""What comes with the hub: metrics, the tables that they count, tables to look things up in."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import yaml
from msgspec import Struct

from danshu.capabilities.metrics.grammar import DIALECT
from danshu.capabilities.metrics.model import (
    Dimension,
    Grain,
    Metric,
    MetricRule,
    MetricTitle,
)
from danshu.kernel.errors import ProgramError

if TYPE_CHECKING:
    from collections.abc import Mapping

_FOLDER: Final = ("data", "metrics")


class TableColumn(Struct, frozen=True, kw_only=True):
    """A column of a table that formulas count."""

    name: str
    grain: Grain
    title: MetricTitle


class MetricTable(Struct, frozen=True, kw_only=True):
    """A table that formulas count: a query over sources, and its column of time."""

    name: str
    title: MetricTitle
    asset: str
    time: str
    columns: tuple[TableColumn, ...]
    sql: str


class Library(Struct, frozen=True, kw_only=True):
    """The shipped library. `values` gives the titles of what lookups give, by dimension."""

    tables: dict[str, MetricTable]
    metrics: dict[str, Metric]
    dimensions: dict[str, Dimension]
    lookups: dict[str, dict[str, str]]
    values: dict[str, dict[str, MetricTitle]]


@lru_cache(maxsize=1)
def library() -> Library:
    """Read the library. Raises ProgramError where its files contradict themselves."""
    tables = {name: _table(name, entry) for name, entry in _load("tables.yaml").items()}
    said = _load("metrics.yaml")
    dimensions = {
        name: Dimension(
            name=name,
            title=MetricTitle(zh=entry["zh"], en=entry["en"]),
            expression=entry.get("expression", ""),
            words=tuple(entry.get("words", ())),
        )
        for name, entry in said["dimensions"].items()
    }
    metrics = {
        code: _metric(code, entry, said["sets"], dimensions, tables)
        for code, entry in said["metrics"].items()
    }
    values = {
        name: {v: MetricTitle(zh=zh, en=en) for v, (zh, en) in entry.items()}
        for name, entry in said["values"].items()
    }
    return Library(
        tables=tables,
        metrics=metrics,
        dimensions=dimensions,
        lookups=said["lookups"],
        values=values,
    )


def _load(name: str) -> Any:
    text = resources.files("danshu").joinpath(*_FOLDER, name).read_text("utf-8")
    return yaml.safe_load(text)


def _table(name: str, entry: Mapping[str, Any]) -> MetricTable:
    """Read a table as its file says it."""
    columns = tuple(
        TableColumn(name=column, grain=grain, title=MetricTitle(zh=zh, en=en))
        for column, (grain, zh, en) in entry["columns"].items()
    )
    return MetricTable(
        name=name,
        title=MetricTitle(zh=entry["zh"], en=entry["en"]),
        asset=entry["asset"],
        time=entry["time"],
        columns=columns,
        sql=entry["sql"],
    )


@lru_cache(maxsize=64)
def table_query(name: str) -> tuple[str, tuple[str, ...]]:
    """Give the query of a table over `source:NAME`s, and the names of the sources that it reads."""
    import sqlglot
    from sqlglot import exp

    tree = sqlglot.parse_one(library().tables[name].sql, dialect=DIALECT)
    own = {cte.alias for cte in tree.find_all(exp.CTE)}
    named: list[str] = []
    for table in list(tree.find_all(exp.Table)):
        if table.name in own:
            continue
        named.append(table.name)
        if not table.alias:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
        table.set("this", exp.to_identifier(f"source:{table.name}", quoted=True))
    return tree.sql(DIALECT), tuple(dict.fromkeys(named))


def _metric(
    code: str,
    entry: Mapping[str, Any],
    sets: Mapping[str, list[str]],
    dimensions: Mapping[str, Dimension],
    tables: Mapping[str, MetricTable],
) -> Metric:
    on = entry.get("table", "")
    if on and on not in tables and ":" not in on:
        raise ProgramError(f"metric {code}: there is no table {on}")
    time = entry.get("time", tables[on].time if on in tables else "")
    zh, en = entry["about"]
    rule = entry.get("rule", ("", ""))
    return Metric(
        code=code,
        title=MetricTitle(zh=entry["zh"], en=entry["en"]),
        about={"zh": zh, "en": en},
        words=tuple(entry.get("words", ())),
        on=on,
        expression=entry["expression"],
        filter=entry.get("filter", ""),
        time=time,
        dimensions=tuple(_timed(dimensions[name], time) for name in sets[entry["dimensions"]]),
        unit=entry["unit"],
        better=entry["better"],
        rule=MetricRule(source=rule[0], clause=rule[1]),
        owner=entry["owner"],
        purpose=entry["purpose"],
        is_stand=entry.get("stand", False),
        asset=entry.get("asset") or (tables[on].asset if on in tables else ""),
    )


def _timed(dimension: Dimension, time: str) -> Dimension:
    """Write a metric's own column of time into a dimension; none, where it joins others alone."""
    expression = dimension.expression.replace("{time}", time or "0")
    return Dimension(
        name=dimension.name,
        title=dimension.title,
        expression=expression,
        words=dimension.words,
    )
