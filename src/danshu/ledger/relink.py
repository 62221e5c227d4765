"""A linked log: how a restored older backup goes on without forking what was signed after it.

The old log ends at the newest checkpoint that the database still holds; what was signed beyond it
is lost here, and nobody may sign those positions again. A new log begins beside it (`2026h2.2`),
whose first entry names the old origin, size and root as last signed. Leaves that the database has
and no checkpoint of its own covers move over behind that entry, so that every fact stays provable.

It works in one transaction that holds the sequencer's and the sealer's locks and the table of
facts, and only when no other transaction runs: a fact below the sequencer's new cursor would be
lost. A crash leaves everything as it was.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.kernel import fact, ids, note
from danshu.kernel.errors import InputError, NotAvailable
from danshu.kernel.fact import NO_HEAD, Said
from danshu.kernel.tiles import Edge, split_hashes
from danshu.ledger import seal, sequence, signers, write
from danshu.ledger.edge import load_edge
from danshu.ledger.facts import LogLinked
from danshu.ledger.sequence import KEY, Sequencer

if TYPE_CHECKING:
    from pathlib import Path

    import psycopg

    from danshu.kernel.fact import Actor

    Connection = psycopg.AsyncConnection[Any]

_HALF: Final = re.compile(r"([0-9]{4}h[12])(?:\.([2-9]))?")
_LINKS_MAX: Final = 9  # one digit, so that names sort as the books follow one another
_STEPS: Final = 100_000
_LOCKS: Final = "select pg_try_advisory_lock(%s), pg_try_advisory_lock(%s)"
_BOOKS: Final = (
    "select b.half, b.size, b.signed, b.root from books b where b.tenant=%s order by b.half"
)
_TAIL: Final = (
    "select first, n from segments where tenant=%s and half=%s and first>=%s order by first"
)
_MOVE: Final = (
    "update segments set half=%s, first=%s, root=%s where tenant=%s and half=%s and first=%s"
    " returning hashes"
)
_HASHES: Final = "select hashes from segments where tenant=%s and half=%s and first=%s"
_SEGMENT: Final = (
    "insert into segments(tenant,half,first,n,gen,xid_from,xid_to,keys,hashes,root)"
    " values (%s,%s,0,1,%s,%s::text::xid8,%s::text::xid8,%s,%s,%s)"
)
_ALONE: Final = (
    "select pg_current_xact_id()::text::int8,"
    " pg_snapshot_xmin(pg_current_snapshot()) = pg_current_xact_id()"
)


class Linked(Struct, frozen=True, kw_only=True):
    """A new log: its merchant, book and origin; the old origin, size as last signed, leaves of it
    that this database holds, leaves that moved over.
    """

    tenant: int
    half: str
    origin: str
    old_origin: str
    size: int
    held: int
    moved: int


class _Last(Struct, frozen=True, kw_only=True):
    """What was last signed of a book."""

    half: str
    raw: bytes
    checkpoint: note.Checkpoint


def next_half(halves: list[str], now_ms: int) -> str:
    """Name the book after all of these: `2026h2` -> `2026h2.2` -> `2026h2.3`."""
    newest = max([sequence.half_of(now_ms), *halves], key=_rank)
    plain, number = _rank(newest)
    if number >= _LINKS_MAX:
        raise InputError("half", f"{newest} was linked {_LINKS_MAX - 1} times already")
    return f"{plain}.{number + 1}"


async def relink(
    connection: Connection, folder: Path, actor: Actor, now_ms: int
) -> tuple[Linked, ...]:
    """Begin a linked log for every merchant; `folder` is the sealer's second place.

    Raises InputError `not_forked` when nothing was signed beyond what is here, NotAvailable while
    a worker or a writer runs, LogBroken when what is left does not fit what was signed.
    """
    row = await (await connection.execute(_LOCKS, (sequence.LOCK, seal.LOCK))).fetchone()
    if row != (True, True):
        raise NotAvailable("the workers run: stop `danshu up`, `serve` and `work` first")
    sequencer = Sequencer()
    for _ in range(_STEPS):  # what waits gets its place first, in the old book
        if not await sequencer.step(connection, now_ms):
            break
    publics = [k.public_key for k in await signers.read_keys(connection)]
    kept = _kept(folder)
    async with connection.transaction():
        await connection.execute("lock table facts in access exclusive mode")
        alone = await (await connection.execute(_ALONE)).fetchone()
        if alone is None or not alone[1]:
            raise NotAvailable("other transactions run: stop everything that writes, then again")
        xid = int(alone[0])
        tenants = await (await connection.execute("select id, code from tenants")).fetchall()
        halves = await (await connection.execute("select distinct half from books")).fetchall()
        half = next_half([h for (h,) in halves] + [h for _, h in kept], now_ms)
        last = {t: await _last(connection, t, code, kept, publics) for t, code in tenants}
        unfit = await _unfit(connection, kept)
        if not unfit:
            raise InputError("not_forked", "nothing was signed beyond what this database holds")
        gen = await sequence.adopt(connection)
        linked = []
        for tenant, code in tenants:
            found = last[tenant]
            if found is not None:
                linked.append(
                    await _begin(connection, tenant, code, half, found, actor, now_ms, gen, xid)
                )
        for (tenant, old), raw in unfit.items():  # also of a merchant that is not here any more
            checkpoint = note.parse_checkpoint(note.parse(raw).text)
            await _link(connection, tenant, half, old, checkpoint, raw)
        await connection.execute(
            "update cursors set position=%s where name=%s and tenant=0 and half=%s",
            (xid + 1, sequence.CURSOR, f"gen:{gen}"),
        )
    return tuple(linked)


async def _begin(
    connection: Connection,
    tenant: int,
    code: str,
    half: str,
    last: _Last,
    actor: Actor,
    now_ms: int,
    gen: int,
    xid: int,
) -> Linked:
    """Write the first entry of a tenant's new log and move what no checkpoint covers behind it."""
    row = await (
        await connection.execute(
            "select coalesce(max(size),0) from checkpoints where tenant=%s and half=%s",
            (tenant, last.half),
        )
    ).fetchone()
    held = int(row[0]) if row else 0
    old = last.checkpoint
    stream = ids.uuid7(now_ms, os.urandom(10))
    said = LogLinked(held=held, origin=old.origin, root=old.root.hex(), size=old.size)
    packed = fact.pack(
        [Said(data=said)],
        stream=stream,
        seq=0,
        head=NO_HEAD,
        actor=actor,
        now_ms=now_ms,
        tenant=tenant,
    )
    await write.add_facts(connection, tenant, packed)
    edge = Edge()
    leaf = packed.leaves
    edge.extend([leaf])
    keys = KEY.pack(stream.bytes, 1, 1)
    await connection.execute(
        _SEGMENT, (tenant, half, gen, str(xid), str(xid), keys, leaf, edge.root())
    )
    moved = await _move(connection, tenant, half, edge)
    await connection.execute(
        "insert into books(tenant,half,size,root) values (%s,%s,%s,%s)",
        (tenant, half, edge.size, edge.root()),
    )
    await _link(connection, tenant, half, last.half, old, last.raw)
    return Linked(
        tenant=tenant,
        half=half,
        origin=signers.origin_of(code, half),
        old_origin=old.origin,
        size=old.size,
        held=held,
        moved=moved,
    )


