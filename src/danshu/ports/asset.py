"""Port `asset`: one leaf of what the merchant knows, made from the log and from nothing else.

An asset says which sources it reads (tables that the hub folds from facts, docs/reference/
assets.md), how one row of detail follows from them, by which columns the rows are counted together
(the grain) and what is counted. The engine turns that into one query in each dialect, refreshes it,
keeps its runs, and can name the facts behind every cell, because detail keeps its provenance: the
columns `half`, `fact` (position in that book), `stream` and `seq` of a source go on into `rows`.

Expressions are ibis (12), given as arguments: an adapter imports no engine. Times are epoch ms,
money minor units, shares thousandths: sums of integers are the same in every order, so that an
asset built again has the same bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Mapping

Table: TypeAlias = Any  # ibis.expr.types.Table
Value: TypeAlias = Any  # ibis.expr.types.Value

Role = Literal["grain", "measure", "key", "attribute"]
Unit = Literal["", "fen", "thousandths", "minutes", "ms", "units", "orders", "days", "customers"]
Drawn = Literal["heatmap", "bars", "lines", "funnel", "matrix", "table"]


class Title(Struct, frozen=True, kw_only=True):
    """What a thing is called in Chinese and English."""

    zh: str
    en: str


class Column(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A column of the asset: what it is called and means, of what kind it is.

    `level` is the least level of sensitivity that its maker knows of (1 to 5, JR/T 0197), which
    classification may raise. `tolerant`: a changed last digit harms no use of it, so that a
    recipient's code may be carried there; never money, never a count.
    """

    name: str
    title: Title
    role: Role
    unit: Unit = ""
    level: int = 1
    tolerant: bool = False
    words: tuple[str, ...] = ()
    """Other words that business people use for it, for the search."""


class Check(Struct, frozen=True, kw_only=True):
    """What must be true of the built table: `code` is one of docs/reference/assets.md (`unique`,
    `complete`, `between`, `fresh`, `adds_up`…), of `column`, with its bounds.
    """

    code: str
    column: str = ""
    low: int = 0
    high: int = 0


class Chart(Struct, frozen=True, kw_only=True):
    """How it is drawn at first: `x` and `y` are grains, `value` a measure, `split` a grain too."""

    drawn: Drawn
    x: str
    value: str
    y: str = ""
    split: str = ""


class Asset(Protocol):
    """One asset. Its file is all that it takes: name it in an entry point or as a loose file."""

    name: str
    title: Title
    about: Title
    """In one sentence: what it answers, for whom."""
    version: int
    """Counts its meaning: with another version, it is built anew and the catalogue says so."""
    owner: str
    """The role that answers for it: `steward`, `service`, `finance`, `policy`, `legal`…"""
    purpose: str
    """What it may be used for: a code of docs/reference/assets.md (`operations`, `service`,
    `supply`, `finance`, `marketing`, `legal`), which grants are compared with."""
    refresh_s: int
    """How old it may be while the log grows."""
    sources: tuple[str, ...]
    columns: tuple[Column, ...]
    checks: tuple[Check, ...]
    chart: Chart
    words: tuple[str, ...]
    """What business people call it besides, for the search."""

    def rows(self, sources: Mapping[str, Table]) -> Table:
        """Give the rows of detail: the grain columns, what is counted, `stream` and `fact`."""
        ...

    def measures(self, rows: Table) -> Mapping[str, Value]:
        """Give the aggregates over rows of one grain, by the names of the measure columns."""
        ...

    def finish(self, cells: Table) -> Table:
        """Add what follows from the measures of one cell (shares, means), or give it back."""
        ...
