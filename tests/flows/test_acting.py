"""Contract actions over HTTP: shown, signed, done in one commit; every wrong signature refused."""

from __future__ import annotations

import asyncio
import datetime
import hashlib
import json
from typing import Any

import psycopg
import pytest
from msgspec.structs import replace

from danshu.capabilities.contract.actions.model import Doers, Measure, Wanted
from danshu.capabilities.contract.actions.shipped import shipped
from danshu.hub import merchants, performing_rows
from danshu.kernel.limits import CHALLENGE_S
from tests.fixtures.acting import (
    begin,
    collect,
    complete,
    path,
    person,
    prepare,
    sign_reviews,
    upload,
)
from tests.fixtures.engine import ask, tell
from tests.fixtures.floor import act, facts, go_through, release, state
from tests.fixtures.hub import House
from tests.fixtures.people import Browser
from tests.flows.test_people_passkeys import ME

TOOK_MS = 4_000
ACTIONS = {a.action: a for a in shipped()}


@pytest.fixture(autouse=True)
def signed(house: House) -> None:
    """The merchant wants reviews signed."""
    sign_reviews(house)


def publish(house: House, code: str, **changes: Any) -> None:
    """Publish the next version of a shipped type, which holds from before any order."""

    async def run() -> None:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            action = replace(ACTIONS[code], version=3, **changes)
            await merchants.write_action(c, house.tenant, action, "tests")

    asyncio.run(run())
    tell(house.url, "update actions set published='2020-01-01'")


def later(house: House, ms: int = TOOK_MS) -> None:
    """Let the server's clock go on."""
    clock = house.hub.clock
    house.hub.clock = lambda: clock() + ms


def ready(house: House, browser: Browser, **more: Any) -> tuple[str, str]:
    """An order, and a review of it whose evidence is there and whose time has passed."""
    sign_reviews(house)
    order = str(release(house)["order"])
    begun = begin(browser, order, **more)
    assert begun.status_code == 200, begun.text
    collect(browser, order, begun.json()["id"])
    later(house)
    return order, begun.json()["id"]


def sign(browser: Browser, device: Any, order: str, id_: str, **wrong: Any) -> Any:
    shown = prepare(browser, order, id_)
    assert shown.status_code == 200, shown.text
    return complete(browser, order, id_, device.get(shown.json()["options"], **wrong))


def blob(browser: Browser, order: str, digest: str) -> Any:
    return browser.call("GET", f"/v1/orders/{order}/blobs/{digest}")


def test_a_reviewer_signs_and_one_commit_holds_what_follows(house: House) -> None:
    by = Wanted(kind="expiry_scan", per="lot", by="device", rule="expiry >= P180D")
    publish(house, "handover", who=Doers(roles=("reviewer",), grade="A", device_bound=True),
            evidence=(by, Wanted(kind="photo")), moves="ship", says="handover.scanned",
            measure=Measure(start="scan.first", end="sign", min_ms=3_000))  # fmt: skip
    browser, device = person(house, "R07", "reviewer")
    order = str(release(house)["order"])
    go_through(house, order, "pick", "pack")
    id_ = begin(browser, order, "handover").json()["id"]
    assert begin(browser, order, "handover").json()["id"] == id_  # the same act, not a second one
    collect(browser, order, id_)
    house.work("sequence", "seal")
    shown = prepare(browser, order, id_).json()
    raw = shown["statement"].encode()
    read = json.loads(raw)
    assert read["shown"] == shown["shown"]
    assert read["after"]["size"] > 0  # the newest checkpoint: not signed before it
    answer = device.get(shown["options"])
    assert complete(browser, order, id_, answer).json()["code"] == "too_fast"
    later(house)
    done = sign(browser, device, order, id_)
    assert done.status_code == 200, done.text
    assert complete(browser, order, id_).json() == done.json()  # who asks again hears the same
    (fact,) = facts(house, order, "action.performed")
    data, actor = fact["data"], fact["actor"]
    kept = json.loads(blob(browser, order, data["signature"]).content)
    assert (actor["grade"], actor["role"], actor["key"]) == ("A", "reviewer", kept["key"])
    statement = blob(browser, order, data["statement"]).content
    assert hashlib.sha256(statement).hexdigest() == data["statement"]
    assert fact["evidence"] == json.loads(statement)["evidence"]
    assert data["duration_ms"] >= TOOK_MS
    assert state(house, order) == "shipped"
    (left,) = facts(house, order, "order.shipped")
    assert (left["cause"], left["actor"]["grade"]) == (fact["id"], "B")
    kept_promise = facts(house, order, "promise.kept")
    assert {f["cause"] for f in kept_promise} <= {fact["id"]}
    (added,) = facts_of_people(house, "passkey.added")
    assert added["data"]["key"] == actor["key"]
    record = json.loads(blob_of(house, added["data"]["record"]))
    assert (record["key"], record["public_key"]) == (actor["key"], kept["public_key"])
    entries = browser.call("GET", f"/v1/orders/{order}/timeline").json()["entries"]
    (entry,) = [e for e in entries if e["kind"] == "action.performed"]
    assert [p["kind"] for p in entry["evidence"]][-2:] == ["statement", "signature"]
    assert entry["who"]["grade"] == "A"


