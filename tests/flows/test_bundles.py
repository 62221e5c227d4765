"""Bundles over HTTP: exported, recorded, verified by whom they are brought to; erased, the same."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
from pathlib import Path

import psycopg

from danshu.faces import verify
from danshu.faces.cli import opening
from danshu.kernel import note, timestamp
from danshu.kernel.sm3 import sm3
from danshu.ledger import anchors, stamps
from danshu.stories import forging
from danshu.testing import dossier, tsa
from tests.fixtures.acting import begin, collect, complete, person, prepare, sign_reviews
from tests.fixtures.floor import release
from tests.fixtures.hub import House

ZIP = {"content-type": "application/zip"}


def settle(house: House) -> None:
    """Sequence and seal what is committed."""
    asyncio.run(opening.settle_log(house.url))


def export(house: House, order: str, **params: str) -> bytes:
    """Export as soon as the log has said how far the order has come."""
    house.call("GET", f"/v1/orders/{order}/evidence")  # asks for an entry of heads
    settle(house)
    response = house.call("GET", f"/v1/orders/{order}/evidence", params=params)
    assert response.status_code == 200, response.text
    return bytes(response.content)


def test_a_bundle_is_whole_and_stays_the_same(house: House) -> None:
    order = house.place()["order"]
    settle(house)
    bundle = export(house, order, purpose="诉讼举证")
    files = forging.unpack(bundle)
    trust = house.call("GET", "/v1/trust").json()["vkeys"]
    report = verify.verify(io.BytesIO(bundle), trust)
    assert report.code == verify.PASSED, verify.describe(report)
    assert {"heads", "contract", "summary", "seal"} <= {c.check for c in report.checks}
    assert files["存证摘要.pdf"].startswith(b"%PDF")
    page = files["存证摘要.html"].decode()
    assert "待法务核对" in page
    assert "不是中立第三方，也不是区块链" in page
    assert "区块链存证" not in page
    house.place()
    settle(house)
    assert export(house, order) == bundle  # the log has grown, and what it proves has not

    told = house.call("GET", "/v1/evidence/bundles", params={"order": order}).json()["items"]
    assert told[0]["digest"] == hashlib.sha256(bundle).hexdigest()
    assert "诉讼举证" in [item["purpose"] for item in told]
    assert {item["sub"] for item in told} == {"admin"}


def test_the_list_pages(house: House) -> None:
    order = house.place()["order"]
    settle(house)
    for _ in range(3):
        house.call("GET", f"/v1/orders/{order}/evidence")
    first = house.call("GET", "/v1/evidence/bundles", params={"limit": 2}).json()
    rest = house.call("GET", "/v1/evidence/bundles", params={"cursor": first["next"]}).json()
    ids = [item["id"] for page in (first, rest) for item in page["items"]]
    assert len(ids) == len(set(ids)) == 3
    assert house.call("GET", "/v1/evidence/bundles", role="viewer").status_code == 403


def test_whoever_brings_a_bundle_is_told(house: House) -> None:
    order = house.place()["order"]
    settle(house)
    bundle = export(house, order)

    def ask(body: bytes, key: str = "") -> dict[str, object]:
        headers = {**ZIP, "authorization": f"Bearer {key or house.keys['viewer']}"}
        response = house.client.post("/v1/evidence/verification", content=body, headers=headers)
        assert response.status_code == 200, response.text
        return dict(response.json())

    good = ask(bundle)
    assert (good["code"], good["order"], good["failures"]) == (0, order, [])
    entry = next(p for p in forging.unpack(bundle) if "/entries/" in p)
    assert ask(forging.forge_byte(bundle, entry, 40))["code"] == 1
    assert ask(b"no zip")["code"] == 1
    assert ask(bundle, house.other)["code"] == 1  # of another merchant's log


def amend(house: House, order: str, detail: str) -> None:
    to = {"province": "上海市", "city": "上海市", "district": "浦东新区", "detail": detail}
    told = house.call(
        "POST", f"/v1/orders/{order}/amendments", {"reason": "买家来电", "receiver": to}
    )
    assert told.status_code == 200, told.text


def test_every_receiver_that_a_parcel_went_to_is_disclosed_with_its_own_salt(house: House) -> None:
    order = house.place()["order"]
    for detail in ("示例路 2 号", "示例路 3 号"):  # nothing was sent to the first of them
        amend(house, order, detail)
    settle(house)
    bundle = export(house, order)
    files = forging.unpack(bundle)
    found = [p for p in files if p.startswith("disclosed/") and p.endswith("/receiver")]
    (later,) = set(found) - {"disclosed/receiver"}
    assert "示例路 3 号" in files[later].decode()
    assert files[later.replace("receiver", "salt.hex")] != files["disclosed/salt.hex"]
    assert "示例路 2 号" not in "".join(files[p].decode() for p in found)
    trust = house.call("GET", "/v1/trust").json()["vkeys"]
    report = verify.verify(io.BytesIO(bundle), trust)
    assert report.code == verify.PASSED, verify.describe(report)
    assert (later, True) in {(c.file, c.passed) for c in report.checks if c.check == "disclosed"}


def test_what_was_erased_is_named_and_the_proofs_stay(house: House) -> None:
    order = house.place()["order"]
    amend(house, order, "示例路 4 号")
    settle(house)
    before = forging.unpack(export(house, order))
    assert "disclosed/receiver" in before
    body = {"reason": "本人请求", "reference": "R-1"}
    erased = house.call("POST", f"/v1/orders/{order}/erase", body)
    assert erased.status_code in (200, 201), erased.text
    settle(house)
    bundle = export(house, order)
    files = forging.unpack(bundle)
    assert not [p for p in files if p.startswith("disclosed/")]
    trust = house.call("GET", "/v1/trust").json()["vkeys"]
    report = verify.verify(io.BytesIO(bundle), trust)
    assert report.code == verify.PASSED
    assert any("已依请求删除" in c.detail for c in report.checks if c.check == "disclosed")
    summary = json.loads(files["summary.json"])
    assert summary["erased"][0]["basis"] == "本人请求"
    assert any("个人信息已依请求删除" in line for line in summary["limits"])


def test_a_signed_action_is_in_the_bundle(house: House) -> None:
    sign_reviews(house)
    browser, device = person(house, "R07", "reviewer")
    order = str(release(house)["order"])
    settle(house)
    act = begin(browser, order).json()["id"]
    collect(browser, order, act)
    clock = house.hub.clock
    house.hub.clock = lambda: clock() + 4_000
    shown = prepare(browser, order, act)
    assert shown.status_code == 200, shown.text
    done = complete(browser, order, act, device.get(shown.json()["options"]))
    assert done.status_code == 200, done.text
    settle(house)
    bundle = export(house, order)
    trust = house.call("GET", "/v1/trust").json()["vkeys"]
    report = verify.verify(io.BytesIO(bundle), trust)
    assert report.code == verify.PASSED, verify.describe(report)
    kinds = {c.check for c in report.checks}
    assert {"statement", "signature", "key", "media", "after"} <= kinds
    files = forging.unpack(bundle)
    assert {p.partition("/")[0] for p in files} >= {"statements", "signatures", "media", "contract"}
    signed = json.loads(files["summary.json"])["signed"]
    assert [(s["grade"], s["alg"]) for s in signed] == [("A", "webauthn-es256")]
    for folder in ("statements/", "signatures/", "media/"):
        path = next(p for p in files if p.startswith(folder))
        forged = verify.verify(io.BytesIO(forging.forge_byte(bundle, path, 20)), trust)
        assert forged.code == verify.FAILED, path


async def _speak(house: House, bundle: bytes, authority: tsa.Tsa) -> None:
    """Have an authority, a witness and a platform speak for the bundle's checkpoint."""
    path = next(p for p in forging.unpack(bundle) if p.endswith("/checkpoint"))
    half, raw = path.split("/")[1], forging.unpack(bundle)[path]
    read = note.parse(raw)
    told = note.parse_checkpoint(read.text)
    size = told.size
    key = dossier.WITNESS_KEY
    line = note.sign(read.text, key, dossier.WITNESS.sign, 1_790_000_000)
    whole = note.encode(note.Note(text=read.text, signatures=(line,)))
    covered = anchors.Covered(origin=told.origin, root=told.root.hex(), size=size)
    manifest = anchors.encode_manifest("2026-11-29", [covered])
    async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
        for algorithm, digest in (("sha256", hashlib.sha256(raw).digest()), ("sm3", sm3(raw))):
            _, answer = authority.answer(timestamp.write_request(algorithm, digest, 7))
            token = stamps.Token(
                half=half, size=size, algorithm=algorithm, authority="http://tsa.example",
                digest=digest, gen_us=1_790_000_000_000_000, accuracy_us=1_000_000, serial="1",
                policy="1.2.3", signer="", own=algorithm == "sm3", checked="openssl", token=answer,
            )  # fmt: skip
            await stamps.add_token(c, house.tenant, token)
        await c.execute(
            "insert into witnesses(tenant,name,vkey,url) values (%s,%s,%s,'http://w.example')",
            (house.tenant, key.name, key.encode()),
        )
        await c.execute(
            "insert into cosignatures values (%s,%s,%s,%s,%s,now())",
            (house.tenant, half, size, key.name, whole.decode().rpartition("\n\n")[2]),
        )
        await c.execute(
            "insert into anchors(tenant,period,digest,manifest,adapter,evidence_no,tx,at)"
            " values (%s,'2026-11-29',%s,%s,'court-chain','E-1','0xabc',now())",
            (house.tenant, hashlib.sha256(manifest).digest(), manifest),
        )
        await c.execute(
            "insert into anchored_books(tenant,half,size,period) values (%s,%s,%s,'2026-11-29')",
            (house.tenant, half, size),
        )


