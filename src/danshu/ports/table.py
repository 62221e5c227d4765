"""Port `channel`, for files: orders that come as rows, and what their columns mean.

A mapping is a YAML file that a business person writes; docs/how-to/import-a-table.md explains
every word of it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Literal, Protocol

from msgspec import Struct
from msgspec import field as spell

from danshu.ports.channel import Channel, Draft

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path


class Column(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one field is read from a column.

    `date` is a strptime format, `iso` (default), `epoch_s` or `epoch_ms`; `values` translates
    words, and a word that is not in it makes the row unusable; `money` tells whether amounts are
    in yuan or in 分.
    """

    column: str
    date: str = "iso"
    values: dict[str, str] = {}
    case: Literal["keep", "upper", "lower"] = "keep"
    money: Literal["major", "minor"] = "major"
    default: str = ""
    optional: bool = False  # the whole column may be absent


class Condition(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A test on one field (our word) or one column (the table's); all its parts must hold."""

    field: str = ""
    column: str = ""
    equals: str | None = None
    any_of: tuple[str, ...] | None = spell(default=None, name="in")
    starts_with: str | None = None
    matches: str | None = None  # regular expression, the whole value
    not_matches: str | None = None
    at_most: Decimal | None = None
    at_least: Decimal | None = None
    empty: bool | None = None


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What becomes of rows of a kind: the first rule that fits decides.

    `postage`: price times quantity is the order's postage. `ignore` and `reject`: the row is left
    out and listed with `code` and `why`; with `whole_order` its whole order.
    """

    code: str
    when: Condition
    treat: Literal["postage", "ignore", "reject"] = spell(name="as")
    why: str = ""
    whole_order: bool = False


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the file is written."""

    encoding: str = "utf-8"
    delimiter: str = ","
    sheet: str = ""  # the first one
    header_row: int = 1
    header: str = ""  # a name that only the row of names holds; then header_row is not asked
    comments: tuple[str, ...] = ()  # rows that begin so are remarks, not rows
    footer: str = ""  # from the row that begins with this cell on there are only remarks
    strip: str = ""  # characters taken off both ends of every cell, beside blanks


class TableMapping(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the columns of a table mean."""

    version: Literal[1]
    name: str
    format: Literal["auto", "csv", "xlsx", "parquet", "ndjson"] = "auto"
    options: Options = Options()
    currency: str
    timezone: str = "Asia/Shanghai"
    shop: str = ""
    group_by: str  # rows with the same value here are one order; also its number
    columns: dict[str, str | Column]
    constants: dict[str, str] = {}
    rules: tuple[Rule, ...] = ()
    returns: Condition | None = None  # rows of goods coming back; quantities may be negative
    cancels: Condition | None = None
    paid: Literal["full", "none"] = "full"
    unreadable: Literal["row", "order"] = "order"  # what a row that cannot be read takes with it
    long_orders: Literal["reject", "split"] = "reject"
    create_skus: bool = False  # the importer adds SKUs that it does not know


class TableDraft(Struct, frozen=True, kw_only=True):
    """An order made of rows. `order` counts the groups of the file from 0, for resuming."""

    order: int
    rows: tuple[int, ...]
    draft: Draft


class TableReject(Struct, frozen=True, kw_only=True):
    """Rows that became no order, and why. `code` is stable, `reason` is for people."""

    order: int
    number: str
    rows: tuple[int, ...]
    code: str
    reason: str


class TableChannel(Channel, Protocol):
    """A channel that also reads files."""

    def read_mapping(self, path: Path) -> TableMapping:
        """Read and check a mapping file. Raises InputError naming the place."""
        ...

    def read_rows(
        self, path: Path, mapping: TableMapping
    ) -> Iterable[tuple[int, Mapping[str, object]]]:
        """Give the rows with their numbers, as often as it is iterated, in bounded memory.

        CSV and XLSX count as spreadsheets do (the header is row 1), Parquet and NDJSON from 1.
        Raises InputError for a file that cannot be read.
        """
        ...

    def assemble(
        self,
        rows: Iterable[tuple[int, Mapping[str, object]]],
        mapping: TableMapping,
        from_order: int = 0,
    ) -> Iterator[TableDraft | TableReject]:
        """Make orders of rows: every row is in exactly one result, in an order that repeats.

        Orders come when their last row has been seen; those before `from_order` are passed over.
        """
        ...
