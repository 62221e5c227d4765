"""Read a platform's JSON without trusting it: every value is asked for by name, type and range.

Whatever is odd becomes an InputError that carries the JSON pointer (RFC 6901) of the place.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import TYPE_CHECKING, NoReturn

from danshu.kernel import limits
from danshu.kernel.errors import InputError
from danshu.kernel.money import parse_minor

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CHINA = timezone(timedelta(hours=8))  # no summer time since 1991, before any platform

_NOT_YET = ("", "0001-01-01 00:00:00", "0000-00-00 00:00:00", "1970-01-01 00:00:00")
_WALL_TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d{1,6})?", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:?\d\d)", re.ASCII)
_AMOUNT = re.compile(r"-?\d{1,14}(\.\d{1,6})?", re.ASCII)
_DIGITS = re.compile(r"-?\d{1,18}", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)


def refuse_input(code: str, detail: str, pointer: str) -> NoReturn:
    """Raise the InputError; `pointer` is a JSON pointer."""
    raise InputError(code, detail, pointer)


def check_text(text: str, pointer: str, limit_chars: int) -> str:
    """Return `text` if it can be stored: no NUL, no lone surrogate, not too long."""
    if len(text) > limit_chars:
        refuse_input("too_long", f"more than {limit_chars} characters", pointer)
    if "\x00" in text:
        refuse_input("bad_text", "a NUL character", pointer)
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        refuse_input("bad_text", "half of a surrogate pair", pointer)
    return text


def check_instant(when_ms: int, pointer: str) -> int:
    """Return epoch milliseconds if they are plausible for an order (2000 to 2100)."""
    if not limits.EARLIEST_MS <= when_ms < limits.LATEST_MS:
        refuse_input("bad_time", "a time outside 2000-2100", pointer)
    return when_ms


def read_wall_time(text: str, zone: tzinfo, pointer: str) -> int:
    """Read `yyyy-MM-dd HH:mm:ss` in `zone`; a platform's "no date" gives 0. Epoch ms."""
    if text in _NOT_YET:
        return 0
    if not _WALL_TIME.fullmatch(text):
        refuse_input("bad_time", "not a time in the form yyyy-MM-dd HH:mm:ss", pointer)
    try:
        moment = datetime.fromisoformat(text).replace(tzinfo=zone)
    except ValueError:
        refuse_input("bad_time", "no such day or hour", pointer)
    if moment.year < 2000:
        refuse_input("bad_time", "a time outside 2000-2100", pointer)
    return check_instant(int(moment.timestamp() * 1000), pointer)


def read_amount(value: object, currency: str, pointer: str) -> int:
    """Read an amount in major units ("200.07", 12, 39.9) as minor units, exactly."""
    if isinstance(value, bool):
        refuse_input("bad_money", "not an amount", pointer)
    if isinstance(value, Decimal):
        exact = value.is_finite() and value.adjusted() < 14 and _exponent(value) >= -12
        text = format(value, "f") if exact else "?"
    elif isinstance(value, int):
        text = str(value) if abs(value) < 10**14 else "?"
    else:
        text = value.strip() if isinstance(value, str) and len(value) < 64 else "?"
    if "." in text:
        text = text.rstrip("0").rstrip(".")  # "10.00" yen are 10 yen
    if not _AMOUNT.fullmatch(text):
        refuse_input("bad_money", "not an amount", pointer)
    try:
        minor = parse_minor(text, currency)
    except (InputError, ValueError) as error:
        raise InputError("bad_money", str(error), pointer) from None
    return check_minor(minor, pointer)


def check_minor(minor: int, pointer: str) -> int:
    """Return minor units if no order could exceed them."""
    if abs(minor) > limits.AMOUNT_MINOR:
        refuse_input("out_of_range", "an amount beyond every order", pointer)
    return minor


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


