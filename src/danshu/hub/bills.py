"""Bills 账单: a file is brought in whole or not at all, and each line of a book once.

A line is known by its book, its account and what its mapping names as its identity, so the same
file twice brings nothing, and of files that overlap each line stands once. A known line with
another amount is a reject: what a bill said once is not said anew. Rows are read in a thread, a
chunk at a time, into a table of the transaction; when the file's own totals agree, the new ones are
kept in one commit with the fact.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import os
import uuid
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec
import psycopg
from msgspec import Struct

from danshu.hub import bills_posting
from danshu.hub.bill_facts import BillImported
from danshu.hub.saying import say_next
from danshu.hub.worlds import now_ms
from danshu.kernel import ids
from danshu.kernel.errors import InputError
from danshu.kernel.fact import NO_HEAD, rfc3339
from danshu.kernel.limits import BILL_CHUNK, BILL_REJECTS
from danshu.ledger.write import instant
from danshu.ports import registry
from danshu.ports.bill import KINDS, BillLine, BillMapping, BillReader, BillReject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
KIND_NO: Final = {name: no for no, name in enumerate(KINDS, 1)}
LOCK: Final = 0x44426C6C  # "DBll": lines are numbered as they are committed
CURRENCY: Final = "CNY"  # amounts of a run are added up and compared: they are in one currency
_CHUNK_BYTES: Final = 1 << 20
_KNOWN: Final = "select id from bill_files where tenant=%s and digest=%s"
_NEW: Final = """
create temp table bill_new (id uuid, row int, kind smallint, amount bigint, at timestamptz,
number text, waybill text, flow text, word text, weight_g int, zone text, note text, raw bytea)
on commit drop
"""
_COPY: Final = (
    "copy bill_new(id,row,kind,amount,at,number,waybill,flow,word,weight_g,zone,note,raw)"
    " from stdin (format binary)"
)
_TYPES: Final = (
    *("uuid", "int4", "int2", "int8", "timestamptz", "text", "text", "text", "text", "int4"),
    *("text", "text", "bytea"),
)
# Of a row of several lines all are left out: half a row is no row.
_CONFLICTS: Final = """
select distinct n.row, n.raw from bill_new n
join bill_lines l on l.tenant=%s and l.id=n.id and l.amount<>n.amount
order by n.row limit %s
"""
_INSERT: Final = """
insert into bill_lines(tenant,id,file,row,book,channel,kind,amount,at,number,waybill,flow,word,
weight_g,zone,note,raw)
select %s, id, %s, row, %s, %s, kind, amount, at, number, waybill, flow, word, weight_g, zone, note,
raw from bill_new where row <> all(%s) order by row, id on conflict do nothing
"""
_SUMS: Final = """
select count(*), coalesce(sum(amount) filter (where amount>0), 0)::bigint,
coalesce(-sum(amount) filter (where amount<0), 0)::bigint, min(at), max(at)
from bill_lines where tenant=%s and file=%s
"""
_FILE: Final = """
insert into bill_files(tenant,id,digest,name,form,book,account,channel,rows_in,lines,existing,
rejected,income,expense,first_at,last_at,header,by)
values(%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)
"""
_REJECT: Final = "copy bill_rejects(tenant,file,row,code,reason,raw) from stdin"
_COLUMNS: Final = (
    "id,name,form,book,account,channel,rows_in,lines,existing,rejected,income,expense,first_at,"
    "last_at,by,made,digest"
)
_READ: Final = f"select {_COLUMNS} from bill_files where tenant=%s and id=%s"
_LIST: Final = (
    f"select {_COLUMNS} from bill_files where tenant=%s and id<%s order by id desc limit %s"
)
_REJECTS: Final = (
    "select row,code,reason,raw from bill_rejects where tenant=%s and file=%s and row>%s"
    " order by row limit %s"
)
NO_BILL: Final = InputError("no_bill", "there is no such bill")
_encode = msgspec.json.Encoder().encode
_decode_cells = msgspec.json.Decoder(tuple[str, ...]).decode


class BillFile(Struct, frozen=True, kw_only=True):
    """A bill that was brought in. rows_in = rows in lines + rejected; `lines` are new, `existing`
    were there before. Amounts in 分, instants RFC 3339; `is_known`: it had been brought in before.
    """

    id: uuid.UUID
    name: str
    form: str
    book: str
    account: str
    channel: str
    rows_in: int
    lines: int
    existing: int
    rejected: int
    income_fen: int
    expense_fen: int
    first_at: str
    last_at: str
    by: str
    made: str
    digest: str
    is_known: bool = False


class RejectedRow(Struct, frozen=True, kw_only=True):
    """A row of a bill that is in no line, with its cells and why."""

    row: int
    code: str
    reason: str
    cells: tuple[str, ...]


class Source(Struct, frozen=True, kw_only=True):
    """Where a bill lies and how it is read. `account` is whose, where a book has several."""

    path: Path
    name: str
    mapping: bytes
    account: str = ""
    channel: str = ""


class _Counts:
    """What was read so far."""

    def __init__(self) -> None:
        self.rows = 0
        self.lines = 0
        self.rejects: list[BillReject] = []


def forms() -> dict[str, BillMapping]:
    """Give the mappings that come with the hub, by name."""
    folder = resources.files("danshu.data") / "bills"
    reader = _reader()
    found = [
        reader.decode_bill_mapping(entry.read_bytes())
        for entry in sorted(folder.iterdir(), key=lambda e: e.name)
        if entry.name.endswith(".yaml")
    ]
    return {mapping.name: mapping for mapping in found}


def read_form(name: str) -> bytes:
    """Give the mapping of a form that comes with the hub. Raises InputError `form`."""
    known = [e.name for e in (resources.files("danshu.data") / "bills").iterdir()]
    if f"{name}.yaml" not in known:
        listed = ", ".join(sorted(n.removesuffix(".yaml") for n in known))
        raise InputError("form", f"no form {name[:64]!r}; there are: {listed}", "/form")
    return (resources.files("danshu.data") / "bills" / f"{name}.yaml").read_bytes()


def _reader() -> BillReader:
    return cast("BillReader", registry.load("channel", "table"))


async def bring_in(
    connection: Connection,
    tenant: int,
    source: Source,
    actor: Actor,
    tell: Callable[[int], object] = lambda rows: None,
) -> BillFile:
    """Bring a bill in, in one commit; one that is known is given as it stands.

    Raises InputError: mapping, currency, encoding, column_missing, totals (the file says another
    sum than its rows give), totals_missing (its end is cut off), many_rejects. Then nothing was
    written.
    """
    mapping = _reader().decode_bill_mapping(source.mapping)
    if mapping.currency != CURRENCY:
        raise InputError("currency", f"bills in {CURRENCY} are taken, not in {mapping.currency}")
    digest = await asyncio.to_thread(_digest, source)
    async with connection.transaction():
        await connection.execute(
            "select pg_advisory_xact_lock(%s, %s)", (LOCK, int.from_bytes(digest[:3]))
        )
        row = await (await connection.execute(_KNOWN, (tenant, digest))).fetchone()
        if row is not None:
            return msgspec.structs.replace(await read(connection, tenant, row[0]), is_known=True)
        await connection.execute(_NEW)
        counts, header = await _stage(connection, source, mapping, tell)
        id_ = await _keep(connection, tenant, source, mapping, digest, counts, header, actor)
        return await read(connection, tenant, id_)


def _digest(source: Source) -> bytes:
    """SHA-256 over the file's bytes and over what decides how they are read."""
    content = hashlib.sha256()
    with source.path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            content.update(chunk)
    more = (source.mapping, source.account.encode(), source.channel.encode())
    return hashlib.sha256(b"\0".join((content.digest(), *more))).digest()


