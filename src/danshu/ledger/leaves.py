"""Leaves of a book as followers read them: one by one, by their fact rows, or by keys alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, Protocol, TypeAlias, overload

from danshu.kernel import fact

FactRow: TypeAlias = tuple[bytes, int, int, bytes]
"""A row of `facts`: its stream, the position there of its first fact, how many, and the packed
bytes of them all.
"""


class Place(Protocol):
    """Where something lies: tenant, half, index in that book."""

    @property
    def tenant(self) -> int:
        """Whose book it is."""

    @property
    def half(self) -> str:
        """The half-year of the book."""

    @property
    def position(self) -> int:
        """The index of its leaf."""


class Leaf(NamedTuple):
    """A fact in its place: tenant, half, index of its leaf in that book, and its stored bytes."""

    tenant: int
    half: str
    position: int
    body: bytes


class Rows(Sequence[Leaf]):
    """Leaves of one book from `first` on as the fact rows that they lie in; a leaf is made when it
    is asked for. What a row holds is checked against its count then: ProgramError if it is torn.
    """

    __slots__ = ("_size", "first", "half", "rows", "tenant")

    def __init__(self, tenant: int, half: str, first: int, rows: list[FactRow]) -> None:
        self.tenant: Final = tenant
        self.half: Final = half
        self.first: Final = first
        self.rows: Final = rows
        self._size: Final = sum([n for _, _, n, _ in rows])

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Leaf]:
        position = self.first
        for row in self.rows:
            for body in fact.unpack(row[3]):
                yield Leaf(self.tenant, self.half, position, body)
                position += 1

    @overload
    def __getitem__(self, at: int) -> Leaf: ...

    @overload
    def __getitem__(self, at: slice) -> Rows: ...

    def __getitem__(self, at: int | slice) -> Leaf | Rows:
        if isinstance(at, slice):
            start, stop, _ = at.indices(self._size)
            rows = cut(self.rows, start, stop)
            return Rows(self.tenant, self.half, self.first + start, rows)
        at = range(self._size)[at]
        ((_, _, _, packed),) = cut(self.rows, at, at + 1)
        (body,) = fact.unpack(packed)
        return Leaf(self.tenant, self.half, self.first + at, body)


def cut(rows: list[FactRow], start: int, stop: int) -> list[FactRow]:
    """Give the rows of the facts [start, stop), counted over all rows; of a row that is wanted in
    part, that part. Raises ProgramError if such a row is torn.
    """
    found: list[FactRow] = []
    at = 0
    for row in rows:
        stream, v, n, packed = row
        low, high = max(start - at, 0), min(stop - at, n)
        if low == 0 and high == n:
            found.append(row)
        elif low < high:
            bodies = list(fact.unpack(packed))[low:high]
            found.append((stream, v + low, high - low, fact.join(bodies)))
        at += n
        if at >= stop:
            break
    return found


class Touch(NamedTuple):
    """A fact's place, the 16 bytes of the stream that it belongs to, and the position there of the
    first fact of its row; its bytes are not read.
    """

    tenant: int
    half: str
    position: int
    stream: bytes
    v: int


class Touches(Sequence[Touch]):
    """Places of one book, from `first` on: of each leaf the key of its fact row, stream and `v`."""

    def __init__(self, tenant: int, half: str, first: int, keys: list[tuple[bytes, int]]) -> None:
        self.tenant: Final = tenant
        self.half: Final = half
        self.first: Final = first
        self._keys: Final = keys

    @property
    def fact_rows(self) -> set[tuple[bytes, int]]:
        """The fact rows that the leaves lie in: stream, and the position of its first fact."""
        return set(self._keys)

    @property
    def streams(self) -> frozenset[bytes]:
        """The streams that the leaves belong to."""
        return frozenset([stream for stream, _ in self._keys])

    @property
    def begun(self) -> set[bytes]:
        """The streams whose first facts are among the leaves."""
        return {stream for stream, v in self._keys if v == 1}

    def __len__(self) -> int:
        return len(self._keys)

    @overload
    def __getitem__(self, at: int) -> Touch: ...

    @overload
    def __getitem__(self, at: slice) -> Touches: ...

    def __getitem__(self, at: int | slice) -> Touch | Touches:
        if isinstance(at, slice):
            start, _, _ = at.indices(len(self._keys))
            return Touches(self.tenant, self.half, self.first + start, self._keys[at])
        return Touch(self.tenant, self.half, self.first + at, *self._keys[at])
