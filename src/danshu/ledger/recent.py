"""What a process read last of the log, for followers that walk beside one another."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from danshu.ledger.leaves import FactRow


class Recent:
    """What a process read last of segments, so that followers that walk beside one another read the
    database once. A segment never changes; which database it is of is part of its name.
    """

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max: Final = bytes_max
        self._kept: OrderedDict[tuple[Any, ...], list[FactRow]] = OrderedDict()
        self._bytes = 0

    def get(self, name: tuple[Any, ...]) -> list[FactRow] | None:
        """Give the fact rows of a segment, None where they are not kept."""
        return self._kept.get(name)

    def keep(self, name: tuple[Any, ...], rows: list[FactRow]) -> None:
        """Keep the fact rows of a segment; the oldest leave."""
        size = _size(rows)
        if name in self._kept or size > self._bytes_max:
            return
        self._kept[name] = rows
        self._bytes += size
        while self._bytes > self._bytes_max:
            _, gone = self._kept.popitem(last=False)
            self._bytes -= _size(gone)


def _size(rows: list[FactRow]) -> int:
    return sum([len(row[3]) for row in rows])
