"""Values as files show them, read back to what they were: keys as bytes, carriers as integers.

A copy may have been through a spreadsheet: times with or without a zone (without one they are read
as China's), in ISO or with slashes, as epoch seconds or ms; numbers as 12.0; texts behind the
apostrophe that keeps programs from running them.
"""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.capabilities.watermark.model import Carrier, Kind

Integers = npt.NDArray[np.int64]
ABSENT: Final = np.iinfo(np.int64).min
"""What stands for a cell that is empty or can't be read."""
_CHINA: Final = datetime.timezone(datetime.timedelta(hours=8))
_MS_FROM: Final = 100_000_000_000  # epoch seconds reach this in the year 5138
_SECONDS: Final = (631_152_000, 7_258_118_400)  # 1990 to 2200: other numbers are no times
_SLASHED: Final = re.compile(
    r"(\d{4})[/.年-](\d{1,2})[/.月-](\d{1,2})日?(?:[T ]+(\d{1,2}):(\d\d)(.*))?"
)
_NUMBER: Final = re.compile(r"-?\d{1,17}(?:\.\d{1,12})?")


def read_text(cell: Any) -> str:
    """Give a cell's text: without spaces around it, the apostrophe before it, a .0 behind it."""
    text = cell if isinstance(cell, str) else _plain(cell)
    text = text.strip().lstrip("'")
    return text[:-2] if text.endswith(".0") and _NUMBER.fullmatch(text) else text


def _plain(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float):
        return format(cell, ".12f").rstrip("0").rstrip(".") if abs(cell) < 1e15 else repr(cell)
    return str(cell)


def read_second(cell: Any) -> int:
    """Give the epoch second of a cell; ABSENT where it is no time."""
    if isinstance(cell, datetime.datetime):
        return _second(cell)
    if isinstance(cell, datetime.date):
        return _second(datetime.datetime(cell.year, cell.month, cell.day, tzinfo=_CHINA))
    if isinstance(cell, int | float):
        return _of_number(float(cell))
    text = read_text(cell)
    if not text:
        return ABSENT
    try:
        return _second(datetime.datetime.fromisoformat(text))
    except ValueError:
        pass
    if _NUMBER.fullmatch(text):
        return _of_number(float(text))
    return _of_slashes(text)


def _second(at: datetime.datetime) -> int:
    zoned = at if at.tzinfo else at.replace(tzinfo=_CHINA)
    return int(zoned.timestamp() // 1)


def _of_number(number: float) -> int:
    second = int(number // 1000) if abs(number) >= _MS_FROM else int(number)
    return second if _SECONDS[0] <= second <= _SECONDS[1] else ABSENT


def _of_slashes(text: str) -> int:
    found = _SLASHED.fullmatch(text)
    if found is None:
        return ABSENT
    year, month, day, hour, minute, rest = found.groups()
    clock = f"{int(hour or 0):02}:{minute or '00'}{rest or ''}"
    try:
        return _second(
            datetime.datetime.fromisoformat(f"{year}-{int(month):02}-{int(day):02}T{clock}")
        )
    except ValueError:
        return ABSENT


def is_second(seconds: Integers) -> npt.NDArray[np.bool_]:
    """Say which numbers are epoch seconds: 1990 to 2200."""
    within: npt.NDArray[np.bool_] = (seconds >= _SECONDS[0]) & (seconds <= _SECONDS[1])
    return within


def read_digits(carrier: Carrier, column: Sequence[Any]) -> Integers:
    """Read a column as the integers whose last bit carries the code; ABSENT where there is none."""
    if carrier.kind == "instant":
        return np.fromiter(map(read_second, column), np.int64, len(column))
    scale = 10**carrier.digits
    return np.fromiter((_whole(cell, scale) for cell in column), np.int64, len(column))


def _whole(cell: Any, scale: int) -> int:
    if isinstance(cell, bool) or cell is None:
        return ABSENT
    if isinstance(cell, int | float):
        return round(cell * scale) if abs(cell) * scale < 2**62 else ABSENT
    text = read_text(cell)
    if not _NUMBER.fullmatch(text):
        return ABSENT
    return int(text) * scale if "." not in text else round(float(text) * scale)


def read_keys(kinds: Sequence[Kind], columns: Sequence[Sequence[Any]]) -> list[bytes]:
    """Give each row's key: its columns' values together, empty where the row has none of them."""
    read = [list(map(_KEYS[kind], column)) for kind, column in zip(kinds, columns, strict=True)]
    if len(read) == 1:
        return [text.encode() for text in read[0]]
    return ["\0".join(parts).encode() if any(parts) else b"" for parts in zip(*read, strict=True)]


def _minute(cell: Any) -> str:
    second = read_second(cell)
    return "" if second == ABSENT else str(second // 60)


_KEYS: Final = {"text": read_text, "whole": read_text, "decimal": read_text, "instant": _minute}


def shape(text: str) -> str:
    """Give the pattern of a value: digits as 9, letters as A, others as they are; 24 at most."""
    return re.sub(r"[^\W\d_]", "A", re.sub(r"\d", "9", text[:24]))
