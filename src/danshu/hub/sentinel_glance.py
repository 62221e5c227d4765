"""What the sentinel sees of a batch of fact rows before it decodes any: which of them place an
order, with which nothing is wrong, and what tells one from another.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from danshu.capabilities.sentinel import life as lives
from danshu.capabilities.sentinel import people, scan
from danshu.capabilities.sentinel.text import type_of
from danshu.kernel import fact
from danshu.kernel.fact import epoch_ms
from danshu.kernel.limits import SENTINEL_SCAN_LINES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from danshu.ledger.leaves import FactRow

_MARKS: Final = np.array([type_of(name) for name in lives.READ], np.int64)
_HOUR_MS: Final = 3_600_000
_ROOM: Final = 64  # bytes: marks and numbers that are hashed with what a row holds


def salt_of(secret: bytes) -> NDArray[np.uint64]:
    """Make the key of a merchant's prints of its salt."""
    digest = hashlib.blake2b(secret, digest_size=16).digest()
    return np.frombuffer(digest, "<u8").astype(np.uint64)


def compile_all() -> None:
    """Compile what looks, once on a machine (some 10 s), else load it."""
    glance = Glance([(bytes(16), 1, 1, fact.join([b"{}"]))], salt_of(b""))
    glance.hash([b"{}"], [0])
    list(glance.count())


class Glance:
    """Rows of one batch, [R]; `fresh` are those that place an order."""

    def __init__(self, rows: Sequence[FactRow], salt: NDArray[np.uint64]) -> None:
        count = len(rows)
        self._salt: Final = salt
        self._buf, self._starts = _join([row[3] for row in rows])
        longest = int(np.diff(self._starts).max())
        self._scratch: Final = np.zeros(longest + _ROOM, np.uint8)
        self.verdicts: Final = np.zeros(count, np.int64)
        self._spans: Final = np.empty((count, scan.SPANS, 2), np.int64)
        self._keys: Final = np.zeros((count, scan.KEYS), np.int64)
        lines, sums = np.zeros((SENTINEL_SCAN_LINES, 2), np.int64), np.zeros(scan.SUMS, np.int64)
        scan.look(
            self._buf, self._starts, _MARKS, salt, self._scratch, lines, sums,
            self.verdicts, self._spans, self._keys,
        )  # fmt: skip
        self.fresh: Final[list[int]] = np.flatnonzero(self.verdicts != scan.OTHER).tolist()
        joined = b"".join([rows[at][0] for at in self.fresh])
        self.ids: Final = np.frombuffer(joined, np.uint8).reshape(-1, 16)

    def order(self) -> NDArray[np.int64]:
        """Give the places of the fresh rows in the order in which they were placed."""
        high, low = self.ids.view(">u8").T  # UUIDv7
        placed: NDArray[np.int64] = np.lexsort((low, high))
        return placed

    def hash(self, persons: Sequence[bytes], whose: Sequence[int]) -> NDArray[np.int64]:
        """Give the fresh rows' keys [F, 2]: of receiver and lines, 0 where nobody is known, and of
        the number; both 0 where it is no sale. `whose`: the row of each person.
        """
        given, starts = _join(persons)
        room = len(self._scratch) + int(np.diff(starts).max(initial=0))
        who = np.zeros(len(self.verdicts), np.int64)
        people.know(
            given, starts, np.array(whose, np.int64), self._buf, self._spans, self._keys,
            np.zeros(room, np.uint8), self._salt, np.zeros((4, 2), np.int64), who,
        )  # fmt: skip
        return np.stack((who, self._keys[:, scan.NUMBERED]), axis=1)[self.fresh]

    def count(self) -> Iterator[tuple[int, str, str, int, int]]:
        """Give sales by cell: hour, channel, province, how many, and how late together, in ms."""
        placed_ms = np.zeros(len(self.verdicts), np.int64)
        placed_ms[self.fresh] = self.ids.view(">i8")[:, 0] >> 16  # UUIDv7: when it was placed
        self._read_oddly_written_times()
        slots = np.full(1 << len(self.verdicts).bit_length(), -1, np.int64)
        cells = np.zeros((len(self.verdicts), 3), np.int64)
        scan.tally(
            self._buf, self.verdicts, self._spans, self._keys, placed_ms, self._scratch,
            self._salt, slots, cells,
        )  # fmt: skip
        for at in np.flatnonzero(cells[:, 1]):
            hour = int(placed_ms[at]) // _HOUR_MS
            channel, region = self._text(at, scan.CHANNEL), self._text(at, scan.REGION)
            yield hour, channel, region[:2], int(cells[at, 1]), int(cells[at, 2])

    def _read_oddly_written_times(self) -> None:
        odd = (self._keys[:, scan.CREATED_MS] < 0) & (self._spans[:, scan.CREATED, 0] >= 0)
        for at in np.flatnonzero(odd & (self.verdicts != scan.OTHER)):
            self._keys[at, scan.CREATED_MS] = epoch_ms(self._text(at, scan.CREATED))

    def _text(self, row: Any, column: int) -> str:
        first, end = self._spans[row, column]
        if first < 0:
            return ""
        # with its quotes: it may hold what JSON escapes
        return msgspec.json.decode(self._buf[first - 1 : end + 1].tobytes(), type=str)


def _join(parts: Sequence[bytes]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Join bytes, and some to read ahead in; gives where each begins, and where the last ends."""
    starts = np.zeros(len(parts) + 1, np.int64)
    np.cumsum([len(part) for part in parts], out=starts[1:])
    return np.frombuffer(b"".join([*parts, bytes(16)]), np.uint8), starts
