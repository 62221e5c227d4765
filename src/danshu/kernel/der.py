"""DER (X.690 §10): reading strictly, and writing the little that is asked of us.

For time-stamp tokens, certificates and SM2 signatures, where a library cannot or must not do it.
"""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

BOOLEAN: Final = 0x01
INTEGER: Final = 0x02
BIT_STRING: Final = 0x03
OCTET_STRING: Final = 0x04
NULL: Final = 0x05
OID: Final = 0x06
UTF8_STRING: Final = 0x0C
GENERALIZED_TIME: Final = 0x18
UTC_TIME: Final = 0x17
SEQUENCE: Final = 0x30
SET: Final = 0x31
_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_GENERALIZED: Final = re.compile(rb"(\d{14})(?:\.(\d{1,9}))?Z", re.ASCII)
_UTC: Final = re.compile(rb"\d{12}Z", re.ASCII)


class Item(Struct, frozen=True):
    """One element: its tag byte, its content, and all of its bytes."""

    tag: int
    body: bytes
    raw: bytes


def context(number: int, *, constructed: bool = True) -> int:
    """Give the tag byte of `[number]` of the context-specific class."""
    return 0x80 | (0x20 if constructed else 0) | number


def read(data: bytes) -> Item:
    """Read the one element that `data` is. Raises InputError `der`."""
    item, end = _read(data, 0)
    if end != len(data):
        raise InputError("der", f"{len(data) - end} bytes after the element")
    return item


def items(body: bytes) -> list[Item]:
    """Read the elements of a constructed element's content, in order. Raises InputError `der`."""
    return list(_walk(body))


def expect(item: Item, tag: int) -> Item:
    """Give the element back if it has the tag. Raises InputError `der`."""
    if item.tag != tag:
        raise InputError("der", f"tag {item.tag:#04x} where {tag:#04x} was expected")
    return item


def parts(item: Item, tag: int = SEQUENCE) -> list[Item]:
    """Read what is in an element that must have the tag. Raises InputError `der`."""
    return items(expect(item, tag).body)


def integer(item: Item) -> int:
    """Read an INTEGER. Raises InputError `der`."""
    body = expect(item, INTEGER).body
    if not body or (len(body) > 1 and body[0] in (0, 255) and (body[0] ^ body[1]) < 0x80):
        raise InputError("der", "an integer that is not the shortest")
    return int.from_bytes(body, "big", signed=True)


def oid(item: Item) -> str:
    """Read an OBJECT IDENTIFIER as dotted decimals. Raises InputError `der`."""
    body = expect(item, OID).body
    if not body or body[-1] & 0x80:
        raise InputError("der", "an object identifier that ends inside an arc")
    arcs, arc = [], 0
    for byte in body:
        arc = arc << 7 | byte & 0x7F
        if not byte & 0x80:
            arcs.append(arc)
            arc = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


def time_us(item: Item) -> int:
    """Read GeneralizedTime or UTCTime, both in UTC, as epoch microseconds. Raises InputError."""
    text = item.body
    fraction = b""
    if item.tag == UTC_TIME and _UTC.fullmatch(text):
        text = (b"20" if text[:2] < b"50" else b"19") + text[:-1]  # RFC 5280 §4.1.2.5.1
    elif item.tag == GENERALIZED_TIME and (found := _GENERALIZED.fullmatch(text)):
        text, fraction = found[1], found[2] or b""
    else:
        raise InputError("der", "not a time in UTC")
    try:
        moment = datetime.datetime.strptime(text.decode() + "+0000", "%Y%m%d%H%M%S%z")
    except ValueError as error:
        raise InputError("der", "not a time in UTC") from error
    return (moment - _EPOCH) // datetime.timedelta(microseconds=1) + int((fraction + b"000000")[:6])


def write(tag: int, *parts_: bytes) -> bytes:
    """Write an element."""
    body = b"".join(parts_)
    if len(body) < 0x80:
        return bytes((tag, len(body))) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(size))) + size + body


def write_integer(value: int) -> bytes:
    """Write an INTEGER that is not negative."""
    return write(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def write_oid(text: str) -> bytes:
    """Write an OBJECT IDENTIFIER."""
    first, second, *rest = map(int, text.split("."))
    out = bytearray()
    for arc in (40 * first + second, *rest):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(arc & 0x7F | 0x80)
        out += bytes(reversed(groups))
    return write(OID, bytes(out))


def _walk(body: bytes) -> Iterator[Item]:
    at = 0
    while at < len(body):
        item, at = _read(body, at)
        yield item


def _read(data: bytes, at: int) -> tuple[Item, int]:
    if len(data) - at < 2:
        raise InputError("der", "it ends inside an element")
    tag, size = data[at], data[at + 1]
    if tag & 0x1F == 0x1F:
        raise InputError("der", "a tag of several bytes")
    start = at + 2
    if size & 0x80:
        count = size & 0x7F
        if not 1 <= count <= 4 or len(data) - start < count:
            raise InputError("der", "a length that is not definite")
        size = int.from_bytes(data[start : start + count], "big")
        if size < 0x80 or data[start] == 0:
            raise InputError("der", "a length that is not the shortest")
        start += count
    end = start + size
    if end > len(data):
        raise InputError("der", "it ends inside an element")
    return Item(tag, data[start:end], data[at:end]), end