def facts_of_people(house: House, kind: str) -> list[dict[str, Any]]:
    with psycopg.connect(house.url) as connection:
        rows = connection.execute(
            "select convert_from(substr(body,5),'UTF8') from facts where"
            f' position(\'"type":"{kind}"\'::bytea in body) > 0 and n=1'
        ).fetchall()
    return [json.loads(r[0]) for r in rows]


def blob_of(house: House, digest: str) -> bytes:
    with psycopg.connect(house.url) as connection:
        row = connection.execute(
            "select body from blobs where digest=%s", (bytes.fromhex(digest),)
        ).fetchone()
    assert row is not None
    return bytes(row[0])


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"origin": "http://evil.example"}, "wrong_origin"),
    ({"cross_origin": True}, "wrong_origin"),
    ({"rp_id": "evil.example"}, "wrong_rp"),
    ({"verified": False}, "user_unverified"),
    ({"present": False}, "user_absent"),
    ({"synced": True}, "passkey_synced"),
    ({"kind": "webauthn.create"}, "signature_type"),
    ({"counter": 0}, "counter_back"),
]


def test_no_wrong_signature_counts(house: House) -> None:
    """One order after the other wrong signature: nothing is written, and the right one still is."""
    browser, device = person(house, "R07", "reviewer")
    _, stranger = person(house, "R08", "reviewer")
    order, id_ = ready(house, browser)

    def refused(answer: Any) -> str:
        assert answer.status_code == 409, answer.text
        assert answer.json()["reason"]
        return str(answer.json()["code"])

    assert (
        refused(sign(browser, device, order, id_, counter=5, verified=False)) == "user_unverified"
    )
    tell(house.url, "update passkeys set uses=4")
    for wrong, code in WRONG:
        assert refused(sign(browser, device, order, id_, **wrong)) == code, wrong
    assert refused(sign(browser, stranger, order, id_)) == "passkey_unknown"
    shown = prepare(browser, order, id_).json()["options"]
    answer = device.get(shown, counter=9)
    answer["response"]["signature"] = answer["response"]["signature"][::-1]
    assert refused(complete(browser, order, id_, answer)) in ("signature_bad", "signature_shape")
    good = device.get(shown, counter=10)
    assert refused(complete(browser, order, id_, good)) == "challenge_used"
    assert refused(complete(browser, order, id_, {"rawId": 1})) == "signature_shape"
    shown = prepare(browser, order, id_).json()["options"]
    answer = device.get(shown, counter=11)
    prepare(browser, order, id_)  # shown anew, salted anew: the old signature is of another text
    assert refused(complete(browser, order, id_, answer)) == "wrong_statement"
    shown = prepare(browser, order, id_).json()["options"]
    answer = device.get(shown, counter=12)
    later(house, CHALLENGE_S * 1000 + 1)
    assert refused(complete(browser, order, id_, answer)) == "challenge_used"
    assert refused(complete(browser, order, id_)) in ("grade_too_weak", "evidence_old")
    assert facts(house, order, "action.performed") == []
    assert ask(house.url, "select count(*) from order_blobs where kind='signature'") == 0
    other, again = ready(house, browser)
    shown = prepare(browser, other, again).json()["options"]
    answer = device.get(shown, counter=13)
    (item,) = browser.call("GET", f"{ME}/passkeys").json()["items"]
    tell(house.url, f"delete from passkeys where sha256(id)='\\x{item['id']}'")
    assert refused(complete(browser, other, again, answer)) == "passkey_unknown"
    assert refused(begin(browser, other)) == "no_passkey_yet"


