"""A bundle with all that others said of its log: by the rooms over HTTP, then offline."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from danshu.faces import verify
from danshu.hub import anchoring, stamping, time_settings
from danshu.kernel import note
from danshu.stories import forging
from danshu.testing import court_chain, dossier
from danshu.testing.attesting import PaperPlatform
from danshu.testing.tsa import Tsa, open_tsa
from tests.fixtures.hub import House
from tests.flows.test_bundles import export, settle

pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="the reference authority is `openssl ts`"
)
DAY_MS = 86_400_000


@pytest.fixture
def tsa(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tsa]:
    with open_tsa() as served:
        (tmp_path / "127.0.0.1.pem").write_bytes(served.root)
        monkeypatch.setenv("DANSHU_TSA_URLS", served.url)
        monkeypatch.setenv("DANSHU_TSA_ROOTS", str(tmp_path))
        yield served


def ask(house: House, work: Any) -> Any:
    async def run() -> Any:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            return await work(c)

    return asyncio.run(run())


def stamp(house: House) -> None:
    async def work(connection: psycopg.AsyncConnection[Any]) -> None:
        await connection.execute("update stamping set next_us=0")
        await stamping.work(connection, time_settings.read(), time.time_ns() // 1000)

    ask(house, work)


def witness(house: House, bundle: bytes) -> None:
    """Have a witness cosign the newest stamped checkpoint."""
    half = json.loads(forging.unpack(bundle)["manifest.json"])["books"][0]["half"]

    async def work(connection: psycopg.AsyncConnection[Any]) -> None:
        cursor = await connection.execute(
            "select t.size, c.note from tokens t join checkpoints c using (tenant,half,size)"
            " where t.tenant=%s and t.half=%s order by t.size desc limit 1",
            (house.tenant, half),
        )
        row = await cursor.fetchone()
        assert row
        read, key = note.parse(bytes(row[1])), dossier.WITNESS_KEY
        line = note.sign(read.text, key, dossier.WITNESS.sign, 1_790_000_000)
        whole = note.encode(note.Note(text=read.text, signatures=(line,)))
        await connection.execute(
            "insert into witnesses(tenant,name,vkey,url) values (%s,%s,%s,'http://w.example')",
            (house.tenant, key.name, key.encode()),
        )
        await connection.execute(
            "insert into cosignatures values (%s,%s,%s,%s,%s,now())",
            (house.tenant, half, row[0], key.name, whole.decode().rpartition("\n\n")[2]),
        )

    ask(house, work)


def findings(bundle: bytes, trust: list[str]) -> tuple[int, dict[str, set[bool | None]]]:
    report = verify.verify(io.BytesIO(bundle), trust)
    found: dict[str, set[bool | None]] = {}
    for check in report.checks:
        found.setdefault(check.check, set()).add(check.passed)
    return report.code, found


def test_all_that_others_said_is_checked_offline(house: House, tsa: Tsa) -> None:
    at_ms = house.hub.clock()
    order = house.place()["order"]
    settle(house)
    paper = PaperPlatform(time.time_ns() // 1_000_000)
    with court_chain.serve(paper) as platform:
        account = {
            "adapter": "court-chain", "url": platform.url, "key": court_chain.KEY,
            "secret": court_chain.SECRET,
        }  # fmt: skip
        assert house.call("PUT", "/v1/books/anchor", account).status_code == 200
        assert ask(house, lambda c: anchoring.deposit_due(c, at_ms)) == 1
        house.call("GET", f"/v1/orders/{order}/evidence")  # asks for an entry of heads
        settle(house)
        stamp(house)
        house.place()
        settle(house)
        assert ask(house, lambda c: anchoring.deposit_due(c, at_ms + DAY_MS)) == 1
        stamp(house)
    bundle = export(house, order)
    again = house.call("GET", f"/v1/orders/{order}/evidence")
    assert again.content == bundle
    files = forging.unpack(bundle)
    names = [p.rpartition("/")[2] for p in files]
    # a deposit before the stamped checkpoint, and one after it
    assert sum(n.endswith(".jws") for n in names) == sum("consistency" in p for p in files) == 2
    assert sum(n.endswith(".crl") for n in names) == 2
    # four tokens, two lists; what did not come in time on a busy machine is asked for again
    assert tsa.listed in (2, 3)
    vkeys = house.call("GET", "/v1/trust").json()["vkeys"]
    pinned = paper.signer.public_bytes(Encoding.PEM).decode()
    trust = [*vkeys, tsa.root.decode(), pinned]
    code, found = findings(bundle, trust)
    assert code == verify.PASSED, verify.describe(verify.verify(io.BytesIO(bundle), trust))
    assert {"stamp", "revocation", "crl", "deposit", "anchor"} <= found.keys()
    # with less trust it says what is not covered; on the root alone, that nobody showed a list
    assert findings(bundle, vkeys)[1]["stamp"] == {None}
    code, found = findings(bundle, [*vkeys, tsa.root.decode(), paper.root])
    assert (code, found["anchor"], found["revocation"]) == (2, {True}, {True, None})
    headers = {"content-type": "application/zip"}
    told = house.call("POST", "/v1/evidence/verification", bundle, headers=headers).json()
    assert {f["check"] for f in told["failures"]} == {"anchor"}
    # a witness comes to a later checkpoint: the earlier token is kept, and leads to it
    witness(house, bundle)
    later = house.call("GET", f"/v1/orders/{order}/evidence").content
    assert "stamped" in {p.split("/")[2] for p in forging.unpack(later) if p.startswith("books/")}
    code, found = findings(later, [*trust, dossier.WITNESS_KEY.encode()])
    assert (code, found["growth"], found["witness"]) == (verify.PASSED, {True}, {True})
    for path in (p for p in files if p.endswith((".tsr", ".jws", ".crl")) or "consistency" in p):
        forged = forging.forge_byte(bundle, path, len(files[path]) * 2 // 3)
        found = findings(forged, trust)[1]
        about = ("stamp", "deposit", "anchor", "crl", "revocation")
        assert any(False in found.get(check, ()) for check in about), path
