"""From a metric and a question to one SQL query.

Every aggregate of a formula is counted on its own table by the question's dimensions, and once over
everything (grouping sets); what several tables give is laid side by side by the same keys; the
formula is then worked out on each row. Nothing of a question gets into SQL but as a literal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.capabilities.metrics import grammar
from danshu.capabilities.metrics.grammar import DIALECT, Node
from danshu.kernel.errors import InputError
from danshu.kernel.limits import METRIC_BY, METRIC_DEPTH, METRIC_PARTS, METRIC_VALUES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from danshu.capabilities.metrics.model import Metric

ZONE_MS: Final = 28_800_000
"""Asia/Shanghai is UTC+8 without summer time since 1992, so days need no time-zone database."""
DAY_MS: Final = 86_400_000
_FORMATS: Final = {
    "Day": "%Y-%m-%d", "Week": "%G-W%V", "Month": "%Y-%m", "Hour": "%H", "weekday": "%u",
}  # fmt: skip
TOTAL: Final = "is_total"
VALUE: Final = "value"


class Question(Struct, frozen=True, kw_only=True):
    """What is asked of a metric: split by which dimensions, of which rows, in which window (epoch
    ms, 0 = unbounded; `until_ms` itself is not in it), at most how many groups.
    """

    by: tuple[str, ...] = ()
    where: dict[str, tuple[str, ...]] = {}
    since_ms: int = 0
    until_ms: int = 0
    limit: int = 100
    by_key: bool = False
    """In the order of the keys; else the largest first."""


class Compiled(Struct, frozen=True, kw_only=True):
    """A query and the tables that it reads. Its columns: `d0`…, `is_total`, `value`."""

    sql: str
    tables: tuple[str, ...]


class _Plan:
    """Aggregates of a formula and of the metrics that it names, each with its base."""

    def __init__(self, find: Callable[[str], Metric | None], lookups: Lookups, days: int) -> None:
        self.find = find
        self.days = days
        self.lookups = lookups
        self.bases: list[Metric] = []
        self.measures: list[tuple[int, str, bool]] = []
        self.codes: list[str] = []

    def inline(self, metric: Metric, depth: int = 0) -> Node:
        """Give a metric's formula over numbered measures."""
        from sqlglot import exp

        parsed = grammar.parse(metric.expression, "measure")
        if parsed.findings or parsed.tree is None:
            raise InputError("bad_formula", f"{metric.code}: {parsed.findings[0].code}")
        if depth > METRIC_DEPTH or len(self.codes) > METRIC_PARTS:
            raise InputError("too_deep", "a formula refers to too many metrics")
        self.codes.append(metric.code)
        base = len(self.bases)
        self.bases.append(metric)

        def replace(node: Node) -> Node:
            if grammar.is_aggregate(node):
                return self._measure(base, node)
            if isinstance(node, exp.Column) and node.table == grammar.METRIC:
                other = self.find(node.name)
                if other is None:
                    raise InputError("no_metric", f"there is no metric {node.name}")
                return exp.Paren(this=self.inline(other, depth + 1))
            return node

        return _finish(parsed.tree.copy().transform(replace), self.days)

    def _measure(self, base: int, node: Node) -> Node:
        from sqlglot import exp

        inner = node.this if isinstance(node, exp.Filter) else node
        is_sum = isinstance(inner, exp.Count | exp.Sum)
        sql = _row_sql(node, self.lookups)
        entry = (base, sql, is_sum)
        if entry not in self.measures:
            self.measures.append(entry)
        return exp.column(f"m{self.measures.index(entry)}")


Lookups = dict[str, dict[str, str]]


def _finish(tree: Node, days: int) -> Node:
    """Spell `share`, `overall` and `days` over measures."""
    from sqlglot import exp

    def replace(node: Node) -> Node:
        if not isinstance(node, exp.Anonymous):
            return node
        name = node.name.lower()
        if name == "share":
            part, of = (exp.Paren(this=e) for e in node.expressions)
            whole = exp.Nullif(this=of, expression=exp.Literal.number(0))
            thousand = exp.Mul(this=exp.Literal.number(1000), expression=part)
            return exp.Paren(this=exp.IntDiv(this=thousand, expression=whole))
        if name == "days":
            return exp.Literal.number(days) if days else exp.Null()
        inner = node.expressions[0].copy()
        for column in list(inner.find_all(exp.Column)):
            column.set("this", exp.to_identifier("t" + column.name[1:]))
        return exp.Paren(this=inner)

    # Bottom up, so that what lies within a share is spelled before it.
    for node in reversed(list(tree.find_all(exp.Anonymous))):
        done = replace(node)
        if node is tree:
            return done
        node.replace(done)
    return tree


