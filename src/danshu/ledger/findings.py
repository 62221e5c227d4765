"""What an audit finds, and the ways of reading that the audits share."""

from __future__ import annotations

import contextlib
import struct
from typing import TYPE_CHECKING, Any, Final, LiteralString

from msgspec import Struct

from danshu.kernel import fact, limits
from danshu.kernel.errors import ProgramError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    import psycopg

CURSOR_ROWS: Final = 1_000  # rows a server-side cursor hands over at a time

FACTS: Final = (
    "select f.stream, f.v, f.n, f.body, f.xid >= coalesce(c.position, 0)::text::xid8"
    " from facts f left join cursors c on c.name = 'sequencer' and c.tenant = 0"
    " and c.half = 'gen:' || f.gen where f.tenant=%s and f.stream >= %s and f.stream <= %s"
    " order by f.stream, f.v"
)
"""Fact rows of a range of streams in order: stream, v, n, body, whether not in the log yet."""


class Difference(Struct, frozen=True, kw_only=True):
    """One thing that is not as it should be: a stable code, where it is, what is wrong."""

    code: str
    where: str
    detail: str


class Report(Struct, frozen=True, kw_only=True):
    """What an audit read, and every difference it found (the first 1,000; `more` counts the rest).

    `pending` facts are committed and not in the log yet.
    """

    tenant: int
    counts: dict[str, int]
    differences: tuple[Difference, ...]
    more: int = 0

    @property
    def clean(self) -> bool:
        """Whether everything is as it should be."""
        return not self.differences


def compare_rows(
    code: str, table: str, rows: Mapping[Any, Any], said: Mapping[Any, Any]
) -> list[Difference]:
    """Compare the rows of a table with what facts say of them, by key; tuples are keys of parts."""
    return [
        Difference(
            code=code,
            where=f"{table} {' '.join(map(str, key)) if isinstance(key, tuple) else key}",
            detail=f"row {rows.get(key)}, facts {said.get(key)}",
        )
        for key in sorted(rows.keys() | said.keys())
        if rows.get(key) != said.get(key)
    ]


async def compare_tables(
    connection: psycopg.AsyncConnection[Any],
    tenant: int,
    code: str,
    queries: Mapping[str, LiteralString],
    told: Mapping[str, Mapping[Any, tuple[Any, ...]]],
) -> list[Difference]:
    """Compare tables with what facts say of them; a query gives a table's keys, then its values."""
    found: list[Difference] = []
    for table, query in queries.items():
        cursor = await connection.execute(query, (tenant,))
        rows = {row[0]: tuple(row[1:]) for row in await cursor.fetchall()}
        found += compare_rows(code, table, rows, told[table])
    return found


class Findings:
    """Counts and differences, as many as anyone will read."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.differences: list[Difference] = []
        self.more = 0

    def count(self, name: str, n: int = 1) -> None:
        """Count something that was read."""
        self.counts[name] = self.counts.get(name, 0) + n

    def add(self, code: str, where: str, detail: str) -> None:
        """Add one difference."""
        self.take([Difference(code=code, where=where, detail=detail)])

    def take(self, differences: Sequence[Difference]) -> None:
        """Add differences, counting those that there is no room for."""
        room = limits.AUDIT_DIFFERENCES - len(self.differences)
        self.differences += differences[:room]
        self.more += len(differences[room:])

    def report(self, tenant: int) -> Report:
        """Give what was found."""
        return Report(
            tenant=tenant,
            counts=dict(sorted(self.counts.items())),
            differences=tuple(self.differences),
            more=self.more,
        )


@contextlib.asynccontextmanager
async def snapshot(connection: psycopg.AsyncConnection[Any]) -> AsyncIterator[None]:
    """One view of the database for everything read inside; writes nothing, blocks nobody."""
    async with connection.transaction():
        await connection.execute("set transaction isolation level repeatable read, read only")
        yield


def unpacked(body: bytes) -> tuple[list[bytes], bool]:
    """Take a row apart as far as it goes; True when it ends inside a fact."""
    bodies: list[bytes] = []
    try:
        bodies.extend(fact.unpack(body))
    except (ProgramError, struct.error):
        return bodies, True
    return bodies, False
