"""The SQL of the product, read from its sources: string constants and f-strings that begin as a
statement does, with what can be known of their parts put in.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.scope import Scope, traverse_scope

from danshu import __file__ as ROOT

APART = {"static", "migrations", "bench", "testing", "stories"}
_BEGINS = re.compile(r"\s*(select|insert into|update|delete from|with)\s", re.IGNORECASE)
_WHOLE = re.compile(r"\b(from|into|set)\b", re.IGNORECASE)
_PARAMETER = re.compile(r"%(\(\w+\))?[sbt]")
_NAMES = re.compile(r"\b(from|join|using|update)\b", re.IGNORECASE)
_SQL = re.compile(r"\b(select|update|delete from|insert into) ")
_TEXTS = (ast.Constant, ast.JoinedStr, ast.BinOp)
UNKNOWN = "unknown_part"


class Statement:
    """A statement and the module that has it."""

    def __init__(self, module: str, text: str) -> None:
        self.module, self.text = module, text

    @property
    def may_join(self) -> bool:
        """Whether it names more than one table, or may."""
        return len(_NAMES.findall(self.text)) > 1

    def parse(self) -> list[exp.Expression] | None:
        """Read it; None where the parser cannot."""
        plain = _PARAMETER.sub("null", self.text).replace("%%", "%")
        try:
            return [t for t in sqlglot.parse(plain, read="postgres") if t is not None]
        except sqlglot.errors.SqlglotError:
            return None

    def __str__(self) -> str:
        return f"{self.module}: {' '.join(self.text.split())[:160]}"


def read_statements() -> Iterator[Statement]:
    """Read every statement of the product once a module."""
    root = Path(ROOT).parent
    for path in sorted(root.rglob("*.py")):
        if APART & set(path.parts):
            continue
        source = path.read_text("utf-8")
        if "tenant" not in source or not _SQL.search(source):
            continue
        tree = ast.parse(source)
        known: dict[str, str] = {}
        for node in tree.body:
            targets = node.targets if isinstance(node, ast.Assign) else []
            targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
            value = getattr(node, "value", None)
            text = _text(value, known) if targets and value is not None else None
            if text is not None:
                known |= {target.id: text for target in targets if isinstance(target, ast.Name)}
        for text in dict.fromkeys(_whole(tree, known)):
            if _BEGINS.match(text) and _WHOLE.search(text):
                yield Statement(str(path.relative_to(root)), text)


def _whole(tree: ast.AST, known: dict[str, str]) -> Iterator[str]:
    """Give each largest piece of text of a module."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        text = _text(node, known) if isinstance(node, _TEXTS) else None
        if text is not None:
            yield text
        elif not isinstance(node, ast.Name | ast.Attribute):
            waiting += ast.iter_child_nodes(node)


def _text(node: ast.AST, known: dict[str, str]) -> str | None:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.Name):
        return known.get(node.id)
    if isinstance(node, ast.JoinedStr):
        parts = [
            part.value if isinstance(part, ast.Constant) else _text(part.value, known)
            for part in node.values
            if isinstance(part, ast.Constant | ast.FormattedValue)
        ]
        return "".join(UNKNOWN if part is None else str(part) for part in parts)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _text(node.left, known), _text(node.right, known)
        return left + right if left is not None and right is not None else None
    return None


def joins_without_tenant(trees: list[exp.Expression], tables: set[str]) -> Iterator[str]:
    """Name each table of a merchant that a query joins by anything but its tenant.

    A query is one SELECT with its FROM, an UPDATE with its FROM or a DELETE with its USING. Within
    one that has several such tables, or that looks at a row of the query around it, each has to be
    held to a tenant: `a.tenant = …` in WHERE or ON, or `using (tenant, …)`.
    """
    for tree in trees:
        for each in tree.find_all(exp.Update, exp.Delete):
            yield from _loose(_sources(each, tables), each)
        for scope in traverse_scope(tree):
            if isinstance(scope.expression, exp.Select):
                yield from _select(scope, tables)


def _select(scope: Scope, tables: set[str]) -> Iterator[str]:
    here = {
        alias: source.name
        for alias, source in scope.sources.items()
        if isinstance(source, exp.Table) and source.name in tables
    }
    outer = {c.table for c in scope.columns if c.table} - set(scope.sources)
    if len(here) > 1 or (here and outer):
        yield from _loose(here, scope.expression)


def _sources(tree: exp.Expression, tables: set[str]) -> dict[str, str]:
    """Give the tables of an UPDATE or DELETE by their aliases, where there are several."""
    around = [
        tree.this,
        tree.args.get("from"),
        tree.args.get("from_"),
        *(tree.args.get("using") or []),
    ]
    found = [
        table
        for part in around
        if isinstance(part, exp.Expression)
        for table in ([part] if isinstance(part, exp.Table) else part.find_all(exp.Table))
        if table.name in tables and table.find_ancestor(exp.Subquery, exp.Exists, exp.CTE) is None
    ]
    return {t.alias_or_name: t.name for t in found} if len(found) > 1 else {}


def _loose(here: dict[str, str], query: exp.Expression) -> Iterator[str]:
    by_using = {
        identifier.name
        for join in query.args.get("joins") or []
        for identifier in join.args.get("using") or []
    }
    if "tenant" in by_using:
        return
    held = {
        side.table or (next(iter(here)) if len(here) == 1 else "")
        for comparison in query.find_all(exp.EQ, exp.In)
        for side in (comparison.args.get("this"), comparison.args.get("expression"))
        for side in _columns(side)
        if side.name == "tenant"
    }
    for alias, table in here.items():
        if alias not in held:
            yield f"{table} as {alias}" if alias != table else table


def _columns(side: object) -> list[exp.Column]:
    if isinstance(side, exp.Column):
        return [side]
    if isinstance(side, exp.Tuple | exp.Paren):  # (tenant, id) = (…, …)
        return list(side.find_all(exp.Column))
    return []
