"""What feeds' JSON has in common: a strict document, items read one by one, moments, numbers."""

from __future__ import annotations

import datetime
import math
from typing import TYPE_CHECKING, Any, Final

import msgspec

from danshu.kernel.errors import InputError
from danshu.kernel.limits import (
    EARLIEST_MS,
    LATEST_MS,
    SIGNAL_BODY_BYTES,
    SIGNAL_NAME_CHARS,
    SIGNAL_READINGS,
)
from danshu.ports.signal import Fault, Reading, Told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from danshu.ports.signal import Message

_BASE32: Final = "0123456789bcdefghjkmnpqrstuvwxyz"
_POINT: Final = 8  # letters of a point's own geohash: some 40 m
_SECONDS_BEFORE: Final = 100_000_000_000  # a smaller number of a moment is told in seconds


def read_document(body: bytes) -> Any:
    """Decode a message. Raises InputError `signal_form` when it is no JSON, or too large."""
    if len(body) > SIGNAL_BODY_BYTES:
        raise InputError("too_large", f"a message is at most {SIGNAL_BODY_BYTES} bytes")
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError("signal_form", f"not JSON: {error}") from error


def read_items(document: Any, *names: str) -> list[Any]:
    """Give the items of a message: a list, one object, or a list under one of the names.

    Raises InputError `signal_form`, or `too_many` over SIGNAL_READINGS.
    """
    items = document
    if isinstance(document, dict):
        items = next((document[name] for name in names if name in document), [document])
    if not isinstance(items, list):
        raise InputError("signal_form", "a list of items, or one object, is expected")
    if len(items) > SIGNAL_READINGS:
        raise InputError("too_many", f"a message holds at most {SIGNAL_READINGS} items")
    return items


def read_one(document: Any) -> dict[str, Any]:
    """Give the one object that a message is. Raises InputError `signal_form`."""
    if not isinstance(document, dict):
        raise InputError("signal_form", "one object is expected")
    return document


def read_each(
    items: Iterable[Any], read: Callable[[Mapping[str, Any]], Iterable[Reading]], at: str = ""
) -> Told:
    """Read every item by itself: one that can't be read is a fault, the others are readings."""
    readings: list[Reading] = []
    faults: list[Fault] = []
    for number, item in enumerate(items):
        try:
            if not isinstance(item, dict):
                raise InputError("signal_form", "an object is expected")
            readings.extend(read(item))
        except InputError as error:
            place = f"{at}/{number}{error.pointer}"
            faults.append(Fault(at=place, code=error.code, detail=error.detail))
    return Told(readings=tuple(readings), faults=tuple(faults))


def text_of(item: Mapping[str, Any], *names: str, otherwise: str | None = None) -> str:
    """Give a short text (or a whole number as one) by the first name that is there."""
    for name in names:
        value = item.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, str) and value:
            if len(value) > SIGNAL_NAME_CHARS or not value.isprintable():
                raise InputError("signal_text", "too long, or not printable", f"/{name}")
            return value
    if otherwise is None:
        raise InputError("signal_missing", f"{' or '.join(names)} is missing", f"/{names[0]}")
    return otherwise


def number_of(item: Mapping[str, Any], *names: str, otherwise: float | None = None) -> float:
    """Give a finite number, also one written as text, by the first name that is there."""
    for name in names:
        value = item.get(name)
        if value is None or isinstance(value, bool):
            continue
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError) as error:
            raise InputError("signal_number", "not a number", f"/{name}") from error
        if not math.isfinite(number):
            raise InputError("signal_number", "not a finite number", f"/{name}")
        return number
    if otherwise is None:
        raise InputError("signal_missing", f"{' or '.join(names)} is missing", f"/{names[0]}")
    return otherwise


def moment_of(item: Mapping[str, Any], *names: str, otherwise_ms: int | None = None) -> int:
    """Give epoch ms of an RFC 3339 text or a number of seconds or milliseconds since 1970."""
    for name in names:
        value = item.get(name)
        if value is None or value == "":
            continue
        return _moment(value, f"/{name}")
    if otherwise_ms is None:
        raise InputError("signal_missing", f"{' or '.join(names)} is missing", f"/{names[0]}")
    return otherwise_ms


def _moment(value: Any, pointer: str) -> int:
    try:
        if isinstance(value, str) and not value.lstrip("-").isdigit():
            moment = datetime.datetime.fromisoformat(value)
            if moment.tzinfo is None:
                raise InputError("signal_moment", "a moment needs its offset, e.g. Z", pointer)
            ms = round(moment.timestamp() * 1000)
        else:
            number = int(value)
            ms = number * 1000 if abs(number) < _SECONDS_BEFORE else number
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError("signal_moment", "not a moment", pointer) from error
    if not EARLIEST_MS <= ms <= LATEST_MS:
        raise InputError("signal_moment", "a moment is between 2000 and 2100", pointer)
    return ms


def said_at(document: Any, message: Message) -> int:
    """Give when a whole message was made, where it says so, else when it arrived."""
    if isinstance(document, dict):
        return moment_of(document, "observed", "ts", "time", otherwise_ms=message.received_ms)
    return message.received_ms


def place_of(item: Mapping[str, Any], otherwise: str = "") -> str:
    """Give where an item lies: its warehouse, region, administrative code, geohash or point."""
    for name, kind in (("warehouse", "wh"), ("region", "rg"), ("adcode", "ad"), ("geohash", "gh")):
        if item.get(name):
            return f"{kind}:{text_of(item, name)}"
    if item.get("lng") is not None:
        return f"gh:{geohash(number_of(item, 'lng'), number_of(item, 'lat'), _POINT)}"
    if not otherwise:
        raise InputError("signal_place", "where it lies is not told", "/adcode")
    return otherwise


def geohash(lng: float, lat: float, letters: int) -> str:
    """Write a point as a geohash. Raises InputError for one that is not on the earth."""
    if not (-180 <= lng <= 180 and -90 <= lat <= 90):
        raise InputError("signal_number", "the point is not on the earth", "/lng")
    spans = [[-180.0, 180.0], [-90.0, 90.0]]
    point = (lng, lat)
    written, axis = "", 0
    for _ in range(letters):
        number = 0
        for _ in range(5):
            span = spans[axis]
            middle = (span[0] + span[1]) / 2
            above = point[axis] >= middle
            number = number * 2 + above
            span[0 if above else 1] = middle
            axis ^= 1
        written += _BASE32[number]
    return written
