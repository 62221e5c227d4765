"""GS1 element strings: what a 2D code on a package says of its lot and expiry.

GS1 General Specifications, section 3: application identifiers (AI) in brackets as people read them,
or plain with FNC1 (ASCII 29) after each value of variable length. Only what names goods, lot, dates
and serial is read; an AI that is not known ends the reading, since its length is not known.
"""

from __future__ import annotations

import calendar
import re
from typing import Final

from msgspec import Struct

_SEPARATOR: Final = "\x1d"
_SYMBOLOGY: Final = re.compile(r"^\](?:d2|C1|Q3|e0|J1)")
_BRACKETS: Final = re.compile(r"\((\d{2,4})\)([^(]+)")
# AI -> (length of a fixed value, else 0; the longest value)
_FIXED: Final = {"00": 18, "01": 14, "02": 14, "11": 6, "13": 6, "15": 6, "16": 6, "17": 6}
_VARIABLE: Final = {"10": 20, "21": 20, "37": 8, "240": 30, "241": 30}
_CENTURY_AHEAD: Final = 50


class Elements(Struct, frozen=True, kw_only=True):
    """What a code says: GTIN of 14 digits, lot, expiry (YYYY-MM-DD), serial; "" where unsaid."""

    gtin: str = ""
    lot: str = ""
    expiry: str = ""
    serial: str = ""


def read(code: str, year: int) -> Elements | None:
    """Read an element string; None when the code is none. `year` resolves years of two digits.

    Raises ValueError for a date that is not in the calendar.
    """
    code = _SYMBOLOGY.sub("", code.strip())
    found = dict(_BRACKETS.findall(code)) if code.startswith("(") else _plain(code)
    if not found or ("01" not in found and "02" not in found):
        return None
    return Elements(
        gtin=found.get("01") or found.get("02", ""),
        lot=found.get("10", "").strip(),
        expiry=_date(found["17"], year) if "17" in found else "",
        serial=found.get("21", "").strip(),
    )


def _plain(code: str) -> dict[str, str]:
    if not re.match(r"0[12]\d{14}", code):
        return {}
    found: dict[str, str] = {}
    at = 0
    while at < len(code):
        if code[at] == _SEPARATOR:
            at += 1
            continue
        ai = next((a for n in (2, 3) if (a := code[at : at + n]) in {**_FIXED, **_VARIABLE}), "")
        if not ai:
            break
        at += len(ai)
        if ai in _FIXED:
            value = code[at : at + _FIXED[ai]]
            at += _FIXED[ai]
        else:
            end = code.find(_SEPARATOR, at)
            end = len(code) if end < 0 else end
            value = code[at:end][: _VARIABLE[ai]]
            at = end
        found[ai] = value
    # A plain barcode of 16 digits could look like AI 01: without another element it is none.
    return found if len(found) > 1 else {}


def _date(text: str, year: int) -> str:
    """Read YYMMDD; day 00 is the last of the month. The century is the nearest (section 7.12)."""
    if not re.fullmatch(r"\d{6}", text):
        raise ValueError(f"not a GS1 date: {text!r}")
    short, month, day = int(text[:2]), int(text[2:4]), int(text[4:])
    whole = year - year % 100 + short
    if whole - year > _CENTURY_AHEAD:
        whole -= 100
    elif year - whole >= _CENTURY_AHEAD:
        whole += 100
    if not 1 <= month <= 12:
        raise ValueError(f"not a GS1 date: {text!r}")
    last = calendar.monthrange(whole, month)[1]
    day = day or last
    if day > last:
        raise ValueError(f"not a GS1 date: {text!r}")
    return f"{whole:04}-{month:02}-{day:02}"
