"""The room `heads`: the log commits to how far each changed order has come (kernel/heads.py).

Once an hour it reads which orders the new leaves of a book speak of, writes a map of them as they
are now, and says its root in a fact. An order's last act is covered by the entry over the window in
which its leaf lies. Orders that have ended, completed or cancelled, do not wait for the hour: a few
seconds after their last fact is in the log an entry covers them, all of that moment together. An
export asks for an entry of its own where neither is there yet, and reuses what covers it already,
so that the same order gives the same proof again.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.capabilities.orders.model import State
from danshu.hub import merchants
from danshu.hub.compose import now_ms
from danshu.kernel import heads
from danshu.kernel.errors import InputError, NotAvailable
from danshu.kernel.fact import Actor, rfc3339
from danshu.kernel.heads import Head, MapProof
from danshu.kernel.limits import (
    HEADS_BATCHES,
    HEADS_CLOSED_S,
    HEADS_EVERY_S,
    HEADS_LEAVES,
    HEADS_ORDERS,
    RECEIPT_IN_LOG_S,
    RETRY_AFTER_S,
)
from danshu.ledger import blobs, cosigned, prove, write
from danshu.ledger.facts import HeadsCommitted
from danshu.ledger.follow import read_leaves, read_touches
from danshu.ledger.write import instant

if TYPE_CHECKING:
    import uuid
    from collections.abc import Awaitable, Callable, Collection, Sequence

    from danshu.hub.order_rows import OrderRow
    from danshu.ledger.leaves import Touches
    from danshu.ledger.prove import Position, Prover

Connection = psycopg.AsyncConnection[Any]
CURSOR: Final = "heads"
_Head = tuple[bytes, int, bytes]
"""How far an order has come: id (16 bytes), position and leaf hash of its last fact."""
MAP_TYPE: Final = "application/x-ndjson"
_HUB: Final = Actor(sub="hub")
_DUE: Final = """
select b.tenant, b.half, b.size, coalesce(c.position, 0) from books b
left join cursors c on c.name=%(name)s and c.tenant=b.tenant and c.half=b.half
where b.size > coalesce(c.position, 0) and not exists (select 1 from heads h
where h.tenant=b.tenant and h.half=b.half and not h.asked and h.at >= %(hour)s)
order by b.tenant, b.half
"""
_MOVE: Final = (
    "insert into cursors as c (name,tenant,half,position) values (%s,%s,%s,%s)"
    " on conflict (name,tenant,half) do update set position=excluded.position"
    " where c.position=%s returning 1"
)
# The range of the ids lets the server leave all other days alone.
_ORDERS: Final = (
    "select uuid_send(id), seq, head from orders where tenant=%b and id = any(%b::uuid[])"
    " and id >= %b::uuid and id <= %b::uuid"
)
_ENDED_STATES: Final = frozenset({State.COMPLETED, State.CANCELLED})
_ENDED: Final = f"{_ORDERS} and state in ({', '.join(str(int(s)) for s in sorted(_ENDED_STATES))})"
_DUE_NOW: Final = """
delete from heads_due d using (select tenant, half, start from heads_due
order by tenant, half, start limit %s for update skip locked) n
where d.tenant=n.tenant and d.half=n.half and d.start=n.start
returning d.tenant, d.half, d.start, d.stop, d.ids
"""
_ENDS: Final = """
insert into heads_due as d (tenant,half,start,stop,ids) values (%b,%b,%b,%b,%b)
on conflict (tenant,half,start) do update set stop=greatest(d.stop,excluded.stop),
ids=excluded.ids
"""
_KEEP: Final = (
    "insert into heads(tenant,stream,half,start,stop,count,root,map,at,asked)"
    " values (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)"
)
_COVERING: Final = (
    "select stream, map from heads where tenant=%s and half=%s and start<=%s and stop>%s"
    " order by at, stream"
)
_LIST: Final = (
    "select half, start, stop, count, root, at, asked from heads where tenant=%s"
    " order by at desc, stream desc limit %s"
)


class HeadProof(Struct, frozen=True, kw_only=True):
    """That an order's stream ends where it is shown to end, as the log said at a moment.

    `body` are the bytes of the fact `heads.committed`, at leaf `index` of the book `half`, which
    `hashes` prove under the checkpoint `note` of `size` leaves; `map` proves the order's head under
    the root that the fact names.
    """

    half: str
    index: int
    body: bytes
    size: int
    note: bytes
    hashes: tuple[bytes, ...]
    map: MapProof


class HeadsEntry(Struct, frozen=True, kw_only=True):
    """One commitment: the window of leaves, how many orders, its root (hex), when; `asked` beside
    the hour, for one order by an export, or for orders that had ended.
    """

    half: str
    start: int
    stop: int
    count: int
    root: str
    at: str
    asked: bool


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Give the step of the room."""
    del url
    next_ms = 0

    async def step(connection: Connection) -> int:
        nonlocal next_ms
        at_ms = now_ms()
        made = await commit_due(connection, at_ms)
        if at_ms >= next_ms:  # few entries of many orders, not one for each
            next_ms = at_ms + HEADS_CLOSED_S * 1000
            made += await commit_closed(connection, at_ms)
        return made

    return step


