"""出库复核 on the floor: scanned by lot, photographed, and signed over the exact statement."""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import Any

import psycopg
import pytest
from msgspec.structs import replace

from danshu.capabilities.contract.actions.shipped import shipped
from danshu.hub import merchants
from tests.fixtures.acting import LATER, PNG, person, sign_reviews, upload_photo
from tests.fixtures.after_sales import received
from tests.fixtures.engine import ask
from tests.fixtures.floor import ONE, TWO, audit, facts, go_through, release, waiting
from tests.fixtures.hub import TESTER, House
from tests.fixtures.people import Browser
from tests.flows.asking import tell
from tests.flows.test_people_passkeys import ME

TOOK_MS = 4_000


@pytest.fixture(autouse=True)
def signed(house: House) -> None:
    """The merchant wants reviews signed."""
    sign_reviews(house)


def review(order: str, what: str = "") -> str:
    return "/".join(filter(None, [f"/v1/floor/tasks/{order}/1/review", what]))


def packed(house: House) -> str:
    order = str(release(house)["order"])
    go_through(house, order, "pick", "pack")
    return order


def scan_lots(browser: Browser, order: str, expiry: str = "350630") -> None:
    """The first by a GS1 code that names lot and expiry itself, the second typed."""
    gtin = ONE.barcode.rjust(14, "0")
    for body in (
        {"code": f"(01){gtin}(17){expiry}(10)L-2026A", "quantity": 2},
        {"code": TWO.code, "quantity": 1, "lot": "L-77", "expiry": LATER},
    ):
        done = browser.call("POST", review(order, "scan"), body)
        assert done.status_code == 200, done.text


def later(house: House, ms: int = TOOK_MS) -> None:
    """Let the server's clock go on."""
    clock = house.hub.clock
    house.hub.clock = lambda: clock() + ms


def scanned(house: House, browser: Browser, expiry: str = "350630") -> str:
    order = packed(house)
    claimed = browser.call("POST", "/v1/floor/tasks:claim", {"kind": "review", "order": order})
    assert claimed.status_code == 200, claimed.text
    scan_lots(browser, order, expiry)
    assert upload_photo(browser, review(order, "photos"), PNG).status_code == 200
    return order


def show(browser: Browser, order: str) -> Any:
    return browser.call("POST", review(order, "statement"), {"lang": "zh"})


def test_a_review_ends_by_the_signature_over_what_was_shown(house: House) -> None:
    browser, device = person(house, "R07", "reviewer")
    order = scanned(house, browser)
    task = browser.call("GET", review(order)).json()
    assert task["review"]["missing"] == task["review"]["why_not"] == []
    assert task["lines"][0]["lots"] == [{"lot": "L-2026A", "expiry": LATER}]
    shown = show(browser, order)
    assert shown.status_code == 200, shown.text
    assert "批号 L-2026A 效期 2035-06-30、L-77 效期 2035-06-30" in shown.json()["shown"]
    later(house)
    body = {"credential": device.get(shown.json()["options"])}
    key = {"idempotency-key": "review-1"}
    done = browser.call("POST", review(order, "done"), body, headers=key)
    assert done.status_code == 200, done.text
    assert done.json()["grade"] == "A"
    assert browser.call("POST", review(order, "done"), body, headers=key).json() == done.json()
    (signed,) = facts(house, order, "action.performed")
    (worked,) = facts(house, order, "fulfilment.reviewed")
    assert signed["actor"]["grade"] == "A"
    assert worked["actor"].get("grade") == "B"  # the signature is over the act alone
    assert worked["seq"] == signed["seq"] + 1
    assert signed["data"]["duration_ms"] >= TOOK_MS
    raw = shown.json()["statement"].encode()
    assert signed["data"]["statement"] == hashlib.sha256(raw).hexdigest()
    kinds = [e["kind"] for e in signed["evidence"]]
    assert kinds == ["scan", "expiry_scan", "expiry_scan", "photo"]
    assert json.loads(raw)["evidence"] == signed["evidence"]
    assert waiting(house, "handover")["items"][0]["review"] == "done"
    house.work("sequence")
    assert audit(house) == []


