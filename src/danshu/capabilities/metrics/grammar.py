"""The language of formulas: a small part of SQL (DuckDB), everything else refused with its place.

A row expression has columns, whole numbers, texts, arithmetic, comparison, CASE and a few
functions; an aggregate (`sum`, `count`, `min`, `max`, `avg`, `quantile`) holds one, with FILTER; a
formula joins aggregates, other metrics (`metric.CODE`), `share(a, b)`, `overall(a)` and `days()`.
There is no division with a rest: `//` drops it, so that the figure is the same in every engine.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from msgspec import Struct

from danshu.capabilities.metrics.model import MetricFinding
from danshu.kernel.limits import METRIC_NODES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

DIALECT: Final = "duckdb"
METRIC: Final = "metric"
"""The qualifier of another metric in a formula."""
Kind = Literal["measure", "row"]
Node: TypeAlias = Any
"""A node of sqlglot's tree: imported late, and its classes type few of their members."""
_ROW: Final = frozenset(
    {
        "Column", "Identifier", "Literal", "Boolean", "Null", "Add", "Sub", "Mul", "IntDiv", "Mod",
        "Neg", "Paren", "Case", "If", "EQ", "NEQ", "GT", "GTE", "LT", "LTE", "And", "Or", "Not",
        "In", "Is", "Between", "Coalesce", "Nullif", "Abs", "Greatest", "Least", "Left", "DPipe",
        "Day", "Week", "Month", "Hour", "Anonymous",
    }
)  # fmt: skip
_AGGREGATE: Final = ("Count", "Sum", "Min", "Max", "Avg", "Quantile")
_SPELLED: Final = {
    "TimestampTrunc": "date_trunc", "Div": "/", "Cast": "::", "Subquery": "select",
    "Select": "select", "Window": "over", "Placeholder": "?",
}  # fmt: skip
ROW_FUNCTIONS: Final = {"weekday": 1, "lookup": 2}
MEASURE_FUNCTIONS: Final = {"share": 2, "overall": 1, "days": 0}


class Parsed(Struct, frozen=True, kw_only=True):
    """A formula as a tree, with what it reads; `findings` where it is none."""

    tree: Any
    columns: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    findings: tuple[MetricFinding, ...] = ()


@lru_cache(maxsize=2048)
def parse(text: str, kind: Kind) -> Parsed:
    """Parse a formula (`measure`) or a row expression (`row`: a filter, a dimension).

    The tree is shared between callers: who changes it copies it first.
    """
    import sqlglot
    from sqlglot.errors import SqlglotError

    try:
        trees = [t for t in sqlglot.parse(text, dialect=DIALECT) if t is not None]
    except SqlglotError as e:
        return Parsed(tree=None, findings=(_unparsed(text, e),))
    if len(trees) != 1:
        return Parsed(tree=None, findings=(MetricFinding(code="unparsable", value=text[:60]),))
    tree = trees[0]
    found = tuple(_Reader(kind).read(tree))
    return Parsed(
        tree=tree,
        columns=tuple(sorted({c.name for c in _columns(tree) if c.table != METRIC})),
        metrics=tuple(sorted({c.name for c in _columns(tree) if c.table == METRIC})),
        findings=found,
    )


def is_aggregate(node: Node) -> bool:
    """Tell whether a node adds up rows: an aggregate function, with or without FILTER."""
    inner = node.this if type(node).__name__ == "Filter" else node
    return type(inner).__name__ in _AGGREGATE


def place(node: Node) -> tuple[int, int]:
    """Give the first and the last character of a node, (-1, -1) where the parser kept none."""
    spans = [n.meta for n in node.walk() if "start" in n.meta]
    if not spans:
        return -1, -1
    return min(s["start"] for s in spans), max(s["end"] for s in spans) + 1


def _columns(tree: Node) -> Iterator[Node]:
    from sqlglot import exp

    yield from tree.find_all(exp.Column)


def _unparsed(text: str, error: Any) -> MetricFinding:
    """Say where the parser stopped."""
    told = (getattr(error, "errors", None) or [{}])[0]
    line, column = told.get("line") or 1, told.get("col") or 0
    start = sum(len(each) + 1 for each in text.split("\n")[: line - 1]) + max(column - 1, 0)
    start = min(start, max(len(text) - 1, 0))
    detail = str(told.get("description") or error)[:200]
    return MetricFinding(code="unparsable", start=start, end=len(text), detail=detail)


