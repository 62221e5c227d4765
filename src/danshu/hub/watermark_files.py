"""Reads a file that may be a leak: CSV, XLSX, Parquet, JSON (a list of objects, or one a line).

Nothing is believed of it: columns keep the names that they have, cells are values or text.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, Final

import msgspec

from danshu.hub import sheet_files
from danshu.kernel.errors import InputError
from danshu.kernel.limits import (
    SHEET_BYTES,
    TABLE_COLUMNS,
    WATERMARK_FILE_BYTES,
    WATERMARK_FILE_ROWS,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

Columns = dict[str, list[Any]]
_PARQUET: Final = b"PAR1"
_BAD: Final = InputError("bad_file", "not a CSV, XLSX, Parquet or JSON table")


def read_columns(path: Path) -> Columns:
    """Read a file's columns by name. Raises InputError `bad_file`, `too_large`, `empty_body`."""
    if path.stat().st_size > WATERMARK_FILE_BYTES:
        raise InputError("too_large", f"at most {WATERMARK_FILE_BYTES} bytes")
    body = path.read_bytes()
    if not body.strip():
        raise InputError("empty_body", "the file is empty")
    if body.startswith(_PARQUET):
        return _read_parquet(path)
    if body.startswith(sheet_files.ZIP):
        return _read_workbook(body)
    if body.lstrip()[:1] in (b"[", b"{"):
        return _read_objects(body)
    return _read_text(body)


def _read_parquet(path: Path) -> Columns:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
        if file.metadata.num_rows > WATERMARK_FILE_ROWS:
            raise _large()
        table = file.read()
    except (pa.ArrowException, OSError) as error:
        raise _BAD from error
    return {name: _plain(table.column(name)) for name in table.column_names[:TABLE_COLUMNS]}


def _plain(column: Any) -> list[Any]:
    """Give a column's cells; instants as epoch ms, which no zone changes."""
    import pyarrow as pa

    if pa.types.is_timestamp(column.type) and column.type.tz:
        column = column.cast(pa.timestamp("ms", tz=column.type.tz), safe=False).cast(pa.int64())
    cells: list[Any] = column.to_pylist()
    return cells


def _read_workbook(body: bytes) -> Columns:
    import python_calamine

    sheet = sheet_files.outline(body).sheets[0]
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(body))
        rows = book.get_sheet_by_name(sheet).to_python()
    except (python_calamine.CalamineError, ValueError, OSError) as error:
        raise _BAD from error
    return _turn([[None if c == "" else c for c in row] for row in rows])


def _read_objects(body: bytes) -> Columns:
    try:
        if body.lstrip().startswith(b"["):
            rows = msgspec.json.decode(body, type=list[dict[str, Any]])
        else:
            decode = msgspec.json.Decoder(dict[str, Any]).decode
            rows = [decode(line) for line in body.splitlines() if line.strip()]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _BAD from error
    if len(rows) > WATERMARK_FILE_ROWS:
        raise _large()
    names = list(dict.fromkeys(name for row in rows for name in row))[:TABLE_COLUMNS]
    return {name: [_scalar(row.get(name)) for row in rows] for name in names}


def _scalar(value: Any) -> Any:
    return value if isinstance(value, str | int | float) or value is None else str(value)


def _read_text(body: bytes) -> Columns:
    begin = body if len(body) <= SHEET_BYTES else body[: body.rfind(b"\n", 0, SHEET_BYTES) + 1]
    form = sheet_files.outline(begin).form
    try:
        text = body.decode(form.encoding)
    except UnicodeDecodeError as error:
        raise _BAD from error
    try:
        return _turn(csv.reader(io.StringIO(text, newline=""), delimiter=form.delimiter))
    except csv.Error as error:
        raise _BAD from error


def _turn(rows: Iterable[Sequence[Any]]) -> Columns:
    """Turn rows into columns: the first row of two filled cells names them."""
    heads: list[str] = []
    columns: list[list[Any]] = []
    for row in rows:
        if not heads:
            if sum(1 for cell in row if cell not in (None, "")) >= 2:
                heads = _name(row)
                columns = [[] for _ in heads]
            continue
        if len(columns[0]) >= WATERMARK_FILE_ROWS:
            raise _large()
        for at, column in enumerate(columns):
            column.append(row[at] if at < len(row) else None)
    if not heads:
        raise _BAD
    return dict(zip(heads, columns, strict=True))


def _name(row: Sequence[Any]) -> list[str]:
    heads: dict[str, None] = {}
    for at, cell in enumerate(row[:TABLE_COLUMNS], 1):
        head = str(cell if cell is not None else "").strip(" \t\r\n") or f"#{at}"
        heads[head if head not in heads else f"{head} #{at}"] = None
    return list(heads)


def _large() -> InputError:
    return InputError("too_large", f"at most {WATERMARK_FILE_ROWS} rows")
