"""Rows out of files: CSV, XLSX, Parquet, NDJSON. One row at a time, as often as asked."""

from __future__ import annotations

import csv
import importlib
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import IO, TYPE_CHECKING, BinaryIO

import msgspec

from danshu.adapters.channels._fields import refuse_input
from danshu.adapters.channels._table_mapping import columns_needed
from danshu.kernel import limits
from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from danshu.ports.table import TableMapping

UNREADABLE = "\x00unreadable"  # the name under which a row that could not be read says why

_CELL_PLACE = re.compile(rb"""\br=["']([A-Z]{1,3})([0-9]{1,7})["']""")

Row = dict[str, object]
Source = Callable[[], BinaryIO]  # opens the file anew

_ENDINGS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".parquet": "parquet",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
}


class TableRows:
    """The rows of a table, to be iterated as often as wanted: (row number, {column: cell})."""

    def __init__(self, source: Source, form: str, mapping: TableMapping) -> None:
        self._source = source
        self._form = form
        self._mapping = mapping
        self.remarks: list[str] = []  # of the last pass: what was no row, as it is written

    def __iter__(self) -> Iterator[tuple[int, Row]]:
        return self._read(None)

    def keys(self) -> Iterator[tuple[int, Row]]:
        """Give the rows with no more than the column that groups them: cheaper where possible."""
        return self._read([self._mapping.group_by])

    def count(self) -> int:
        """Count the rows, by reading them."""
        return sum(1 for _ in self.keys())

    def _read(self, columns: list[str] | None) -> Iterator[tuple[int, Row]]:
        readers = {
            "csv": _read_csv,
            "xlsx": _read_xlsx,
            "parquet": _read_parquet,
            "ndjson": _read_ndjson,
        }
        self.remarks.clear()
        return readers[self._form](self._source, self._mapping, columns, self.remarks)


def open_rows(path: Path, mapping: TableMapping) -> TableRows:
    """Find the form of a file and give its rows. Raises InputError."""
    form = mapping.format if mapping.format != "auto" else _ENDINGS.get(path.suffix.lower(), "")
    if not form:
        endings = ", ".join(_ENDINGS)
        refuse_input(
            "format", f"{path.name}: say the format in the mapping, or end in {endings}", ""
        )
    if not path.is_file():
        refuse_input("file", f"{path.name}: no such file", "")
    return TableRows(lambda: path.open("rb"), form, mapping)


def rows_of_body(body: bytes, mapping: TableMapping) -> TableRows:
    """Give the rows of a message: NDJSON if it begins with a brace, else CSV."""
    form = "ndjson" if body.lstrip()[:1] == b"{" else "csv"
    return TableRows(lambda: io.BytesIO(body), form, mapping)


def _check_header(header: Sequence[str], mapping: TableMapping) -> None:
    if len(header) > limits.TABLE_COLUMNS:
        refuse_input("columns", f"more than {limits.TABLE_COLUMNS} columns", "")
    needed = columns_needed(mapping)
    missing = sorted(needed - set(header))
    if missing:
        have = ", ".join(str(name) for name in header[:40])
        refuse_input("column_missing", f"no column {', '.join(missing)}; there are: {have}", "")
    twice = sorted(name for name in needed if list(header).count(name) > 1)
    if twice:
        refuse_input("column_twice", f"two columns are called {', '.join(twice)}", "")


def _pair_up(header: Sequence[str], cells: Sequence[object]) -> Row:
    row: Row = dict(zip(header, cells, strict=False))
    if len(cells) > len(header) and any(cell not in ("", None) for cell in cells[len(header) :]):
        row[UNREADABLE] = f"{len(cells)} cells under {len(header)} columns"
    return row


class _Sorter:
    """Tells the row of names and the remarks of a file from its rows."""

    def __init__(self, mapping: TableMapping, remarks: list[str]) -> None:
        self._options = mapping.options
        self._remarks = remarks
        self._is_over = False
        # Most files hold nothing but names and rows: nothing is asked about each of those.
        self.is_plain = not (self._options.comments or self._options.footer)

    def is_header(self, number: int, cells: Sequence[object]) -> bool:
        """Tell whether this is the row of names; what comes before it are remarks."""
        name = self._options.header
        named = [str(cell).strip() for cell in cells]
        if (name in named) if name else number == self._options.header_row:
            return True
        self._keep(cells)
        return False

    def is_remark(self, cells: Sequence[object]) -> bool:
        """Tell whether a row under the names is none."""
        first = str(cells[0]).strip() if cells else ""
        if self._options.footer and first == self._options.footer:
            self._is_over = True
        if self._is_over or first.startswith(self._options.comments or ("\0",)):
            self._keep(cells)
            return True
        return False

    def _keep(self, cells: Sequence[object]) -> None:
        if len(self._remarks) < limits.TABLE_REMARKS:
            text = ",".join(str(cell).strip() for cell in cells)
            self._remarks.append(text[: limits.TABLE_CELL_CHARS])


