"""The room `witness`: shows new checkpoints to the merchant's witnesses, keeps their signatures.

C2SP tlog-witness, cosignatures 0x04. A witness that says that a checkpoint does not go on from what
it cosigned has found a fork, or a database that went back: that is told in a fact and stands in
`danshu doctor` until a person has looked.
"""

from __future__ import annotations

import datetime
import logging
from typing import TYPE_CHECKING, Any, Final

import httpx
import psycopg
from msgspec import Struct

from danshu.hub import merchants, outside
from danshu.kernel import note
from danshu.kernel.errors import InputError
from danshu.kernel.fact import Actor
from danshu.kernel.limits import (
    WITNESS_AT_ONCE,
    WITNESS_BODY_BYTES,
    WITNESS_EVERY_S,
    WITNESS_TIMEOUT_S,
    WITNESSES,
)
from danshu.ledger import cosigned, signers
from danshu.ledger.facts import LogForked
from danshu.ledger.prove import Prover

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Connection = psycopg.AsyncConnection[Any]
_log = logging.getLogger("danshu.witness")
_HUB: Final = Actor(sub="hub")
_SIZE_TYPE: Final = "text/x.tlog.size"
_TRIES: Final = 3
_DUE: Final = """
select w.tenant, w.name, w.vkey, w.url, b.half, t.code, b.signed, coalesce(k.size, 0)
from witnesses w join books b on b.tenant=w.tenant join tenants t on t.id=w.tenant
left join witness_books k on k.tenant=w.tenant and k.name=w.name and k.half=b.half
where b.signed > coalesce(k.size, 0) and k.forked is null
and (%(every_s)s = 0 or k.asked is null or k.asked < now() - make_interval(secs => %(every_s)s))
and (%(tenant)s::int is null or (w.tenant=%(tenant)s and b.half=%(half)s))
order by k.asked nulls first, w.tenant, w.name, b.half limit %(limit)s
"""
_ASKED: Final = (
    "insert into witness_books(tenant,name,half,size,asked,trouble) values (%s,%s,%s,%s,now(),%s)"
    " on conflict (tenant,name,half) do update set asked=now(), trouble=excluded.trouble,"
    " size=greatest(witness_books.size, excluded.size)"
)
_FORKED: Final = (
    "insert into witness_books(tenant,name,half,size,asked,trouble,forked)"
    " values (%s,%s,%s,%s,now(),%s,now()) on conflict (tenant,name,half) do update set"
    " asked=now(), trouble=excluded.trouble, forked=now() where witness_books.forked is null"
    " returning 1"
)
_KEEP: Final = (
    "insert into cosignatures(tenant,half,size,witness,line,at)"
    " values (%s,%s,%s,%s,%s,to_timestamp(%s)) on conflict (tenant,half,size,witness) do update"
    " set line=excluded.line, at=excluded.at"
)
_LIST: Final = (
    "select w.name, w.vkey, w.url, w.added, k.half, k.size, k.asked, k.trouble, k.forked,"
    " (select max(c.at) from cosignatures c where c.tenant=w.tenant and c.witness=w.name"
    " and c.half=k.half) from witnesses w left join witness_books k"
    " on k.tenant=w.tenant and k.name=w.name where w.tenant=%s order by w.name, k.half"
)


class Watched(Struct, frozen=True, kw_only=True):
    """How far a witness has come with one book. `size` it cosigned; `trouble` is the last failure;
    `forked` when it found that the log is not the one it knew.
    """

    half: str
    size: int
    asked: datetime.datetime | None
    cosigned: datetime.datetime | None
    trouble: str
    forked: datetime.datetime | None


class WitnessState(Struct, frozen=True, kw_only=True):
    """A witness of a merchant, and the books that it was shown."""

    name: str
    vkey: str
    url: str
    added: datetime.datetime
    books: tuple[Watched, ...]


class _Due(Struct, frozen=True, kw_only=True):
    tenant: int
    name: str
    vkey: str
    url: str
    half: str
    code: str
    size: int
    known: int


