"""Portions of a book: where messages of many events begin and end, so that the same portion is cut
again however often it is sent.

A batch of the sequencer (a segment) never changes, so a portion ends where its segment does, and
within a segment after each `events_max` leaves: whoever goes on from the end of a portion, or reads
the book from its beginning, cuts at the same places, however much the book has grown meanwhile.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_NAME: Final = re.compile(r"([^/]+)/([^/]+)/(\d+)\+(\d+)/([0-9a-f]+)(?:~(\d+))?", re.ASCII)


class Portion(Struct, frozen=True, kw_only=True):
    """The leaves [first, first + count) of a merchant's book, as a message of a bus names them.

    `mark` is of the last leaf's bytes: a database restored from a backup, or another one under the
    same code, has another there. `epoch` grows with each rewinding, so that what is sent again is
    not taken for a repeat.
    """

    code: str
    half: str
    first: int
    count: int
    mark: str
    epoch: int = 0

    @property
    def end(self) -> int:
        """The position behind it."""
        return self.first + self.count

    def name(self) -> str:
        """Give its one name, by which a bus knows it again."""
        tail = f"~{self.epoch}" if self.epoch else ""
        return f"{self.code}/{self.half}/{self.first}+{self.count}/{self.mark}{tail}"


def read_name(name: str) -> Portion | None:
    """Read the name of a portion; None where it is none."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    code, half, first, count, mark, epoch = found.groups()
    return Portion(
        code=code,
        half=half,
        first=int(first),
        count=int(count),
        mark=mark,
        epoch=int(epoch or 0),
    )


def cut(
    first: int, segments: Iterable[tuple[int, int]], events_max: int, leaves_max: int
) -> Iterator[int]:
    """Give the ends of the portions from `first` on that lie within `leaves_max` leaves; one at
    least. `segments` are (first, count), without a gap, the first of them holds `first`.
    """
    most = first + leaves_max
    for start, count in segments:
        end = start + count
        at = max(start, first)
        while at < end:
            at = min(at - (at - start) % events_max + events_max, end)
            if at > most and at - first > events_max:
                return
            yield at
