"""Column lineage 字段血缘: of which source columns each column of a query is made.

sqlglot qualifies the query and follows every output column down to the tables that it reads. What
only decides which rows are there (joins, WHERE, GROUP BY of another column) moves no value and is
no lineage; a column within FILTER or CASE is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.kernel.limits import LINEAGE_COLUMNS, LINEAGE_STEPS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlglot.lineage import Node

DIALECT: Final = "duckdb"


class SourceColumn(Struct, frozen=True, kw_only=True):
    """A column of a table that a query reads, and the expressions on the way up from it, the
    nearest first; `is_aggregated`: some of them adds up many rows.
    """

    table: str
    column: str
    steps: tuple[str, ...]
    is_aggregated: bool


def column_lineage(
    sql: str, schemas: Mapping[str, Mapping[str, str]]
) -> Mapping[str, tuple[SourceColumn, ...]]:
    """Give the source columns of each output column of a DuckDB query.

    `schemas` gives the columns of each table with their types (any word). A column made of nothing
    (a constant, a count of rows) has none. Raises sqlglot's SqlglotError for what is no query.
    """
    import sqlglot
    from sqlglot.lineage import lineage
    from sqlglot.optimizer.qualify import qualify
    from sqlglot.optimizer.scope import build_scope

    known = {table: dict(columns) for table, columns in schemas.items()}
    tree: Any = qualify(
        sqlglot.parse_one(sql, dialect=DIALECT),
        dialect=DIALECT,
        schema=known,
        identify=False,
        validate_qualify_columns=False,
    )
    scope = build_scope(tree)
    found: dict[str, tuple[SourceColumn, ...]] = {}
    for name in tree.named_selects[:LINEAGE_COLUMNS]:
        root = lineage(name, tree, scope=scope, dialect=DIALECT)
        columns = {(c.table, c.column): c for c in _leaves(root, (), False)}
        found[name] = tuple([columns[key] for key in sorted(columns)])
    return found


def _leaves(node: Node, above: tuple[str, ...], is_aggregated: bool) -> Iterator[SourceColumn]:
    """Walk down to the tables, with the expressions passed on the way."""
    from sqlglot import exp

    if isinstance(node.expression, exp.Table):
        steps = tuple(reversed(above))[:LINEAGE_STEPS]
        column = node.name.rpartition(".")[2]
        yield SourceColumn(
            table=node.expression.name, column=column, steps=steps, is_aggregated=is_aggregated
        )
        return
    step = node.expression
    inner = step.this if isinstance(step, exp.Alias) else step
    if isinstance(inner, exp.Expression) and not isinstance(inner, exp.Query | exp.Column):
        above = (*above, inner.sql(DIALECT))
        is_aggregated = is_aggregated or inner.find(exp.AggFunc) is not None
    for under in node.downstream:
        yield from _leaves(under, above, is_aggregated)
