"""The windows of heads: whatever changes, and however it falls into them, maps hold that."""

from __future__ import annotations

import itertools
import random
import uuid

import pytest

from danshu.hub import heads
from danshu.kernel import heads as maps
from danshu.kernel.limits import HEADS_EVERY_S
from danshu.ledger import write
from danshu.ledger.follow import read_touches
from danshu.ledger.sequence import Sequencer
from tests.fixtures.ledger import (
    HALF,
    NOW_MS,
    Connection,
    Pen,
    drain,
    make_tenant,
    new_stream,
    query,
)

pytest_plugins = ["tests.fixtures.engine"]
pytestmark = pytest.mark.anyio
ORDER = (
    "insert into orders(tenant,id,okey,channel,state,wh,region,total,currency,seq,head,doc,terms)"
    " values (%s,%s,'k','c',0,0,'',0,'CNY',%s,%s,'','') on conflict (tenant,id) do update"
    " set seq=excluded.seq, head=excluded.head"
)


async def change(pen: Pen, order: uuid.UUID, facts: int) -> None:
    """Write facts of an order and its row, as a commit of the hub does."""
    packed = pen.pack(order, [f"{n}" for n in range(facts)])
    seq, head = pen.ends[order]
    row = write.Statement(ORDER, (pen.tenant, order, seq, head))
    await write.commit(pen.connection, [pen.statement([packed]), row])


async def mapped(connection: Connection, tenant: int) -> list[tuple[int, int, list[maps.Head]]]:
    """Every entry: its window, and the heads in its map."""
    rows = await query(
        connection,
        "select h.start, h.stop, b.body from heads h join blobs b on b.tenant=h.tenant"
        " and b.digest=h.map where h.tenant=%s order by h.start",
        tenant,
    )
    return [
        (start, stop, [maps.parse_leaf(leaf) for leaf in maps.split_map(bytes(body))])
        for start, stop, body in rows
    ]


@pytest.mark.parametrize("seed", range(3))
async def test_maps_hold_exactly_the_orders_that_changed(
    database: str, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(seed)
    most = chance.randint(1, 6)
    monkeypatch.setattr(heads, "HEADS_ORDERS", most)
    monkeypatch.setattr(heads, "HEADS_LEAVES", chance.randint(1, 12))
    async with await write.connect(database) as connection:
        pen = Pen(connection, await make_tenant(connection, "a"))
        other = Pen(connection, await make_tenant(connection, "b"))
        sequencer = Sequencer()
        orders: list[uuid.UUID] = []
        before = 0
        for hour in range(6):
            changed: set[uuid.UUID] = set()
            for _ in range(chance.randint(0, 9)):
                match chance.randint(0, 4):
                    case 0:
                        await pen.note(chance.randint(1, 3))  # no order's
                    case 1:
                        await change(other, new_stream(), 1)
                    case 2 if orders:
                        order = chance.choice(orders)
                        changed.add(order)
                        await change(pen, order, chance.randint(1, 3))
                    case _:
                        orders.append(new_stream())
                        changed.add(orders[-1])
                        await change(pen, orders[-1], chance.randint(1, 5))
            await drain(sequencer, connection)
            at_ms = NOW_MS + hour * HEADS_EVERY_S * 1000
            await heads.commit_due(connection, at_ms)
            assert await heads.commit_due(connection, at_ms) == 0
            entries = await mapped(connection, pen.tenant)
            fresh = entries[before:]
            before = len(entries)
            assert {head.order for _, _, found in fresh for head in found} == changed
            for start, stop, found in fresh:
                assert len(found) <= most
                assert [h.order for h in found] == sorted(h.order for h in found)
                touched = await read_touches(connection, pen.tenant, HALF, start, stop)
                spoken = {uuid.UUID(bytes=t.stream) for t in touched} & set(orders)
                assert {h.order for h in found} == spoken
                assert all((h.seq, h.head) == pen.ends[h.order] for h in found)
        spans = [(start, stop) for start, stop, _ in await mapped(connection, pen.tenant)]
        assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans))
        size = await query(connection, "select size from books where tenant=%s", pen.tenant)
        cursor = await query(
            connection, "select position from cursors where name='heads' and tenant=%s", pen.tenant
        )
        assert cursor == size
