"""How facts are read into rows: by the bytes of their type, and no further than a source asks."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec
from msgspec import Struct

from danshu.capabilities.assets.model import NIL, Row
from danshu.kernel.fact import epoch_ms

Out: TypeAlias = dict[str, list[Row]]
Put: TypeAlias = Callable[[Out, Row, Any, "Told"], None]
"""Appends the rows of a fact: where to, their provenance, its data, the fact."""

_TYPE: Final = b'"type":"'


class Who(Struct, frozen=True, gc=False):
    """Who acted, as far as rows name them."""

    sub: str
    role: str = "system"


class Told(NamedTuple):
    """What a row may need of a fact beside its data."""

    type: str
    actor: Who
    salt: bytes


class Reader(NamedTuple):
    """How a fact of a type is decoded, and what its rows are."""

    type: str
    decode: Callable[[bytes], Any]
    put: Put


def reader(type_: str, shape: Any, put: Put) -> Reader:
    """Make the reader of a type of fact: one pass over its bytes, `shape` is what of its data is
    read (None: nothing).
    """
    fields: list[Any] = [("actor", Who), ("occurred", str), ("time", str)]
    fields.insert(1, ("data", msgspec.Raw if shape is None else shape))
    told = msgspec.defstruct("Told", fields, frozen=True, gc=False)
    return Reader(type_, msgspec.json.Decoder(told).decode, put)


def type_of(body: bytes) -> bytes:
    """Give the type of a fact from the end of its bytes, where canonical order has put it."""
    at = body.rfind(_TYPE) + len(_TYPE)
    return body[at : body.find(b'"', at)]


def ms(text: str) -> int:
    """Read an instant as epoch ms, 0 for none and for what is not one."""
    if not text:
        return 0
    try:
        return epoch_ms(text)
    except ValueError:
        return 0


class _Recorded(Struct, frozen=True, gc=False):
    time: str


_decode_recorded: Final = msgspec.json.Decoder(_Recorded).decode


def recorded_ms(body: bytes) -> int:
    """Read when a fact was recorded, epoch ms."""
    return ms(_decode_recorded(body).time)


def uid(text: str) -> bytes:
    """Read the 16 bytes of a stream's name; the nil UUID for none."""
    if not text:
        return NIL
    try:
        return uuid.UUID(text.partition("/")[0]).bytes
    except ValueError:
        return NIL


def pseudonym(salt: bytes, *parts: str) -> str:
    """Give the name under which somebody is counted: BLAKE2b with the merchant's salt, 16 hex."""
    if not parts[-1]:
        return ""
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=8, key=salt).hexdigest()


def by_type(*readers: Reader) -> Mapping[bytes, tuple[Reader, ...]]:
    """Index readers by the bytes of their type; a type may feed several sources."""
    found: dict[bytes, tuple[Reader, ...]] = {}
    for each in readers:
        key = each.type.encode()
        found[key] = (*found.get(key, ()), each)
    return found
