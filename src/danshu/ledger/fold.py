"""The fold: do the facts, folded again, give the rows that are there?

Reads one snapshot, a day of streams at a time: memory is bounded by the busiest day of a tenant.
"""

from __future__ import annotations

import contextlib
import uuid
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec

from danshu.kernel import fact, ids
from danshu.kernel.errors import DanshuError
from danshu.ledger import archived
from danshu.ledger.findings import Findings, snapshot, unpacked

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

    from danshu.ledger.findings import Difference, Report

_DAY_MS: Final = 86_400_000
_LAST: Final = uuid.UUID(int=2**128 - 1)


class _Envelope(msgspec.Struct):
    """The one field that tells whether a fact is wanted."""

    type: str


_decode = msgspec.json.Decoder(_Envelope).decode


class Folder(Protocol):
    """What a capability gives the audit: facts folded into the rows that they should have made.

    Facts come stream by stream and in order within each, a day of streams at a time; after each day
    `compare` looks at the rows of the streams [first, end) and forgets them, so that memory is
    bounded. The ranges cover all ids, so a row without any fact is found as well. `finish` compares
    what adds up over days (stock).
    """

    @property
    def types(self) -> frozenset[str]:
        """The fact types it wants to see."""

    def fold(self, fact: fact.Fact) -> None:
        """Take in one fact, brought up to the newest version of its type."""

    async def compare(
        self, connection: psycopg.AsyncConnection[Any], first: uuid.UUID, end: uuid.UUID
    ) -> list[Difference]:
        """Compare the rows of the streams [first, end) with what was folded since the last call."""

    async def finish(self, connection: psycopg.AsyncConnection[Any]) -> list[Difference]:
        """Compare what was added up over all streams."""


async def fold_rows(
    connection: psycopg.AsyncConnection[Any], tenant: int, folders: Sequence[Folder]
) -> Report:
    """Fold a tenant's facts, a day of streams at a time, and compare the rows they should give."""
    findings = Findings()
    wanted: dict[str, list[Folder]] = {}
    for folder in folders:
        for name in folder.types:
            wanted.setdefault(name, []).append(folder)
    async with snapshot(connection):
        first = uuid.UUID(int=0)
        away = archived.Away(await archived.read_parts(connection, tenant, first, _LAST))
        while True:
            row = await (
                await connection.execute(
                    "select stream from facts where tenant=%s and stream >= %s"
                    " order by stream limit 1",
                    (tenant, first),
                )
            ).fetchone()
            here = [s for s in (row[0] if row else None, away.next_from(first)) if s is not None]
            begin = min(here, default=None)
            end = _next_day(begin) if begin else _LAST
            if begin:
                await _fold(connection, tenant, (begin, end), wanted, findings)
            for folder in folders:
                findings.take(await folder.compare(connection, first, end))
            if end == _LAST:
                break
            first = end
        for folder in folders:
            findings.take(await folder.finish(connection))
    return findings.report(tenant)


async def _fold(
    connection: psycopg.AsyncConnection[Any],
    tenant: int,
    bounds: tuple[uuid.UUID, uuid.UUID],
    wanted: dict[str, list[Folder]],
    findings: Findings,
) -> None:
    first, end = bounds
    last = end if end == _LAST else uuid.UUID(int=end.int - 1)
    rows = archived.walk(connection, "audit_fold", tenant, first, last)
    async with contextlib.aclosing(rows):
        async for stream, v, _, body, _ in rows:
            for seq, one in enumerate(unpacked(body)[0], v):
                findings.count("facts")
                try:
                    folders = wanted.get(_decode(one).type)
                    read = fact.read(one) if folders else None
                except (msgspec.MsgspecError, DanshuError, KeyError, TypeError) as error:
                    findings.add("fact.read", f"{stream}/{seq}", str(error))
                    continue
                for folder in folders or ():
                    if read is not None:
                        folder.fold(read)


def _next_day(stream: uuid.UUID) -> uuid.UUID:
    """Give the first id of the day after a stream's."""
    day = ids.made_ms(stream) // _DAY_MS + 1
    return uuid.UUID(int=min(day * _DAY_MS << 80, _LAST.int))