def test_what_breaks_in_the_middle_leaves_nothing_half(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, device = person(house, "R07", "reviewer")
    order, id_ = ready(house, browser)
    before = ask(house.url, "select count(*) from facts")
    shown = prepare(browser, order, id_).json()
    assert ask(house.url, "select count(*) from facts") == before  # nothing is said by showing it
    assert ask(house.url, "select count(*) from order_blobs where kind='statement'") == 0

    async def broken(*_: Any) -> None:
        raise OSError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(performing_rows, "end", broken)
        answer = device.get(shown["options"])
        assert complete(browser, order, id_, answer).status_code == 500
    assert ask(house.url, "select count(*) from facts") == before
    assert ask(house.url, "select count(*) from order_blobs where kind='statement'") == 0
    assert complete(browser, order, id_, answer).json()["code"] == "challenge_used"
    assert sign(browser, device, order, id_).status_code == 200
    other = str(release(house)["order"])
    given_up = begin(browser, other).json()
    ended = browser.call("POST", path(other, given_up["id"], "cancel"), {})
    assert ended.json()["state"] == "cancelled"
    assert prepare(browser, other, given_up["id"]).json()["code"] == "act_over"
    begun = begin(browser, other).json()
    tell(house.url, "update performances set ends='2020-01-01' where state='open'")
    assert prepare(browser, other, begun["id"]).json()["code"] == "act_over"
    assert begin(browser, other).json()["id"] != begun["id"]


def test_a_carrier_s_word_is_grade_d_and_moves_the_order(house: House) -> None:
    order = str(release(house)["order"])
    for event in ("pick", "pack", "ship"):
        act(house, order, event=event)

    def call(what: str, act_id: str = "", **body: Any) -> Any:
        done = house.call("POST", path(order, act_id, what), body, role="operator")
        assert done.status_code == 200, done.text
        return done.json()

    asked = {"action": "delivery", "outsider": "carrier", "source": "示例快递"}
    id_ = call("", **asked)["id"]
    call("evidence", id_, kind="carrier_trace", source="carrier", code="SIGNED 2026-11-22")
    call("prepare", id_)
    done = call("complete", id_)
    assert (done["grade"], done["state"], done["signature"]) == ("D", "delivered", "")
    (fact,) = facts(house, order, "action.performed")
    assert (fact["actor"]["sub"], fact["actor"]["grade"]) == ("carrier:示例快递", "D")
    nameless = {"action": "delivery", "outsider": "carrier"}
    assert house.call("POST", path(order), nameless, role="operator").status_code == 422
    browser, _ = person(house, "W01", "warehouse", passkey=False)
    assert begin(browser, order, "delivery").json()["code"] == "role_may_not"
    assert begin(browser, order, **asked).status_code == 422
    listed = {i["action"]: i for i in browser.call("GET", path(order)).json()["items"]}
    assert listed["delivery"]["done"][0]["fact"] == fact["seq"]
    codes = [w["code"] for w in listed["outbound_review"]["why_not"]]
    assert codes == ["role_may_not", "no_passkey_yet"]


def test_what_a_device_claims_is_told_as_its_claim(house: House) -> None:
    publish(house, "split_notice", evidence=(Wanted(kind="photo"),), who=Doers(roles=("service",)))
    browser, _ = person(house, "S01", "service", passkey=False)
    order = str(release(house)["order"])
    id_ = begin(browser, order, "split_notice").json()["id"]
    now = datetime.datetime.fromtimestamp(house.hub.clock() / 1000, datetime.UTC)
    then = (now - datetime.timedelta(hours=2)).isoformat(timespec="seconds")
    assert upload(browser, order, id_, "photo", b"no image").status_code == 400
    key = {"idempotency-key": "q-1"}
    for _ in range(2):  # the device's queue sends it again
        done = upload(browser, order, id_, "photo", b"\xff\xd8\xff1", device_at=then, **{})
        assert done.status_code == 200, done.text
    assert prepare(browser, order, id_).json()["options"] is None
    told = complete(browser, order, id_, body={"device_at": then}, headers=key)
    assert told.status_code == 200, told.text
    (fact,) = facts(house, order, "action.performed")
    assert (fact["clock"], fact["actor"]["grade"]) == ("device", "B")
    assert fact["occurred"][:16] == fact["data"]["device_ended"][:16] == then[:16]
    assert fact["data"]["ended"] > fact["occurred"]
    assert len(fact["evidence"]) == 1
    assert "signature" not in fact["data"]


def test_a_right_is_lent_for_a_time_and_taken_back(house: House) -> None:
    boss, _ = person(house, "R01", "reviewer")
    helper, device = person(house, "S02", "service")
    order = str(release(house)["order"])
    assert begin(helper, order).json()["code"] == "role_may_not"
    to = str(ask(house.url, "select id from people where number='S02'"))
    ends = datetime.datetime.fromtimestamp(house.hub.clock() / 1000 + 3600, datetime.UTC)
    told = {"action": "outbound_review", "to": to, "ends": ends.isoformat(), "reason": "休假"}
    assert helper.call("POST", "/v1/delegations", told).json()["code"] == "not_yours_to_lend"
    given = boss.call("POST", "/v1/delegations", told)
    assert given.status_code == 201, given.text
    assert (given.json()["giver"], given.json()["to"], given.json()["holds"]) == (
        "R01",
        "S02",
        True,
    )
    id_ = begin(helper, order).json()["id"]
    collect(helper, order, id_)
    later(house)
    assert sign(helper, device, order, id_).status_code == 200
    (fact,) = facts(house, order, "action.performed")
    giver = ask(house.url, "select id from people where number='R01'")
    assert fact["data"]["delegated_by"] == f"person:{giver}"
    assert fact["actor"]["sub"] == f"person:{to}"
    back = f"/v1/delegations/{given.json()['id']}/withdraw"
    assert boss.call("POST", back, {"reason": "回岗"}).json()["holds"] is False
    assert boss.call("POST", back, {"reason": "回岗"}).json()["code"] == "delegation_over"
    assert begin(helper, str(release(house)["order"])).json()["code"] == "role_may_not"
    assert len(helper.call("GET", "/v1/delegations").json()["items"]) == 1


def test_a_certificate_is_asked_for_and_recorded(house: House) -> None:
    publish(house, "outbound_review", who=Doers(roles=("reviewer",), certificates=("执业药师",)))
    browser, _ = person(house, "R07", "reviewer", passkey=False)
    order = str(release(house)["order"])
    assert begin(browser, order).json()["code"] == "certificate_missing"
    of = f"/v1/people/{ask(house.url, 'select id from people')}/certificates"
    told = {"certificate": "执业药师", "number": "示例-1", "until": "2035-01-31"}
    recorded = house.call("PUT", of, told)
    assert recorded.json()["items"] == [told], recorded.text
    assert begin(browser, order).status_code == 200
    removed = house.call("POST", f"{of}/执业药师/remove", {"reason": "过期"})
    assert removed.json()["items"] == []
    assert begin(browser, order).json()["code"] == "certificate_missing"


def test_erasing_an_order_empties_what_its_acts_kept_and_changes_no_fact(house: House) -> None:
    browser, device = person(house, "R07", "reviewer")
    order, id_ = ready(house, browser)
    assert sign(browser, device, order, id_).status_code == 200
    (before,) = facts(house, order, "action.performed")
    told = {"reason": "个人信息保护法第四十七条", "reference": "R-1"}
    erased = house.call("POST", f"/v1/orders/{order}/erase", told)
    assert erased.status_code == 200, erased.text
    assert erased.json()["evidence"] == 5  # two scans, a photo, statement and signature
    assert blob(browser, order, before["data"]["statement"]).status_code == 404
    assert facts(house, order, "action.performed") == [before]
    entries = browser.call("GET", f"/v1/orders/{order}/timeline").json()["entries"]
    (entry,) = [e for e in entries if e["kind"] == "action.performed"]
    assert {p["media"] for p in entry["evidence"]} == {""}
    house.work("sequence", "seal")
    proof = house.call("GET", f"/v1/orders/{order}/proof").json()
    assert not any(e["is_kept"] for e in proof["evidence"])
    assert proof["pending"] == 0