class Fields:
    """One JSON object of a message and where it stands in it."""

    __slots__ = ("_entries", "pointer")

    def __init__(self, entries: Mapping[str, object], pointer: str = "") -> None:
        self._entries = entries
        self.pointer = pointer

    def place(self, name: str) -> str:
        """Give the JSON pointer of a field."""
        return f"{self.pointer}/{name.replace('~', '~0').replace('/', '~1')}"

    def has(self, name: str) -> bool:
        """Tell whether the field is there and not null."""
        return self._entries.get(name) is not None

    def value(self, name: str) -> object:
        """Give the field as it was decoded; absent and null are both None."""
        return self._entries.get(name)

    def is_object(self, name: str) -> bool:
        """Tell whether the field is a JSON object."""
        return isinstance(self._entries.get(name), dict)

    def text(
        self, name: str, default: str | None = None, limit_chars: int = limits.TEXT_CHARS
    ) -> str:
        """Read a string; without `default` it must be there and must not be empty."""
        value = self._entries.get(name)
        if value is None or value == "":
            if default is None:
                refuse_input("missing", f"{name} is missing", self.place(name))
            return default
        if not isinstance(value, str):
            refuse_input("wrong_type", f"{name} is not a string", self.place(name))
        return check_text(value, self.place(name), limit_chars)

    def ident(
        self, name: str, default: str | None = None, limit_chars: int = limits.KEY_CHARS
    ) -> str:
        """Read an id, a string or a whole number, as the exact string of its digits."""
        value = self._entries.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            if not 0 <= value < 10**38:
                refuse_input("out_of_range", f"{name} is not an id", self.place(name))
            return str(value)
        return self.text(name, default, limit_chars).strip()

    def integer(
        self, name: str, default: int | None = None, low: int = 0, high: int = 2**53
    ) -> int:
        """Read a whole number, also when it comes as a string of digits."""
        value = self._entries.get(name)
        if value is None or value == "":
            if default is None:
                refuse_input("missing", f"{name} is missing", self.place(name))
            return default
        number: int | None = None
        if isinstance(value, int) and not isinstance(value, bool):
            number = value
        elif isinstance(value, str) and _DIGITS.fullmatch(value.strip()):
            number = int(value)
        elif isinstance(value, Decimal) and value.is_finite() and value.adjusted() < 18:
            number = int(value) if value == int(value) else None
        if number is None:
            refuse_input("wrong_type", f"{name} is not a whole number", self.place(name))
        if not low <= number <= high:
            refuse_input("out_of_range", f"{name} is not in {low}..{high}", self.place(name))
        return number

    def quantity(self, name: str) -> int:
        """Read a quantity of goods, at least 1."""
        return self.integer(name, low=1, high=limits.LINE_QUANTITY)

    def fen(self, name: str, default: int | None = None) -> int:
        """Read an amount that the platform gives in minor units already."""
        return self.integer(name, default, low=0, high=limits.AMOUNT_MINOR)

    def amount(
        self, name: str, currency: str = "CNY", default: int | None = None, signed: bool = False
    ) -> int:
        """Read an amount given in major units, as a string or a number; gives minor units."""
        value = self._entries.get(name)
        if value is None or value == "":
            if default is None:
                refuse_input("missing", f"{name} is missing", self.place(name))
            return default
        minor = read_amount(value, currency, self.place(name))
        if minor < 0 and not signed:
            refuse_input("out_of_range", f"{name} is negative", self.place(name))
        return minor

    def currency(self, name: str) -> str:
        """Read an ISO 4217 code."""
        code = self.text(name)
        if not _CURRENCY.fullmatch(code):
            refuse_input("bad_currency", f"{name} is not an ISO 4217 code", self.place(name))
        return code

    def wall_time(self, name: str, zone: tzinfo = CHINA, required: bool = False) -> int:
        """Read a time without a zone; the platform's "no date" gives 0. Epoch ms."""
        text = self.text(name) if required else self.text(name, "")
        when_ms = read_wall_time(text, zone, self.place(name))
        if required and not when_ms:
            refuse_input("missing", f"{name} is missing", self.place(name))
        return when_ms

    def instant(self, name: str, required: bool = False) -> int:
        """Read an RFC 3339 time with its offset; absent gives 0. Epoch ms."""
        text = self.text(name) if required else self.text(name, "")
        if not text:
            return 0
        if not _INSTANT.fullmatch(text):
            refuse_input("bad_time", f"{name} is not an RFC 3339 time", self.place(name))
        try:
            moment = datetime.fromisoformat(text).astimezone(UTC)
        except (ValueError, OverflowError):
            refuse_input("bad_time", "no such day or hour", self.place(name))
        return check_instant(int(moment.timestamp() * 1000), self.place(name))

    def epoch_s(self, name: str, required: bool = False) -> int:
        """Read epoch seconds; 0 and absent mean "not yet". Gives epoch ms."""
        seconds = self.integer(name) if required else self.integer(name, 0)
        if seconds == 0:
            if required:
                refuse_input("missing", f"{name} is missing", self.place(name))
            return 0
        return check_instant(seconds * 1000, self.place(name))

    def part(self, name: str) -> Fields:
        """Read an object; absent, null, "" and [] (PHP's empty object) give an empty one."""
        value = self._entries.get(name)
        if value is None or value == "" or value == []:
            return Fields({}, self.place(name))
        if not isinstance(value, dict):
            refuse_input("wrong_type", f"{name} is not an object", self.place(name))
        return Fields(value, self.place(name))

    def embedded(self, name: str) -> Fields:
        """Read an object that may also come as JSON inside a string."""
        value = self._entries.get(name)
        if not isinstance(value, str) or value == "":
            return self.part(name)
        if len(value) > limits.ORDER_BODY_BYTES:
            refuse_input("too_long", f"{name} is too long", self.place(name))
        return Fields(decode_object(value, self.place(name)), self.place(name))

    def parts(self, name: str, inner: str = "") -> Iterator[Fields]:
        """Read a list of objects; with `inner` also the form {inner: [...]}."""
        value = self._entries.get(name)
        place = self.place(name)
        if inner and isinstance(value, dict):
            value, place = value.get(inner), f"{place}/{inner}"
        if value is None or value == "":
            return
        if not isinstance(value, list):
            refuse_input("wrong_type", f"{name} is not a list", place)
        if len(value) > limits.ORDER_LINES:
            refuse_input("too_many", f"more than {limits.ORDER_LINES} entries", place)
        for index, entry in enumerate(value):
            if not isinstance(entry, dict):
                refuse_input("wrong_type", "not an object", f"{place}/{index}")
            yield Fields(entry, f"{place}/{index}")


