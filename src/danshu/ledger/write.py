"""The one write: facts, rows, timers and keys in one commit, sent as one pipelined round trip.

A statement may carry a guard: it divides by zero on the server when what was predicted is no longer
true, which fails the whole transaction (GuardFailed); then nothing was written and the caller
decides again on the truth.
"""

from __future__ import annotations

import datetime
import logging
import struct
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import psycopg
from msgspec import Struct
from psycopg import pq
from psycopg.adapt import Dumper, PyFormat

from danshu.kernel.errors import DanshuError, NotAvailable, UnknownOutcome

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from psycopg.abc import Buffer

    from danshu.kernel.fact import Packed

logging.getLogger("psycopg").addFilter(
    lambda record: "error ignored terminating" not in record.getMessage()
)

# How connections are named in the database's own lists: the server's that places orders, and those
# of the workers, followed by their room.
PLACING: Final = "danshu place"
WORKING: Final = "danshu work"
_EPOCH_2000_US = 946_684_800_000_000
_LENGTH = struct.Struct(">i")


class GuardFailed(DanshuError):
    """A key was known or a stock row was short: nothing was written; decide again."""

    code = "guard_failed"


class Array(Struct, frozen=True):
    """A ready binary array parameter: array type oid and bytes."""

    oid: int
    data: bytes


class _ArrayDumper(Dumper):
    format = pq.Format.BINARY

    def get_key(self, obj: Any, format: PyFormat) -> Any:
        return (type(obj), obj.oid)

    def upgrade(self, obj: Any, format: PyFormat) -> Dumper:
        dumper = _ArrayDumper(self.cls)
        dumper.oid = obj.oid
        return dumper

    def dump(self, obj: Any) -> Buffer | None:
        data: bytes = obj.data
        return data


psycopg.adapters.register_dumper(Array, _ArrayDumper)


def _head(oid: int, n: int) -> bytes:
    return (
        struct.pack(">iiIii", 1 if n else 0, 0, oid, n, 1) if n else struct.pack(">iiI", 0, 0, oid)
    )


def _fixed(oid: int, array_oid: int, dtype: str, width: int, values: Any) -> Array:
    n = len(values)
    out = np.empty(n, dtype=[("n", ">i4"), ("v", dtype)])
    out["n"] = width
    out["v"] = values
    return Array(array_oid, _head(oid, n) + out.tobytes())


def int2s(values: Sequence[int] | np.ndarray[Any, Any]) -> Array:
    """Make an int2[] parameter."""
    return _fixed(21, 1005, ">i2", 2, values)


def int4s(values: Sequence[int] | np.ndarray[Any, Any]) -> Array:
    """Make an int4[] parameter."""
    return _fixed(23, 1007, ">i4", 4, values)


def int8s(values: Sequence[int] | np.ndarray[Any, Any]) -> Array:
    """Make an int8[] parameter."""
    return _fixed(20, 1016, ">i8", 8, values)


def float8s(values: Sequence[float] | np.ndarray[Any, Any]) -> Array:
    """Make a float8[] parameter."""
    return _fixed(701, 1022, ">f8", 8, values)


def times(values_us: Sequence[int] | np.ndarray[Any, Any]) -> Array:
    """Make a timestamptz[] parameter from epoch microseconds."""
    return _fixed(1184, 1185, ">i8", 8, np.asarray(values_us, dtype=np.int64) - _EPOCH_2000_US)


def times_or_null(values_us: Sequence[int]) -> Array:
    """Make a timestamptz[] parameter from epoch microseconds; 0 becomes null."""
    pack = struct.pack
    parts = [pack(">iq", 8, v - _EPOCH_2000_US) if v else b"\xff\xff\xff\xff" for v in values_us]
    head = struct.pack(">iiIii", 1, 1, 1184, len(parts), 1) if parts else _head(1184, 0)
    return Array(1185, head + b"".join(parts))


def uuids(values: Sequence[uuid.UUID]) -> Array:
    """Make a uuid[] parameter."""
    parts = [b"\0\0\0\x10" + v.bytes for v in values]
    return Array(2951, _head(2950, len(parts)) + b"".join(parts))


def uuid_bytes(values: Sequence[bytes]) -> Array:
    """Make a uuid[] parameter from 16 bytes each."""
    parts = [b"\0\0\0\x10" + v for v in values]
    return Array(2951, _head(2950, len(parts)) + b"".join(parts))


