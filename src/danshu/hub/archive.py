"""Putting days away: facts of orders that have ended become files on object storage.

The order of steps is what makes a kill at any of them harmless: (1) rows are read and each compared
with its signed leaf; (2) the file is written, uploaded under a name that only this part bears, read
back whole and compared; (3) its manifest, signed by the log's key, lies beside it; (4) one commit
writes the part down, says so by a fact in the merchant's log, and deletes exactly those rows. A
kill before (4) leaves an object that the next run writes again, after it nothing is left to do.

What stays: rows of orders, the log (segments, tiles, checkpoints), facts of every other stream.
"""

from __future__ import annotations

import asyncio
import datetime
import hashlib
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.orders.model import State
from danshu.hub import merchants
from danshu.hub.archive_facts import FactsArchived, FactsRestored
from danshu.kernel import ids, note
from danshu.kernel.errors import InputError, NotAvailable, Refusal
from danshu.kernel.fact import Actor
from danshu.kernel.limits import ARCHIVE_PARTS, ARCHIVE_RECALL_DAYS, ARCHIVE_ROWS, RETRY_AFTER_S
from danshu.ledger import archive_files, archived, signers
from danshu.ledger.archived import Part
from danshu.ledger.edge import LogBroken

if TYPE_CHECKING:
    from danshu.ledger.archive_files import Row
    from danshu.ports.blobs import Blobs

Connection = psycopg.AsyncConnection[Any]
_HUB: Final = Actor(sub="hub")
_ENDED: Final = [int(state) for state in (State.DELIVERED, State.COMPLETED, State.CANCELLED)]
_CHUNK: Final = 8 << 20
_ROWS: Final = """
select uuid_send(f.stream), f.v, f.n, f.gen, f.xid::text::int8, f.body
from facts f join orders o on o.tenant=f.tenant and o.id=f.stream
where f.tenant=%(t)s and f.stream >= %(low)s and f.stream < %(high)s and o.state = any(%(ended)s)
and not exists (select 1 from ticking k where k.tenant=f.tenant and k.id=f.stream)
and not exists (select 1 from after_sales a where a.tenant=f.tenant and a.oid=f.stream
  and a.due is not null)
and not exists (select 1 from archive_recalls r where r.tenant=f.tenant and r.stream=f.stream)
order by f.stream, f.v limit %(limit)s
"""
_NEXT_NO: Final = "select coalesce(max(no), 0) + 1 from archive_parts where tenant=%s and day=%s"
_LOCK: Final = "select pg_advisory_xact_lock(%s::int4, %s::int4)"
_SPACE: Final = 0x41726368  # "Arch"
_DELETE: Final = """
with d as (delete from facts f using unnest(%(s)s::uuid[],%(v)s::int4[]) w(s,v)
where f.tenant=%(t)s and f.stream=w.s and f.v=w.v and f.stream >= %(low)s and f.stream < %(high)s
returning 1) select count(*) from d
"""
_ADD: Final = """
insert into archive_parts(tenant,day,no,object,bytes,digest,rows,facts,first,last,note,at)
values(%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,now())
"""
_NOTE: Final = "select note from archive_parts where tenant=%s and day=%s and no=%s"
_CODE: Final = "select code from tenants where id=%s"
_FORGET: Final = "delete from archive_parts where tenant=%s and day=%s and no=%s"
_STALE: Final = """
select stream, v from archive_recalls
where tenant=%s and at < now() - make_interval(days => %s) limit 1000
"""
_SWEEP: Final = "delete from facts where tenant=%s and stream=%s and v <= %s"
_SWEPT: Final = "delete from archive_recalls where tenant=%s and stream=%s"
_NO_RECALLS: Final = "delete from archive_recalls where tenant=%s and stream = any(%s)"


class Checked(Struct, frozen=True, kw_only=True):
    """A part that was looked at: whether it is what its manifest, its fact and the log say, or
    what is wrong.
    """

    day: datetime.date
    no: int
    object: str
    rows: int
    ok: bool
    trouble: str = ""


async def put_away(
    connection: Connection, tenant: int, day: datetime.date, place: Blobs
) -> Part | None:
    """Put the next part of a day away; None when nothing of it can go (any more).

    Raises NotAvailable when the archive is not there or gives other bytes back, LogBroken when the
    rows are not what the log has: then nothing goes.
    """
    await connection.execute("select pg_advisory_lock(%s::int4, %s::int4)", (_SPACE, tenant))
    try:
        return await _put_away(connection, tenant, day, place)
    finally:
        if not connection.closed:
            free = "select pg_advisory_unlock(%s::int4, %s::int4)"
            await connection.execute(free, (_SPACE, tenant))


