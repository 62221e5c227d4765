"""Rows of detail: what they end with, and how tables of sources are laid side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.ports.asset import Table, Value

PROVENANCE: Final = ("half", "stream", "seq", "fact", "occurred", "recorded", "who")
"""Which fact a row of detail counts, and so which raw message: every asset's rows begin so."""

NONE: Final = "-"
"""What stands in a grain where there is nothing to name: no warehouse yet, no line of the order."""


def facts(table: Table) -> list[Value]:
    """Give the provenance columns of a table."""
    return [table[name] for name in PROVENANCE]


def beside(left: Table, right: Table, keys: Sequence[str] = ("stream",)) -> Table:
    """Lay a table that has each key once beside another; what it lacks is NULL."""
    both = left.left_join(right, list(keys))
    return both.drop(*(f"{key}_right" for key in keys))


def earliest(table: Table, of: str = "stream") -> Table:
    """Give the first row of each, by when it was recorded and its own place."""
    from ibis import row_number  # an expression is being made, so ibis is loaded

    ranked = table.group_by(of).order_by(["recorded", "stream", "seq"]).mutate(rank=row_number())
    return ranked.filter(ranked.rank == 0).drop("rank")


def constant(value: int | str) -> Value:
    """Give a value as a column of text or of 64 bits."""
    from ibis import literal  # an expression is being made, so ibis is loaded

    return literal(value, "string" if isinstance(value, str) else "int64")


def within(cells: Table, names: Sequence[str], **figures: Value) -> Table:
    """Add figures over all cells that agree in those of the named columns that are there."""
    there = [name for name in names if name in cells.columns]
    return cells.group_by(there or constant(0).name("all")).mutate(**figures)


def running(cells: Table, names: Sequence[str], by: str, **sums: str) -> Table:
    """Add sums of columns from the first to each cell in the order of one of its columns."""
    from ibis import cumulative_window

    window = cumulative_window(group_by=list(names) or None, order_by=by)
    return cells.mutate(**{name: cells[of].sum().over(window) for name, of in sums.items()})


def warehouses(allocations: Table) -> Table:
    """Give the warehouse of each order, once: the last allocation's, the first of several by code.

    Columns `stream` and `warehouse`.
    """
    taken = allocations.filter(allocations.act == "allocated")
    last = taken.group_by("stream").agg(seq=taken.seq.max())
    held = taken.semi_join(last, ["stream", "seq"]).group_by("stream")
    return held.agg(warehouse=lambda t: t.warehouse.min())
