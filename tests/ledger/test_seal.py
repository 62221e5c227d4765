"""The sealer: signs what grew, verifiable by the kernel alone, and never two histories."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from danshu.kernel import merkle, note
from danshu.ledger import seal, write
from danshu.ledger.audit import audit_log
from danshu.ledger.edge import LogBroken
from danshu.ledger.prove import Prover
from danshu.ledger.seal import Forked, Sealer, SeedSigner
from danshu.ledger.sequence import Sequencer
from tests.fixtures.ledger import HALF, NOW_MS, Connection, Pen, drain, logged, make_tenant, query

pytest_plugins = ["tests.fixtures.engine"]
pytestmark = pytest.mark.anyio


class House:
    """One connection, one tenant, a sequencer and a sealer on it."""

    def __init__(self, connection: Connection, tenant: int, folder: Path | None) -> None:
        self.connection = connection
        self.pen = Pen(connection, tenant)
        self.sequencer = Sequencer()
        self.sealer = Sealer(folder, every_ms=0)

    async def grow(self, *counts: int) -> None:
        for count in counts:
            await self.pen.note(count)
            await drain(self.sequencer, self.connection)
            assert await self.sealer.step(self.connection, NOW_MS) == 1


async def house(connection: Connection, folder: Path | None = None, code: str = "a") -> House:
    return House(connection, await make_tenant(connection, code), folder)


async def checkpoints(connection: Connection) -> list[note.Checkpoint]:
    rows = await query(connection, "select note from checkpoints order by size")
    return [note.parse_checkpoint(note.parse(raw).text) for (raw,) in rows]


async def test_the_kernel_alone_verifies_a_checkpoint(database: str) -> None:
    async with await write.connect(database) as connection:
        a = await house(connection)
        await a.grow(300)
        raw = await seal.last_note(connection, a.pen.tenant, HALF)
        assert raw is not None
        origin = f"danshu/a/{HALF}"
        signer = await seal.load_signer(connection)
        key = seal.log_key(origin, signer.public_key)
        verified = note.verify(note.parse(raw), [note.parse_key(key.encode())])
        assert isinstance(verified, tuple)
        assert [each.key for each in verified] == [key]
        hashes = await logged(connection, a.pen.tenant)
        expected = note.Checkpoint(origin=origin, size=300, root=merkle.root(hashes))
        assert await checkpoints(connection) == [expected]
        assert seal.open_note(raw, key) == expected


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda raw: raw.replace(b"\n300\n", b"\n301\n"), "note_signature"),
        (lambda raw: raw.replace(b"danshu/a/", b"danshu/b/", 1), "note_signature"),
        (lambda raw: raw[:-1], "note"),
        (lambda raw: raw.replace("— danshu/a".encode(), "— danshu/x".encode()), "note_unknown"),
    ],
)
async def test_a_changed_checkpoint_is_refused(database: str, change, code: str) -> None:
    async with await write.connect(database) as connection:
        a = await house(connection)
        await a.grow(300)
        raw = await seal.last_note(connection, a.pen.tenant, HALF)
        assert raw is not None
        signer = await seal.load_signer(connection)
        key = seal.log_key(f"danshu/a/{HALF}", signer.public_key)
        refusal = seal.open_note(change(raw), key)
        assert getattr(refusal, "code", None) == code


async def test_a_checkpoint_of_another_log_with_the_same_key_is_refused(database: str) -> None:
    signer = SeedSigner(b"k" * 32)
    ours = seal.log_key("danshu/a/2026h2", signer.public_key)
    text = note.Checkpoint(origin="danshu/b/2026h2", size=1, root=b"r" * 32).text()
    raw = note.encode(note.Note(text=text, signatures=(note.sign(text, ours, signer.sign),)))
    assert getattr(seal.open_note(raw, ours), "code", None) == "note_origin"


async def test_every_checkpoint_is_consistent_with_every_other(database: str) -> None:
    async with await write.connect(database) as connection:
        a = await house(connection)
        await a.grow(1, 1, 5, 249, 1, 3, 300, 1000)
        made = await checkpoints(connection)
        assert [each.size for each in made] == [1, 2, 7, 256, 257, 260, 560, 1560]
        prover = Prover()
        for old in made:
            for new in made:
                if old.size <= new.size:
                    proof = await prover.prove_consistency(
                        connection, a.pen.tenant, HALF, old.size, new.size
                    )
                    assert merkle.verify_consistency(old.size, new.size, old.root, new.root, proof)


async def test_it_signs_only_what_grew_and_not_too_often(database: str) -> None:
    async with await write.connect(database) as connection:
        a = await house(connection)
        sealer = Sealer(every_ms=250)
        signed = []
        for now_ms in (0, 100, 249, 250, 400, 500, 501, 760, 90):
            await a.pen.note(1)
            await drain(a.sequencer, connection)
            signed.append(await sealer.step(connection, NOW_MS + now_ms))
        # the last clock went back: it does not stop the sealer
        assert signed == [1, 0, 0, 1, 0, 1, 0, 1, 1]
        assert await sealer.step(connection, NOW_MS + 5_000) == 0
        sizes = await query(connection, "select size, signed from books")
        assert sizes == [(9, 9)]


async def test_many_books_are_signed_in_one_step(database: str) -> None:
    async with await write.connect(database) as connection:
        houses = [await house(connection, code=code) for code in "abc"]
        for each in houses:
            await each.pen.note(2)
        await drain(houses[0].sequencer, connection)
        assert await houses[0].sealer.step(connection, NOW_MS) == 3
        origins = [each.origin for each in await checkpoints(connection)]
        assert sorted(origins) == [f"danshu/{code}/{HALF}" for code in "abc"]


async def test_a_restart_goes_on_where_it_was(database: str, tmp_path: Path) -> None:
    async with await write.connect(database) as connection:
        a = await house(connection, tmp_path)
        await a.grow(700, 1)
        a.sealer = Sealer(tmp_path, every_ms=0)
        await a.grow(3)
        assert [each.size for each in await checkpoints(connection)] == [700, 701, 704]
        kept = (tmp_path / f"{a.pen.tenant}.{HALF}.note").read_bytes()
        assert kept == await seal.last_note(connection, a.pen.tenant, HALF)


async def test_a_second_sealer_waits(database: str) -> None:
    async with await write.connect(database) as connection:
        a = await house(connection)
        await a.grow(1)
        await a.pen.note(1)
        await drain(a.sequencer, connection)
        async with await write.connect(database) as other:
            assert await Sealer(every_ms=0).step(other, NOW_MS) == 0
        assert await a.sealer.step(connection, NOW_MS) == 1


async def test_two_sealers_without_the_lock_sign_one_history(database: str) -> None:
    async with (
        await write.connect(database) as connection,
        await write.connect(database) as other,
    ):
        a = await house(connection)
        two = Sealer(every_ms=0)
        for _ in range(8):
            await a.pen.note(40)
            await drain(a.sequencer, connection)
            for each in (connection, other):
                await each.execute("select pg_advisory_unlock_all()")
            a.sealer._holder = two._holder = None
            first = asyncio.create_task(a.sealer.step(connection, NOW_MS))
            done = [await two.step(other, NOW_MS), await first]
            assert sum(done) >= 1
        assert (await audit_log(connection, a.pen.tenant)).differences == ()


FORKS = {
    "leaf changed": "update segments set hashes = set_byte(hashes, 7, get_byte(hashes, 7) # 1)"
    " where first = (select max(first) from segments)",
    "root changed": "update books set root = sha256('x')",
    "book went back": "update books set size = 300",
    "signed went back": "update books set signed = 300",
    "checkpoints lost": "delete from checkpoints",
    "last checkpoint lost": "delete from checkpoints where size = 400",
    "checkpoint forged": "update checkpoints set note = convert_to(replace(convert_from(note,"
    " 'UTF8'), E'\\n400\\n', E'\\n399\\n'), 'UTF8') where size = 400",
    "key replaced": "update signers set seed = sha256('x')",
    "tile changed": "update tiles set data = set_byte(data, 7, get_byte(data, 7) # 1)",
    "tenant lost": "delete from tenants",
}


@pytest.mark.parametrize("damage", FORKS)
async def test_it_signs_nothing_that_is_not_what_was_signed(database: str, damage: str) -> None:
    async with await write.connect(database) as connection:
        a = await house(connection)
        await a.grow(300, 100)
        await a.pen.note(50)
        await drain(a.sequencer, connection)
        await connection.execute(FORKS[damage])
        before = await query(connection, "select count(*) from checkpoints")
        fresh = Sealer(every_ms=0)
        for _ in range(2):
            with pytest.raises(LogBroken) as raised:
                await fresh.step(connection, NOW_MS)
            assert raised.value.diagnose()
        assert await query(connection, "select count(*) from checkpoints") == before


@pytest.mark.parametrize("regrown", [0, 60, 500])
@pytest.mark.parametrize("named", [True, False], ids=["second place", "no second place"])
async def test_a_restored_backup_cannot_sign_a_second_history(
    engine, database: str, tmp_path: Path, regrown: int, named: bool
) -> None:
    """A backup taken at 300 leaves; 400 were signed since; the backup goes on on its own."""
    folder = tmp_path if named else None
    async with await write.connect(database) as connection:
        a = await house(connection, folder)
        await a.grow(300)
    backup = f"{database.rpartition('/')[2].partition('?')[0]}_backup"
    with psycopg.connect(engine.admin_url, autocommit=True) as admin:
        original = database.rpartition("/")[2].partition("?")[0]
        admin.execute(
            sql.SQL("create database {} template {} strategy file_copy owner danshu").format(
                sql.Identifier(backup), sql.Identifier(original)
            )
        )
    async with await write.connect(database) as connection:
        b = House(connection, a.pen.tenant, folder)
        await b.grow(100)
    async with await write.connect(engine.url_of(backup)) as connection:
        c = House(connection, a.pen.tenant, folder)
        if regrown:
            await c.pen.note(regrown)
            await drain(c.sequencer, connection)
        before = await query(connection, "select count(*) from checkpoints")
        if named:
            with pytest.raises(Forked) as raised:
                await c.sealer.step(connection, NOW_MS)
            assert await query(connection, "select count(*) from checkpoints") == before
            assert "restore the newest one" in raised.value.diagnose()
            told = [(c.pen.tenant, HALF, NOW_MS)]
            forks = "select tenant, half, position from cursors where name='forked'"
            assert await query(connection, forks) == told
            # who looks after it without the second place finds no harm, so the word goes
            await Sealer(every_ms=0).step(connection, NOW_MS)
            assert await query(connection, forks) == []
        else:  # without a second place nobody here can know: this is what the place is for
            assert await c.sealer.step(connection, NOW_MS) == (1 if regrown else 0)
    with psycopg.connect(engine.admin_url, autocommit=True) as admin:
        admin.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(backup)))


async def test_an_empty_database_does_not_begin_a_signed_book_again(
    databases, tmp_path: Path
) -> None:
    async with await write.connect(databases()) as connection:
        a = await house(connection, tmp_path)
        await a.grow(10)
    async with await write.connect(databases()) as connection:
        b = await house(connection, tmp_path)
        with pytest.raises(Forked):
            await b.sealer.step(connection, NOW_MS)


async def test_a_signer_of_ones_own(database: str) -> None:
    signer = SeedSigner(b"s" * 32)
    async with await write.connect(database) as connection:
        a = await house(connection)
        a.sealer = Sealer(every_ms=0, signer=signer)
        await a.grow(3)
        raw = await seal.last_note(connection, a.pen.tenant, HALF)
        assert raw is not None
        opened = seal.open_note(raw, seal.log_key(f"danshu/a/{HALF}", signer.public_key))
        assert isinstance(opened, note.Checkpoint)
        assert await query(connection, "select count(*) from signers") == [(0,)]
        assert (await audit_log(connection, a.pen.tenant, signer.public_key)).differences == ()
