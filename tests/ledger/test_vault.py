"""The vault: commitments that hide, and an erasure that leaves every proof standing."""

from __future__ import annotations

import hashlib
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from danshu.kernel import fact, merkle, note
from danshu.kernel.errors import ProgramError
from danshu.kernel.fact import NO_HEAD, Evidence, Said
from danshu.ledger import vault, write
from danshu.ledger.audit import audit_log
from danshu.ledger.prove import Prover
from danshu.ledger.seal import Sealer, load_signer, log_key, open_note
from danshu.ledger.sequence import Sequencer
from tests.fixtures.ledger import ACTOR, NOW_MS, Noted, Pen, drain, make_tenant, new_stream, query

pytest_plugins = ["tests.fixtures.engine"]

SALT = bytes(range(16))
RAW, PERSON = '{"电话":"13800000000"}'.encode(), "张三 13800000000".encode()

salts = st.binary(min_size=16, max_size=16)
labels = st.text("abcdefghij_0123", min_size=1, max_size=8)


def test_a_commitment_is_what_the_format_says() -> None:
    expected = hashlib.sha256(b"danshu/vault/1\0raw\0" + SALT + RAW).hexdigest()
    assert vault.commit(SALT, "raw", RAW) == expected


@given(salts, labels, st.binary(max_size=40), salts, labels, st.binary(max_size=40))
def test_commitments_are_equal_only_to_the_same(
    salt: bytes, label: str, data: bytes, salt2: bytes, label2: str, data2: bytes
) -> None:
    same = (salt, label, data) == (salt2, label2, data2)
    assert (vault.commit(salt, label, data) == vault.commit(salt2, label2, data2)) is same


@pytest.mark.parametrize(
    ("salt", "label"),
    [
        (b"", "raw"),
        (SALT[:15], "raw"),
        (SALT + b"x", "raw"),
        (SALT, ""),
        (SALT, "a\0b"),
        (SALT, "x" * 65),
    ],
)
def test_what_is_no_commitment(salt: bytes, label: str) -> None:
    with pytest.raises(ProgramError):
        vault.commit(salt, label, b"")


def entry(tenant: int, id_: uuid.UUID) -> vault.Entry:
    return vault.Entry(tenant=tenant, id=id_, salt=SALT, raw=RAW, person=PERSON)


@pytest.mark.anyio
async def test_what_is_put_is_read_by_its_tenant_only(database: str) -> None:
    async with await write.connect(database) as connection:
        a, b = [await make_tenant(connection, code) for code in "ab"]
        id_ = new_stream()
        await write.commit(connection, [vault.put([entry(a, id_)])])
        row = vault.Row(salt=SALT, raw=RAW, person=PERSON, erased_ms=None)
        assert await vault.read(connection, a, id_) == row
        assert await vault.read(connection, b, id_) is None
        assert not await vault.erase(connection, b, id_, NOW_MS)
        assert await vault.read(connection, a, id_) == row


@pytest.mark.anyio
async def test_erasing_leaves_every_proof_standing(database: str) -> None:
    async with await write.connect(database) as connection:
        pen = Pen(connection, await make_tenant(connection, "a"))
        stream = new_stream()
        digest = vault.commit(SALT, "raw", RAW)
        said = Said(
            data=Noted(text="placed"),
            evidence=(Evidence(kind="raw", digest=digest, salted=True, size=len(RAW)),),
        )
        packed = fact.pack(
            [said],
            stream=stream,
            seq=0,
            head=NO_HEAD,
            actor=ACTOR,
            now_ms=NOW_MS,
            tenant=pen.tenant,
        )
        pen.ends[stream] = (1, packed.head)
        statements = [pen.statement([packed]), vault.put([entry(pen.tenant, stream)])]
        await write.commit(connection, statements)
        await pen.note(5)
        sequencer, sealer, prover = Sequencer(), Sealer(every_ms=0), Prover()
        await drain(sequencer, connection)
        await sealer.step(connection, NOW_MS)
        before = await prover.prove_stream(connection, pen.tenant, stream)

        erased = vault.VaultErased(
            basis="个人信息保护法 第四十七条", requested_by="u1", vault_id=str(stream)
        )
        seq, head = pen.ends[stream]
        packed = fact.pack(
            [Said(data=erased)],
            stream=stream,
            seq=seq,
            head=head,
            actor=ACTOR,
            now_ms=NOW_MS,
            tenant=pen.tenant,
        )
        async with connection.transaction():
            assert await vault.erase(connection, pen.tenant, stream, NOW_MS)
            statement = pen.statement([packed])
            await connection.execute(statement.sql, statement.params)
        assert not await vault.erase(connection, pen.tenant, stream, NOW_MS + 1)
        assert await vault.read(connection, pen.tenant, stream) == vault.Row(
            salt=b"", raw=None, person=None, erased_ms=NOW_MS
        )
        stored = await query(connection, "select vault::text from vault")
        assert not any(text in stored[0][0] for text in (RAW.hex(), PERSON.hex(), SALT.hex()))

        await drain(sequencer, connection)
        await sealer.step(connection, NOW_MS)
        after = await prover.prove_stream(connection, pen.tenant, stream)
        [old], [new] = before.bundles, after.bundles
        assert [each.body for each in new.facts][:1] == [each.body for each in old.facts]
        assert isinstance(fact.read(new.facts[1].body).data, vault.VaultErased)
        signer = await load_signer(connection)
        for bundle in (old, new):
            checkpoint = open_note(bundle.note, log_key("danshu/a/2026h2", signer.public_key))
            assert isinstance(checkpoint, note.Checkpoint)
            for each in bundle.facts:
                assert merkle.verify_inclusion(
                    merkle.leaf_hash(each.body),
                    each.index,
                    checkpoint.size,
                    each.proof,
                    checkpoint.root,
                )
        assert (await audit_log(connection, pen.tenant)).differences == ()