def _read_csv(
    source: Source, mapping: TableMapping, columns: list[str] | None, remarks: list[str]
) -> Iterator[tuple[int, Row]]:
    """Rows of a CSV; the header's row is `header_row`. A row may span lines of the file."""
    encoding = "utf-8-sig" if mapping.options.encoding.lower() == "utf-8" else ""
    with source() as raw:
        try:
            text = io.TextIOWrapper(raw, encoding=encoding or mapping.options.encoding, newline="")
            lines = csv.reader(text, delimiter=mapping.options.delimiter)
            header: list[str] | None = None
            sorter, strip = _Sorter(mapping, remarks), mapping.options.strip
            blanks = f" \t\r\n{strip}"
            for number, cells in enumerate(lines, start=1):
                if strip:
                    cells = [cell.strip(blanks) for cell in cells]
                if header is not None:
                    if cells and (sorter.is_plain or not sorter.is_remark(cells)):
                        yield number, _pair_up(header, cells)
                elif sorter.is_header(number, cells):
                    header = [cell.strip() for cell in cells]
                    _check_header(header, mapping)
        except UnicodeError as error:
            raise InputError(
                "encoding", f"not {mapping.options.encoding}: {error}; see options.encoding", ""
            ) from None
        except LookupError:
            refuse_input("encoding", f"no encoding {mapping.options.encoding}", "")
        except csv.Error as error:
            raise InputError("csv", str(error), "") from None
        if header is None:
            refuse_input("empty", "no header row", "")


def _read_xlsx(
    source: Source, mapping: TableMapping, columns: list[str] | None, remarks: list[str]
) -> Iterator[tuple[int, Row]]:
    """Rows of a sheet. The sheet is held in memory while it is read: its size is bounded."""
    cells_of = _open_sheet(source, mapping)
    header: list[str] | None = None
    sorter = _Sorter(mapping, remarks)
    for number, cells in cells_of:
        if header is None:
            if sorter.is_header(number, cells):
                header = [str(cell).strip() for cell in cells]
                _check_header(header, mapping)
        elif any(cell not in ("", None) for cell in cells) and (
            sorter.is_plain or not sorter.is_remark(cells)
        ):
            yield number, _pair_up(header, cells)
    if header is None:
        refuse_input("empty", "no header row", "")


def _open_sheet(source: Source, mapping: TableMapping) -> Iterator[tuple[int, list[object]]]:
    import python_calamine  # late: only spreadsheets need it

    with source() as raw:
        content = raw.read(limits.TABLE_XLSX_BYTES + 1)
    if len(content) > limits.TABLE_XLSX_BYTES:
        refuse_input("too_large", f"a sheet has at most {limits.TABLE_XLSX_BYTES} bytes", "")
    _check_sheets(content)
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        names = book.sheet_names
        name = mapping.options.sheet or (names[0] if names else "")
        sheet = book.get_sheet_by_name(name)
        for number, cells in enumerate(sheet.iter_rows(), start=1):
            yield number, list(cells)
    except python_calamine.CalamineError as error:
        raise InputError("xlsx", str(error), "") from None