def line_id(book: str, account: str, identity: str) -> uuid.UUID:
    """Name a line for ever: the same row of the same book, whichever file brings it."""
    text = f"{book}\x1f{account}\x1f{identity}".encode()
    return uuid.UUID(bytes=hashlib.blake2b(text, digest_size=16).digest())


async def _stage(
    connection: Connection,
    source: Source,
    mapping: BillMapping,
    tell: Callable[[int], object],
) -> tuple[_Counts, tuple[str, ...]]:
    """Read the file into the transaction's table; the next chunk is read while one is written."""
    bill = _reader().read_bill(source.path, mapping)
    counts = _Counts()
    parsed = _tuples(iter(bill), mapping, source, counts)

    def take() -> list[tuple[Any, ...]]:
        return list(itertools.islice(parsed, BILL_CHUNK))

    ahead = asyncio.create_task(asyncio.to_thread(take))
    try:
        async with connection.cursor().copy(_COPY) as copy:
            copy.set_types(_TYPES)
            while chunk := await ahead:
                rows = counts.rows
                ahead = asyncio.create_task(asyncio.to_thread(take))
                for line in chunk:
                    await copy.write_row(line)
                tell(rows)
    finally:
        await asyncio.gather(ahead, return_exceptions=True)
    return counts, bill.header


