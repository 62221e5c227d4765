"""Files of rows as people save them: CSV in any usual encoding, XLSX. Hostile until read.

Everything is bounded before it is laid out: a workbook is unpacked for its true size (what it says
of itself may be a lie), its cells may not lie far apart, and shared words may not be repeated until
they fill the memory.
"""

from __future__ import annotations

import csv
import io
import re
import struct
import unicodedata
import zipfile
import zlib
from array import array
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.kernel.errors import InputError
from danshu.kernel.limits import (
    MASTER_FILE_ROWS,
    SHEET_BYTES,
    SHEET_CELLS,
    SHEET_HEADER_CHARS,
    SHEET_HEADER_ROWS,
    SHEET_NAMES,
    SHEET_PARTS,
    SHEET_TEXT_BYTES,
    SHEET_UNPACKED_BYTES,
    TABLE_CELL_CHARS,
    TABLE_COLUMNS,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

ZIP: Final = b"PK\x03\x04"
_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"
_DELIMITERS: Final = ",\t;|"
_SEP: Final = re.compile(r"sep=(.)\r?\n")
_CHUNK: Final = 1 << 20
_OVERLAP: Final = 256
_LOCAL: Final = struct.Struct("<4s22xHH")  # of a part's own header only the two lengths matter
# Where a cell stands: r="XFD1048576" of a cell, r="1048576" of a row, in any spelling of XML.
_PLACE: Final = re.compile(rb"""\br\s*=\s*["']\s*([A-Za-z]{0,3})([0-9]{1,10})""")
_SHARED: Final = re.compile(rb"<(?:\w+:)?v(?:\s[^>]*)?>\s*([0-9]{1,9})\s*<")
# Comments and CDATA, other encodings, and endless spaces inside of a tag.
_HIDING: Final = (b"<!", b"\0", b" " * 64, b"\t" * 64, b"\n" * 64)
_TAG: Final = re.compile(rb"<[^>]*>")
_ITEM_END: Final = re.compile(rb"</(?:\w+:)?si\s*>")
_TORN: Final = InputError("bad_file", "not an XLSX file; save it again in your spreadsheet program")


class Form(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a file is read: what it is, and in which row the columns are named (from 1)."""

    form: str = "csv"  # csv | xlsx
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    header_row: int = 1


class Outline(Struct, frozen=True, kw_only=True):
    """What is seen at once: the form, names of the sheets, the first rows as they stand."""

    form: Form
    sheets: tuple[str, ...]
    first: tuple[tuple[str, ...], ...]


def outline(body: bytes) -> Outline:
    """Look at a file. Raises InputError for what is no table, or one that passes a limit."""
    if len(body) > SHEET_BYTES:
        raise InputError("too_large", f"at most {SHEET_BYTES} bytes")
    if not body.strip():
        raise InputError("empty_body", "the file is empty")
    if body.startswith(_OLD_EXCEL):
        raise InputError("bad_file", "this is the old .xls, or locked; save it as .xlsx or CSV")
    sheets: tuple[str, ...] = ()
    if body.startswith(ZIP):
        _check_workbook(body)
        sheets = _sheet_names(body)
        form = Form(form="xlsx", sheet=sheets[0])
    else:
        encoding = _encoding(body)
        form = Form(encoding=encoding, delimiter=_delimiter(_text(body, encoding)))
    return Outline(form=form, sheets=sheets, first=first_rows(body, form))


def first_rows(body: bytes, form: Form) -> tuple[tuple[str, ...], ...]:
    """Give the first SHEET_HEADER_ROWS rows as they stand. Raises InputError."""
    first: list[tuple[str, ...]] = []
    for _, cells in _raw_rows(body, form):
        first.append(tuple(cells))
        if len(first) == SHEET_HEADER_ROWS:
            break
    return tuple(first)


def header(first: tuple[tuple[str, ...], ...], header_row: int) -> tuple[str, ...]:
    """Give the names of the columns, each once: a second 名称 is 名称 (2). Raises InputError."""
    cells = list(first[header_row - 1]) if 0 < header_row <= len(first) else []
    while cells and not cells[-1]:
        cells.pop()
    if not cells:
        raise InputError("bad_columns", "the row that names the columns is empty", "/header_row")
    if len(cells) > TABLE_COLUMNS:
        raise InputError("bad_columns", f"at most {TABLE_COLUMNS} columns")
    seen: dict[str, int] = {}
    names = []
    for at, cell in enumerate(cells, 1):
        name = " ".join(cell.split())[:SHEET_HEADER_CHARS] or f"#{at}"
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(names)


def header_of(body: bytes, form: Form) -> tuple[str, ...]:
    """Give the names of a file's columns. Raises InputError."""
    first: list[tuple[str, ...]] = []
    for number, cells in _raw_rows(body, form):
        first.append(tuple(cells))
        if number == form.header_row:
            break
    return header(tuple(first), form.header_row)


def rows(body: bytes, form: Form) -> Iterator[tuple[int, list[str]]]:
    """Give the rows below the header with their numbers (the file's first row is 1), no blank ones.

    Raises InputError for a file that cannot be read, or with more than MASTER_FILE_ROWS rows.
    """
    count = 0
    for number, cells in _raw_rows(body, form):
        if number <= form.header_row or not any(cells):
            continue
        count += 1
        if count > MASTER_FILE_ROWS:
            raise InputError("too_large", f"at most {MASTER_FILE_ROWS} rows a file")
        yield number, cells


def _raw_rows(body: bytes, form: Form) -> Iterator[tuple[int, list[str]]]:
    source = _xlsx_rows(body, form.sheet) if form.form == "xlsx" else _csv_rows(body, form)
    for number, cells in enumerate(source, 1):
        yield number, [_clean(c) for c in cells]


def _clean(cell: str) -> str:
    cell = cell.strip()
    return cell if cell.isascii() else unicodedata.normalize("NFC", cell)


def _encoding(body: bytes) -> str:
    for mark, name in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if body.startswith(mark):
            return name
    for name in ("utf-8", "gb18030"):
        try:
            body.decode(name)
        except UnicodeDecodeError:
            continue
        return name
    raise InputError("bad_utf8", "neither UTF-8 nor GB18030; save the file as CSV UTF-8")


def _text(body: bytes, encoding: str) -> str:
    try:
        text = body.decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise InputError("bad_utf8", f"the file is not {encoding}") from error
    if "\0" in text:
        raise InputError("bad_file", "the file holds U+0000: it is no CSV")
    return text


def _delimiter(text: str) -> str:
    said = _SEP.match(text)
    if said:
        return said[1]
    line = next((part for part in text.splitlines() if part.strip()), "")
    plain = re.sub(r'"[^"]*"', "", line)
    return max(_DELIMITERS, key=lambda d: (plain.count(d), -_DELIMITERS.index(d)))


def _csv_rows(body: bytes, form: Form) -> Iterator[list[str]]:
    text = _text(body, form.encoding)
    said = _SEP.match(text)
    lines = io.StringIO(text[said.end() :] if said else text, newline="")
    try:
        for cells in csv.reader(lines, delimiter=form.delimiter, strict=True):
            # A million columns are a mistake of the delimiter, or meant to hurt.
            if len(cells) > TABLE_COLUMNS and any(cells[TABLE_COLUMNS:]):
                raise InputError("bad_columns", f"at most {TABLE_COLUMNS} columns")
            yield cells[:TABLE_COLUMNS]
    except csv.Error as error:
        raise InputError("bad_file", f"not a CSV file: {error}") from error


def _sheet_names(body: bytes) -> tuple[str, ...]:
    book = _open(body)
    names = tuple(str(name) for name in book.sheet_names)
    if not names:
        raise InputError("bad_file", "the workbook holds no sheet")
    return names[:SHEET_NAMES]


def _open(body: bytes) -> Any:
    import python_calamine  # late: only spreadsheets need it

    try:
        return python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(body))
    except (python_calamine.CalamineError, ValueError, OSError) as error:
        raise _TORN from error


def _xlsx_rows(body: bytes, sheet: str) -> Iterator[list[str]]:
    import python_calamine

    book = _open(body)
    try:
        for row in book.get_sheet_by_name(sheet).iter_rows():
            yield [_cell(value) for value in row[:TABLE_COLUMNS]]
    except (python_calamine.CalamineError, ValueError, OSError) as error:
        raise InputError("bad_file", f"the sheet {sheet[:64]!r} cannot be read") from error


def _cell(value: Any) -> str:
    """Give a cell as text: whole numbers come as floats, and 0.30000000000000004 is 0.3."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return format(value, ".9f").rstrip("0").rstrip(".") if abs(value) < 1e15 else repr(value)
    return str(value)


def _check_workbook(body: bytes) -> None:
    """Refuse a workbook that is small only as long as it is packed, or grows when laid out.

    A sheet may lie under any name, so every part is looked at as if it were one.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            parts = packed.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise _TORN from error
    if len(parts) > SHEET_PARTS:
        raise InputError("too_large", f"a workbook of more than {SHEET_PARTS} parts")
    left = SHEET_UNPACKED_BYTES
    words = array("I")
    parts.sort(key=lambda part: not part.filename.lower().endswith("sharedstrings.xml"))
    for part in parts:
        chunks = _unpack(body, part, left)
        if part.filename.lower().endswith("sharedstrings.xml"):
            left -= _count_words(chunks, words)
        else:
            left -= _check_sheet(chunks, words)


def _unpack(body: bytes, part: zipfile.ZipInfo, left: int) -> Iterator[bytes]:
    """Unpack a part whatever it says of its size; stops with InputError after `left` bytes."""
    head = body[part.header_offset : part.header_offset + _LOCAL.size]
    if len(head) < _LOCAL.size or part.flag_bits & 1 or part.compress_type not in (0, 8):
        raise _TORN
    mark, name, extra = _LOCAL.unpack(head)
    start = part.header_offset + _LOCAL.size + name + extra
    content = body[start : start + part.compress_size]
    if mark != ZIP:
        raise _TORN
    if part.compress_type == 0:
        if len(content) > left:
            raise InputError("too_large", "the workbook unpacks to too much")
        yield content
        return
    inflater = zlib.decompressobj(-15)
    try:
        while True:
            out = inflater.decompress(content, _CHUNK)
            if not out:
                return
            left -= len(out)
            if left < 0:
                raise InputError("too_large", "the workbook unpacks to too much")
            yield out
            content = inflater.unconsumed_tail
    except zlib.error as error:
        raise _TORN from error


def _count_words(chunks: Iterator[bytes], words: array[int]) -> int:
    """Note the length of each shared string; gives the bytes read."""
    size, rest = 0, b""
    for chunk in chunks:
        size += len(chunk)
        *items, rest = _ITEM_END.split(rest + chunk)
        words.extend(len(_TAG.sub(b"", item)) for item in items)
        if len(rest) > 8 * TABLE_CELL_CHARS + _CHUNK:
            raise InputError("too_large", f"a cell has at most {TABLE_CELL_CHARS} characters")
    return size


class _Extent:
    """How far the cells of a part reach, and how much text they repeat."""

    def __init__(self, words: array[int]) -> None:
        self._words = words
        self.rows = self.columns = self.text = 0

    def take(self, window: bytes, end: int) -> None:
        """Take in what begins before `end`."""
        for found in _PLACE.finditer(window):
            if found.start() >= end:
                break
            self.rows = max(self.rows, int(found[2]))
            self.columns = max(self.columns, _column(found[1].upper()))
        for found in _SHARED.finditer(window):
            if found.start() >= end:
                break
            at = int(found[1])
            self.text += self._words[at] if at < len(self._words) else 0


def _check_sheet(chunks: Iterator[bytes], words: array[int]) -> int:
    """Refuse cells that lie far apart, and words repeated without measure; gives the bytes read."""
    extent = _Extent(words)
    is_sheet = is_odd = False
    size, rest = 0, b""
    for chunk in chunks:
        size += len(chunk)
        window = rest + chunk
        is_sheet = is_sheet or b"sheetData" in window
        # in a sheet nothing may hide what is counted here
        is_odd = is_odd or any(mark in window for mark in _HIDING)
        cut = max(0, len(window) - _OVERLAP)
        extent.take(window, cut)
        rest = window[cut:]
    extent.take(rest, len(rest))
    if not is_sheet:
        return size
    if is_odd:
        raise _TORN
    if extent.rows * max(extent.columns, 1) > SHEET_CELLS or extent.columns > TABLE_COLUMNS:
        raise InputError("too_large", f"a sheet of {extent.rows} rows, {extent.columns} columns")
    if extent.text > SHEET_TEXT_BYTES:
        raise InputError("too_large", "the sheet holds too much text")
    return size


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
