"""Followers: every leaf once and in order, whatever fails and however many there are."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence

import psycopg
import pytest

from danshu.kernel import fact, limits
from danshu.kernel.errors import ProgramError
from danshu.ledger import follow, write
from danshu.ledger.edge import LogBroken
from danshu.ledger.follow import Follower
from danshu.ledger.leaves import Leaf
from danshu.ledger.sequence import Sequencer
from tests.fixtures.ledger import (
    HALF,
    NOW_MS,
    Connection,
    Noted,
    Pen,
    drain,
    make_tenant,
    new_stream,
    query,
)

pytest_plugins = ["tests.fixtures.engine"]
pytestmark = pytest.mark.anyio

JANUARY_MS = 1_800_000_000_000


class Refused(Exception):
    """What the tests' `apply` raises."""


class Tally:
    """An `apply` that writes each leaf to a table, and raises on the texts it is told to."""

    def __init__(self, *poison: str) -> None:
        self.poison = set(poison)
        self.calls: list[int] = []

    async def __call__(self, connection: Connection, leaves: Sequence[Leaf]) -> None:
        self.calls.append(len(leaves))
        for leaf in leaves:
            read = fact.read(leaf.body)
            assert isinstance(read.data, Noted)
            await connection.execute(
                "insert into seen(tenant,half,position,text) values (%s,%s,%s,%s)",
                (leaf.tenant, leaf.half, leaf.position, read.data.text),
            )
            if read.data.text in self.poison:
                raise Refused(read.data.text)


async def table(connection: Connection) -> None:
    await connection.execute(
        "create table seen (no bigint generated always as identity, tenant int, half text,"
        " position bigint, text text)"
    )


async def seen(connection: Connection, tenant: int) -> list[tuple[str, int, str]]:
    return await query(
        connection, "select half, position, text from seen where tenant=%s order by no", tenant
    )


async def write_texts(connection: Connection, tenant: int, *texts: str) -> None:
    """One transaction and one fact for each text, in the log."""
    pen = Pen(connection, tenant)
    for text in texts:
        await write.commit(connection, [pen.statement([pen.pack(new_stream(), [text])])])
    sequencer = Sequencer()
    await drain(sequencer, connection)
    await connection.execute("select pg_advisory_unlock_all()")


@pytest.mark.parametrize("leaves_max", [1, 2, 3, 5, 100])
async def test_leaves_come_in_order_and_once(database: str, leaves_max: int) -> None:
    async with await write.connect(database) as connection:
        await table(connection)
        pen = Pen(connection, await make_tenant(connection, "a"))
        sequencer, tally = Sequencer(), Tally()
        for _ in range(3):
            await pen.note(3, 1, 4)
            await drain(sequencer, connection)
            # a fresh one each time: the place is in the database, not in memory
            follower = Follower("tally", tally, leaves_max=leaves_max)
            while await follower.step(connection, NOW_MS):
                pass
        rows = await seen(connection, pen.tenant)
        assert [(half, position) for half, position, _ in rows] == [(HALF, n) for n in range(24)]
        assert max(tally.calls) <= leaves_max
        assert await query(connection, "select name, position from cursors where tenant>0") == [
            ("tally", 24)
        ]


async def test_leaves_are_the_stored_bytes(database: str) -> None:
    async with await write.connect(database) as connection:
        pen = Pen(connection, await make_tenant(connection, "a"))
        [stream] = await pen.note(3)
        await drain(Sequencer(), connection)
        leaves = await follow.read_leaves(connection, pen.tenant, HALF, 1, 3)
        [(body,)] = await query(connection, "select body from facts where stream=%s", stream)
        expected = list(fact.unpack(body))[1:]
        assert [leaf.body for leaf in leaves] == expected
        assert [leaf.position for leaf in leaves] == [1, 2]
        assert await follow.read_leaves(connection, pen.tenant, HALF, 3, 3) == []
        with pytest.raises(LogBroken):
            await follow.read_leaves(connection, pen.tenant, HALF, 1, 4)