def _pair_up(pairs: list[tuple[str, object]]) -> dict[str, object]:
    entries = dict(pairs)
    if len(entries) != len(pairs):
        # two values for one name: which one counts would depend on who reads it
        raise InputError("duplicate_key", "a name occurs twice in one object")
    return entries


def _refuse_constant(name: str) -> NoReturn:
    raise InputError("not_json", f"{name} is not JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_pair_up, parse_float=Decimal, parse_constant=_refuse_constant
)


def _too_deep(value: object) -> bool:
    layer = [value]
    for _ in range(limits.JSON_DEPTH):
        layer = [
            child
            for entry in layer
            if isinstance(entry, dict | list)
            for child in (entry.values() if isinstance(entry, dict) else entry)
            if isinstance(child, dict | list)
        ]
        if not layer:
            return False
    return True


def decode_any(text: str, pointer: str = "") -> object:
    """Decode JSON: numbers exact (int or Decimal), no doubled names, bounded depth."""
    try:
        value: object = _DECODER.decode(text)
    except InputError as error:
        raise InputError(error.code, error.detail, pointer) from None
    except RecursionError:
        refuse_input("too_deep", f"nested deeper than {limits.JSON_DEPTH}", pointer)
    except ValueError:
        refuse_input("not_json", "not JSON", pointer)
    if _too_deep(value):
        refuse_input("too_deep", f"nested deeper than {limits.JSON_DEPTH}", pointer)
    return value


def decode_object(text: str, pointer: str = "") -> dict[str, object]:
    """Decode a JSON object; see decode_any."""
    value = decode_any(text, pointer)
    if not isinstance(value, dict):
        refuse_input("wrong_type", "not a JSON object", pointer)
    return value


def decode_body(body: bytes) -> str:
    """Give the text of a message; it must be UTF-8 and not too large."""
    if len(body) > limits.CHANNEL_BODY_BYTES:
        refuse_input("too_large", f"more than {limits.CHANNEL_BODY_BYTES} bytes", "")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        refuse_input("not_utf8", f"not UTF-8 at byte {error.start}", "")


def open_message(body: bytes) -> Fields:
    """Read a message whose body is one JSON object."""
    return Fields(decode_object(decode_body(body)))