def test_what_third_parties_said_is_in_the_bundle(house: House, tmp_path: Path) -> None:
    order = house.place()["order"]
    settle(house)
    authority = tsa.Tsa(tmp_path)
    asyncio.run(_speak(house, export(house, order), authority))
    bundle = export(house, order)
    files = forging.unpack(bundle)
    names = {p.rpartition("/")[2] for p in files}
    assert {"checkpoint.tsr", "checkpoint.sm3.tsr", "checkpoint.cosigned"} <= names
    trust = [*house.call("GET", "/v1/trust").json()["vkeys"], dossier.WITNESS_KEY.encode()]
    roots = authority.root.decode()

    def ask(data: bytes, *more: str) -> dict[str, set[bool | None]]:
        told: dict[str, set[bool | None]] = {}
        for check in verify.verify(io.BytesIO(data), [*trust, *more]).checks:
            told.setdefault(check.check, set()).add(check.passed)
        return told

    good = ask(bundle, roots)
    assert (good["stamp"], good["witness"], good["anchor"]) == ({True}, {True}, {None})
    assert (good["deposit"], good["revocation"]) == ({True}, {None})
    assert ask(bundle)["stamp"] == {None}  # nobody vouches for the authority
    for path in [p for p in files if p.endswith((".tsr", ".receipt.json"))]:
        found = ask(forging.forge_byte(bundle, path, len(files[path]) // 2), roots)
        assert False in found["stamp"] | found["anchor"], path
    page = files["存证摘要.html"].decode()
    assert "第三方时间戳（RFC 3161）" in page
    assert "自建时间戳（不中立" in page
    assert "区块链存证，交易编号 0xabc" in page