def _tuples(
    found: Iterator[BillLine | BillReject],
    mapping: BillMapping,
    source: Source,
    counts: _Counts,
) -> Iterator[tuple[Any, ...]]:
    book, account = mapping.book, source.account
    for each in found:
        counts.rows = each.row
        if isinstance(each, BillReject):
            if len(counts.rejects) >= BILL_REJECTS:
                raise InputError("many_rejects", f"over {BILL_REJECTS} rows cannot be read")
            counts.rejects.append(each)
            continue
        counts.lines += 1
        yield (
            *(line_id(book, account, each.identity), each.row, KIND_NO[each.kind], each.amount),
            *(instant(each.at_ms * 1000), each.number, each.waybill, each.flow, each.word),
            *(each.weight_g, each.zone, each.note, each.raw),
        )


async def _keep(
    connection: Connection,
    tenant: int,
    source: Source,
    mapping: BillMapping,
    digest: bytes,
    counts: _Counts,
    header: tuple[str, ...],
    actor: Actor,
) -> uuid.UUID:
    """Keep what is new of the staged lines, what was left out, and say so."""
    at_ms = now_ms()
    id_ = ids.uuid7(at_ms, os.urandom(10))
    channel = source.channel or mapping.channel
    await connection.execute("select pg_advisory_xact_lock(%s, %s)", (LOCK, -tenant))
    clashes = await (await connection.execute(_CONFLICTS, (tenant, BILL_REJECTS))).fetchall()
    for row, raw in clashes:
        why = "a line of this identity is there with another amount"
        counts.rejects.append(BillReject(row=row, code="conflict", reason=why, raw=bytes(raw)))
    left_out = [row for row, _ in clashes]
    given = (tenant, id_, mapping.book, channel, left_out)
    cursor = await connection.execute(_INSERT, given)
    lines = cursor.rowcount
    staged = await (
        await connection.execute(
            "select count(*), count(distinct row) from bill_new where row <> all(%s)", (left_out,)
        )
    ).fetchone()
    assert staged is not None
    sums = await (await connection.execute(_SUMS, (tenant, id_))).fetchone()
    assert sums is not None
    _, income, expense, first_at, last_at = sums
    rows_in, existing = staged[1] + len(counts.rejects), staged[0] - lines
    await connection.execute(
        _FILE,
        (
            *(tenant, id_, digest, source.name, mapping.name, mapping.book, source.account),
            *(channel, rows_in, lines, existing, len(counts.rejects), income, expense),
            *(first_at, last_at, _encode(header), actor.sub),
        ),
    )
    if counts.rejects:
        async with connection.cursor().copy(_REJECT) as copy:
            for one in counts.rejects:
                await copy.write_row((tenant, id_, one.row, one.code, one.reason[:300], one.raw))
    said = BillImported(
        account=source.account,
        book=mapping.book,
        digest=digest.hex(),
        existing=existing,
        expense=expense,
        form=mapping.name,
        income=income,
        lines=lines,
        name=source.name,
        rejected=len(counts.rejects),
        rows=rows_in,
    )
    await say_next(connection, tenant, id_, (0, NO_HEAD), actor, at_ms, said)
    await bills_posting.post(connection, tenant, id_, mapping.currency)
    return id_


def _bill(row: tuple[Any, ...]) -> BillFile:
    return BillFile(
        id=row[0],
        name=row[1],
        form=row[2],
        book=row[3],
        account=row[4],
        channel=row[5],
        rows_in=row[6],
        lines=row[7],
        existing=row[8],
        rejected=row[9],
        income_fen=row[10],
        expense_fen=row[11],
        first_at=_text(row[12]),
        last_at=_text(row[13]),
        by=row[14],
        made=_text(row[15]),
        digest=bytes(row[16]).hex(),
    )


def _text(at: Any) -> str:
    return rfc3339(round(at.timestamp() * 1000)) if at else ""


async def read(connection: Connection, tenant: int, id_: uuid.UUID) -> BillFile:
    """Read a bill. Raises InputError `no_bill`."""
    row = await (await connection.execute(_READ, (tenant, id_))).fetchone()
    if row is None:
        raise NO_BILL
    return _bill(row)


async def list_bills(
    connection: Connection, tenant: int, before: uuid.UUID, limit: int
) -> list[BillFile]:
    """List bills, newest first."""
    rows = await (await connection.execute(_LIST, (tenant, before, limit))).fetchall()
    return [_bill(row) for row in rows]


async def list_rejects(
    connection: Connection, tenant: int, id_: uuid.UUID, after: int, limit: int
) -> list[RejectedRow]:
    """List the rows of a bill that were left out, in their order."""
    rows = await (await connection.execute(_REJECTS, (tenant, id_, after, limit))).fetchall()
    return [
        RejectedRow(row=row, code=code, reason=reason, cells=_decode_cells(bytes(raw)))
        for row, code, reason, raw in rows
    ]
