"""Duplicates 重复单: the same receiver or buyer, the same lines, close in time, another number; or
one number under two shops of a channel. What tells orders apart is hashed in `people`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from danshu.capabilities.sentinel.print_index import Generation
from danshu.kernel.limits import SENTINEL_DUPLICATE_S, SENTINEL_PRINTS, SENTINEL_PRINTS_MAX

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WINDOW_MS: Final = SENTINEL_DUPLICATE_S * 1000
_SPAN_MS: Final = _WINDOW_MS // 4  # of a generation, so that little more than the window is kept
_LEAST: Final = SENTINEL_PRINTS // 4  # orders of a generation, so that a quiet shop has few


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

    def add(self, keys: NDArray[np.int64], ids: NDArray[np.uint8]) -> list[tuple[int, bytes, str]]:
        """Remember orders, the oldest first: keys (n, 2) of who and number, 0 = nobody known, and
        ids (n, 16), UUIDv7. Gives of each duplicate its place, the newest order that it repeats,
        and why.
        """
        found = self._compare(keys, ids)
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
        self, keys: NDArray[np.int64], ids: NDArray[np.uint8]
    ) -> list[tuple[int, bytes, str]]:
        who, number = self._look_up(keys[:, 0], 0), self._look_up(keys[:, 1], 1)
        is_plain = not who and not number
        if is_plain and len(np.unique(keys[keys != 0])) == np.count_nonzero(keys):
            return []
        found: list[tuple[int, bytes, str]] = []
        people: dict[int, bytes] = {}  # of this batch itself
        numbers: dict[int, bytes] = {}
        for at, (person, numbered) in enumerate(keys.tolist()):
            id_ = ids[at].tobytes()
            same = people.get(person) or who.get(at) if person else None
            named = numbers.get(numbered) or number.get(at) if numbered else None
            if named is not None and named != id_:
                found.append((at, named, "same_number"))
            elif same is not None and same != id_ and _ms_of(id_) - _ms_of(same) <= _WINDOW_MS:
                found.append((at, same, "same_receiver"))
            people[person] = numbers[numbered] = id_
        return found

    def _look_up(self, keys: NDArray[np.int64], which: int) -> dict[int, bytes]:
        """Give the newest order under each key that is known, by the key's place."""
        found: dict[int, bytes] = {}
        for generation in self._generations:
            for at, id_ in generation.find(keys, which):
                found[at] = id_
        return found
