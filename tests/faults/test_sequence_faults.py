"""The fault table of sequencer, sealer and follower: every statement, failed and not persisted,
failed but persisted. After each fault a new process goes on; nothing is lost, doubled or forked.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import psycopg
import pytest

from danshu.kernel import merkle
from danshu.kernel.errors import DanshuError, UnknownOutcome
from danshu.ledger import write
from danshu.ledger.audit import audit_log
from danshu.ledger.follow import Follower
from danshu.ledger.leaves import Leaf
from danshu.ledger.seal import Sealer
from danshu.ledger.sequence import Sequencer
from tests.fixtures.ledger import NOW_MS, Connection, Pen, committed, logged, make_tenant, query

pytest_plugins = ["tests.fixtures.engine"]
pytestmark = pytest.mark.anyio

REAL_COMMIT = write.commit

# A backend that dies inside the statement that touches the table: everything of it is undone.
BOMB = """
create function die() returns trigger language plpgsql as $$
begin
  perform pg_terminate_backend(pg_backend_pid());
  return null;
end $$
"""
# One that fails the statement and leaves the connection standing.
REFUSAL = """
create function die() returns trigger language plpgsql as $$
begin
  raise exception 'no space left on device' using errcode = 'disk_full';
end $$
"""
TRIGGER = "create trigger fault {when} {what} on {table} for each statement execute function die()"
# Fires at `commit`, after every statement has succeeded.
LATE = (
    "create constraint trigger fault after insert or update on {table}"
    " deferrable initially deferred for each row execute function die()"
)

SEQUENCER_TABLES = {"cursors": "update", "segments": "insert", "books": "insert", "tiles": "insert"}
SEALER_TABLES = {"checkpoints": "insert", "books": "update"}


def faults(tables: dict[str, str]) -> list:
    return [
        pytest.param(table, what, when, how, id=f"{table}-{when}-{name}")
        for table, what in tables.items()
        for when in ("before", "after", "at commit")
        for name, how in (("killed", BOMB), ("refused", REFUSAL))
    ]


async def arm(connection: Connection, table: str, what: str, when: str, how: str) -> None:
    await connection.execute(how)
    text = LATE if when == "at commit" else TRIGGER
    await connection.execute(text.format(table=table, what=what, when=when))


async def disarm(connection: Connection, table: str) -> None:
    await connection.execute(f"drop trigger fault on {table}")
    await connection.execute("drop function die")


async def freed(connection: Connection) -> None:
    """Wait until the server has let go of every advisory lock of this database."""
    locks = (
        "select 1 from pg_locks l join pg_database d on d.oid = l.database"
        " where l.locktype = 'advisory' and d.datname = current_database()"
    )
    while await query(connection, locks):
        await asyncio.sleep(0.005)


async def check(connection: Connection, tenant: int) -> None:
    """Every committed fact is in the log once, every leaf is signed, and the audit is clean."""
    expected = Counter(merkle.leaf_hash(body) for body in await committed(connection, tenant))
    assert Counter(await logged(connection, tenant)) == expected
    [(size, signed)] = await query(connection, "select size, signed from books")
    assert size == signed == expected.total()
    assert (await audit_log(connection, tenant)).differences == ()


async def finish(url: str, folder: Path) -> None:
    """A new process: sequence and seal until there is nothing left."""
    async with await write.connect(url) as connection:
        sequencer, sealer = Sequencer(), Sealer(folder, every_ms=0)
        while await sequencer.step(connection, NOW_MS):
            pass
        while await sealer.step(connection, NOW_MS):
            pass


async def begun(url: str, connection: Connection, folder: Path) -> Pen:
    """A log with a full tile behind it and 300 facts before it, so that every table is touched."""
    pen = Pen(connection, await make_tenant(connection, "a"))
    await pen.note(250, 10)
    await finish(url, folder)
    await freed(connection)
    await pen.note(250, 50)
    return pen


@pytest.mark.parametrize(("table", "what", "when", "how"), faults(SEQUENCER_TABLES))
async def test_the_sequencer_dies_at_a_statement(
    database: str, tmp_path: Path, table: str, what: str, when: str, how: str
) -> None:
    async with await write.connect(database) as connection:
        pen = await begun(database, connection, tmp_path)
        before = await logged(connection, pen.tenant)
        await arm(connection, table, what, when, how)
        broken = await write.connect(database)
        sequencer = Sequencer()
        for _ in range(2):
            if not broken.closed:
                with pytest.raises((DanshuError, psycopg.Error)):
                    await sequencer.step(broken, NOW_MS)
        assert await logged(connection, pen.tenant) == before
        await disarm(connection, table)
        await freed(connection)
        # the same sequencer goes on with a new connection, then a new process
        async with await write.connect(database) as fresh:
            assert await sequencer.step(fresh, NOW_MS) == 300
        await freed(connection)
        await pen.note(3)
        await finish(database, tmp_path)
        await check(connection, pen.tenant)


@pytest.mark.parametrize(("table", "what", "when", "how"), faults(SEALER_TABLES))
async def test_the_sealer_dies_at_a_statement(
    database: str, tmp_path: Path, table: str, what: str, when: str, how: str
) -> None:
    async with await write.connect(database) as connection:
        pen = await begun(database, connection, tmp_path)
        async with await write.connect(database) as other:
            assert await Sequencer().step(other, NOW_MS) == 300
        await arm(connection, table, what, when, how)
        broken = await write.connect(database)
        sealer = Sealer(tmp_path, every_ms=0)
        with pytest.raises((DanshuError, psycopg.Error)):
            await sealer.step(broken, NOW_MS)
        # the second place knows the note, the database does not: no harm
        assert await query(connection, "select count(*) from checkpoints") == [(1,)]
        await disarm(connection, table)
        await freed(connection)
        await pen.note(3)
        await finish(database, tmp_path)
        await check(connection, pen.tenant)


async def fail_and_not_persist(connection: Connection, statements: Sequence) -> list:
    await connection.close()
    raise UnknownOutcome("the connection broke before the commit arrived")


async def fail_but_persist(connection: Connection, statements: Sequence) -> list:
    await REAL_COMMIT(connection, statements)
    await connection.close()
    raise UnknownOutcome("the connection broke before the answer arrived")


ANSWERS = [fail_and_not_persist, fail_but_persist]


@pytest.mark.parametrize("again", [1, 2, 3])
@pytest.mark.parametrize("commit", ANSWERS)
async def test_the_sequencer_does_not_hear_whether_it_committed(
    database: str, tmp_path: Path, monkeypatch, commit, again: int
) -> None:
    async with await write.connect(database) as connection:
        pen = await begun(database, connection, tmp_path)
        sequencer = Sequencer(rows_max=1)
        for _ in range(again):
            await pen.note(5)
            monkeypatch.setattr(write, "commit", commit)
            own = await write.connect(database)
            with pytest.raises(UnknownOutcome):
                await sequencer.step(own, NOW_MS)
            monkeypatch.setattr(write, "commit", REAL_COMMIT)
            await freed(connection)
            async with await write.connect(database) as fresh:
                await sequencer.step(fresh, NOW_MS)
            await freed(connection)
        await finish(database, tmp_path)
        await check(connection, pen.tenant)


@pytest.mark.parametrize("commit", ANSWERS)
async def test_the_sealer_does_not_hear_whether_it_committed(
    database: str, tmp_path: Path, monkeypatch, commit
) -> None:
    async with await write.connect(database) as connection:
        pen = await begun(database, connection, tmp_path)
        async with await write.connect(database) as other:
            await Sequencer().step(other, NOW_MS)
        await freed(connection)
        sealer = Sealer(tmp_path, every_ms=0)
        monkeypatch.setattr(write, "commit", commit)
        own = await write.connect(database)
        with pytest.raises(UnknownOutcome):
            await sealer.step(own, NOW_MS)
        monkeypatch.setattr(write, "commit", REAL_COMMIT)
        await freed(connection)
        await pen.note(7)
        async with await write.connect(database) as fresh:
            await Sequencer().step(fresh, NOW_MS)
            assert await sealer.step(fresh, NOW_MS) == 1
        await freed(connection)
        await finish(database, tmp_path)
        await check(connection, pen.tenant)


def refuse_to_keep(sealer: Sealer, book, raw: bytes) -> None:
    raise OSError(28, "No space left on device")


def keep_and_fail(sealer: Sealer, book, raw: bytes) -> None:
    REAL_KEEP(sealer, book, raw)
    raise OSError(5, "Input/output error")


REAL_KEEP = Sealer._keep


@pytest.mark.parametrize("keep", [refuse_to_keep, keep_and_fail])
async def test_the_second_place_fails(database: str, tmp_path: Path, monkeypatch, keep) -> None:
    """No note is published that the second place does not hold."""
    async with await write.connect(database) as connection:
        pen = await begun(database, connection, tmp_path)
        async with await write.connect(database) as own:
            await Sequencer().step(own, NOW_MS)
            sealer = Sealer(tmp_path, every_ms=0)
            monkeypatch.setattr(Sealer, "_keep", keep)
            with pytest.raises(OSError):
                await sealer.step(own, NOW_MS)
            assert await query(connection, "select count(*) from checkpoints") == [(1,)]
            monkeypatch.setattr(Sealer, "_keep", REAL_KEEP)
            await pen.note(2)
            await Sequencer().step(own, NOW_MS)
            assert await sealer.step(own, NOW_MS) == 1
        await freed(connection)
        await finish(database, tmp_path)
        await check(connection, pen.tenant)


@pytest.mark.parametrize("when", ["before", "after", "at commit"])
@pytest.mark.parametrize("how", [BOMB, REFUSAL], ids=["killed", "refused"])
@pytest.mark.parametrize("table", ["cursors", "seen"])
async def test_the_follower_dies_at_a_statement(
    database: str, tmp_path: Path, table: str, how: str, when: str
) -> None:
    async def apply(own: Connection, leaves: Sequence[Leaf]) -> None:
        for leaf in leaves:
            await own.execute("insert into seen(position) values (%s)", (leaf.position,))

    async with await write.connect(database) as connection:
        await connection.execute("create table seen (position int, nth bigserial)")
        pen = await begun(database, connection, tmp_path)
        await finish(database, tmp_path)
        await freed(connection)
        await arm(connection, table, "insert", when, how)
        follower = Follower("seen", apply, leaves_max=64)
        own = await write.connect(database)
        if how is BOMB:
            with pytest.raises(psycopg.Error):
                await follower.step(own, NOW_MS)
        else:
            assert await follower.step(own, NOW_MS) == 0
            assert follower.troubles
        await own.close()
        assert await query(connection, "select * from seen") == []
        await disarm(connection, table)
        now_ms = NOW_MS
        async with await write.connect(database) as fresh:
            while len(await query(connection, "select * from seen")) < 560:
                now_ms += 60_000
                await follower.step(fresh, now_ms)
        rows = await query(connection, "select position from seen order by nth")
        assert [position for (position,) in rows] == list(range(560))
        await check(connection, pen.tenant)
