"""Places in a book by time: which leaf to begin with, to miss nothing that was said since."""

from __future__ import annotations

import datetime
import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.kernel import fact
from danshu.kernel.limits import PLACE_SLACK_MS
from danshu.ledger.sequence import KEY

if TYPE_CHECKING:
    import psycopg

_SEGMENT: Final = """
select first, substring(keys for 22) from segments where tenant=%s and half=%s and first <= %s
order by first desc limit 1
"""
_NEXT: Final = """
select first, substring(keys for 22) from segments where tenant=%s and half=%s and first > %s
order by first limit 1
"""
_SIZE: Final = "select size from books where tenant=%s and half=%s"
_FACT: Final = "select body from facts where tenant=%s and stream=%s and v=%s"


class _Said(Struct):
    """The one field of a fact that is asked."""

    time: datetime.datetime


_decode_time = msgspec.json.Decoder(_Said).decode


async def find_place(
    connection: psycopg.AsyncConnection[Any], tenant: int, half: str, at_ms: int
) -> int:
    """Give the position in a book from which to read for all facts said at `at_ms` or later.

    It is the beginning of a batch of the sequencer, a little too early rather than too late: who
    speaks may take PLACE_SLACK_MS to write, and nodes' clocks differ. A day that was put away
    counts as earlier.
    """
    at_ms -= PLACE_SLACK_MS
    row = await (await connection.execute(_SIZE, (tenant, half))).fetchone()
    low, high = 0, int(row[0]) if row else 0  # the batch at `low` is earlier, that at `high` is not
    while low < high:
        asked = (tenant, half, (low + high) // 2)
        row = await (await connection.execute(_SEGMENT, asked)).fetchone()
        if row is None:
            break
        first, key = int(row[0]), bytes(row[1])
        said_ms = await _read_time(connection, tenant, key)
        if said_ms >= at_ms:
            high = first
        elif low == first:
            # what is left is between two beginnings: is the next one earlier as well?
            after = await _find_next(connection, tenant, half, first)
            if after is None or await _read_time(connection, tenant, after[1]) >= at_ms:
                break
            low = after[0]
        else:
            low = first
    return low


async def _find_next(
    connection: psycopg.AsyncConnection[Any], tenant: int, half: str, first: int
) -> tuple[int, bytes] | None:
    row = await (await connection.execute(_NEXT, (tenant, half, first))).fetchone()
    return (int(row[0]), bytes(row[1])) if row else None


async def _read_time(connection: psycopg.AsyncConnection[Any], tenant: int, key: bytes) -> int:
    """Give when the first fact of a batch was said, in epoch ms; 0 where it was put away."""
    stream, v, _ = KEY.unpack(key)
    asked = (tenant, uuid.UUID(bytes=stream), v)
    row = await (await connection.execute(_FACT, asked)).fetchone()
    if row is None:
        return 0
    return int(_decode_time(next(fact.unpack(bytes(row[0])))).time.timestamp() * 1000)