async def test_followers_have_their_own_places_and_tenants(database: str) -> None:
    async with await write.connect(database) as connection:
        await table(connection)
        tenants = [await make_tenant(connection, code) for code in "ab"]
        for tenant in tenants:
            await write_texts(connection, tenant, "x", "y")
        everyone, only = Follower("every", Tally()), Follower("only", Tally(), [tenants[1]])
        assert await everyone.step(connection, NOW_MS) == 4
        assert await only.step(connection, NOW_MS) == 2
        assert await everyone.step(connection, NOW_MS) == 0
        assert len(await seen(connection, tenants[0])) == 2
        assert len(await seen(connection, tenants[1])) == 4


async def test_the_older_book_is_read_to_its_end_first(database: str) -> None:
    async with await write.connect(database) as connection:
        await table(connection)
        pen = Pen(connection, await make_tenant(connection, "a"))
        sequencer = Sequencer()
        await pen.note(5)
        await drain(sequencer, connection, NOW_MS)
        await pen.note(3)
        await drain(sequencer, connection, JANUARY_MS)
        follower = Follower("tally", Tally(), leaves_max=2)
        while await follower.step(connection, NOW_MS):
            pass
        order = [(half, position) for half, position, _ in await seen(connection, pen.tenant)]
        assert order == [(HALF, n) for n in range(5)] + [("2027h1", n) for n in range(3)]


@pytest.mark.parametrize("at", [0, 1, 4, 6])
async def test_a_poison_fact_stops_its_own_book_only(database: str, at: int) -> None:
    async with await write.connect(database) as connection:
        await table(connection)
        tenants = [await make_tenant(connection, code) for code in "ab"]
        texts = [f"t{n}" for n in range(7)]
        for tenant in tenants:
            await write_texts(connection, tenant, *texts)
        tally = Tally()
        follower = Follower("tally", tally, [tenants[0]])
        tally.poison = {f"t{at}"}
        assert await follower.step(connection, NOW_MS) == at
        trouble = follower.troubles[tenants[0], HALF]
        assert (trouble.position, trouble.attempts) == (at, 1)
        assert f"t{at}" in trouble.reason
        # nothing of what was raised on is written, everything before it is
        assert [text for _, _, text in await seen(connection, tenants[0])] == texts[:at]
        other = Follower("other", Tally())
        assert await other.step(connection, NOW_MS) == 14


async def test_a_poison_fact_is_tried_again_ever_more_rarely(database: str) -> None:
    async with await write.connect(database) as connection:
        await table(connection)
        tenant = await make_tenant(connection, "a")
        await write_texts(connection, tenant, "bad", "good")
        tally = Tally("bad")
        follower = Follower("tally", tally)
        now_ms, waits = NOW_MS, []
        for attempt in range(1, 10):
            calls = len(tally.calls)
            assert await follower.step(connection, now_ms) == 0
            assert len(tally.calls) > calls
            trouble = follower.troubles[tenant, HALF]
            assert trouble.attempts == attempt
            waits.append(trouble.again_ms - now_ms)
            calls = len(tally.calls)
            assert await follower.step(connection, trouble.again_ms - 1) == 0
            assert len(tally.calls) == calls
            now_ms = trouble.again_ms
        assert waits[:4] == [1_000, 2_000, 4_000, 8_000]
        assert waits[-1] == limits.FOLLOW_RETRY_MAX_MS
        tally.poison.clear()  # the program was repaired
        assert await follower.step(connection, now_ms) == 1
        assert follower.troubles == {}
        assert await follower.step(connection, now_ms) == 1
        assert [text for _, _, text in await seen(connection, tenant)] == ["bad", "good"]


async def test_a_person_passes_a_poison_fact_over(database: str) -> None:
    async with await write.connect(database) as connection:
        await table(connection)
        tenant = await make_tenant(connection, "a")
        await write_texts(connection, tenant, "good", "bad", "after")
        follower = Follower("tally", Tally("bad"))
        assert await follower.step(connection, NOW_MS) == 1
        for wrong in (0, 2, 7):
            assert not await follow.skip(connection, "tally", tenant, HALF, wrong)
        assert not await follow.skip(connection, "nobody", tenant, HALF, 1)
        assert await follow.skip(connection, "tally", tenant, HALF, 1)
        assert await follower.step(connection, NOW_MS) == 1
        assert [text for _, _, text in await seen(connection, tenant)] == ["good", "after"]


