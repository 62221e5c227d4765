"""An index of orders by two keys of 64 bits, in flat arrays: 32 bytes an order and two slots each.

Keys are hashes, so their low bits are their place; whole batches are looked up and put in at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_LEAST: Final = 1_024
_SPARSE: Final = 2  # slots an order, at least: probes stay short
_WHICH: Final = (0, 1)


class Generation:
    """Orders of some minutes; of one key the newest is found. A key of 0 is none."""

    def __init__(self, first_ms: int, expected: int) -> None:
        self.first_ms = self.last_ms = first_ms
        self._n = 0
        room = 1 << max(_LEAST, expected).bit_length()
        self._keys = np.zeros((2, room), np.int64)
        self._ids = np.zeros((room, 16), np.uint8)
        self._slots = [np.full(room * _SPARSE, -1, np.int32) for _ in _WHICH]

    def __len__(self) -> int:
        return self._n

    def find(self, keys: NDArray[np.int64], which: int) -> Iterator[tuple[int, bytes]]:
        """Give the place of each key that is known, and the newest order under it."""
        slots, stored = self._slots[which], self._keys[which]
        left = np.flatnonzero(keys)
        at_slot = keys & (len(slots) - 1)
        while left.size:
            at = slots[at_slot[left]]
            is_taken = at >= 0
            is_hit = is_taken & (stored[at] == keys[left])
            for place, n in zip(left[is_hit].tolist(), at[is_hit].tolist(), strict=True):
                yield place, self._ids[n].tobytes()
            left = left[is_taken & ~is_hit]
            at_slot[left] = (at_slot[left] + 1) & (len(slots) - 1)

    def add(self, keys: NDArray[np.int64], ids: NDArray[np.uint8], last_ms: int) -> None:
        """Put orders in: keys (n, 2), ids (n, 16), the oldest first."""
        first, self._n = self._n, self._n + len(ids)
        self.last_ms = max(self.last_ms, last_ms)
        if self._n > len(self._ids):
            self._grow(first)
        self._keys[:, first : self._n] = keys.T
        self._ids[first : self._n] = ids
        for which in _WHICH:
            self._put(which, first, self._n)

    def _grow(self, kept: int) -> None:
        room = 1 << self._n.bit_length()
        keys, ids = np.zeros((2, room), np.int64), np.zeros((room, 16), np.uint8)
        keys[:, :kept], ids[:kept] = self._keys[:, :kept], self._ids[:kept]
        self._keys, self._ids = keys, ids
        self._slots = [np.full(room * _SPARSE, -1, np.int32) for _ in _WHICH]
        for which in _WHICH:
            self._put(which, 0, kept)

    def _put(self, which: int, first: int, end: int) -> None:
        """Give slots to the orders [first, end); of one key the newest keeps it."""
        slots, stored = self._slots[which], self._keys[which]
        mask = len(slots) - 1
        left = first + np.flatnonzero(stored[first:end])
        at_slot = stored[left] & mask
        while left.size:
            at = slots[at_slot]
            is_free = at < 0
            is_same = ~is_free & (stored[at] == stored[left])
            is_mine = is_free | (is_same & (left > at))
            slots[at_slot[is_mine]] = left[is_mine]  # ascending: of several the newest stays
            is_lost = is_free & (slots[at_slot] != left)  # another took the slot meanwhile
            is_other = ~is_free & ~is_same
            at_slot = np.where(is_other, (at_slot + 1) & mask, at_slot)[is_lost | is_other]
            left = left[is_lost | is_other]