def _row_sql(node: Node, lookups: Lookups) -> str:
    """Spell an aggregate or a row expression in DuckDB."""
    from sqlglot import exp

    def replace(each: Node) -> Node:
        name = type(each).__name__
        if isinstance(each, exp.Anonymous):
            name = each.name.lower()
        if name in _FORMATS:
            argument = each.expressions[0] if name == "weekday" else each.this
            return _format_time(argument, _FORMATS[name])
        if name == "lookup":
            return _look_up(each, lookups)
        if isinstance(each, exp.Quantile):
            at = exp.Literal.number(f"0.{int(each.args['quantile'].name):03d}")
            return exp.Anonymous(this="quantile_disc", expressions=[each.this, at])
        if isinstance(each, exp.Avg):
            total = exp.Sum(this=each.this.copy())
            count = exp.Nullif(
                this=exp.Count(this=each.this.copy()), expression=exp.Literal.number(0)
            )
            return exp.Paren(this=exp.IntDiv(this=total, expression=count))
        return each

    if isinstance(node, exp.Filter) and isinstance(node.this, exp.Avg):
        node = _filter_mean(node)
    return str(node.copy().transform(replace).sql(DIALECT))


def _filter_mean(node: Node) -> Node:
    """avg(x) FILTER (WHERE y) = avg(CASE WHEN y THEN x END)."""
    from sqlglot import exp

    case = exp.Case(ifs=[exp.If(this=node.expression.this.copy(), true=node.this.this.copy())])
    return exp.Avg(this=case)


def _format_time(argument: Node, pattern: str) -> Node:
    from sqlglot import exp

    shifted = exp.Mul(
        this=exp.Paren(
            this=exp.Add(this=exp.Paren(this=argument), expression=exp.Literal.number(ZONE_MS))
        ),
        expression=exp.Literal.number(1000),
    )
    instant = exp.Anonymous(this="make_timestamp", expressions=[shifted])
    return exp.Anonymous(this="strftime", expressions=[instant, exp.Literal.string(pattern)])


def _look_up(node: Node, lookups: Lookups) -> Node:
    """A table of the library as CASE; what it does not name is `other`."""
    from sqlglot import exp

    name = node.expressions[0].name
    table = lookups.get(name)
    if table is None:
        raise InputError("no_lookup", f"there is no table {name} to look things up in")
    wanted = node.expressions[1]
    ifs = [
        exp.If(this=exp.Literal.string(key), true=exp.Literal.string(value))
        for key, value in table.items()
        if key != "*"
    ]
    rest = exp.Literal.string(table.get("*", "other"))
    return exp.Case(this=wanted, ifs=ifs, default=rest)


def compile_metric(
    metric: Metric, asked: Question, find: Callable[[str], Metric | None], lookups: Lookups
) -> Compiled:
    """Compile a metric and a question into SQL over the tables that `on` names.

    `find` gives the metric that a code stands for. Raises InputError for a dimension that it does
    not have (`no_dimension`), or a formula that is none.
    """
    if len(asked.by) > METRIC_BY or len(set(asked.by)) != len(asked.by):
        raise InputError("bad_dimensions", f"at most {METRIC_BY} dimensions, each once")
    plan = _Plan(find, lookups, _days(asked))
    outer = plan.inline(metric)
    used = sorted({base for base, _, _ in plan.measures})
    keys = [f"d{i}" for i in range(len(asked.by))]
    ctes = [f"b{base} as ({_base_sql(plan, base, asked)})" for base in used]
    ctes.append(f"u as ({_union_sql(plan, used, keys)})")
    ctes.append(f"g as ({_joined_sql(plan, keys)})")
    totals = ", ".join(
        f"max(m{i}) filter (where {TOTAL} = 1) over () as t{i}" for i in range(len(plan.measures))
    )
    ctes.append(f"v as (select *, {totals} from g)")
    order = ", ".join(
        [f"{TOTAL} desc", *([] if asked.by_key else ["value desc nulls last"]), *keys]
    )
    chosen = ", ".join([*keys, TOTAL, f"cast({outer.sql(DIALECT)} as bigint) as {VALUE}"])
    sql = f"with {', '.join(ctes)} select {chosen} from v order by {order} limit {asked.limit + 1}"
    tables = tuple(dict.fromkeys(plan.bases[base].on for base in used))
    return Compiled(sql=sql, tables=tables)


