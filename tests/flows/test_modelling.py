"""Contract actions over HTTP: drafted, linted, submitted, approved by a second person, pinned."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
import pytest

from danshu.capabilities.contract import definitions
from danshu.capabilities.contract.actions import catalogue, promising, reading, shipped
from danshu.capabilities.orders.machines import ORDER
from danshu.capabilities.people import model as people
from danshu.hub import merchants, modelling
from danshu.hub.action_audit import ActionsFolder
from danshu.kernel.fact import Actor
from danshu.ledger import audit
from tests.fixtures.hub import House
from tests.fixtures.people import Browser, seat
from tests.flows.asking import ask, get, own, publish, tell

ACTIONS = "/v1/contract/actions"
DRAFTS = "/v1/contract/drafts"


def read(house: House, code: str) -> dict[str, Any]:
    """Read the newest version of an action."""
    row = get(house, f"{ACTIONS}/{code}")["items"][0]
    action: dict[str, Any] = get(house, f"/v1/contract/action-versions/{row['digest']}")["action"]
    return action


def sign_in(house: House, number: str, *roles: str) -> Browser:
    """Seat a person and sign them in."""
    seat(house.url, house.tenant, number, roles)
    browser = Browser(house)
    assert browser.sign_in(number).status_code == 201
    return browser


def test_every_merchant_begins_with_the_shipped_actions(shared_house: House) -> None:
    listed = get(shared_house, ACTIONS)
    assert {row["code"] for row in listed["items"]} == set(shipped.CODES)
    assert listed["drafts"] == []
    by_code = {row["code"]: row for row in listed["items"]}
    review = by_code["outbound_review"]
    assert (review["grade"], review["promises"], review["drafted_by"], review["approved_by"]) == (
        "B", False, "danshu", "",
    )  # fmt: skip
    whole = get(shared_house, f"/v1/contract/action-versions/{review['digest']}")
    assert whole["proof"]["findings"] == []
    assert {check["state"] for check in whole["proof"]["checks"]} == {"ok", "idle"}
    assert "登录后由本人登记" in "".join(p["text"] for p in whole["proof"]["sentence_zh"])
    raw = whole["proof"]["yaml"].encode()
    yaml = {"content-type": "application/yaml"}
    again = shared_house.call("POST", f"{ACTIONS}:read", raw, headers=yaml)
    assert again.json() == whole["action"]
    bad = shared_house.call("POST", f"{ACTIONS}:read", b"action: x\nwho: 1\n", headers=yaml)
    assert (bad.status_code, bad.json()["pointer"]) == (422, "/who")
    for digest in ("a" * 64, "x"):
        missing = shared_house.call("GET", f"/v1/contract/action-versions/{digest}")
        assert missing.status_code == 404
    shown = {c["code"]: c for c in get(shared_house, "/v1/contract/clauses")["items"]}
    assert set(shown) == {"ship48h", "nextday", "damage", "announced", "rest72h"}
    assert shown["ship48h"]["text_zh"].startswith("付款后48小时内发货")
    assert shown["ship48h"]["action"] == by_code["ship48h"]["digest"]


def test_what_is_promised_is_what_was_promised_before_actions_were() -> None:
    made = {c.code: c.digest for a in shipped.shipped() if (c := promising.make_clause(a))}
    before = {clause.code: clause.digest for clause in definitions.shipped()}
    assert {code: made[code] for code in before} == before


def test_a_lawyer_s_draft_on_its_way(house: House) -> None:
    lawyer, second = sign_in(house, "L01", "legal"), sign_in(house, "L02", "legal")
    officer, clerk = sign_in(house, "P01", "policy"), sign_in(house, "C01", "service")
    first = house.place()
    action = read(house, "ship48h")
    action["clock"]["limit"] = "PT24H"
    action["promise"]["params"]["hours"] = 24
    action["promise"]["text"]["zh"] = "付款后{hours}小时内发货;逾期赔付订单金额的{pct}%。"
    assert clerk.call("POST", DRAFTS, {"action": action}).status_code == 403
    made = officer.call("POST", DRAFTS, {"action": action})
    assert made.status_code == 201, made.text
    draft = made.json()
    assert (draft["action"]["version"], draft["revision"], draft["mine"]) == (2, 1, True)
    twice = lawyer.call("POST", DRAFTS, {"action": action})
    assert (twice.status_code, twice.json()["code"]) == (409, "draft_open")
    at = f"{DRAFTS}/{draft['id']}"
    # The text no longer says what stops its clock: that can't be proven, so it can't be submitted.
    refused = lawyer.call("POST", f"{at}/submit", {"revision": 1})
    assert (refused.status_code, refused.json()["code"]) == (409, "action_unprovable")
    (finding,) = refused.json()["findings"]
    assert (finding["code"], finding["pointer"]) == ("stop_unnamed", "/promise/text/zh")
    assert "揽收" in finding["fix_zh"]
    fixed = draft["action"]
    fixed["promise"]["text"]["zh"] = "付款后{hours}小时内由承运商揽收;逾期赔付订单金额的{pct}%。"
    saved = lawyer.call("PUT", at, {"revision": 1, "action": fixed})
    assert saved.status_code == 200, saved.text
    assert (saved.json()["revision"], saved.json()["edited_by"]) == (2, "L01")
    late = officer.call("PUT", at, {"revision": 1, "action": action})
    assert (late.status_code, late.json()["code"]) == (409, "draft_changed")
    assert late.json()["now"]["action"] == saved.json()["action"]
    sent = lawyer.call("POST", f"{at}/submit", {"revision": 2})
    assert sent.status_code == 200, sent.text
    assert sent.json()["approvers"] == ["L02"]
    seen = {"digest": sent.json()["digest"]}
    changed = lawyer.call("PUT", at, {"revision": 2, "action": fixed})
    assert changed.json()["code"] == "draft_submitted"
    own_word = lawyer.call("POST", f"{at}/approve", seen)
    assert (own_word.status_code, own_word.json()["code"]) == (409, "approval_author")
    assert "L02" in own_word.json()["reason"]
    assert officer.call("POST", f"{at}/approve", seen).status_code == 403
    key = house.call("POST", f"{at}/approve", seen)
    assert (key.status_code, key.json()["code"]) == (409, "approval_person")
    sent_back = second.call("POST", f"{at}/reject", {"reason": "英文也要改成24小时"})
    assert sent_back.json()["state"] == "draft"
    assert sent_back.json()["steps"][-1]["note"] == "英文也要改成24小时"
    again = lawyer.call("POST", f"{at}/submit", {"revision": 2}).json()
    other = second.call("POST", f"{at}/approve", {"digest": "0" * 64})
    assert other.json()["code"] == "draft_other"
    approved = second.call("POST", f"{at}/approve", {"digest": again["digest"]})
    assert approved.status_code == 200, approved.text
    assert approved.json()["state"] == "published"
    assert [s["act"] for s in approved.json()["steps"]] == [
        "submitted", "rejected", "submitted", "approved",
    ]  # fmt: skip
    _check_the_promises(house, first)
    _check_the_versions(house)
    assert _audit(house) == []
    tell(house.url, "update actions set body=body||' ' where code='refund'")
    assert {d.code for d in _audit(house)} == {"action_bytes_differ"}


def _check_the_versions(house: House) -> None:
    """Both versions are there, and what the second changed is told in words."""
    versions = get(house, f"{ACTIONS}/ship48h")["items"]
    assert [(v["version"], v["active"], v["drafted_by"], v["approved_by"]) for v in versions] == [
        (2, True, "L01", "L02"), (1, False, "danshu", ""),
    ]  # fmt: skip
    old, new = (get(house, f"/v1/contract/action-versions/{v['digest']}")["action"]
                for v in reversed(versions))  # fmt: skip
    assert new["clock"]["limit"] == "PT24H"
    changes = house.call("POST", f"{ACTIONS}:diff", {"before": old, "after": new}).json()["items"]
    words = {c["field_zh"]: (c["before_zh"], c["after_zh"]) for c in changes}
    assert words["时限"] == ("48 小时", "24 小时")


def _check_the_promises(house: House, first: dict[str, Any]) -> None:
    """Orders that were there keep their version; new ones carry the new one."""
    kept = {p["code"]: p for p in get(house, f"/v1/promises/{first['order']}")["items"]}
    assert kept["ship48h"]["version"] == 1
    later = {p["code"]: p for p in house.place()["promises"]}
    assert (later["ship48h"]["version"], later["damage"]["version"]) == (2, 1)


def _audit(house: House) -> list[Any]:
    async def fold() -> list[Any]:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            report = await audit.fold_rows(c, house.tenant, [ActionsFolder(house.tenant)])
            return list(report.differences)

    return asyncio.run(fold())


def test_a_key_writes_and_nobody_approves_alone(house: House) -> None:
    action = read(house, "handover") | {"action": "locker_drop"}
    draft = house.call("POST", DRAFTS, {"action": action}).json()
    assert draft["action"]["version"] == 1
    at = f"{DRAFTS}/{draft['id']}"
    assert house.call("POST", f"{at}/withdraw").json()["code"] == "draft_not_submitted"
    assert house.call("POST", f"{at}/submit", {"revision": 1}).json()["state"] == "submitted"
    assert house.call("POST", f"{at}/withdraw").json()["state"] == "draft"
    assert house.call("DELETE", at).status_code == 200
    assert house.call("DELETE", at).json()["code"] == "draft_ended"
    assert house.call("POST", f"{at}/submit", {"revision": 1}).json()["code"] == "draft_ended"
    assert get(house, ACTIONS)["drafts"] == []
    for path in (f"{DRAFTS}/nope", f"{DRAFTS}/019aa9d3-6b80-7000-8000-0000000000b2"):
        assert house.call("GET", path).status_code == 404


def test_an_action_is_taken_back_with_its_promise(house: House) -> None:
    why = {"reason": "不再承诺"}
    needed = house.call("POST", f"{ACTIONS}/quality_check/retire", why)
    assert (needed.status_code, needed.json()["code"]) == (409, "action_needed")
    assert "医疗器械放行" in needed.json()["reason"]
    assert house.call("POST", f"{ACTIONS}/damage/retire", why).status_code == 200
    assert house.call("POST", f"{ACTIONS}/damage/retire", why).json()["code"] == "action_not_active"
    assert house.call("POST", f"{ACTIONS}/nothing/retire", why).status_code == 404
    assert {p["code"] for p in house.place()["promises"]} == {"ship48h"}
    assert _audit(house) == []
    # What an action promises is changed there, and nowhere else.
    theirs = own().replace(b"code: gift", b"code: ship48h").replace(b"version: 1", b"version: 9")
    assert publish(house, theirs).json()["code"] == "promise_of_action"
    taken = house.call("POST", "/v1/promise-definitions/ship48h/retire", why)
    assert taken.json()["code"] == "promise_of_action"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"states": {"Bad Key": "x"}}, 422, "action_profile"),
        ({"requires": ["x" * 70_000]}, 413, "too_large"),
        ({"grade": "A"}, 422, "bad_field"),
        ({"version": 2**60}, 422, "action_profile"),
        ({"holds": {"quantity": "temp"}}, 422, "bad_field"),
    ],
)
def test_what_cannot_be_an_action_is_refused(
    shared_house: House, change: dict[str, Any], status: int, code: str
) -> None:
    action = read(shared_house, "refund") | change
    answer = shared_house.call("POST", f"{ACTIONS}:preview", {"action": action})
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


def test_a_merchant_of_before_is_given_what_is_shipped(house: House) -> None:
    """As after an update: promises that are there stay, in force or not."""
    tell(house.url, "delete from actions where tenant=%s", house.tenant)
    tell(house.url, "update definitions set active=false where code='damage'")
    promises = "select code, version, digest, active from definitions order by 1,2"
    before = ask(house.url, promises)

    async def furnish() -> tuple[int, int]:
        actor = Actor(sub="danshu")
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            return await merchants.furnish(c, actor), await merchants.furnish(c, actor)

    assert asyncio.run(furnish()) == (len(shipped.CODES), 0)
    assert (
        ask(house.url, "select code, version, digest, active from definitions order by 1,2")
        == before
    )

    async def again() -> Any:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            found = await modelling.read_active(c, house.tenant, "refund")
            assert found is not None
            return found, await modelling.read_version(c, house.tenant, found[1])

    (action, digest), by_digest = asyncio.run(again())
    assert (reading.digest(action), by_digest) == (digest, action)


def test_the_words_of_roles_and_transitions_are_those_of_the_house() -> None:
    assert set(catalogue.ROLES) == set(people.ROLES)
    assert {code: word.zh for code, word in catalogue.MOVES.items()} == {
        code: word.zh for code, word in ORDER.events.items()
    }
