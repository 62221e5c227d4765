"""Files of exports: CSV, XLSX, Parquet, each written row by row and marked with who, when, why.

The mark names the digest of the rows (SHA-256 over their values as JSON, a line a row), so a copy
can be compared with the fact whatever its form. No cell is ever a formula.
"""

from __future__ import annotations

import csv
import datetime
import hashlib
import importlib
from typing import IO, TYPE_CHECKING, Final, Literal, Protocol

import msgspec
from msgspec import Struct

from danshu.kernel.limits import EXPORT_SHEET_ROWS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from danshu.hub.export_columns import Cell, Column

Format = Literal["csv", "xlsx", "parquet"]
MEDIA: Final[dict[str, str]] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}
# What a spreadsheet program would take for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_encode = msgspec.json.Encoder(enc_hook=str).encode


class Mark(Struct, frozen=True, kw_only=True):
    """Whose copy it is: export, who, when (RFC 3339), why, digest of the rows, how many."""

    export: str
    who: str
    when: str
    purpose: str
    content: str
    rows: int

    def words(self, lang: str) -> list[tuple[str, str]]:
        """Give the mark as lines: what, and its value."""
        names = _MARK_EN if lang == "en" else _MARK_ZH
        values = (self.who, self.when, self.purpose, str(self.rows), self.content, self.export)
        return list(zip(names, values, strict=True))


_MARK_ZH: Final = ("导出人", "时间", "用途", "行数", "内容摘要", "导出编号")
_MARK_EN: Final = ("Exported by", "At", "Purpose", "Rows", "Content SHA-256", "Export")


class Sheet(Protocol):
    """A file that is being written."""

    def write(self, rows: Sequence[Sequence[Cell]]) -> None:
        """Add rows."""

    def close(self, mark: Mark) -> None:
        """Mark the file and finish it."""


class Content:
    """The digest of rows, as the mark names it."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.rows = 0

    def add(self, rows: Sequence[Sequence[Cell]]) -> None:
        """Take in rows."""
        for row in rows:
            self._hash.update(_encode(row) + b"\n")
        self.rows += len(rows)

    def hexdigest(self) -> str:
        """Give the digest of all rows so far."""
        return self._hash.hexdigest()


def open_sheet(form: Format, path: Path, columns: Sequence[Column], lang: str) -> Sheet:
    """Begin a file."""
    if form == "csv":
        return _Csv(path, columns, lang)
    return _Xlsx(path, columns, lang) if form == "xlsx" else _Parquet(path, columns, lang)


def _head(column: Column, lang: str) -> str:
    return column.head.en if lang == "en" else column.head.zh


class _Csv:
    """UTF-8 with a byte order mark, which spreadsheet programs need to see Chinese."""

    def __init__(self, path: Path, columns: Sequence[Column], lang: str) -> None:
        self._lang = lang
        self._file: IO[str] = path.open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file)
        self._writer.writerow([_head(c, lang) for c in columns])

    def write(self, rows: Sequence[Sequence[Cell]]) -> None:
        self._writer.writerows([[_plain(cell) for cell in row] for row in rows])

    def close(self, mark: Mark) -> None:
        for name, value in mark.words(self._lang):
            self._writer.writerow([f"# {name}", _plain(value)])
        self._file.close()


def _plain(cell: Cell) -> str | int:
    """Write a cell so that no program runs it: a leading apostrophe makes it text."""
    if cell is None:
        return ""
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(timespec="seconds")
    if isinstance(cell, str) and cell.startswith(_FORMULA):
        return "'" + cell
    return cell


class _Xlsx:
    """A workbook in constant memory; a sheet holds EXPORT_SHEET_ROWS rows, more begin another."""

    def __init__(self, path: Path, columns: Sequence[Column], lang: str) -> None:
        self._columns, self._lang = columns, lang
        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "tmpdir": str(path.parent),
        }
        self._book = importlib.import_module("xlsxwriter").Workbook(str(path), options)
        self._bold = self._book.add_format({"bold": True})
        self._moment = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._begin()

    def _begin(self) -> None:
        self._sheet = self._book.add_worksheet()
        for at, column in enumerate(self._columns):
            self._sheet.write_string(0, at, _head(column, self._lang), self._bold)
        self._sheet.freeze_panes(1, 0)
        self._row = 0

    def write(self, rows: Sequence[Sequence[Cell]]) -> None:
        for row in rows:
            if self._row == EXPORT_SHEET_ROWS:
                self._begin()
            self._row += 1
            for at, cell in enumerate(row):
                self._cell(at, cell)

    def _cell(self, at: int, cell: Cell) -> None:
        if cell is None or cell == "":
            return
        if isinstance(cell, datetime.datetime):
            self._sheet.write_datetime(self._row, at, cell.replace(tzinfo=None), self._moment)
        elif isinstance(cell, int):
            self._sheet.write_number(self._row, at, cell)
        elif self._columns[at].kind == "money":
            self._sheet.write_number(self._row, at, float(cell))
        else:
            self._sheet.write_string(self._row, at, cell[:32_767])

    def close(self, mark: Mark) -> None:
        sheet = self._book.add_worksheet("Watermark" if self._lang == "en" else "水印")
        lines = mark.words(self._lang)
        for at, (name, value) in enumerate(lines):
            sheet.write_string(at, 0, name, self._bold)
            sheet.write_string(at, 1, value)
        told = "; ".join(f"{name} {value}" for name, value in lines)
        self._book.set_properties({"comments": told, "author": mark.who})
        self._book.close()


class _Parquet:
    """Amounts are decimal text: rows may be of several currencies. The mark is metadata."""

    def __init__(self, path: Path, columns: Sequence[Column], lang: str) -> None:
        self._arrow = importlib.import_module("pyarrow")
        moment = self._arrow.timestamp("ms", tz="Asia/Shanghai")
        text, count = self._arrow.string(), self._arrow.int64()
        kinds = {"text": text, "count": count, "money": text, "instant": moment}
        self._schema = self._arrow.schema([(_head(c, lang), kinds[c.kind]) for c in columns])
        parquet = importlib.import_module("pyarrow.parquet")
        self._writer = parquet.ParquetWriter(path, self._schema, compression="zstd")

    def write(self, rows: Sequence[Sequence[Cell]]) -> None:
        if rows:
            made = [
                self._arrow.array(list(values), field.type)
                for values, field in zip(zip(*rows, strict=True), self._schema, strict=True)
            ]
            self._writer.write_batch(self._arrow.record_batch(made, schema=self._schema))

    def close(self, mark: Mark) -> None:
        told = msgspec.structs.asdict(mark)
        self._writer.add_key_value_metadata({f"danshu.{k}": str(v) for k, v in told.items()})
        self._writer.close()