async def _put_away(
    connection: Connection, tenant: int, day: datetime.date, place: Blobs
) -> Part | None:
    low, high = ids.day_bounds(day)
    rows = await _read_rows(connection, tenant, low, high)
    if not rows:
        return None
    await archived.check(connection, tenant, rows)
    no = await _one(connection, _NEXT_NO, (tenant, day))
    if no > ARCHIVE_PARTS:
        raise InputError("archive_parts", f"{day} has {no - 1} parts, the limit is {ARCHIVE_PARTS}")
    code = await _one(connection, _CODE, (tenant,))
    prefix = f"facts/{code}/{day.isoformat()}/{no:05d}"
    name, size, digest = await asyncio.to_thread(_upload, place, prefix, rows)
    part = Part(
        day=day,
        no=no,
        object=name,
        size=size,
        digest=digest,
        rows=len(rows),
        facts=sum(row[2] for row in rows),
        first=uuid.UUID(bytes=rows[0][0]),
        last=uuid.UUID(bytes=rows[-1][0]),
    )
    manifest = await _sign(connection, code, part)
    await asyncio.to_thread(_put_bytes, place, f"{name}.note", manifest)
    async with connection.transaction():
        await _settle(connection, tenant, part, manifest, rows)
    return part


async def _read_rows(
    connection: Connection, tenant: int, low: uuid.UUID, high: uuid.UUID
) -> list[Row]:
    """Read whole streams, at most ARCHIVE_ROWS rows of them unless one is longer."""
    asked = {"t": tenant, "low": low, "high": high, "ended": _ENDED, "limit": ARCHIVE_ROWS}
    cursor = await connection.cursor(binary=True).execute(_ROWS, asked)
    rows: list[Row] = await cursor.fetchall()
    if len(rows) == ARCHIVE_ROWS:
        last = rows[-1][0]
        rows = [row for row in rows if row[0] != last] or rows
    return rows


def _upload(place: Blobs, prefix: str, rows: list[Row]) -> tuple[str, int, bytes]:
    """Write the file, upload it, read it back; gives its name, length and SHA-256. The digest is in
    the name, so that who comes too late writes over nobody's file.
    """
    with tempfile.TemporaryDirectory(prefix="danshu-archive-") as folder:
        path = Path(folder) / "part.parquet"
        archive_files.write(path, rows)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").digest()
        name = f"{prefix}-{digest.hex()[:16]}.parquet"
        size = path.stat().st_size
        place.put(name, path)
    if (place.size(name), digest_of(place, name, size)) != (size, digest):
        raise NotAvailable(f"archive: {name} came back with other bytes", RETRY_AFTER_S)
    if [row for group in archive_files.read(place, name, size) for row in group] != rows:
        raise NotAvailable(f"archive: {name} came back with other rows", RETRY_AFTER_S)
    return name, size, digest


def digest_of(place: Blobs, name: str, size: int) -> bytes:
    """Read an object whole and give its SHA-256."""
    hashed = hashlib.sha256()
    for start in range(0, size, _CHUNK):
        hashed.update(place.read(name, start, min(start + _CHUNK, size)))
    return hashed.digest()


def _put_bytes(place: Blobs, name: str, body: bytes) -> None:
    with tempfile.NamedTemporaryFile(prefix="danshu-archive-") as file:
        file.write(body)
        file.flush()
        place.put(name, Path(file.name))


def describe(code: str, part: Part) -> str:
    """Write the text of a part's manifest: what its file is, a line a property."""
    return "".join(
        f"{line}\n"
        for line in (
            origin_of(code),
            f"day {part.day.isoformat()}",
            f"part {part.no}",
            f"object {part.object}",
            f"bytes {part.size}",
            f"sha256 {part.digest.hex()}",
            f"rows {part.rows}",
            f"facts {part.facts}",
            f"streams {part.first} {part.last}",
        )
    )


def origin_of(code: str) -> str:
    """Name who signs a merchant's manifests, as the log's books are named."""
    return f"danshu/{code}/archive"


async def _sign(connection: Connection, code: str, part: Part) -> bytes:
    signer = await signers.load_signer(connection)
    key = signers.log_key(origin_of(code), signer.public_key)
    text = describe(code, part)
    return note.encode(note.Note(text=text, signatures=(note.sign(text, key, signer.sign),)))