class _Reply(Struct, frozen=True, kw_only=True):
    status: int
    kind: str
    body: bytes


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Give the step of the room."""
    del url
    prover = Prover()

    async def step(connection: Connection) -> int:
        return await ask_due(connection, prover)

    return step


async def ask_due(
    connection: Connection,
    prover: Prover,
    every_s: int = WITNESS_EVERY_S,
    tenant: int | None = None,
    half: str = "",
) -> int:
    """Show witnesses what they have not cosigned; of one book alone when `tenant` is given.

    Gives how many cosignatures came.
    """
    asked = {"every_s": every_s, "tenant": tenant, "half": half, "limit": WITNESS_AT_ONCE}
    rows = await (await connection.execute(_DUE, asked)).fetchall()
    came = 0
    async with outside.client() as web:
        for row in rows:
            due = _Due(**dict(zip(_Due.__struct_fields__, row, strict=True)))
            came += await _ask(connection, prover, web, due)
    return came


async def add(connection: Connection, tenant: int, vkey: str, url: str) -> None:
    """Take a witness for a merchant, or change its address; what it found before is forgotten.

    Raises InputError `vkey`, `bad_url`, `too_many`.
    """
    key = note.parse_key(vkey)
    if key.kind != note.COSIGNATURE:
        raise InputError("vkey", "a witness's key is of type 0x04 (tlog-cosignature)", "/vkey")
    outside.check_url(url)
    async with connection.transaction():
        count = "select count(*) from witnesses where tenant=%s and name<>%s"
        row = await (await connection.execute(count, (tenant, key.name))).fetchone()
        if row and row[0] >= WITNESSES:
            raise InputError("too_many", f"a merchant has at most {WITNESSES} witnesses")
        await connection.execute(
            "insert into witnesses(tenant,name,vkey,url) values (%s,%s,%s,%s)"
            " on conflict (tenant,name) do update set vkey=excluded.vkey, url=excluded.url",
            (tenant, key.name, vkey, url.rstrip("/")),
        )
        await connection.execute(
            "delete from witness_books where tenant=%s and name=%s", (tenant, key.name)
        )


async def drop(connection: Connection, tenant: int, name: str) -> bool:
    """Ask a witness no more; its cosignatures stay. Tells whether there was one."""
    async with connection.transaction():
        gone = await connection.execute(
            "delete from witnesses where tenant=%s and name=%s", (tenant, name)
        )
        await connection.execute(
            "delete from witness_books where tenant=%s and name=%s", (tenant, name)
        )
    return gone.rowcount == 1


async def read(connection: Connection, tenant: int) -> list[WitnessState]:
    """List the witnesses of a merchant with what they have come to."""
    rows = await (await connection.execute(_LIST, (tenant,))).fetchall()
    books: dict[str, list[Watched]] = {}
    for name, _, _, _, half, size, asked, trouble, forked, cosigned_at in rows:
        found = books.setdefault(name, [])
        if half is not None:
            found.append(
                Watched(
                    half=half,
                    size=size,
                    asked=asked,
                    cosigned=cosigned_at,
                    trouble=trouble,
                    forked=forked,
                )
            )
    told = {row[0]: row for row in rows}
    return [
        WitnessState(name=name, vkey=row[1], url=row[2], added=row[3], books=tuple(books[name]))
        for name, row in told.items()
    ]


async def _ask(connection: Connection, prover: Prover, web: httpx.AsyncClient, due: _Due) -> int:
    """Show one witness one checkpoint; gives the number of cosignatures that came."""
    row = await (
        await connection.execute(
            "select note from checkpoints where tenant=%s and half=%s and size=%s",
            (due.tenant, due.half, due.size),
        )
    ).fetchone()
    if row is None:
        return 0
    raw = bytes(row[0])
    old = due.known
    for _ in range(_TRIES):
        hashes = []
        if 0 < old < due.size:
            hashes = await prover.prove_consistency(connection, due.tenant, due.half, old, due.size)
        body = note.encode_growth(note.Growth(old_size=old, hashes=tuple(hashes), checkpoint=raw))
        try:
            reply = await _post(web, f"{due.url}/add-checkpoint", body)
        except InputError as error:
            await _note(connection, due, error.detail)
            return 0
        if reply.status == 200:
            return await _take(connection, due, raw, reply.body)
        if reply.status == 422:
            await _fork(connection, due, raw, old)
            return 0
        told = _told_size(reply)
        if told is None:
            await _note(connection, due, f"answers {reply.status}: {_words(reply.body)}")
            return 0
        newest = await cosigned.newest_size(connection, due.tenant, due.half)
        if told > newest or (told == old == due.size):
            await _fork(connection, due, raw, told)
            return 0
        if told > due.size:  # another node showed it a newer one meanwhile
            await _note(connection, due, "")
            return 0
        old = told
    await _note(connection, due, "keeps on answering with another size")
    return 0


async def _take(connection: Connection, due: _Due, raw: bytes, lines: bytes) -> int:
    """Keep what a witness signed, if it is good."""
    key = note.parse_key(due.vkey)
    good = cosigned.open_cosignatures(raw, lines, (key,), signers.check)
    if not good:
        await _note(connection, due, "its cosignature is not of the key that was registered")
        return 0
    async with connection.transaction():
        for each in good:
            kept = (due.tenant, due.half, due.size, each.witness, each.line, each.time_s)
            await connection.execute(_KEEP, kept)
        await connection.execute(_ASKED, (due.tenant, due.name, due.half, due.size, ""))
    return len(good)


async def _note(connection: Connection, due: _Due, trouble: str) -> None:
    if trouble:
        _log.warning("witness %s: %s", due.name, trouble)
    await connection.execute(_ASKED, (due.tenant, due.name, due.half, due.known, trouble[:500]))


async def _fork(connection: Connection, due: _Due, raw: bytes, told: int) -> None:
    """Tell loudly that a witness knows another history than ours; once."""
    checkpoint = note.parse_checkpoint(note.parse(raw).text)
    trouble = f"knows another history: it cosigned {told} leaves, ours are {checkpoint.size}"
    async with connection.transaction():
        new = await connection.execute(
            _FORKED, (due.tenant, due.name, due.half, due.known, trouble)
        )
        if await new.fetchone() is None:
            return
        said = LogForked(
            cosigned=told,
            origin=checkpoint.origin,
            root=checkpoint.root.hex(),
            size=checkpoint.size,
            witness=due.name,
        )
        await merchants.say(connection, due.tenant, _HUB, said)
    _log.error("LOG FORKED: the witness %s %s (%s)", due.name, trouble, checkpoint.origin)


async def _post(web: httpx.AsyncClient, url: str, body: bytes) -> _Reply:
    """Send a request; at most WITNESS_BODY_BYTES come back. Raises InputError `witness_fails`."""
    try:
        async with web.stream(
            "POST",
            outside.check_url(url),
            content=body,
            headers={"content-type": "text/plain; charset=utf-8"},
            timeout=WITNESS_TIMEOUT_S,
        ) as answer:
            got = b""
            async for part in answer.aiter_bytes():
                got += part
                if len(got) > WITNESS_BODY_BYTES:
                    raise InputError("witness_fails", "answers with too much")
            kind = answer.headers.get("content-type", "").partition(";")[0].strip()
            return _Reply(status=answer.status_code, kind=kind, body=got)
    except (httpx.HTTPError, OSError) as error:
        raise InputError("witness_fails", f"does not answer: {type(error).__name__}") from error


def _told_size(reply: _Reply) -> int | None:
    """Read the size in a 409; None when the answer is something else."""
    text = reply.body.decode("ascii", "replace")
    digits = text.removesuffix("\n")
    if reply.status != 409 or reply.kind != _SIZE_TYPE or not digits.isdigit():
        return None
    return int(digits) if len(digits) < 19 else None


def _words(body: bytes) -> str:
    return body[:200].decode("utf-8", "replace").strip()
