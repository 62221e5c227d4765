"""Duplicates 重复单: the same receiver or buyer, the same lines, close in time, another number; or
one number under two shops of a channel.

Receivers are compared by keyed hashes of 64 bits, never in the clear; where a platform masks them,
its pseudonymous buyer stands for them, within that platform.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Final

import numpy as np
from msgspec import Struct

from danshu.capabilities.sentinel.print_index import Generation
from danshu.kernel.limits import SENTINEL_DUPLICATE_S, SENTINEL_PRINTS, SENTINEL_PRINTS_MAX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from danshu.capabilities.sentinel.parts import Placed

_MASKED: Final = "*"
_BYTES: Final = 8
_WINDOW_MS: Final = SENTINEL_DUPLICATE_S * 1000
_SPAN_MS: Final = _WINDOW_MS // 4  # of a generation, so that little more than the window is kept
_LEAST: Final = SENTINEL_PRINTS // 4  # orders of a generation, so that a quiet shop has few


class Person(Struct, frozen=True, gc=False):
    """What of a receiver tells two of them apart."""

    name: str = ""
    phone: str = ""
    detail: str = ""
    token: str = ""


class Print(Struct, frozen=True, gc=False):
    """One order: keys of who and what, and of its number, 0 = nobody known; its id, a UUIDv7."""

    who: int
    number: int
    id: bytes


def take(salt: bytes, placed: Placed, person: Person, id_: bytes) -> Print:
    """Give the print of an order that was just placed."""
    if placed.kind != "order":
        return Print(0, 0, id_)
    who = _who(placed, person)
    key = 0
    if who:
        lines = "\x1e".join(sorted([f"{n.sku}\x1f{n.quantity}" for n in placed.lines]))
        key = _hash(salt, f"{who}\x1d{lines}")
    return Print(key, _hash(salt, f"{placed.channel}\x1d{placed.number}"), id_)


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


def _ms_of(id_: bytes) -> int:
    return int.from_bytes(id_[:6], "big")  # UUIDv7: when it was placed


class Prints:
    """Every order of a merchant within the window by what it is, and the newest beyond it.

    Kept in generations: the oldest leaves when all of it is older than the window, and enough is
    kept without it. So what an order costs does not depend on how many are kept.
    """

    def __init__(self) -> None:
        self._generations: list[Generation] = []

    def __len__(self) -> int:
        return sum(len(each) for each in self._generations)

    def add(self, seen: Sequence[Print]) -> list[tuple[bytes, bytes, str]]:
        """Remember orders, the oldest first; gives of each duplicate its id, the newest order that
        it repeats, and why.
        """
        keys = np.array([(one.who, one.number) for one in seen], np.int64).reshape(-1, 2)
        ids = np.frombuffer(b"".join([one.id for one in seen]), np.uint8).reshape(-1, 16)
        found = self._compare(seen, keys)
        self.load(keys, ids)
        return found

    def load(self, keys: NDArray[np.int64], ids: NDArray[np.uint8]) -> None:
        """Remember orders without a look: keys (n, 2) of who and number, ids (n, 16) as bytes."""
        if not len(ids):
            return
        first_ms, last_ms = _ms_of(ids[0].tobytes()), _ms_of(ids[-1].tobytes())
        newest = self._generations[-1] if self._generations else None
        if newest is None or (first_ms - newest.first_ms >= _SPAN_MS and len(newest) >= _LEAST):
            newest = Generation(first_ms, 0 if newest is None else len(newest))
            self._generations.append(newest)
        newest.add(keys, ids, last_ms)
        self._forget(last_ms)

    def _forget(self, now_ms: int) -> None:
        kept = len(self)
        while len(self._generations) > 1:
            oldest = self._generations[0]
            kept -= len(oldest)
            is_over = now_ms - oldest.last_ms > _WINDOW_MS and kept >= SENTINEL_PRINTS
            if not is_over and kept + len(oldest) <= SENTINEL_PRINTS_MAX:
                return
            del self._generations[0]

    def _compare(
        self, seen: Sequence[Print], keys: NDArray[np.int64]
    ) -> list[tuple[bytes, bytes, str]]:
        who, number = self._look_up(keys[:, 0], 0), self._look_up(keys[:, 1], 1)
        is_plain = not who and not number
        if is_plain and len(np.unique(keys[keys != 0])) == np.count_nonzero(keys):
            return []
        found: list[tuple[bytes, bytes, str]] = []
        people: dict[int, bytes] = {}  # of this batch itself
        numbers: dict[int, bytes] = {}
        for at, one in enumerate(seen):
            same = people.get(one.who) or who.get(at) if one.who else None
            named = numbers.get(one.number) or number.get(at) if one.number else None
            if named is not None and named != one.id:
                found.append((one.id, named, "same_number"))
            elif same not in (None, one.id) and _ms_of(one.id) - _ms_of(same) <= _WINDOW_MS:
                found.append((one.id, same, "same_receiver"))
            people[one.who] = numbers[one.number] = one.id
        return found

    def _look_up(self, keys: NDArray[np.int64], which: int) -> dict[int, bytes]:
        """Give the newest order under each key that is known, by the key's place."""
        found: dict[int, bytes] = {}
        for generation in self._generations:
            for at, id_ in generation.find(keys, which):
                found[at] = id_
        return found
