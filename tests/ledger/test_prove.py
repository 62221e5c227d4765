"""Proofs from tiles and the right edge, checked by the kernel's verifier."""

from __future__ import annotations

import random

import pytest

from danshu.kernel import fact, merkle, note
from danshu.kernel.errors import ProgramError
from danshu.ledger import prove, write
from danshu.ledger.edge import LogBroken
from danshu.ledger.prove import Position, Prover
from danshu.ledger.seal import Sealer, load_signer, log_key, open_note
from danshu.ledger.sequence import KEY, Sequencer
from tests.fixtures.ledger import (
    HALF,
    NOW_MS,
    Connection,
    Pen,
    drain,
    logged,
    make_tenant,
    new_stream,
    query,
)

pytest_plugins = ["tests.fixtures.engine"]
pytestmark = pytest.mark.anyio

JANUARY_MS = 1_800_000_000_000


async def grown(connection: Connection, *counts: int) -> tuple[Pen, list[bytes]]:
    pen = Pen(connection, await make_tenant(connection, "a"))
    sequencer = Sequencer()
    for count in counts:
        await pen.note(count)
        await drain(sequencer, connection)
    return pen, await logged(connection, pen.tenant)


@pytest.mark.parametrize("size", [1, 2, 3, 255, 256, 257, 511, 512, 700, 1000])
async def test_every_leaf_is_proven_at_every_size(database: str, size: int) -> None:
    async with await write.connect(database) as connection:
        pen, hashes = await grown(connection, 200, 56, 1, 500, 243)
        root = merkle.root(hashes[:size])
        prover = Prover()
        for index in range(0, size, 1 if size < 10 else 37):
            proof = await prover.prove_inclusion(connection, pen.tenant, HALF, index, size)
            assert merkle.verify_inclusion(hashes[index], index, size, proof, root)


async def test_a_warm_prover_follows_the_growing_edge(database: str) -> None:
    chance = random.Random(7)
    async with await write.connect(database) as connection:
        pen, _ = await grown(connection, 1)
        prover, sequencer = Prover(), Sequencer()
        await connection.execute("select pg_advisory_unlock_all()")
        for _ in range(12):
            await pen.note(chance.randint(1, 200))
            await drain(sequencer, connection)
            hashes = await logged(connection, pen.tenant)
            size = len(hashes)
            for index in {0, size - 1, chance.randrange(size)}:
                proof = await prover.prove_inclusion(connection, pen.tenant, HALF, index, size)
                root = merkle.root(hashes)
                assert merkle.verify_inclusion(hashes[index], index, size, proof, root)
            old = chance.randint(1, size)
            proof = await prover.prove_consistency(connection, pen.tenant, HALF, old, size)
            assert merkle.verify_consistency(
                old, size, merkle.root(hashes[:old]), merkle.root(hashes), proof
            )


async def test_a_small_memory_gives_the_same_proofs(database: str) -> None:
    async with await write.connect(database) as connection:
        pen, hashes = await grown(connection, 3000)
        root = merkle.root(hashes)
        tight = Prover(tiles_max=4)
        for index in range(0, 3000, 211):
            proof = await tight.prove_inclusion(connection, pen.tenant, HALF, index, 3000)
            assert merkle.verify_inclusion(hashes[index], index, 3000, proof, root)


@pytest.mark.parametrize(
    ("index", "size", "error"),
    [(-1, 10, ProgramError), (10, 10, ProgramError), (0, 11, LogBroken), (0, 999, LogBroken)],
)
async def test_what_cannot_be_proven(database: str, index: int, size: int, error: type) -> None:
    async with await write.connect(database) as connection:
        pen, _ = await grown(connection, 10)
        with pytest.raises(error):
            await Prover().prove_inclusion(connection, pen.tenant, HALF, index, size)


async def test_warm_proofs_ask_the_database_nothing(database: str) -> None:
    async with await write.connect(database) as connection:
        pen, hashes = await grown(connection, 600)
        prover = Prover()
        for index in (0, 300, 599):
            await prover.prove_inclusion(connection, pen.tenant, HALF, index, 600)
    assert connection.closed
    for index in range(600):
        proof = await prover.prove_inclusion(connection, pen.tenant, HALF, index, 600)
        assert merkle.verify_inclusion(hashes[index], index, 600, proof, merkle.root(hashes))