def _days(asked: Question) -> int:
    """Count the days of the window, a begun one too; 0 where it has no bounds."""
    if not asked.since_ms or not asked.until_ms:
        return 0
    return max(1, -((asked.since_ms - asked.until_ms) // DAY_MS))


def _base_sql(plan: _Plan, base: int, asked: Question) -> str:
    """Count the measures of one base by the dimensions and over everything."""
    metric = plan.bases[base]
    spelled = {d.name: d.formula for d in metric.dimensions}
    keys = [_dimension_sql(spelled, name, metric, plan.lookups) for name in asked.by]
    columns = [f"cast({sql} as varchar) as d{i}" for i, sql in enumerate(keys)]
    measures = [f"{sql} as m{i}" for i, (b, sql, _) in enumerate(plan.measures) if b == base]
    inner = ", ".join([*columns, "*"])
    names = [f"d{i}" for i in range(len(keys))]
    sets = f"grouping sets (({', '.join(names)}), ())" if names else "grouping sets (())"
    total = f"grouping({names[0]})" if names else "1"
    where = _where_sql(metric, spelled, asked, plan.lookups)
    chosen = ", ".join([*names, f"{total} as {TOTAL}", *measures])
    source = quote(metric.on)
    return f"select {chosen} from (select {inner} from {source}{where}) as r group by {sets}"


def quote(name: str) -> str:
    """Give the name of a table as an identifier of SQL."""
    from sqlglot import exp

    return str(exp.to_identifier(name, quoted=True).sql(DIALECT))


def _dimension_sql(spelled: Mapping[str, str], name: str, metric: Metric, lookups: Lookups) -> str:
    if name not in spelled:
        raise InputError("no_dimension", f"{metric.code} has no dimension {name}")
    parsed = grammar.parse(spelled[name], "row")
    if parsed.findings or parsed.tree is None:
        raise InputError("bad_formula", f"{metric.code}: dimension {name}")
    return _row_sql(parsed.tree, lookups)


def _where_sql(
    metric: Metric, spelled: Mapping[str, str], asked: Question, lookups: Lookups
) -> str:
    from sqlglot import exp

    conditions: list[str] = []
    if metric.filter:
        parsed = grammar.parse(metric.filter, "row")
        if parsed.findings or parsed.tree is None:
            raise InputError("bad_formula", f"{metric.code}: filter")
        conditions.append(f"({_row_sql(parsed.tree, lookups)})")
    if metric.time:
        column = quote(metric.time)
        if asked.since_ms and not metric.is_stand:
            conditions.append(f"{column} >= {asked.since_ms:d}")
        if asked.until_ms:
            conditions.append(f"{column} < {asked.until_ms:d}")
    for name, values in asked.where.items():
        if not 0 < len(values) <= METRIC_VALUES:
            raise InputError("bad_filter", f"a filter names 1 to {METRIC_VALUES} values")
        column = _dimension_sql(spelled, name, metric, lookups)
        listed = ", ".join(exp.Literal.string(v).sql(DIALECT) for v in values)
        conditions.append(f"cast({column} as varchar) in ({listed})")
    return f" where {' and '.join(conditions)}" if conditions else ""


def _union_sql(plan: _Plan, used: list[int], keys: list[str]) -> str:
    parts = []
    for base in used:
        measures = [
            f"m{i}" if b == base else f"null as m{i}" for i, (b, _, _) in enumerate(plan.measures)
        ]
        parts.append(f"select {', '.join([*keys, TOTAL, *measures])} from b{base}")
    return " union all ".join(parts)


def _joined_sql(plan: _Plan, keys: list[str]) -> str:
    """One row a key: what a table does not count there is nothing, of counts and sums zero."""
    measures = [
        f"coalesce(max(m{i}), 0) as m{i}" if is_sum else f"max(m{i}) as m{i}"
        for i, (_, _, is_sum) in enumerate(plan.measures)
    ]
    columns = ", ".join([*keys, TOTAL])
    return f"select {columns}, {', '.join(measures)} from u group by {columns}"
