"""Days of readings: partitions ahead of the clock, Parquet files of days that are over, and rows
that go after READINGS_DAYS.

A day is put away when no reading of it can come any more (SIGNAL_LATE_S after its end). The file is
on the disk before the fact that names its SHA-256 is committed; rows go only where that fact is.
Files lie in `readings/TENANT/DAY-DIGEST.parquet` of the data folder: nodes that put away share it,
and hubs of two databases that share it by mistake don't write over one another's.
"""

from __future__ import annotations

import asyncio
import datetime
import hashlib
import os
from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.hub import merchants
from danshu.hub.signal_facts import SignalsArchived
from danshu.hub.worlds import now_ms
from danshu.kernel.errors import NotAvailable
from danshu.kernel.fact import Actor
from danshu.kernel.limits import READINGS_DAYS, RETRY_AFTER_S, SIGNAL_LATE_S
from danshu.ledger.engine import home
from danshu.ledger.write import instant

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

Connection = Any
DAY_MS: Final = 86_400_000
_EPOCH: Final = datetime.date(1970, 1, 1)
_LOOK_DAYS: Final = READINGS_DAYS + 30  # however long no worker ran
_HUB: Final = Actor(sub="hub")
_CHUNK: Final = 50_000
_DAY_CHARS: Final = len("2026-11-29")
_TENANTS: Final = "select distinct tenant from signal_sources order by tenant"
_DONE: Final = "select day from signal_days where tenant=%s and day >= %s"
_HAS_ROWS: Final = (
    "select 1 from readings where tenant=%s and observed >= %s and observed < %s limit 1"
)
_ROWS: Final = """
select s.key,s.subject,s.source,r.no,r.observed,r.received,r.value,r.quality from readings r
join signal_sources s on s.tenant=r.tenant and s.no=r.no
where r.tenant=%s and r.observed >= %s and r.observed < %s order by r.no, r.observed
"""
_KEEP: Final = """
insert into signal_days(tenant,day,rows,digest,at) values(%s,%s,%s,%s,%s)
on conflict (tenant,day) do nothing returning 1
"""
_OLD: Final = "select tenant,day from signal_days where day < %s and dropped is null order by day"
_DROP_ROWS: Final = "delete from readings where tenant=%s and observed >= %s and observed < %s"
_DROPPED: Final = "update signal_days set dropped=%s where tenant=%s and day=%s"


def make_partitions(connection: psycopg.Connection[Any], first: datetime.date, days: int) -> int:
    """Create the partitions of [first, first + days) that are missing; give how many were made."""
    made = 0
    for number in range(days):
        day = first + datetime.timedelta(days=number)
        low = day_ms(day)
        name = f"readings_{day:%Y%m%d}"
        if connection.execute("select to_regclass(%s)", (name,)).fetchone() != (None,):
            continue
        try:
            with connection.transaction():
                connection.execute(
                    f"create table {name} partition of readings"
                    f" for values from ({low}) to ({low + DAY_MS})"
                )
            made += 1
        except (psycopg.errors.CheckViolation, psycopg.errors.DuplicateTable):
            continue  # its rows lie in the default partition already, and stay there
    return made


def day_ms(day: datetime.date) -> int:
    """Give the first millisecond of a UTC day."""
    return (day - _EPOCH).days * DAY_MS


def folder() -> Path:
    """Give where the files of days lie."""
    return home(os.environ) / "readings"


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Make the step of the room."""
    del url

    async def step(connection: Connection) -> int:
        at_ms = now_ms()
        made = await archive(connection, folder(), at_ms)
        return made + await drop(connection, at_ms)

    return step


async def archive(connection: Connection, where: Path, at_ms: int) -> int:
    """Put away the days that are over; gives how many were."""
    end = (at_ms - SIGNAL_LATE_S * 1000) // DAY_MS
    days = [_EPOCH + datetime.timedelta(days=n) for n in range(end - _LOOK_DAYS, end)]
    made = 0
    for (tenant,) in await (await connection.execute(_TENANTS)).fetchall():
        rows = await (await connection.execute(_DONE, (tenant, days[0]))).fetchall()
        done = {row[0] for row in rows}
        for day in days:
            low = day_ms(day)
            asked = (tenant, low, low + DAY_MS)
            if day in done or not await (await connection.execute(_HAS_ROWS, asked)).fetchone():
                continue
            made += await _put_away(connection, where, tenant, day, at_ms)
    return made


async def _put_away(
    connection: Connection, where: Path, tenant: int, day: datetime.date, at_ms: int
) -> int:
    partial = where / str(tenant) / f"{day.isoformat()}.{os.getpid()}.part"
    rows = await _write_file(connection, partial, tenant, day_ms(day))
    digest = await asyncio.to_thread(_settle, partial)
    path = partial.with_name(_name_of(day, digest))
    async with connection.transaction():
        row = (tenant, day, rows, digest, instant(at_ms * 1000))
        if await (await connection.execute(_KEEP, row)).fetchone() is None:
            partial.unlink()
            return 0
        partial.replace(path)  # before the commit: the fact never names what is not there
        said = SignalsArchived(day=day.isoformat(), digest=digest.hex(), rows=rows)
        await merchants.say(connection, tenant, _HUB, said)
    return 1


def _name_of(day: datetime.date, digest: bytes) -> str:
    return f"{day.isoformat()}-{digest.hex()[:16]}.parquet"


async def _write_file(connection: Connection, path: Path, tenant: int, low: int) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    word = pa.dictionary(pa.int32(), pa.string())
    schema = pa.schema(
        [
            ("key", word),
            ("subject", word),
            ("source", word),
            ("no", pa.int32()),
            ("observed_ms", pa.int64()),
            ("received_ms", pa.int64()),
            ("value", pa.float64()),
            ("quality", pa.int8()),
        ]
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        async with connection.transaction(), connection.cursor(name="day") as cursor:
            await cursor.execute(_ROWS, (tenant, low, low + DAY_MS))
            while rows := await cursor.fetchmany(_CHUNK):
                count += len(rows)
                columns = list(zip(*rows, strict=True))
                arrays = [
                    pa.array(column, schema.field(i).type) for i, column in enumerate(columns)
                ]
                writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
    return count


def _settle(path: Path) -> bytes:
    """Bring a file to the disk and give its SHA-256."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        return hashlib.file_digest(file, "sha256").digest()