class _Reader:
    """Walks a tree and finds what may not stand there."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind

    def read(self, tree: Node) -> Iterator[MetricFinding]:
        if sum(1 for _ in tree.walk()) > METRIC_NODES:
            yield MetricFinding(code="too_long", value=str(METRIC_NODES))
            return
        walk = self._measure if self._kind == "measure" else self._row
        yield from walk(tree)
        if self._kind == "measure" and not self._counts(tree):
            yield MetricFinding(code="not_aggregated")

    def _counts(self, tree: Node) -> bool:
        return any(is_aggregate(n) for n in tree.walk()) or any(
            c.table == METRIC for c in _columns(tree)
        )

    def _measure(self, node: Node) -> Iterator[MetricFinding]:
        """Look at what stands outside aggregates."""
        name = type(node).__name__
        if name == "Column":
            if node.table != METRIC:
                yield _find("column_outside", node, node.name)
            return
        if is_aggregate(node):
            yield from self._aggregate(node)
            return
        if name == "Anonymous":
            yield from self._function(node, MEASURE_FUNCTIONS)
        elif name in ("Day", "Week", "Month", "Hour", "Left", "DPipe", "Filter", "Where", "Star"):
            yield _find("forbidden", node, _spell(node))
            return
        else:
            yield from self._known(node)
        yield from self._under(node, self._measure)

    def _aggregate(self, node: Node) -> Iterator[MetricFinding]:
        if type(node).__name__ == "Filter":
            yield from self._row(node.expression.this)
            node = node.this
        if type(node).__name__ == "Quantile":
            yield from self._quantile(node)
            yield from self._row(node.this)
            return
        for under in node.iter_expressions():
            name = type(under).__name__
            if name == "Star" and type(node).__name__ == "Count":
                continue
            inner = under.expressions if name == "Distinct" else [under]
            if len(inner) != 1:
                yield _find("arguments", node, _spell(node))
            for each in inner:
                yield from self._row(each)

    def _quantile(self, node: Node) -> Iterator[MetricFinding]:
        """The second argument of `quantile` is in thousandths, 1 to 999."""
        at = node.args.get("quantile")
        whole = at is not None and type(at).__name__ == "Literal" and at.name.isdigit()
        if not whole or not 1 <= int(at.name) <= 999:
            yield _find("quantile", node, at.name if at is not None else "")

    def _row(self, node: Node) -> Iterator[MetricFinding]:
        """Look at an expression of one row."""
        name = type(node).__name__
        if is_aggregate(node):
            yield _find("aggregate_inside", node, _spell(node))
            return
        if name == "Column":
            if node.table == METRIC:
                yield _find("metric_inside", node, node.name)
            elif node.table:
                yield _find("forbidden", node, node.sql(DIALECT))
            return
        if name == "Anonymous":
            yield from self._function(node, ROW_FUNCTIONS)
        else:
            yield from self._known(node)
        yield from self._under(node, self._row)

    def _under(
        self, node: Node, walk: Callable[[Node], Iterator[MetricFinding]]
    ) -> Iterator[MetricFinding]:
        if type(node).__name__ in _ROW:
            for under in node.iter_expressions():
                yield from walk(under)

    def _function(self, node: Node, known: dict[str, int]) -> Iterator[MetricFinding]:
        name = node.name.lower()
        if name not in known:
            yield _find("function", node, node.name)
        elif len(node.expressions) != known[name]:
            yield _find("arguments", node, node.name)
        elif name == "lookup" and type(node.expressions[0]).__name__ != "Literal":
            yield _find("lookup", node, "")

    def _known(self, node: Node) -> Iterator[MetricFinding]:
        name = type(node).__name__
        if name == "Literal":
            if not node.is_string and not node.name.isdigit():
                yield _find("decimal", node, node.name)
        elif name == "Div":
            yield _find("division", node, "/")
        elif name not in _ROW:
            yield _find("forbidden", node, _spell(node))
        elif name == "In" and node.args.get("query") is not None:
            yield _find("forbidden", node, "select")


def _spell(node: Node) -> str:
    name = type(node).__name__
    return _SPELLED.get(name) or (node.name if name == "Anonymous" else name.lower())


def _find(code: str, node: Node, value: str) -> MetricFinding:
    start, end = place(node)
    return MetricFinding(code=code, start=start, end=end, value=value)


def check_columns(parsed: Parsed, known: Collection[str], field: str) -> tuple[MetricFinding, ...]:
    """Find the columns of a formula that its table does not have."""
    if parsed.tree is None:
        return ()
    return tuple(
        MetricFinding(
            code="column_unknown",
            field=field,
            start=place(c)[0],
            end=place(c)[1],
            value=c.name,
        )
        for c in _columns(parsed.tree)
        if c.table != METRIC and c.name not in known
    )
