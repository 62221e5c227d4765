"""What became different from one formula to another: by its structure, not by its letters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

from danshu.capabilities.metrics import grammar
from danshu.capabilities.metrics.grammar import DIALECT, Node

if TYPE_CHECKING:
    from danshu.capabilities.metrics.model import Metric

Change = Literal["inserted", "removed", "updated"]
_JOINING: Final = ("And", "Or", "Paren")
_FIELDS: Final = (
    "on", "time", "is_stand", "unit", "better", "rule", "title", "about", "words", "owner",
    "purpose", "asset",
)  # fmt: skip


class FormulaEdit(Struct, frozen=True, kw_only=True):
    """An edit: in `expression`, `filter`, a dimension, or of another member, by its SQL or text."""

    field: str
    change: Change
    was: str = ""
    now: str = ""


def compare(was: Metric, now: Metric) -> tuple[FormulaEdit, ...]:
    """List what became different, formulas first."""
    found = [
        *_formula("expression", was.expression, now.expression, "measure"),
        *_formula("filter", was.filter, now.filter, "row"),
    ]
    before = {d.name: d.formula for d in was.dimensions}
    after = {d.name: d.formula for d in now.dimensions}
    for name in sorted(before.keys() | after.keys()):
        field = f"dimensions/{name}"
        found += _text(field, before.get(name, ""), after.get(name, ""))
    for field in _FIELDS:
        found += _text(field, _spell(getattr(was, field)), _spell(getattr(now, field)))
    return tuple(found)


def _spell(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return "、".join(str(v) for v in value)
    if isinstance(value, dict):
        return " / ".join(str(value[key]) for key in sorted(value, reverse=True))
    fields = getattr(value, "__struct_fields__", ())
    return " ".join(str(getattr(value, f)) for f in fields if getattr(value, f))


def _text(field: str, was: str, now: str) -> list[FormulaEdit]:
    if was == now:
        return []
    change: Change = "updated" if was and now else ("inserted" if now else "removed")
    return [FormulaEdit(field=field, change=change, was=was, now=now)]


def _formula(field: str, was: str, now: str, kind: grammar.Kind) -> list[FormulaEdit]:
    """Compare two trees; where one is none, their texts."""
    if was == now:
        return []
    one, other = (
        grammar.parse(was, kind) if was else None,
        grammar.parse(now, kind) if now else None,
    )
    if one is None or other is None or one.tree is None or other.tree is None:
        return _text(field, was, now)
    from sqlglot.diff import Insert, Remove, Update, diff

    # Nodes of the parser's cache are shared: they are compared, never changed, as copies.
    edits = diff(one.tree.copy(), other.tree.copy(), delta_only=True)
    put = {id(e.expression) for e in edits if isinstance(e, Insert)}
    taken = {id(e.expression) for e in edits if isinstance(e, Remove)}
    found: list[FormulaEdit] = []
    for edit in edits:
        if isinstance(edit, Insert) and _is_outermost(edit.expression, put):
            text = edit.expression.sql(DIALECT)
            found.append(FormulaEdit(field=field, change="inserted", now=text))
        elif isinstance(edit, Remove) and _is_outermost(edit.expression, taken):
            text = edit.expression.sql(DIALECT)
            found.append(FormulaEdit(field=field, change="removed", was=text))
        elif isinstance(edit, Update):
            texts = edit.source.sql(DIALECT), edit.target.sql(DIALECT)
            found.append(FormulaEdit(field=field, change="updated", was=texts[0], now=texts[1]))
    return found


def _is_outermost(node: Node, changed: set[int]) -> bool:
    """Whether a node is told: what lies in one that is told is not, nor a word that only joins."""
    if type(node).__name__ in (*_JOINING, "Identifier", "Where"):
        return False
    above = node.parent
    while above is not None:
        if id(above) in changed and type(above).__name__ not in _JOINING:
            return False
        above = above.parent
    return True