async def test_find_gives_the_leaf_of_a_fact(database: str) -> None:
    async with await write.connect(database) as connection:
        pen = Pen(connection, await make_tenant(connection, "a"))
        other = Pen(connection, await make_tenant(connection, "b"))
        sequencer = Sequencer(rows_max=3)
        streams = []
        for counts in ((2, 1, 3), (1,), (4, 4)):
            streams += await pen.note(*counts)
            await other.note(2)
        await pen.add(streams[0], "later", "still later")
        await drain(sequencer, connection)
        hashes = await logged(connection, pen.tenant)
        for body in [
            one
            for (row,) in await query(
                connection, "select body from facts where tenant=%s", pen.tenant
            )
            for one in fact.unpack(row)
        ]:
            read = fact.read(body)
            position = await prove.find(connection, pen.tenant, read.stream, read.seq)
            assert position is not None
            assert hashes[position.index] == merkle.leaf_hash(body)
        assert await prove.find(connection, pen.tenant, streams[0], 5) is None
        assert await prove.find(connection, pen.tenant, streams[0], 0) is None
        assert await prove.find(connection, other.tenant, streams[0], 1) is None
        assert await prove.find(connection, pen.tenant, new_stream(), 1) is None


async def test_find_waits_for_the_sequencer(database: str) -> None:
    async with await write.connect(database) as connection:
        pen = Pen(connection, await make_tenant(connection, "a"))
        sequencer = Sequencer()
        for expected in (0, 1):
            [stream] = await pen.note(1)
            assert await prove.find(connection, pen.tenant, stream, 1) is None
            await drain(sequencer, connection)
            found = await prove.find(connection, pen.tenant, stream, 1)
            assert found == Position(half=HALF, index=expected)


def test_place_is_never_fooled_by_bytes_that_straddle_two_keys() -> None:
    stream, other = b"\0" * 16, b"\1" * 16
    keys = KEY.pack(stream, 0, 0) + KEY.pack(stream, 0, 5) + KEY.pack(other, 1, 2)
    assert prove.place(keys, stream, 0, 5) == 0
    assert prove.place(keys, other, 1, 2) == 5
    assert prove.place(keys, other, 1, 3) is None
    shifted = KEY.pack(b"\0" * 16, 0x00000101, 0x0101) + KEY.pack(b"\1" * 16, 0, 1)
    assert prove.place(shifted, b"\1" * 16, 0, 1) == 0x0101


async def test_the_material_of_a_stream_verifies(database: str) -> None:
    async with await write.connect(database) as connection:
        pen = Pen(connection, await make_tenant(connection, "a"))
        sequencer, sealer = Sequencer(), Sealer(every_ms=0)
        [stream] = await pen.note(2)
        await pen.note(300)
        await drain(sequencer, connection)
        await sealer.step(connection, NOW_MS)
        await pen.add(stream, "next half")
        await drain(sequencer, connection, JANUARY_MS)
        await sealer.step(connection, JANUARY_MS)
        await pen.add(stream, "not signed")
        await drain(sequencer, connection, JANUARY_MS)
        await pen.add(stream, "not even logged", "nor this")

        material = await Prover().prove_stream(connection, pen.tenant, stream)
        assert material.pending == 3
        signer = await load_signer(connection)
        assert [(b.half, len(b.facts)) for b in material.bundles] == [(HALF, 2), ("2027h1", 1)]
        seq = 0
        for bundle in material.bundles:
            key = log_key(f"danshu/a/{bundle.half}", signer.public_key)
            checkpoint = open_note(bundle.note, key)
            assert isinstance(checkpoint, note.Checkpoint)
            for proven in bundle.facts:
                seq += 1
                assert fact.read(proven.body).seq == seq
                file = note.parse_proof(prove.proof_file(bundle, proven))
                assert file.checkpoint == bundle.note
                assert merkle.verify_inclusion(
                    merkle.leaf_hash(proven.body),
                    file.index,
                    checkpoint.size,
                    file.hashes,
                    checkpoint.root,
                )


async def test_an_unknown_stream_has_no_material(database: str) -> None:
    async with await write.connect(database) as connection:
        material = await Prover().prove_stream(connection, 1, new_stream())
        assert (material.bundles, material.pending) == ((), 0)


async def test_a_fact_outside_its_segment_is_an_alarm(database: str) -> None:
    async with await write.connect(database) as connection:
        pen, _ = await grown(connection, 2, 2)
        rows = await query(connection, "select stream from facts order by stream limit 1")
        await connection.execute("update facts set v = v + 1 where stream = %s", rows[0])
        with pytest.raises(LogBroken):
            await prove.find(connection, pen.tenant, rows[0][0], 2)
