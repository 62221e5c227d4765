"""The log's keys: rotated with an overlap, revoked, in a file; and the sealer killed anywhere."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from danshu.hub import log_keys
from danshu.kernel import fact, merkle, note
from danshu.kernel.errors import InputError
from danshu.kernel.fact import Actor
from danshu.ledger import seal, signers, write
from danshu.ledger.audit import audit_log
from danshu.ledger.edge import LogBroken
from danshu.ledger.facts import KeyRotated
from danshu.ledger.prove import Prover
from danshu.ledger.seal import Sealer
from danshu.ledger.sequence import Sequencer
from tests.fixtures.ledger import HALF, NOW_MS, Connection, Pen, drain, make_tenant, query

pytest_plugins = ["tests.fixtures.engine"]
pytestmark = pytest.mark.anyio
BY = Actor(sub="tests")
ORIGIN = f"danshu/a/{HALF}"


class House:
    def __init__(self, connection: Connection, pen: Pen, folder: Path) -> None:
        self.connection, self.pen, self.folder = connection, pen, folder
        self.sequencer = Sequencer()
        self.sealer = Sealer(folder, every_ms=0)

    async def grow(self, count: int = 3) -> None:
        await self.pen.note(count)
        await drain(self.sequencer, self.connection)

    async def seal(self) -> note.Note:
        await self.sealer.step(self.connection, NOW_MS)
        raw = await seal.last_note(self.connection, self.pen.tenant, HALF)
        assert raw is not None
        return note.parse(raw)


async def furnish(connection: Connection, folder: Path) -> House:
    return House(connection, Pen(connection, await make_tenant(connection, "a")), folder)


def signed_by(signed: note.Note, publics: list[bytes]) -> list[bytes]:
    keys = [signers.log_key(ORIGIN, public) for public in publics]
    verdict = note.verify(signed, keys, signers.check)
    return [v.key.public_key for v in verdict] if isinstance(verdict, tuple) else []


async def test_a_rotation_overlaps_and_ends(database: str, tmp_path: Path) -> None:
    async with await write.connect(database) as connection:
        a = await furnish(connection, tmp_path)
        await a.grow()
        await a.seal()
        old, new = await log_keys.rotate(connection, None, 3600, BY)
        assert old is not None
        publics = [old.public_key, new.public_key]
        await a.grow()
        assert signed_by(await a.seal(), publics) == [new.public_key, old.public_key]
        assert [k.state for k in await log_keys.read(connection)] == ["overlap", "present"]
        # a fresh sealer goes on from what both signed; then the overlap ends
        a.sealer = Sealer(tmp_path, every_ms=0)
        await connection.execute("select pg_advisory_unlock_all()")
        await connection.execute("update signers set until = now() where until is not null")
        await a.grow()
        assert signed_by(await a.seal(), publics) == [new.public_key]
        assert [k.state for k in await log_keys.read(connection)] == ["past", "present"]
        # the fact names both, in the book
        rows = await query(connection, "select body from facts where tenant=%s", a.pen.tenant)
        bodies = [body for (row,) in rows for body in fact.unpack(row)]
        read = [fact.read(b).data for b in bodies if b'"type":"key.rotated"' in b]
        told = [(t.old, t.new) for t in read if isinstance(t, KeyRotated)]
        assert told == [(old.public_key.hex(), new.public_key.hex())]
        report = await audit_log(connection, a.pen.tenant)
        assert report.differences == ()
        assert report.counts["checkpoints"] == 3


async def test_a_revoked_key_signs_nothing_and_its_seed_is_gone(
    database: str, tmp_path: Path
) -> None:
    async with await write.connect(database) as connection:
        a = await furnish(connection, tmp_path)
        await a.grow()
        await a.seal()
        first = await signers.load_signer(connection)
        with pytest.raises(InputError) as raised:
            await log_keys.withdraw(connection, first.public_key, "lost", BY)
        assert raised.value.code == "present_key"
        _, new = await log_keys.rotate(connection, None, 3600, BY)
        await log_keys.withdraw(connection, first.public_key, "the backup tape is lost", BY)
        await a.grow()
        publics = [first.public_key, new.public_key]
        assert signed_by(await a.seal(), publics) == [new.public_key]
        listed = await log_keys.read(connection)
        assert [(k.state, k.reason) for k in listed] == [
            ("revoked", "the backup tape is lost"),
            ("present", ""),
        ]
        seeds = await query(connection, "select seed is null from signers order by created")
        assert seeds == [(True,), (False,)]
        with pytest.raises(InputError):
            await log_keys.withdraw(connection, first.public_key, "again", BY)
        with pytest.raises(InputError):
            await log_keys.withdraw(connection, b"n" * 32, "never there", BY)
        # what it signed still verifies, and lines for witnesses no longer name it
        assert (await audit_log(connection, a.pen.tenant)).differences == ()
        (line,) = await log_keys.witness_lines(connection, "a")
        assert note.parse_key(line).public_key == new.public_key


def pem(key: Any) -> bytes:
    raw: bytes = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return raw


async def test_a_key_in_a_file_leaves_no_seed_in_the_database(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log.pem"
    path.write_bytes(pem(Ed25519PrivateKey.from_private_bytes(b"f" * 32)))
    public = signers.SeedSigner(b"f" * 32).public_key
    monkeypatch.setenv(signers.VARIABLE, str(path))
    async with await write.connect(database) as connection:
        a = await furnish(connection, tmp_path / "seals")
        await a.grow()
        assert signed_by(await a.seal(), [public]) == [public]
        assert await query(connection, "select seed, public from signers") == [(None, public)]
        assert [k.in_file for k in await log_keys.read(connection)] == [True]
        # a process that was not told of the file verifies, and cannot sign
        monkeypatch.delenv(signers.VARIABLE)
        here = await signers.load_signer(connection)
        assert here.public_key == public
        with pytest.raises(LogBroken):
            here.sign(b"x")
        # another file is refused until a rotation
        other = tmp_path / "other.txt"
        key = note.VerifierKey(name="any", kind=note.ED25519, public_key=public)
        other.write_text(note.encode_secret(key, b"g" * 32) + "\n")
        monkeypatch.setenv(signers.VARIABLE, str(other))
        await a.grow()
        with pytest.raises(LogBroken):
            await a.seal()
        await log_keys.rotate(connection, signers.read_file(other), 0, BY)
        await a.grow()
        new = signers.SeedSigner(b"g" * 32).public_key
        assert signed_by(await a.seal(), [public, new]) == [new]
        assert await query(connection, "select count(*) from signers where seed is not null") == [
            (0,)
        ]
        assert (await audit_log(connection, a.pen.tenant)).differences == ()
        with pytest.raises(InputError):
            await log_keys.rotate(connection, signers.read_file(path), 0, BY)


@pytest.mark.parametrize(
    "raw", [b"", b"nonsense", b"PRIVATE+KEY+x", pem(ec.generate_private_key(ec.SECP256R1()))]
)
def test_what_is_no_key_is_refused_and_not_repeated(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(raw)
    with pytest.raises(InputError) as raised:
        signers.read_file(path)
    assert raised.value.code == "key_file"
    assert len(raw) < 2 or raw.decode() not in str(raised.value)


class Killed(BaseException):
    """The process is gone."""


# Where a sealer may die: what is wrapped, and whether before or after it has happened.
POINTS: dict[str, tuple[Any, str, bool]] = {
    "before signing": (note, "sign", False),
    "after signing": (note, "sign", True),
    "before the kept note is durable": (os, "fsync", False),
    "before the kept note is in place": (Path, "replace", False),
    "after the kept note is in place": (Path, "replace", True),
    "before the commit": (write, "commit", False),
    "after the commit": (write, "commit", True),
}


def deadly(real: Callable[..., Any], after: bool) -> Callable[..., Any]:
    if real is write.commit:

        async def commit(*given: Any) -> Any:
            if after:
                await real(*given)
            raise Killed

        return commit

    def act(*given: Any) -> Any:
        if after:
            real(*given)
        raise Killed

    return act


def pairs() -> Iterator[tuple[str, str]]:
    for first in POINTS:
        for second in POINTS:
            yield first, second


async def test_killed_at_any_two_points_it_neither_forks_nor_loses(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before each pair the log grows; after both deaths a new process seals what is there."""
    async with await write.connect(database) as connection:
        a = await furnish(connection, tmp_path)
        await a.grow(250)
        await a.seal()
        await log_keys.rotate(connection, None, 3600, BY)  # two signatures: two places to die
        total = 0
        for both in pairs():
            await a.grow(1)
            for point in both:
                owner, name, after = POINTS[point]
                a.sealer = Sealer(tmp_path, every_ms=0)
                with monkeypatch.context() as patched:
                    patched.setattr(owner, name, deadly(getattr(owner, name), after))
                    # after a commit that happened there is nothing left to die of
                    try:
                        await a.sealer.step(connection, NOW_MS)
                    except Killed:
                        total += 1
                await connection.execute("select pg_advisory_unlock_all()")
            a.sealer = Sealer(tmp_path, every_ms=0)
            signed = await a.seal()
            await connection.execute("select pg_advisory_unlock_all()")
            size, at = (await query(connection, "select size, signed from books"))[0]
            assert size == at == note.parse_checkpoint(signed.text).size, both
            kept = (tmp_path / f"{a.pen.tenant}.{HALF}.note").read_bytes()
            assert kept == note.encode(signed), both
        assert total > len(POINTS) * len(POINTS)
        made = [
            note.parse_checkpoint(note.parse(raw).text)
            for (raw,) in await query(connection, "select note from checkpoints order by size")
        ]
        assert len(made) == len(POINTS) ** 2 + 1
        prover = Prover()
        for old, new in itertools.pairwise(made):
            proof = await prover.prove_consistency(
                connection, a.pen.tenant, HALF, old.size, new.size
            )
            assert merkle.verify_consistency(old.size, new.size, old.root, new.root, proof)
        assert (await audit_log(connection, a.pen.tenant)).differences == ()


async def test_other_rows_of_the_table_are_no_keys_of_the_log(
    database: str, tmp_path: Path
) -> None:
    async with await write.connect(database) as connection:
        await connection.execute("insert into signers(name,seed) values ('links',%s)", (b"x" * 32,))
        a = await furnish(connection, tmp_path)
        await a.grow()
        await a.seal()
        assert [k.name for k in await signers.read_keys(connection)] == ["log"]
        await log_keys.rotate(connection, None, 60, BY)
        assert [k.name for k in await signers.read_keys(connection)] == ["log", "log.2"]