def byteas(values: Sequence[bytes]) -> Array:
    """Make a bytea[] parameter."""
    return _varying(17, 1001, values)


def texts(values: Sequence[str]) -> Array:
    """Make a text[] parameter; U+0000 must have been refused before."""
    return _varying(25, 1009, [v.encode() for v in values])


def _varying(oid: int, array_oid: int, values: Sequence[bytes]) -> Array:
    pack = _LENGTH.pack
    parts = [b""] * (2 * len(values))
    parts[::2] = [pack(len(v)) for v in values]
    parts[1::2] = values
    return Array(array_oid, _head(oid, len(values)) + b"".join(parts))


class Statement(Struct, frozen=True):
    """One statement of a write, with its parameters; `returns` when its rows are wanted."""

    sql: str
    params: tuple[Any, ...]
    returns: bool = False


_INSERT_FACTS = (
    "insert into facts(tenant,stream,v,n,body,leaves) select * from"
    " unnest(%b::int4[],%b::uuid[],%b::int4[],%b::int4[],%b::bytea[],%b::bytea[])"
)
INSERT_KEYS = (
    "with i as (insert into idem(tenant,okey,oid,bh)"
    " select * from unnest(%b::int4[],%b::text[],%b::uuid[],%b::bytea[])"
    " on conflict (tenant,okey) do nothing returning 1) select 1/(count(*) = %b)::int from i"
)
INSERT_TIMERS = (
    "insert into timers(tenant,due,id,kind)"
    " select * from unnest(%b::int4[],%b::timestamptz[],%b::uuid[],%b::int4[])"
    " on conflict do nothing"
)


def facts(tenants: Sequence[int], packs: Sequence[Packed]) -> Statement:
    """Write packed facts, each of the tenant beside it."""
    return Statement(
        _INSERT_FACTS,
        (
            int4s(tenants),
            uuids([p.stream for p in packs]),
            int4s([p.first for p in packs]),
            int4s([p.count for p in packs]),
            byteas([p.body for p in packs]),
            byteas([p.leaves for p in packs]),
        ),
    )


async def add_facts(connection: psycopg.AsyncConnection[Any], tenant: int, packed: Packed) -> None:
    """Write the facts of one stream in the caller's transaction."""
    said = facts([tenant], [packed])
    await connection.execute(said.sql, said.params, binary=True)


async def connect(url: str, name: str = "danshu") -> psycopg.AsyncConnection[Any]:
    """Open a connection for writing: autocommit, prepared from the first use; `name` is how the
    database's own lists call it (pg_stat_activity.application_name).
    """
    try:
        connection = await psycopg.AsyncConnection.connect(
            url, autocommit=True, prepare_threshold=0, application_name=name
        )
    except psycopg.OperationalError as e:
        raise NotAvailable(f"the database does not answer: {e}") from e
    await connection.execute("set idle_in_transaction_session_timeout = '60s'")
    return connection


async def commit(
    connection: psycopg.AsyncConnection[Any], statements: Sequence[Statement]
) -> list[list[tuple[Any, ...]]]:
    """Run the statements in one transaction and one round trip; give the rows that some return.

    Raises GuardFailed (nothing written), UnknownOutcome (the connection broke; repeat with the same
    key), another psycopg.Error when the server refused (nothing written).
    """
    cursors = []
    try:
        async with connection.pipeline():
            await connection.execute("begin")
            for s in statements:
                cursor = connection.cursor(binary=True)
                await cursor.execute(s.sql, s.params)
                if s.returns:
                    cursors.append(cursor)
            await connection.execute("commit")
        return [await c.fetchall() for c in cursors]
    except psycopg.errors.DivisionByZero as e:
        await _rollback(connection)
        raise GuardFailed("the prediction was wrong") from e
    except (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected) as e:
        await _rollback(connection)
        raise GuardFailed(str(e)) from e
    except (psycopg.OperationalError, psycopg.InterfaceError) as e:
        await connection.close()
        raise UnknownOutcome(
            "the connection broke while committing; repeat with the same key"
        ) from e
    except psycopg.Error:  # what the server refuses must not leave its transaction open
        await _rollback(connection)
        raise


async def _rollback(connection: psycopg.AsyncConnection[Any]) -> None:
    try:
        await connection.execute("rollback")
    except psycopg.Error:
        await connection.close()


def instant(us: int) -> datetime.datetime:
    """Give epoch microseconds as an aware datetime, for single parameters."""
    return datetime.datetime.fromtimestamp(us / 1_000_000, datetime.UTC)