async def drop(connection: Connection, at_ms: int) -> int:
    """Remove the rows of days that are put away and older than READINGS_DAYS."""
    today = _EPOCH + datetime.timedelta(days=at_ms // DAY_MS)
    last = today - datetime.timedelta(days=READINGS_DAYS)
    dropped = 0
    for tenant, day in await (await connection.execute(_OLD, (last,))).fetchall():
        async with connection.transaction():
            await connection.execute(_DROP_ROWS, (tenant, day_ms(day), day_ms(day) + DAY_MS))
            await connection.execute(_DROPPED, (instant(at_ms * 1000), tenant, day))
            dropped += 1
    await _drop_empty(connection, last)
    return dropped


async def _drop_empty(connection: Connection, before: datetime.date) -> None:
    """Remove partitions of days before `before` that hold nothing any more."""
    cursor = await connection.execute(
        "select inhrelid::regclass::text from pg_inherits where inhparent='readings'::regclass"
    )
    for (name,) in await cursor.fetchall():
        day = name.rpartition("_")[2]
        if not day.isdigit() or day >= f"{before:%Y%m%d}":
            continue
        row = await (await connection.execute(f"select 1 from {name} limit 1")).fetchone()
        if row is None:
            await connection.execute(f"drop table {name}")


async def read_days(
    connection: Connection,
    tenant: int,
    key: str,
    subject: str,
    span: tuple[int, int],
    before: tuple[int, int],
    limit: int,
) -> list[tuple[Any, ...]]:
    """Read what rows no longer have, newest first: observed, received, value, quality, source, no.

    Raises NotAvailable when a file is not here, or is not the one that its fact names.
    """
    cursor = await connection.execute(
        "select day,digest from signal_days where tenant=%s and dropped is not null"
        " and day >= %s and day <= %s order by day desc",
        (tenant, _day_of(span[0]), _day_of(min(span[1], before[0] + 1))),
    )
    found: list[tuple[Any, ...]] = []
    for day, digest in await cursor.fetchall():
        path = folder() / str(tenant) / _name_of(day, bytes(digest))
        found += await asyncio.to_thread(
            _read_file, path, bytes(digest), (key, subject), span, before
        )
        if len(found) >= limit:
            break
    return found[:limit]


def _day_of(ms: int) -> datetime.date:
    days = min(max(ms // DAY_MS, 0), 60_000)
    return _EPOCH + datetime.timedelta(days=days)


def _read_file(
    path: Path,
    digest: bytes,
    about: Sequence[str],
    span: tuple[int, int],
    before: tuple[int, int],
) -> list[tuple[Any, ...]]:
    import pyarrow.parquet as pq

    day = path.name[:_DAY_CHARS]
    if not path.exists():  # it was put away before names had digests
        path = path.with_name(f"{day}.parquet")
    try:
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").digest() != digest:
                raise NotAvailable(f"the file of {day} was changed", RETRY_AFTER_S)
    except OSError as error:
        raise NotAvailable(f"the file of {day} is not here", RETRY_AFTER_S) from error
    chosen: list[tuple[str, str, Any]] = [("key", "=", about[0]), ("subject", "=", about[1])]
    chosen += [("observed_ms", ">=", span[0]), ("observed_ms", "<", span[1])]
    table = pq.read_table(path, filters=chosen)
    names = ("observed_ms", "received_ms", "value", "quality", "source", "no")
    rows = zip(*(table.column(name).to_pylist() for name in names), strict=True)
    return sorted(
        (row for row in rows if (row[0], row[5]) < before),
        key=lambda row: (row[0], row[5]),
        reverse=True,
    )
