"""Writers and sequencer in every order: nothing that was committed is missed or comes twice."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from danshu.kernel import merkle
from danshu.ledger import write
from danshu.ledger.audit import audit_log
from danshu.ledger.sequence import Sequencer
from tests.fixtures.engine import _create
from tests.fixtures.ledger import (
    NOW_MS,
    Connection,
    Pen,
    committed,
    drain,
    logged,
    make_tenant,
    new_stream,
    query,
)

pytest_plugins = ["tests.fixtures.engine"]

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.integers(0, 2), st.integers(1, 3)),
        st.tuples(st.just("commit"), st.integers(0, 2), st.just(0)),
        st.tuples(st.just("rollback"), st.integers(0, 2), st.just(0)),
        st.tuples(st.just("sequence"), st.just(0), st.integers(1, 4)),
    ),
    max_size=25,
)


@settings(max_examples=40)
@given(steps=STEPS)
def test_every_interleaving_of_three_writers(database_once: str, steps: list) -> None:
    asyncio.run(play(database_once, steps))


@pytest.fixture(scope="module")
def database_once(engine, template) -> str:
    """One database for all examples: each takes a tenant of its own."""
    _create(engine, "test_interleavings", template)
    return engine.url_of("test_interleavings")


async def play(url: str, steps: list) -> None:
    writers = [await write.connect(url) for _ in range(3)]
    async with await write.connect(url) as reader:
        tenant = await make_tenant(reader, uuid.uuid4().hex)
        open_ = [False] * 3
        for what, which, n in steps:
            connection = writers[which]
            if what == "sequence":
                async with await write.connect(url) as other:
                    await Sequencer(rows_max=n).step(other, NOW_MS)
            elif what == "write":
                if not open_[which]:
                    await connection.execute("begin")
                    open_[which] = True
                pen = Pen(connection, tenant)
                statement = pen.statement([pen.pack(new_stream(), ["x"] * n)])
                await connection.execute(statement.sql, statement.params)
            else:
                await connection.execute(what)
                open_[which] = False
        for connection in writers:
            await connection.close()
        while not await idle(reader):
            await asyncio.sleep(0.002)
        await drain(Sequencer(), reader)
        hashes = await logged(reader, tenant)
        expected = [merkle.leaf_hash(body) for body in await committed(reader, tenant)]
        assert Counter(hashes) == Counter(expected)
        assert (await audit_log(reader, tenant)).differences == ()


async def idle(connection: Connection) -> bool:
    rows = await query(
        connection,
        "select 1 from pg_stat_activity where datname = current_database()"
        " and backend_xid is not null",
    )
    return not rows


@pytest.mark.anyio
@pytest.mark.parametrize("seed", range(3))
async def test_concurrent_writers_lose_and_double_nothing(database: str, seed: int) -> None:
    """Four writers at full speed, some roll back, some dawdle; the sequencer runs beside them."""
    chance = random.Random(seed)
    stop = asyncio.Event()

    async def scribble(tenant: int) -> None:
        async with await write.connect(database) as connection:
            for _ in range(60):
                pen = Pen(connection, tenant)
                rows = [
                    pen.pack(new_stream(), ["x"] * chance.randint(1, 4))
                    for _ in range(chance.randint(1, 6))
                ]
                statement = pen.statement(rows)
                await connection.execute("begin")
                await connection.execute(statement.sql, statement.params)
                await asyncio.sleep(chance.choice((0, 0, 0.001, 0.01)))
                await connection.execute(chance.choice(("commit", "commit", "rollback")))

    async def sequence() -> int:
        total = 0
        async with await write.connect(database) as connection:
            sequencer = Sequencer(rows_max=chance.randint(5, 50))
            while True:
                last = stop.is_set()
                done = await sequencer.step(connection, NOW_MS)
                total += done
                if last and not done and await idle(connection):
                    return total
                await asyncio.sleep(0.002)

    async with await write.connect(database) as connection:
        tenants = [await make_tenant(connection, code) for code in "ab"]
        running = asyncio.create_task(sequence())
        await asyncio.gather(*(scribble(tenant) for tenant in tenants * 2))
        stop.set()
        total = await running
        seen = 0
        for tenant in tenants:
            hashes = await logged(connection, tenant)
            expected = [merkle.leaf_hash(body) for body in await committed(connection, tenant)]
            assert Counter(hashes) == Counter(expected)
            assert (await audit_log(connection, tenant)).differences == ()
            seen += len(hashes)
        assert seen == total
