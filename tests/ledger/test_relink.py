"""A restored older backup refuses to sign, and goes on as a linked log that loses no fact."""

from __future__ import annotations

from pathlib import Path

import pytest

from danshu.kernel import fact, note
from danshu.kernel.errors import InputError, NotAvailable
from danshu.kernel.fact import Actor
from danshu.ledger import relink, seal, signers, write
from danshu.ledger.audit import audit_log
from danshu.ledger.facts import LogLinked
from danshu.ledger.follow import read_leaves
from danshu.ledger.prove import Prover
from danshu.ledger.seal import Forked, Sealer
from danshu.ledger.sequence import Sequencer
from tests.fixtures.ledger import HALF, NOW_MS, Connection, Pen, drain, make_tenant, query

pytest_plugins = ["tests.fixtures.engine"]
pytestmark = pytest.mark.anyio
BY = Actor(sub="tests")


async def roll_back(connection: Connection, folder: Path, tenant: int, lost: int) -> bytes:
    """Pretend that `lost` more leaves were signed than this database holds; give the lost note."""
    raw = await seal.last_note(connection, tenant, HALF)
    assert raw is not None
    checkpoint = note.parse_checkpoint(note.parse(raw).text)
    signer = await signers.load_signer(connection)
    key = signers.log_key(checkpoint.origin, signer.public_key)
    text = note.Checkpoint(
        origin=checkpoint.origin, size=checkpoint.size + lost, root=b"l" * 32
    ).text()
    newer = note.encode(note.Note(text=text, signatures=(note.sign(text, key, signer.sign),)))
    (folder / f"{tenant}.{HALF}.note").write_bytes(newer)
    return newer


@pytest.mark.parametrize("regrown", [0, 3, 700])
async def test_a_restored_backup_goes_on_as_a_linked_log(
    database: str, tmp_path: Path, regrown: int
) -> None:
    async with await write.connect(database) as connection:
        pens = [Pen(connection, await make_tenant(connection, code)) for code in "ab"]
        tenant = pens[0].tenant
        for pen in pens:
            await pen.note(300)
        await drain(Sequencer(), connection)
        assert await Sealer(tmp_path, every_ms=0).step(connection, NOW_MS) == 2
        lost = await roll_back(connection, tmp_path, tenant, 500)
        (stream,) = await pens[0].note(regrown or 1)
        if regrown:
            await drain(Sequencer(), connection)
        with pytest.raises(Forked) as raised:
            await Sealer(tmp_path, every_ms=0).step(connection, NOW_MS)
        assert "danshu log relink" in raised.value.diagnose()
        await connection.execute("select pg_advisory_unlock_all()")
    async with await write.connect(database) as connection:
        linked = await relink.relink(connection, tmp_path, BY, NOW_MS)
    async with await write.connect(database) as connection:
        assert [(one.half, one.size, one.held, one.moved) for one in linked] == [
            (f"{HALF}.2", 800, 300, regrown or 1),
            (f"{HALF}.2", 300, 300, 0),
        ]
        for pen in pens:
            pen.connection = connection
            await pen.note(2)
        await drain(Sequencer(), connection)
        assert await Sealer(tmp_path, every_ms=0).step(connection, NOW_MS) == 2
        assert await Sealer(tmp_path, every_ms=0).step(connection, NOW_MS) == 0
        # the first entry names what was signed and lost
        (leaf,) = await read_leaves(connection, tenant, f"{HALF}.2", 0, 1)
        said = fact.read(leaf.body).data
        assert isinstance(said, LogLinked)
        kept = note.parse_checkpoint(note.parse(lost).text)
        assert (said.origin, said.size, said.root, said.held) == (
            kept.origin, kept.size, kept.root.hex(), 300,
        )  # fmt: skip
        rows = await query(connection, "select origin, size, note from linked_logs where size=800")
        assert rows == [(kept.origin, 800, lost)]
        # every fact is proven, also what was sequenced in the old log and signed by nobody
        material = await Prover().prove_stream(connection, tenant, stream)
        assert material.pending == 0
        assert [b.half for b in material.bundles] == [f"{HALF}.2"]
        origin = note.parse_checkpoint(note.parse(material.bundles[0].note).text).origin
        assert origin == f"danshu/a/{HALF}.2"
        for pen in pens:
            assert (await audit_log(connection, pen.tenant)).differences == ()


async def test_a_log_that_is_whole_is_not_linked(database: str, tmp_path: Path) -> None:
    async with await write.connect(database) as connection:
        pen = Pen(connection, await make_tenant(connection, "a"))
        await pen.note(5)
        await drain(Sequencer(), connection)
        await Sealer(tmp_path, every_ms=0).step(connection, NOW_MS)
        with pytest.raises(InputError) as raised:
            await relink.relink(connection, tmp_path, BY, NOW_MS)
        assert raised.value.code == "not_forked"
        assert await query(connection, "select half, size from books") == [(HALF, 5)]


async def test_it_waits_until_nobody_writes_or_works(database: str, tmp_path: Path) -> None:
    async with (
        await write.connect(database) as connection,
        await write.connect(database) as other,
    ):
        pen = Pen(other, await make_tenant(connection, "a"))
        await pen.note(5)
        await drain(Sequencer(), other)
        await Sealer(tmp_path, every_ms=0).step(other, NOW_MS)
        await roll_back(connection, tmp_path, pen.tenant, 9)
        with pytest.raises(NotAvailable):  # a worker holds the locks
            await relink.relink(connection, tmp_path, BY, NOW_MS)
        await other.execute("select pg_advisory_unlock_all()")
        await other.execute("begin")
        await other.execute("insert into regions values (1,1,'x','x','x',0,0)")
        with pytest.raises(NotAvailable):  # a fact of this transaction would lie below the cursor
            await relink.relink(connection, tmp_path, BY, NOW_MS)
        await other.execute("rollback")
        assert len(await relink.relink(connection, tmp_path, BY, NOW_MS)) == 1


@pytest.mark.parametrize(
    ("halves", "name"),
    [
        ([], "2026h2.2"),
        (["2026h1"], "2026h2.2"),
        (["2026h2", "2026h2.2"], "2026h2.3"),
        (["2027h1"], "2027h1.2"),
    ],
)
def test_the_next_book_comes_after_all_others(halves: list[str], name: str) -> None:
    assert relink.next_half(halves, NOW_MS) == name
    assert name > max([*halves, "2026h2"])