async def test_two_of_one_name_apply_each_leaf_once(database: str) -> None:
    async with await write.connect(database) as connection:
        await table(connection)
        tenant = await make_tenant(connection, "a")
        await write_texts(connection, tenant, *[str(n) for n in range(40)])

        async def run() -> int:
            total = 0
            async with await write.connect(database) as own:
                follower = Follower("tally", Tally(), leaves_max=3)
                for _ in range(60):
                    total += await follower.step(own, NOW_MS)
                    await asyncio.sleep(0)
            return total

        totals = await asyncio.gather(run(), run(), run())
        assert sum(totals) == 40
        assert [position for _, position, _ in await seen(connection, tenant)] == list(range(40))


async def test_a_crash_in_the_middle_repeats_nothing(database: str) -> None:
    async with await write.connect(database) as connection:
        await table(connection)
        tenant = await make_tenant(connection, "a")
        await write_texts(connection, tenant, "0", "1", "2", "3")
        tally = Tally()

        async def die(own: Connection, leaves: Sequence[Leaf]) -> None:
            await tally(own, leaves)
            await own.execute("select pg_terminate_backend(pg_backend_pid())")

        own = await write.connect(database)
        with pytest.raises(psycopg.OperationalError):
            await Follower("tally", die, leaves_max=2).step(own, NOW_MS)
        assert own.closed
        assert await seen(connection, tenant) == []
        follower = Follower("tally", tally, leaves_max=2)
        while await follower.step(connection, NOW_MS):
            pass
        assert [position for _, position, _ in await seen(connection, tenant)] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "damage",
    [
        "delete from facts where v = 1 and stream = (select min(stream::text)::uuid from facts)",
        "update facts set n = 2 where stream = (select min(stream::text)::uuid from facts)",
        "update facts set body = substr(body, 1, 30)"
        " where stream = (select min(stream::text)::uuid from facts)",
        "update segments set keys = ''",
    ],
)
async def test_it_does_not_read_past_a_damaged_log(database: str, damage: str) -> None:
    async with await write.connect(database) as connection:
        await table(connection)
        tenant = await make_tenant(connection, "a")
        await write_texts(connection, tenant, "a", "b")
        await connection.execute(damage)
        with pytest.raises(LogBroken):
            await Follower("tally", Tally()).step(connection, NOW_MS)
        assert await seen(connection, tenant) == []


def test_a_batch_of_nothing_is_refused() -> None:
    with pytest.raises(ProgramError):
        Follower("x", Tally(), leaves_max=0)


@pytest.mark.parametrize("first", [0, 1, 3, 4, 7])
@pytest.mark.parametrize("end", [4, 7, 8, 12])
async def test_touches_are_the_streams_of_the_leaves(database: str, first: int, end: int) -> None:
    async with await write.connect(database) as connection:
        pen = Pen(connection, await make_tenant(connection, "a"))
        sequencer = Sequencer()
        for counts in ((3, 1), (4,), (1, 2, 1)):
            await pen.note(*counts)
            await drain(sequencer, connection)
        leaves = await follow.read_leaves(connection, pen.tenant, HALF, first, end)
        touches = await follow.read_touches(connection, pen.tenant, HALF, first, end)
        expected = [(t, h, p, fact.read(body).stream.bytes) for t, h, p, body in leaves]
        assert [tuple(t)[:4] for t in touches] == expected
        starts = {(fact.read(n.body).stream, fact.read(n.body).seq): n.position for n in leaves}
        for touch in touches:  # the row that it is in begins where its key says
            begin = starts.get((uuid.UUID(bytes=touch.stream), touch.v), first)
            assert begin <= touch.position
        assert touches.fact_rows == {(t.stream, t.v) for t in touches}
        part = touches[1:-1]
        assert tuple(part) == tuple(touches)[1:-1]
        assert tuple(touches[-1:]) == tuple(touches)[-1:]
        with pytest.raises(LogBroken):
            await follow.read_touches(connection, pen.tenant, HALF, first, 13)