def _check_sheets(content: bytes) -> None:
    """Refuse a sheet that is small only as long as it is packed, or whose cells lie far apart.

    The reader lays a sheet out in full: one cell at XFD1048576 would cost 17 billion.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            if sum(part.file_size for part in parts.infolist()) > limits.TABLE_XLSX_UNPACKED_BYTES:
                refuse_input("too_large", "the sheet unpacks to more than is taken", "")
            for part in parts.infolist():
                if part.filename.startswith("xl/worksheets/"):
                    with parts.open(part) as sheet:
                        _check_extent(sheet)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError, OSError) as error:
        raise InputError("xlsx", f"not an XLSX file: {error}", "") from None


def _check_extent(sheet: IO[bytes]) -> None:
    rows = columns = 0
    rest = b""
    while chunk := sheet.read(limits.TABLE_LINE_BYTES):
        for letters, digits in _CELL_PLACE.findall(rest + chunk):
            column = 0
            for letter in letters:
                column = column * 26 + letter - 64
            rows, columns = max(rows, int(digits)), max(columns, column)
        rest = chunk[-16:]
    if rows * columns > limits.TABLE_XLSX_CELLS:
        refuse_input("too_large", f"a sheet of {rows} rows and {columns} columns", "")


def _read_parquet(
    source: Source, mapping: TableMapping, columns: list[str] | None, remarks: list[str]
) -> Iterator[tuple[int, Row]]:
    """Rows of a Parquet file, a batch of them in memory at a time."""
    # late: 200 ms of import, and only Parquet needs it; by name: it ships no types
    pyarrow = importlib.import_module("pyarrow")
    parquet = importlib.import_module("pyarrow.parquet")
    with source() as raw:
        try:
            table = parquet.ParquetFile(raw)
            names = list(table.schema_arrow.names)
            _check_header(names, mapping)
            number = 1
            for batch in table.iter_batches(limits.TABLE_BATCH_ROWS, columns=columns):
                held = batch.schema.names
                cells = [batch.column(index).to_pylist() for index in range(len(held))]
                for values in zip(*cells, strict=True):
                    yield number, dict(zip(held, values, strict=True))
                    number += 1
        except (pyarrow.ArrowException, OSError, ValueError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError("parquet", str(error)[:300], "") from None


def _read_ndjson(
    source: Source, mapping: TableMapping, columns: list[str] | None, remarks: list[str]
) -> Iterator[tuple[int, Row]]:
    """Objects, one a line; a line that is none says so in its row, the others are read."""
    decoder = msgspec.json.Decoder(dict[str, object], float_hook=Decimal)
    with source() as raw:
        for number, line in enumerate(_lines(raw), start=1):
            if not line.strip():
                continue
            if len(line) > limits.TABLE_LINE_BYTES:
                yield number, {UNREADABLE: f"a line of more than {limits.TABLE_LINE_BYTES} bytes"}
                continue
            try:
                yield number, decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                yield number, {UNREADABLE: f"not a JSON object: {str(error)[:200]}"}


def _lines(raw: BinaryIO) -> Iterator[bytes]:
    """Lines of bounded length: of a longer one the beginning is given, the rest is passed over."""
    while line := raw.readline(limits.TABLE_LINE_BYTES + 1):
        rest = line
        while not rest.endswith(b"\n") and len(rest) > limits.TABLE_LINE_BYTES:
            rest = raw.readline(limits.TABLE_LINE_BYTES + 1)
        yield line


def cell_text(cell: object) -> str:
    """Give a cell as text: whole floats lose their .0 (spreadsheets have no integers).

    Raises InputError for what is no cell, such as a list inside NDJSON.
    """
    if cell is None:
        return ""
    if isinstance(cell, str):
        text = cell.strip()
    elif isinstance(cell, bool):
        text = "true" if cell else "false"
    elif isinstance(cell, int):
        text = str(cell) if abs(cell) < 10**38 else "?" * limits.TABLE_CELL_CHARS
    elif isinstance(cell, float):
        # six places are finer than any price; a computed 0.30000000000000004 is 0.3
        text = format(cell, ".6f").rstrip("0").rstrip(".") if abs(cell) < 1e15 else str(cell)
    elif isinstance(cell, Decimal):
        plain = cell.is_finite() and abs(cell.adjusted()) < 40
        text = format(cell, "f") if plain else str(cell)[:64]
    elif isinstance(cell, datetime):
        text = cell.isoformat(sep=" ")
    elif hasattr(cell, "isoformat"):
        text = str(cell.isoformat())
    else:
        raise InputError("cell", f"a cell of {type(cell).__name__}")
    if len(text) > limits.TABLE_CELL_CHARS or "\x00" in text:
        raise InputError("cell", "a cell that is too long or holds NUL")
    return text


def group_key(row: Row, mapping: TableMapping) -> str:
    """Give the order number of a row; "" where it has none that can be read."""
    try:
        return cell_text(row.get(mapping.group_by))
    except InputError:
        return ""


def as_rows(rows: Iterable[tuple[int, Row]]) -> Iterable[tuple[int, Row]]:
    """Make rows that can be iterated twice: a one-shot iterator is held in memory, bounded."""
    if iter(rows) is not rows:
        return rows
    held: list[tuple[int, Row]] = []
    for row in rows:
        held.append(row)
        if len(held) > limits.TABLE_OPEN_ROWS:
            refuse_input("too_large", "an iterator of more rows than fit; give the file", "")
    return held
