"""Files of master data: CSV or XLSX, the first row names the columns; every error is told by its
row.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import Struct

from danshu.kernel.errors import InputError
from danshu.kernel.limits import (
    MASTER_FILE_ROWS,
    TABLE_CELL_CHARS,
    TABLE_COLUMNS,
    TABLE_XLSX_UNPACKED_BYTES,
)

CSV: Final = "text/csv"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ERRORS_TOLD: Final = 20

# Columns as people name them.
_ALIASES: Final = {
    "编码": "code",
    "商品编码": "code",
    "仓库编码": "code",
    "名称": "name",
    "商品名称": "name",
    "重量(克)": "weight_g",
    "存储": "storage",
    "价格(分)": "price_fen",
    "条码": "barcode",
    "仓库": "warehouse",
    "地区": "region",
    "省份": "province",
    "商品": "sku",
    "实物": "on_hand",
    "安全库存": "safety",
    "在途": "in_transit",
    "时效(分钟)": "transit_min",
    "首重(分)": "first_kg_fen",
    "续重(分)": "extra_kg_fen",
    "承运商": "carrier",
    "成本(分)": "cost_fen",
    "税类": "tax",
}


class RowError(Struct, frozen=True, kw_only=True):
    """What is wrong with one row; rows count from 1, the header is row 1."""

    row: int
    column: str
    reason: str


class BadRows(InputError):
    """Rows that cannot be taken; none was written."""

    def __init__(self, errors: list[RowError], count: int) -> None:
        first = errors[0]
        super().__init__(
            "bad_rows",
            f"{count} rows cannot be taken; row {first.row}: {first.reason}",
            f"/{first.row}/{first.column}" if first.column else f"/{first.row}",
        )
        self.errors = tuple(errors)


def read(body: bytes, content_type: str, kind: type[Struct]) -> list[Struct]:
    """Read the rows of a file. Raises InputError, or BadRows with the first errors by row."""
    media = content_type.partition(";")[0].strip().lower()
    if not body:
        raise InputError("empty_body", "the body is empty")
    if media == CSV:
        cells = _read_csv(body)
    elif media == XLSX:
        cells = _read_xlsx(body)
    else:
        raise InputError("content_type", f"send {CSV} or {XLSX}")
    return _convert(cells, kind)


def _read_csv(body: bytes) -> Iterator[list[str]]:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError("bad_utf8", "the file is not UTF-8") from error
    if "\0" in text:
        raise InputError("bad_file", "the file holds U+0000")
    try:
        yield from csv.reader(io.StringIO(text, newline=""), strict=True)
    except csv.Error as error:
        raise InputError("bad_file", f"not a CSV file: {error}") from error


def _read_xlsx(body: bytes) -> Iterator[list[str]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            if sum(i.file_size for i in packed.infolist()) > TABLE_XLSX_UNPACKED_BYTES:
                raise InputError("too_large", "the workbook unpacks to too much")
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(body)).get_sheet_by_index(0)
        for row in sheet.iter_rows():
            yield [_cell(value) for value in row]
    except (zipfile.BadZipFile, CalamineError, ValueError, OSError) as error:
        raise InputError("bad_file", "not an XLSX file") from error


def _cell(value: Any) -> str:
    """Give a cell as text; whole numbers come as floats."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _convert(cells: Iterator[list[str]], kind: type[Struct]) -> list[Struct]:
    header = [_name(c) for c in next(cells, [])]
    _check_header(header, kind)
    rows: list[Struct] = []
    errors: list[RowError] = []
    bad = 0
    for no, row in enumerate(cells, 2):
        if not any(c.strip() for c in row):
            continue
        if len(rows) + bad >= MASTER_FILE_ROWS:
            raise InputError("too_large", f"at most {MASTER_FILE_ROWS} rows a file")
        try:
            rows.append(_row(header, row, kind))
        except (msgspec.ValidationError, InputError) as error:
            bad += 1
            if len(errors) < ERRORS_TOLD:
                errors.append(_error(no, error))
    if errors:
        raise BadRows(errors, bad)
    if not rows:
        raise InputError("empty_body", "the file holds no rows")
    return rows


def _name(cell: str) -> str:
    cell = cell.strip()
    return _ALIASES.get(cell, cell)


def _check_header(header: list[str], kind: type[Struct]) -> None:
    while header and not header[-1]:
        header.pop()
    known = {f.name: f.required for f in msgspec.structs.fields(kind)}
    if len(header) > TABLE_COLUMNS or len(set(header)) < len(header):
        raise InputError("bad_columns", "a column is named twice", "/1")
    strange = [h for h in header if h not in known]
    if strange:
        raise InputError(
            "bad_columns", f"no column {strange[0][:64]!r}; there are: {', '.join(known)}", "/1"
        )
    missing = [name for name, required in known.items() if required and name not in header]
    if missing:
        raise InputError("bad_columns", f"the column {missing[0]!r} is missing", "/1")


def _row(header: list[str], row: list[str], kind: type[Struct]) -> Struct:
    if any(c.strip() for c in row[len(header) :]):
        raise InputError("bad_row", "more cells than columns")
    if any(len(c) > TABLE_CELL_CHARS for c in row):
        raise InputError("bad_row", "a cell is too long")
    given = {k: v.strip() for k, v in zip(header, row, strict=False) if v.strip()}
    made: Struct = msgspec.convert(given, kind, strict=False)
    return made


def _error(no: int, error: Exception) -> RowError:
    if isinstance(error, InputError):
        return RowError(row=no, column="", reason=error.detail)
    what, _, place = str(error).partition(" - at `$")
    return RowError(row=no, column=place.strip("`.[]"), reason=what)
