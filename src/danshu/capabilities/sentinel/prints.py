"""Duplicates 重复单: the same receiver or buyer, the same lines, close in time, another number; or
one number under two shops of a channel.

Receivers are compared by keyed hashes of 64 bits, never in the clear; where a platform masks them,
its pseudonymous buyer stands for them, within that platform.
"""

from __future__ import annotations

from collections import OrderedDict
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.kernel.limits import SENTINEL_DUPLICATE_S, SENTINEL_PRINTS

if TYPE_CHECKING:
    from danshu.capabilities.sentinel.parts import Placed

_MASKED: Final = "*"
_BYTES: Final = 8


class Person(Struct, frozen=True, gc=False):
    """What of a receiver tells two of them apart."""

    name: str = ""
    phone: str = ""
    detail: str = ""
    token: str = ""


class Print(Struct, frozen=True, gc=False):
    """One order: keys of who and what (0 = nobody known), and of its number; when, epoch ms."""

    who: int
    number: int
    id: bytes
    at_ms: int


def take(salt: bytes, placed: Placed, person: Person, id_: bytes, at_ms: int) -> Print:
    """Give the print of an order that was just placed."""
    who = _who(placed, person)
    key = 0
    if who:
        lines = "\x1e".join(sorted([f"{n.sku}\x1f{n.quantity}" for n in placed.lines]))
        key = _hash(salt, f"{who}\x1d{lines}")
    return Print(key, _hash(salt, f"{placed.channel}\x1d{placed.number}"), id_, at_ms)


def _who(placed: Placed, person: Person) -> str:
    plain = person.phone and _MASKED not in person.phone + person.name + person.detail
    if plain:
        return f"{person.phone}\x1f{person.name}\x1f{person.detail}"
    if person.token:
        return f"{placed.channel}\x1f{placed.shop}\x1f{person.token}"
    return f"{placed.channel}\x1f{placed.buyer}" if placed.buyer else ""


def _hash(salt: bytes, text: str) -> int:
    digest = blake2b(text.encode("utf-8", "replace"), digest_size=_BYTES, key=salt).digest()
    return int.from_bytes(digest, "big", signed=True) or 1


class Prints:
    """The newest orders of a merchant by what they are; the oldest leave."""

    def __init__(self) -> None:
        self._who: OrderedDict[int, tuple[bytes, int]] = OrderedDict()
        self._numbers: OrderedDict[int, tuple[bytes, int]] = OrderedDict()

    def add(self, seen: Print) -> tuple[bytes, str] | None:
        """Remember an order; gives the one that it duplicates and why, None for nothing."""
        match: tuple[bytes, str] | None = None
        if seen.who:
            before = self._who.get(seen.who)
            if before is not None and before[0] != seen.id:
                if seen.at_ms - before[1] <= SENTINEL_DUPLICATE_S * 1000:
                    match = before[0], "same_receiver"
                else:
                    before = None
            if before is None:
                self._who[seen.who] = (seen.id, seen.at_ms)
        known = self._numbers.get(seen.number)
        if known is not None and known[0] != seen.id:
            match = known[0], "same_number"
        elif known is None:
            self._numbers[seen.number] = (seen.id, seen.at_ms)
        for kept in (self._who, self._numbers):
            while len(kept) > SENTINEL_PRINTS:
                kept.popitem(last=False)
        return match
