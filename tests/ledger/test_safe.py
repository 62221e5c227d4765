"""The safe: what is sealed is opened by its key and place alone; keys are changed in the open."""

from __future__ import annotations

import asyncio

import pytest

from danshu.kernel.errors import InputError, NotAvailable
from danshu.ledger import safe
from danshu.ledger.write import connect

A, B = "aa" * 32, "bb" * 32


def test_a_secret_is_sealed_bound_to_its_place_and_resealed(database, monkeypatch):
    async def run() -> None:
        connection = await connect(database)
        try:
            monkeypatch.setenv(safe.VARIABLE, A)
            async with connection.transaction(force_rollback=True):
                await _play(connection, monkeypatch)
        finally:
            await connection.close()

    asyncio.run(run())


async def _play(connection, monkeypatch):
    tenant = -48  # nobody's
    await safe.put(connection, tenant, "x/secret", "s3cret")
    await safe.put(connection, tenant, "x/key", "k")
    row = await (
        await connection.execute("select sealed from safe where tenant=%s", (tenant,))
    ).fetchone()
    assert b"s3cret" not in row[0]
    assert await safe.read(connection, tenant, "x/secret") == "s3cret"
    assert await safe.read_all(connection, tenant, "x/") == {"secret": "s3cret", "key": "k"}
    assert await safe.read(connection, tenant, "x/none") is None
    # A row put where another stands opens nothing.
    await connection.execute(
        "update safe s set sealed=o.sealed from safe o where s.tenant=%s and o.tenant=s.tenant"
        " and s.name='x/key' and o.name='x/secret'",
        (tenant,),
    )
    with pytest.raises(NotAvailable, match="changed"):
        await safe.read(connection, tenant, "x/key")
    await safe.put(connection, tenant, "x/key", "k")
    # Another machine's key neither reads nor writes beside it.
    monkeypatch.setenv(safe.VARIABLE, B)
    with pytest.raises(NotAvailable, match="another key"):
        await safe.read(connection, tenant, "x/secret")
    with pytest.raises(NotAvailable, match="another key"):
        await safe.put(connection, tenant, "x/new", "v")
    # Both keys: the new one seals, the old one opens until all is sealed anew.
    monkeypatch.setenv(safe.VARIABLE, f"{B},{A}")
    assert await safe.reseal(connection) == 2
    monkeypatch.setenv(safe.VARIABLE, B)
    assert await safe.read(connection, tenant, "x/secret") == "s3cret"
    assert await safe.drop(connection, tenant, "x/secret")
    assert not await safe.drop(connection, tenant, "x/secret")


def test_the_file_is_made_once_and_is_its_owners_alone(tmp_path, monkeypatch):
    monkeypatch.delenv(safe.VARIABLE, raising=False)
    monkeypatch.setenv("DANSHU_DATA", str(tmp_path))
    (key,) = safe.read_keys()
    assert (tmp_path / safe.FILE).stat().st_mode & 0o777 == 0o600
    safe._from_file.cache_clear()
    assert safe.read_keys() == (key,)
    fresh = safe.add_key(tmp_path)
    keys = safe.read_keys()
    assert [safe.tell_key(each) for each in keys] == [fresh, safe.tell_key(key)]
    assert [path.name for path in tmp_path.iterdir()] == [safe.FILE]


def test_a_key_that_is_none_is_refused(monkeypatch):
    for text in ("zz", "ab" * 31, ","):
        monkeypatch.setenv(safe.VARIABLE, text)
        with pytest.raises(InputError, match="64 hex"):
            safe.read_keys()