async def commit_due(connection: Connection, at_ms: int) -> int:
    """Commit to the heads that changed, where this hour has no entry yet; give the entries."""
    every_ms = HEADS_EVERY_S * 1000
    asked = {"name": CURSOR, "hour": instant(at_ms // every_ms * every_ms * 1000)}
    made = 0
    for tenant, half, size, first in await (await connection.execute(_DUE, asked)).fetchall():
        position = first
        while position < size:
            window = await _look(connection, tenant, half, position, size)
            made += await _commit_window(connection, window, at_ms)
            position = window.stop
    return made


async def follow(connection: Connection, touches: Touches, rows: Sequence[OrderRow]) -> None:
    """Note which orders of a batch of leaves have ended, in the commit of whoever reads it."""
    ended = {row.id for row in rows if row.state in _ENDED_STATES}
    if not ended:
        return
    places = [touch.position for touch in touches if touch.stream in ended]
    ids = write.uuid_bytes(sorted(ended))
    new = (touches.tenant, touches.half, places[0], places[-1] + 1, ids)
    await connection.execute(_ENDS, new, binary=True)


async def commit_closed(connection: Connection, at_ms: int) -> int:
    """Commit to the heads of orders that have ended since; give the entries, one a book.

    Raises what the database raises; then they wait on.
    """
    made = 0
    async with connection.transaction():
        found = await (await connection.execute(_DUE_NOW, (HEADS_BATCHES,))).fetchall()
        books: dict[tuple[int, str], list[Any]] = {}
        for tenant, half, *due in found:
            books.setdefault((tenant, half), []).append(due)
        for (tenant, half), dues in sorted(books.items()):
            ids = {id_.bytes for _, _, some in dues for id_ in some}
            span = (min(d[0] for d in dues), max(d[1] for d in dues))
            ended = await _read_heads(connection, tenant, ids, _ENDED)
            if ended:
                await _commit(connection, tenant, half, span, ended, at_ms, asked=True)
                made += 1
    return made


class _Window(Struct, frozen=True):
    """Leaves [start, stop) of a book, and the streams that they speak of."""

    tenant: int
    half: str
    start: int
    stop: int
    streams: frozenset[bytes]


async def _look(connection: Connection, tenant: int, half: str, first: int, size: int) -> _Window:
    """Look at the next leaves: as many as speak of HEADS_ORDERS streams."""
    end = min(first + HEADS_LEAVES, size)
    touches = await read_touches(connection, tenant, half, first, end)
    while len(streams := touches.streams) > HEADS_ORDERS:
        touches = touches[: len(touches) * HEADS_ORDERS // len(streams)]
    return _Window(tenant, half, first, first + len(touches), streams)


async def _commit_window(connection: Connection, window: _Window, at_ms: int) -> int:
    """Commit to the orders of one window and move the cursor; 1 when there were any, 0 also when
    another worker went on from there.
    """
    w = window
    async with connection.transaction():
        moved = await connection.execute(_MOVE, (CURSOR, w.tenant, w.half, w.stop, w.start))
        if await moved.fetchone() is None:
            return 0
        found = await _read_heads(connection, w.tenant, w.streams)
        if not found:
            return 0
        span = (w.start, w.stop)
        await _commit(connection, w.tenant, w.half, span, found, at_ms, asked=False)
    return 1


async def commit_head(connection: Connection, tenant: int, order: uuid.UUID) -> None:
    """See that an entry covers the order as it is now; makes one unless there is one.

    Raises InputError `no_order`, NotAvailable while its last fact has no place in the log.
    """
    head, position = await _present(connection, tenant, order)
    async with connection.transaction():
        if await _find(connection, tenant, head, position) is None:
            window = (position.index, position.index + 1)
            mine = [(order.bytes, head.seq, head.head)]
            await _commit(connection, tenant, position.half, window, mine, now_ms(), asked=True)


async def prove_head(
    connection: Connection,
    prover: Prover,
    tenant: int,
    order: uuid.UUID,
    size: int | None = None,
) -> HeadProof:
    """Prove the order's present head under a checkpoint of `size` leaves of the entry's book; by
    default under the first that covers the entry, which stays the same as the log grows.

    Raises InputError `no_order`, `no_head` when no entry covers it (`commit_head` first),
    NotAvailable while the entry is not sealed.
    """
    head, position = await _present(connection, tenant, order)
    found = await _find(connection, tenant, head, position)
    if found is None:
        raise InputError("no_head", "no entry of heads covers the order as it is now")
    stream, proof = found
    entry = await prove.find(connection, tenant, stream, 1)
    covering = None
    if entry is not None:
        covering = size or await cosigned.covering_size(connection, tenant, entry.half, entry.index)
    if entry is None or covering is None or covering <= entry.index:
        raise NotAvailable(
            f"the entry of heads is not sealed yet, at most {RECEIPT_IN_LOG_S} s", RETRY_AFTER_S
        )
    (leaf,) = await read_leaves(connection, tenant, entry.half, entry.index, entry.index + 1)
    hashes = await prover.prove_inclusion(connection, tenant, entry.half, entry.index, covering)
    return HeadProof(
        half=entry.half,
        index=entry.index,
        body=leaf.body,
        size=covering,
        note=await cosigned.read_cosigned(connection, tenant, entry.half, covering),
        hashes=tuple(hashes),
        map=proof,
    )


async def read(connection: Connection, tenant: int, limit: int) -> list[HeadsEntry]:
    """List the newest entries of a merchant."""
    rows = await (await connection.execute(_LIST, (tenant, limit))).fetchall()
    return [
        HeadsEntry(
            half=half,
            start=start,
            stop=stop,
            count=count,
            root=bytes(root).hex(),
            at=rfc3339(round(at.timestamp() * 1000)),
            asked=asked,
        )
        for half, start, stop, count, root, at, asked in rows
    ]


async def _present(connection: Connection, tenant: int, order: uuid.UUID) -> tuple[Head, Position]:
    """Give the order's head as it is now, and where its last fact lies in the log."""
    found = await _read_heads(connection, tenant, [order.bytes])
    if not found:
        raise InputError("no_order", "no such order")
    _, seq, head = found[0]
    position = await prove.find(connection, tenant, order, seq)
    if position is None:
        raise NotAvailable(
            f"the order's last fact is not in the log yet, at most {RECEIPT_IN_LOG_S} s",
            RETRY_AFTER_S,
        )
    return Head(order=order, seq=seq, head=head), position


async def _find(
    connection: Connection, tenant: int, head: Head, position: Position
) -> tuple[uuid.UUID, MapProof] | None:
    """Find the earliest entry that holds an order's head as it is now, with the map's proof."""
    place = (tenant, position.half, position.index, position.index)
    for stream, digest in await (await connection.execute(_COVERING, place)).fetchall():
        kept = await blobs.read(connection, tenant, bytes(digest))
        if kept is None:
            continue
        proof = heads.prove(heads.split_map(kept[1]), head.order)
        if proof is not None and proof.leaf == head.leaf():
            return stream, proof
    return None


async def _read_heads(
    connection: Connection, tenant: int, ids: Collection[bytes], query: str = _ORDERS
) -> list[_Head]:
    """Read how far orders have come, given by the 16 bytes of their ids."""
    if not ids:
        return []
    asked = sorted(ids)
    span = (tenant, write.uuid_bytes(asked), asked[0].hex(), asked[-1].hex())
    cursor = await connection.execute(query, span, binary=True)
    return await cursor.fetchall()


async def _commit(
    connection: Connection,
    tenant: int,
    half: str,
    window: tuple[int, int],
    found: Sequence[_Head],
    at_ms: int,
    *,
    asked: bool,
) -> None:
    """Write a map, its fact and its row, in the caller's transaction."""
    raw = heads.write_map(found)
    leaves = heads.split_map(raw)
    root = heads.root(leaves)
    start, stop = window
    await blobs.put(connection, tenant, MAP_TYPE, raw)
    digest = hashlib.sha256(raw).digest()
    said = HeadsCommitted(
        at=rfc3339(at_ms),
        book=half,
        count=len(leaves),
        first=str(heads.parse_leaf(leaves[0]).order),
        last=str(heads.parse_leaf(leaves[-1]).order),
        map=digest.hex(),
        root=root.hex(),
        start=start,
        stop=stop,
    )
    stream = await merchants.say(connection, tenant, _HUB, said)
    row = (tenant, stream, half, start, stop, len(leaves), root, digest, instant(at_ms * 1000))
    await connection.execute(_KEEP, (*row, asked))