async def _link(
    connection: Connection,
    tenant: int,
    half: str,
    old: str,
    checkpoint: note.Checkpoint,
    raw: bytes,
) -> None:
    await connection.execute(
        "insert into linked_logs(tenant,half,origin,size,root,note,old_half)"
        " values (%s,%s,%s,%s,%s,%s,%s) on conflict do nothing",
        (tenant, half, checkpoint.origin, checkpoint.size, checkpoint.root, raw, old),
    )


async def _move(connection: Connection, tenant: int, half: str, edge: Edge) -> int:
    """Move the leaves beyond each book's last checkpoint to the end of the new book."""
    moved = 0
    for old, size, signed, _ in await (await connection.execute(_BOOKS, (tenant,))).fetchall():
        if size == signed:
            continue
        segments = await (await connection.execute(_TAIL, (tenant, old, signed))).fetchall()
        await connection.execute(
            "delete from tiles where tenant=%s and half=%s and (n + 1) * (256::int8 ^ (level + 1))"
            " > %s",
            (tenant, old, signed),
        )
        for first, n in segments:
            row = await (await connection.execute(_HASHES, (tenant, old, first))).fetchone()
            assert row is not None
            at = edge.size
            for tile, data in edge.extend(split_hashes(bytes(row[0]))):
                await connection.execute(
                    "insert into tiles(tenant,half,level,n,data) values (%s,%s,%s,%s,%s)",
                    (tenant, half, tile.level, tile.index, data),
                )
            await connection.execute(_MOVE, (half, at, edge.root(), tenant, old, first))
            moved += n
        left = await load_edge(connection, tenant, old, signed)
        await connection.execute(
            "update books set size=%s, root=%s where tenant=%s and half=%s",
            (signed, left.root(), tenant, old),
        )
    return moved


def _kept(folder: Path) -> dict[tuple[int, str], bytes]:
    """Read the notes of the sealer's second place, by tenant and half."""
    found = {}
    for path in folder.glob("*.note") if folder.is_dir() else ():
        tenant, _, half = path.stem.partition(".")
        found[int(tenant), half] = path.read_bytes()
    return found


async def _last(
    connection: Connection,
    tenant: int,
    code: str,
    kept: dict[tuple[int, str], bytes],
    publics: list[bytes],
) -> _Last | None:
    """Give what was last signed of the tenant's newest log, in either place."""
    halves = [h for h, *_ in await (await connection.execute(_BOOKS, (tenant,))).fetchall()]
    halves += [h for t, h in kept if t == tenant]
    for half in sorted(set(halves), key=_rank, reverse=True):
        stored = await seal.last_note(connection, tenant, half)
        notes = [raw for raw in (kept.get((tenant, half)), stored) if raw is not None]
        keys = [signers.log_key(signers.origin_of(code, half), public) for public in publics]
        opened = [(seal.open_note(raw, *keys), raw) for raw in notes]
        found = [
            _Last(half=half, raw=raw, checkpoint=each)
            for each, raw in opened
            if isinstance(each, note.Checkpoint)
        ]
        if found:
            return max(found, key=lambda each: each.checkpoint.size)
    return None


async def _unfit(
    connection: Connection, kept: dict[tuple[int, str], bytes]
) -> dict[tuple[int, str], bytes]:
    """Give the notes of the second place that this database does not go on from."""
    unfit = {}
    for (tenant, half), raw in kept.items():
        if await seal.is_linked(connection, tenant, half, raw):
            continue
        checkpoint = note.parse_checkpoint(note.parse(raw).text)
        row = await (
            await connection.execute(
                "select size from books where tenant=%s and half=%s", (tenant, half)
            )
        ).fetchone()
        fits = row is not None and row[0] >= checkpoint.size
        if fits:
            edge = await load_edge(connection, tenant, half, checkpoint.size)
            fits = edge.root() == checkpoint.root
        if not fits:
            unfit[tenant, half] = raw
    return unfit


def _rank(half: str) -> tuple[str, int]:
    match = _HALF.fullmatch(half)
    if match is None:
        raise InputError("half", f"{half!r} names no book")
    return match[1], int(match[2] or 1)
