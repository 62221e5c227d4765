"""A formula read aloud: its tree by what each node says, for pages to put into words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.capabilities.metrics import grammar
from danshu.capabilities.metrics.grammar import METRIC, Node
from danshu.capabilities.metrics.model import MetricTitle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from danshu.capabilities.metrics.grammar import Kind

_PLAIN: Final = {
    "Sum": "sum", "Min": "min", "Max": "max", "Avg": "avg", "Add": "add", "Sub": "sub",
    "Mul": "mul", "IntDiv": "div", "Mod": "mod", "Neg": "neg", "EQ": "eq", "NEQ": "neq",
    "GT": "gt", "GTE": "gte", "LT": "lt", "LTE": "lte", "And": "and", "Or": "or", "Not": "not",
    "In": "in", "Is": "is", "Between": "between", "Coalesce": "coalesce", "Nullif": "nullif",
    "Abs": "abs", "Greatest": "greatest", "Least": "least", "Left": "left", "DPipe": "join",
    "Day": "day", "Week": "week", "Month": "month", "Hour": "hour", "Null": "null",
}  # fmt: skip


class FormulaSaid(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A node: `say` names what it is (docs/reference/metrics.md), `value` a literal, a column or a
    metric, `title` what that is called, `parts` what it is made of, in order.
    """

    say: str
    value: str = ""
    title: MetricTitle = MetricTitle()
    parts: tuple[FormulaSaid, ...] = ()


def read_aloud(
    text: str,
    kind: Kind,
    title_of: Callable[[str], MetricTitle],
    title_of_metric: Callable[[str], MetricTitle],
) -> FormulaSaid | None:
    """Read a formula; None for what is none. The titles are those of columns and of metrics."""
    parsed = grammar.parse(text, kind)
    if parsed.tree is None or parsed.findings:
        return None
    return _read(parsed.tree, title_of, title_of_metric)


def _read(
    node: Node,
    title_of: Callable[[str], MetricTitle],
    title_of_metric: Callable[[str], MetricTitle],
) -> FormulaSaid:
    name = type(node).__name__
    if name == "Paren":
        return _read(node.this, title_of, title_of_metric)
    if name == "Column":
        if node.table == METRIC:
            return FormulaSaid(say="metric", value=node.name, title=title_of_metric(node.name))
        return FormulaSaid(say="column", value=node.name, title=title_of(node.name))
    if name == "Literal":
        return FormulaSaid(say="text" if node.is_string else "number", value=node.name)
    if name == "Boolean":
        return FormulaSaid(say="true" if node.this else "false")
    parts = tuple(_read(each, title_of, title_of_metric) for each in _parts(node))
    return FormulaSaid(say=_say(node), value=_value(node), parts=parts)


def _say(node: Node) -> str:
    name = type(node).__name__
    if name == "Filter":
        return "where"
    if name in ("Case", "If"):
        return "case"
    if name == "Quantile":
        return "quantile"
    if name == "Anonymous":
        return str(node.name.lower())
    if name == "Count":
        inner = node.this
        if inner is None or type(inner).__name__ == "Star":
            return "count"
        return "count_distinct" if type(inner).__name__ == "Distinct" else "count_of"
    return _PLAIN.get(name, name.lower())


def _value(node: Node) -> str:
    if type(node).__name__ == "Quantile":
        return str(node.args["quantile"].name)
    return ""


def _parts(node: Node) -> Iterator[Node]:
    """Give the nodes that a node is told with, in the order in which they are told."""
    name = type(node).__name__
    if name == "Filter":
        yield node.this
        yield node.expression.this
    elif name == "Count" and (node.this is None or type(node.this).__name__ == "Star"):
        return
    elif name == "Quantile":
        yield node.this
    elif name == "Case":
        for branch in node.args.get("ifs", ()):
            condition = branch.this
            if node.this is not None:
                from sqlglot import exp

                condition = exp.EQ(this=node.this, expression=branch.this)
            yield condition
            yield branch.args["true"]
        if node.args.get("default") is not None:
            yield node.args["default"]
    else:
        for each in node.iter_expressions():
            if type(each).__name__ == "Distinct":
                yield from each.expressions
            else:
                yield each