def test_without_a_passkey_the_way_on_is_said(house: House) -> None:
    browser, _ = person(house, "R07", "reviewer", passkey=False)
    order = scanned(house, browser)
    (why,) = browser.call("GET", review(order)).json()["review"]["why_not"]
    refused = browser.call("POST", review(order, "done"), {})
    assert refused.status_code == 409
    assert refused.json()["code"] == why["code"] == show(browser, order).json()["code"]
    assert why["code"] == "no_passkey_yet"
    assert "个人设置" in refused.json()["reason"]
    assert ME.startswith("/v1/people/me")


def test_what_a_signed_review_still_lacks(house: House) -> None:
    browser, device = person(house, "R07", "reviewer")
    order = packed(house)
    browser.call("POST", "/v1/floor/tasks:claim", {"kind": "review", "order": order})
    assert show(browser, order).json()["code"] == "not_all_scanned"
    for code, quantity in ((ONE.barcode, 2), (TWO.code, 1)):
        browser.call("POST", review(order, "scan"), {"code": code, "quantity": quantity})
    refused = show(browser, order).json()
    assert refused["code"] == "evidence_missing"
    assert refused["clause"] == "outbound_review@2/evidence/0"
    assert browser.call("POST", review(order, "done"), {}).json()["code"] == "evidence_missing"
    other = scanned(house, browser, "270101")
    refused = show(browser, other).json()
    assert (refused["code"], "2027-01-01" in refused["reason"]) == ("evidence_rule", True)
    third = scanned(house, browser)
    shown = show(browser, third).json()
    early = browser.call(
        "POST", review(third, "done"), {"credential": device.get(shown["options"])}
    )
    assert early.json()["code"] == "too_fast"
    assert (
        ask(
            house.url,
            "select count(*) from facts where position('action.performed'::bytea in body) > 0",
        )
        == 0
    )


def test_a_key_that_goes_through_the_floor_does_not_sign(house: House) -> None:
    order = packed(house)
    assert (
        house.call(
            "POST", "/v1/floor/tasks:claim", {"kind": "review", "order": order}, role="warehouse"
        ).status_code
        == 200
    )
    for code, quantity in ((ONE.barcode, 2), (TWO.code, 1)):
        body = {"code": code, "quantity": quantity}
        house.call("POST", review(order, "scan"), body, role="warehouse")
    refused = house.call("POST", review(order, "done"), {}, role="warehouse")
    assert (refused.status_code, refused.json()["code"]) == (409, "role_may_not")


def sign_inspections(house: House) -> None:
    """Let the merchant publish 退货验收 at grade A, from before any order."""
    first = next(a for a in shipped() if a.action == "return_inspection")
    signed = replace(first, version=2, who=replace(first.who, grade="A"))

    async def run() -> None:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            said = await merchants.write_action(c, house.tenant, signed, TESTER.sub)
            await merchants.say(c, house.tenant, TESTER, *said)

    asyncio.run(run())
    tell(house.url, "update actions set published='2020-01-01' where code='return_inspection'")


def test_an_inspection_of_grade_a_ends_by_a_passkey_alone(house: House) -> None:
    """A signature over the statement that names the parcel's scan and the photo; nothing less."""
    sign_inspections(house)
    browser, device = person(house, "W71", "warehouse")
    case, _ = received(house)
    case_path = f"/v1/after-sales/{case}"
    shown = house.call("GET", case_path).json()["item"]
    line = {"line": 1, "sku": shown["lines"][0]["sku"], "quantity": 1}
    told = {"act": "inspect", "found": [{**line, "grade": "as_new", "outcome": "scrap"}]}
    assert browser.call("POST", f"{case_path}/acts", told).json()["code"] == "scan_first"
    opened = browser.call("POST", f"{case_path}/parcel", {"code": shown["number"]})
    assert opened.json()["grade"] == "A", opened.text
    assert upload_photo(browser, f"{case_path}/photos", PNG).status_code == 200
    assert browser.call("POST", f"{case_path}/acts", told).json()["code"] == "sign_first"
    statement = browser.call("POST", f"{case_path}/statement", {"lang": "zh"})
    assert statement.status_code == 200, statement.text
    signed = {**told, "credential": device.get(statement.json()["options"])}
    done = browser.call("POST", f"{case_path}/acts", signed)
    assert done.status_code == 200, done.text
    assert done.json()["item"]["state"] == "paying"
    (act,) = facts(house, shown["order"], "action.performed")
    assert (act["data"]["action"], act["actor"]["grade"]) == ("return_inspection", "A")
    assert browser.call("POST", f"{case_path}/acts", signed).json()["code"] == "not_at_inspect"
