"""The sequencer: every committed fact once, in the order of the transactions, without a gap."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from danshu.kernel import fact, merkle
from danshu.kernel.tiles import split_hashes, tile_hash
from danshu.ledger import write
from danshu.ledger.audit import audit_log
from danshu.ledger.edge import LogBroken
from danshu.ledger.sequence import Sequencer, adopt, half_of, lag_ms
from tests.fixtures.ledger import (
    HALF,
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
pytestmark = pytest.mark.anyio

JANUARY_MS = 1_800_000_000_000  # 2027-01-15


async def insert(connection: Connection, tenant: int, xid: int, gen: int | None = None) -> bytes:
    """Write one fact row as if it came from transaction `xid`; give its only fact."""
    packed = Pen(connection, tenant).pack(new_stream(), [str(xid)])
    columns = (tenant, packed.stream, 1, 1, str(xid), packed.body)
    gen_name, gen_value = (",gen", f",{gen}") if gen else ("", "")
    await connection.execute(
        f"insert into facts(tenant,stream,v,n,xid,body{gen_name})"
        f" values (%s,%s,%s,%s,%s::text::xid8,%s{gen_value})",
        columns,
    )
    return next(fact.unpack(packed.body))


@pytest.mark.parametrize(
    ("now_ms", "half"),
    [
        (1_782_863_999_999, "2026h1"),  # 2026-06-30T23:59:59.999Z
        (1_782_864_000_000, "2026h2"),
        (1_798_761_599_999, "2026h2"),
        (1_798_761_600_000, "2027h1"),
    ],
)
def test_halves_change_at_midnight_utc(now_ms: int, half: str) -> None:
    assert half_of(now_ms) == half


async def test_leaves_are_the_hashes_of_the_stored_bytes(database: str) -> None:
    async with await write.connect(database) as connection:
        pen = Pen(connection, await make_tenant(connection, "a"))
        for counts in ((1,), (4, 4, 4), (2, 1)):
            await pen.note(*counts)
        assert await drain(Sequencer(), connection) == 16
        hashes = await logged(connection, pen.tenant)
        expected = Counter(merkle.leaf_hash(f) for f in await committed(connection, pen.tenant))
        assert Counter(hashes) == expected
        [(size, root)] = await query(connection, "select size, root from books")
        assert (size, root) == (16, merkle.root(hashes))
        assert await lag_ms(connection, NOW_MS) == 0


async def test_tiles_are_those_of_the_tree(database: str) -> None:
    async with await write.connect(database) as connection:
        pen = Pen(connection, await make_tenant(connection, "a"))
        sequencer = Sequencer()
        for _ in range(7):
            await pen.note(100, 3)
            await drain(sequencer, connection)
        hashes = await logged(connection, pen.tenant)
        tiles = await query(connection, "select level, n, data from tiles order by level, n")
        assert [(level, n) for level, n, _ in tiles] == [(0, 0), (0, 1)]
        for _, n, data in tiles:
            assert split_hashes(data) == hashes[n * 256 : n * 256 + 256]
            assert tile_hash(data) == merkle.root(hashes[n * 256 : n * 256 + 256])


async def test_a_second_level_of_tiles_and_a_restart_at_any_size(database: str) -> None:
    async with await write.connect(database) as connection:
        pen = Pen(connection, await make_tenant(connection, "a"))
        for count in (65_000, 500, 35, 1, 300):
            await pen.note(count)
            # a new sequencer each time: it rebuilds its edge from what is stored
            async with await write.connect(database) as other:
                assert await drain(Sequencer(), other) == count
        hashes = await logged(connection, pen.tenant)
        [(root,)] = await query(connection, "select root from books")
        assert root == merkle.root(hashes)
        [(level_one,)] = await query(connection, "select count(*) from tiles where level = 1")
        assert level_one == 1
        assert (await audit_log(connection, pen.tenant)).differences == ()


async def test_order_is_that_of_numbers_not_of_their_digits(database: str) -> None:
    """The trap: sorted as text, 1000 comes before 999 and what lies between is never read."""
    async with await write.connect(database) as connection:
        tenant = await make_tenant(connection, "a")
        xids = [9, 10, 99, 100, 101, 500]
        bodies = {xid: await insert(connection, tenant, xid) for xid in reversed(xids)}
        sequencer = Sequencer(rows_max=2)
        assert await drain(sequencer, connection) == len(xids)
        expected = [merkle.leaf_hash(bodies[xid]) for xid in xids]
        assert await logged(connection, tenant) == expected


@pytest.mark.parametrize("rows_max", [1, 2, 3, 7, 100])
async def test_a_transaction_is_never_split(database: str, rows_max: int) -> None:
    async with await write.connect(database) as connection:
        pen = Pen(connection, await make_tenant(connection, "a"))
        for counts in ((1,), (2, 2), (1,) * 5, (3,), (1,) * 3, (1,)):
            await pen.note(*counts)
        assert await drain(Sequencer(rows_max=rows_max), connection) == 17
        straddling = await query(
            connection,
            "select f.xid from facts f join segments s on f.xid between s.xid_from and s.xid_to"
            " group by f.xid having count(distinct s.first) > 1",
        )
        assert straddling == []
        assert (await audit_log(connection, pen.tenant)).differences == ()


async def test_an_idle_step_does_not_look_at_every_partition(database: str) -> None:
    async with await write.connect(database) as connection, await write.connect(database) as other:
        pen = Pen(other, await make_tenant(other, "a"))
        sequencer = Sequencer()
        await pen.note(1)
        await drain(sequencer, connection)
        scans = "select sum(seq_scan + coalesce(idx_scan, 0)) from pg_stat_user_tables"
        scans += " where starts_with(relname, 'facts')"
        assert await sequencer.step(connection, NOW_MS) == 0  # its own commit moved the horizon
        for query_ in ("select pg_stat_force_next_flush()", "select 1"):
            await connection.execute(query_)
        before = await query(other, scans)
        for _ in range(5):
            assert await sequencer.step(connection, NOW_MS) == 0
        for query_ in ("select pg_stat_force_next_flush()", "select 1"):
            await connection.execute(query_)
        assert await query(other, scans) == before
        await pen.note(1)
        assert await sequencer.step(connection, NOW_MS) == 1


async def test_it_says_when_it_is_behind(database: str) -> None:
    async with await write.connect(database) as connection:
        pen = Pen(connection, await make_tenant(connection, "a"))
        sequencer = Sequencer(rows_max=2)
        for _ in range(5):
            await pen.note(1)
        seen = []
        while await sequencer.step(connection, NOW_MS):
            seen.append(sequencer.behind)
        assert seen == [True, True, True, True, False]
        assert not sequencer.behind


async def test_nothing_passes_an_open_transaction(database: str) -> None:
    async with (
        await write.connect(database) as slow,
        await write.connect(database) as fast,
        await write.connect(database) as reader,
    ):
        tenant = await make_tenant(reader, "a")
        slow_pen, fast_pen = Pen(slow, tenant), Pen(fast, tenant)
        sequencer = Sequencer()
        early = slow_pen.pack(new_stream(), ["early"])
        await slow.execute("begin")
        statement = slow_pen.statement([early])
        await slow.execute(statement.sql, statement.params)
        await fast_pen.note(1)
        assert await drain(sequencer, reader) == 0
        assert await lag_ms(reader, NOW_MS + 5_000) == 5_000
        await slow.execute("commit")
        assert await drain(sequencer, reader) == 2
        hashes = await logged(reader, tenant)
        assert hashes[0] == merkle.leaf_hash(next(fact.unpack(early.body)))


async def test_what_was_rolled_back_is_not_logged(database: str) -> None:
    async with await write.connect(database) as connection:
        pen = Pen(connection, await make_tenant(connection, "a"))
        statement = pen.statement([pen.pack(new_stream(), ["no"])])
        await connection.execute("begin")
        await connection.execute(statement.sql, statement.params)
        await connection.execute("rollback")
        await pen.note(1)
        assert await drain(Sequencer(), connection) == 1


async def test_books_of_tenants_are_apart(database: str) -> None:
    async with await write.connect(database) as connection:
        pens = [Pen(connection, await make_tenant(connection, code)) for code in "abc"]
        rows = [
            (pen, pen.pack(new_stream(), ["x"] * n)) for pen, n in zip(pens, (3, 1, 2), strict=True)
        ]
        await write.commit(connection, [pen.statement([row]) for pen, row in rows])
        assert await drain(Sequencer(), connection) == 6
        sizes = await query(connection, "select tenant, size from books order by tenant")
        assert sizes == [(pens[0].tenant, 3), (pens[1].tenant, 1), (pens[2].tenant, 2)]


async def test_a_new_half_is_a_new_book_and_never_goes_back(database: str) -> None:
    async with await write.connect(database) as connection:
        pen = Pen(connection, await make_tenant(connection, "a"))
        sequencer = Sequencer()
        for now_ms in (NOW_MS, JANUARY_MS, NOW_MS):  # the clock goes back over the half
            await pen.note(2)
            await drain(sequencer, connection, now_ms)
        await pen.note(2)
        async with await write.connect(database) as other:  # and so does another's clock
            await connection.execute("select pg_advisory_unlock_all()")
            await drain(Sequencer(), other, NOW_MS)
        sizes = await query(connection, "select half, size from books order by half")
        assert sizes == [(HALF, 2), ("2027h1", 6)]
        assert (await audit_log(connection, pen.tenant)).differences == ()


async def test_a_second_sequencer_waits_for_the_first_to_go(database: str) -> None:
    async with await write.connect(database) as connection:
        pen = Pen(connection, await make_tenant(connection, "a"))
        first, second = await write.connect(database), await write.connect(database)
        one, two = Sequencer(), Sequencer()
        await pen.note(1)
        assert await one.step(first, NOW_MS) == 1
        await pen.note(1)
        assert await two.step(second, NOW_MS) == 0
        await first.close()
        while not (done := await two.step(second, NOW_MS)):
            await asyncio.sleep(0.01)  # the server frees the lock when it has seen the end
        assert done == 1
        await second.close()
        assert len(await logged(connection, pen.tenant)) == 2


async def test_two_sequencers_without_the_lock_still_write_once(database: str) -> None:
    async with (
        await write.connect(database) as connection,
        await write.connect(database) as first,
        await write.connect(database) as second,
    ):
        pen = Pen(connection, await make_tenant(connection, "a"))
        one, two = Sequencer(rows_max=2), Sequencer(rows_max=3)
        total = 0
        for _ in range(6):
            await pen.note(1, 2, 1)
            for holder in (first, second):
                await holder.execute("select pg_advisory_unlock_all()")
            one._holder = two._holder = None
            for _ in range(3):
                both = await asyncio.gather(one.step(first, NOW_MS), two.step(second, NOW_MS))
                total += sum(both)
                await first.execute("select pg_advisory_unlock_all()")
                await second.execute("select pg_advisory_unlock_all()")
        total += await drain(one, first) + await drain(two, second)
        assert total == 24 == len(await logged(connection, pen.tenant))
        assert (await audit_log(connection, pen.tenant)).differences == ()


async def test_transaction_numbers_begin_anew_in_a_restored_cluster(database: str) -> None:
    async with await write.connect(database) as connection:
        tenant = await make_tenant(connection, "a")
        assert await adopt(connection) == 1
        old = [await insert(connection, tenant, xid) for xid in (200, 300)]
        await drain(Sequencer(), connection)
        old.append(await insert(connection, tenant, 400))  # in the dump, not in the log yet
        await connection.execute("select pg_advisory_unlock_all()")
        await connection.execute("update clusters set system_id = 1")  # the dump came from there
        assert await adopt(connection) == 2
        assert await adopt(connection) == 2
        new = [await insert(connection, tenant, xid) for xid in (150, 250, 450)]
        gens = await query(connection, "select distinct gen from facts order by gen")
        assert gens == [(1,), (2,)]
        assert await drain(Sequencer(), connection) == 4
        expected = [merkle.leaf_hash(body) for body in old + new]
        assert await logged(connection, tenant) == expected
        assert (await audit_log(connection, tenant)).differences == ()


DAMAGES = {
    "last segment lost": "delete from segments where first = (select max(first) from segments)",
    "size changed": "update books set size = size - 1",
    "root changed": "update books set root = sha256('x')",
    "tile lost": "delete from tiles where level = 0 and n = 0",
    "tile changed": "update tiles set data = set_byte(data, 7, get_byte(data, 7) # 1) where n = 0",
    "tile torn": "update tiles set data = substr(data, 1, 100) where n = 0",
    "leaf changed": "update segments set hashes = set_byte(hashes, 7, get_byte(hashes, 7) # 1)"
    " where first = (select max(first) from segments)",
    "book lost": "delete from books",
    "cursor lost": "delete from cursors",
}


@pytest.mark.parametrize("damage", DAMAGES)
async def test_it_does_not_go_on_from_a_damaged_log(database: str, damage: str) -> None:
    async with await write.connect(database) as connection:
        pen = Pen(connection, await make_tenant(connection, "a"))
        sequencer = Sequencer()
        for _ in range(3):
            await pen.note(150)
            await drain(sequencer, connection)
        await connection.execute(DAMAGES[damage])
        await pen.note(1)
        before = await query(connection, "select count(*), sum(n) from segments")
    async with await write.connect(database) as connection:
        fresh = Sequencer()
        for _ in range(2):
            with pytest.raises(LogBroken):
                await fresh.step(connection, NOW_MS)
        assert await query(connection, "select count(*), sum(n) from segments") == before


async def test_a_row_that_says_another_number_of_facts_stops_the_log(database: str) -> None:
    async with await write.connect(database) as connection:
        pen = Pen(connection, await make_tenant(connection, "a"))
        await pen.note(2)
        await connection.execute("update facts set n = 3")
        with pytest.raises(Exception, match="has no 3 facts"):
            await Sequencer().step(connection, NOW_MS)


async def test_rows_from_before_leaf_hashes_were_kept_give_the_same_leaves(database: str) -> None:
    async with await write.connect(database) as connection:
        pen = Pen(connection, await make_tenant(connection, "a"))
        await pen.note(1, 3)
        [(bodies,)] = await query(connection, "select array_agg(leaves order by stream) from facts")
        await connection.execute("update facts set leaves = null")
        await drain(Sequencer(), connection)
        [(hashes,)] = await query(connection, "select hashes from segments")
        assert hashes == b"".join(bodies)


async def test_reading_uses_the_index(database: str) -> None:
    async with await write.connect(database) as connection:
        pen = Pen(connection, await make_tenant(connection, "a"))
        for _ in range(20):
            await pen.note(*[1] * 200)
        await connection.execute("analyze facts")
        from danshu.ledger import sequence

        text = sequence._READ.replace("%s::text::xid8", "'5'::text::xid8").replace("%s", "1")
        plan = await query(connection, "explain " + text)
        assert any("Index Scan" in line and "xid" in line for (line,) in plan), plan