async def _settle(
    connection: Connection, tenant: int, part: Part, manifest: bytes, rows: list[Row]
) -> None:
    """Write the part down and delete its rows, all of them or nothing."""
    await connection.execute(_LOCK, (_SPACE, tenant))
    low, high = ids.day_bounds(part.day)
    streams = [uuid.UUID(bytes=row[0]) for row in rows]
    asked = {"t": tenant, "s": streams, "v": [row[1] for row in rows], "low": low, "high": high}
    gone = await _one(connection, _DELETE, asked)
    if gone != len(rows):
        raise LogBroken(f"{len(rows)} fact rows were to go, {gone} were there")
    values = (
        tenant, part.day, part.no, part.object, part.size, part.digest, part.rows, part.facts,
        part.first, part.last, manifest,
    )  # fmt: skip
    await connection.execute(_ADD, values)
    said = FactsArchived(
        day=part.day.isoformat(),
        digest=part.digest.hex(),
        facts=part.facts,
        object=part.object,
        part=part.no,
        rows=part.rows,
    )
    await merchants.say(connection, tenant, _HUB, said)


async def sweep(connection: Connection, tenant: int, keep_days: int = ARCHIVE_RECALL_DAYS) -> int:
    """Remove rows again that came back and were not asked for lately; gives how many streams."""
    stale = await (await connection.execute(_STALE, (tenant, keep_days))).fetchall()
    for stream, v in stale:
        async with connection.transaction():
            await connection.execute(_SWEEP, (tenant, stream, v))
            await connection.execute(_SWEPT, (tenant, stream))
    return len(stale)


async def list_parts(
    connection: Connection, tenant: int, day: datetime.date | None = None
) -> list[Part]:
    """List what was put away of a merchant, of one day or all, the oldest first."""
    low, high = (uuid.UUID(int=0), uuid.UUID(int=2**128 - 1))
    if day is not None:
        low, high = ids.day_bounds(day)
    found = await archived.read_parts(connection, tenant, low, high)
    return [part for part in found if day in (None, part.day)]


async def verify(connection: Connection, tenant: int, part: Part, place: Blobs) -> Checked:
    """Read a part whole: its digest, its manifest's signature, each row against its leaf."""
    trouble = ""
    try:
        await _verify(connection, tenant, part, place)
    except (NotAvailable, LogBroken, InputError) as error:
        trouble = str(error)
    return Checked(
        day=part.day,
        no=part.no,
        object=part.object,
        rows=part.rows,
        ok=not trouble,
        trouble=trouble,
    )


async def _verify(connection: Connection, tenant: int, part: Part, place: Blobs) -> list[Row]:
    if await asyncio.to_thread(place.size, part.object) != part.size or part.digest != (
        await asyncio.to_thread(digest_of, place, part.object, part.size)
    ):
        raise LogBroken(f"{part.object} is not the file that was put away")
    code = await _one(connection, _CODE, (tenant,))
    manifest = bytes(await _one(connection, _NOTE, (tenant, part.day, part.no)))
    keys = [
        signers.log_key(origin_of(code), key.public_key)
        for key in await signers.read_keys(connection)
    ]
    opened = note.parse(manifest)
    if opened.text != describe(code, part):
        raise LogBroken(f"the manifest of {part.object} says something else")
    signed = note.verify(opened, keys, signers.check)
    if isinstance(signed, Refusal):
        raise LogBroken(f"the manifest of {part.object}: {signed.reason_en}")
    rows = await asyncio.to_thread(_read_all, place, part)
    if len(rows) != part.rows:
        raise LogBroken(f"{part.object} has {len(rows)} rows, not {part.rows}")
    await archived.check(connection, tenant, rows)
    return rows


def _read_all(place: Blobs, part: Part) -> list[Row]:
    return [r for rows in archive_files.read(place, part.object, part.size) for r in rows]


async def restore(connection: Connection, tenant: int, part: Part, place: Blobs) -> int:
    """Bring a part back for good, once all of it was verified; gives the number of its rows. Its
    object stays where it is.
    """
    rows = await _verify(connection, tenant, part, place)
    async with connection.transaction():
        await connection.execute(_LOCK, (_SPACE, tenant))
        await archived.insert(connection, tenant, rows)
        await connection.execute(_FORGET, (tenant, part.day, part.no))
        # nothing sweeps away what is back for good
        streams = [uuid.UUID(bytes=stream) for stream in {row[0] for row in rows}]
        await connection.execute(_NO_RECALLS, (tenant, streams))
        said = FactsRestored(
            day=part.day.isoformat(), digest=part.digest.hex(), part=part.no, rows=part.rows
        )
        await merchants.say(connection, tenant, _HUB, said)
    return len(rows)


async def _one(connection: Connection, sql: str, values: Any) -> Any:
    row = await (await connection.execute(sql, values)).fetchone()
    if row is None:
        raise InputError("no_tenant", "there is no such merchant or part")
    return row[0]
