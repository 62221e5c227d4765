"""A merchant's own policies: tried dry, published as versions, in force at once, no lock-out."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fixtures.engine import tell
from tests.fixtures.hub import House, order
from tests.fixtures.people import PASSWORD, Browser, seat

NO_CANCEL = """@id("own.no-cancel")
forbid (
  principal is Person in Role::"service",
  action == Action::"order.cancel",
  resource
);
"""
SMALL_ORDERS = """forbid (principal is Key, action == Action::"order.place", resource)
when { context has amount_fen && context.amount_fen > 5000 };
"""


@pytest.fixture
def admin(house: House) -> Browser:
    seat(house.url, house.tenant, "A01", ("admin",))
    browser = Browser(house)
    browser.sign_in("A01")
    return browser


def publish(browser: Browser, text: str, base: int = 0) -> Any:
    return browser.call("POST", "/v1/policies", {"text": text, "note": "试", "base": base})


def test_what_is_in_force_is_read_with_the_schema_and_the_actions(
    shared_house: House,
) -> None:
    read = shared_house.call("GET", "/v1/policies").json()
    assert (read["version"], read["text"], read["versions"]) == (0, "", [])
    assert {"admin", "service", "keys", "all"} <= {s["name"] for s in read["shipped"]}
    assert "order.cancel" in read["actions"]
    assert "entity Person" in read["schema_text"]
    assert shared_house.call("GET", "/v1/policies", role="operator").status_code == 403


def test_a_dry_run_tells_who_loses_and_changes_nothing(house: House, admin: Browser) -> None:
    seat(house.url, house.tenant, "C12")
    seat(house.url, house.tenant, "F05", ("finance",))
    tried = admin.call("POST", "/v1/policies:dry-run", {"text": NO_CANCEL}).json()
    assert [(s["who"]["number"], s["gains"], s["losses"]) for s in tried["shifts"]] == [
        ("C12", [], ["order.cancel"])
    ]
    assert tried["locks_out"] is False
    service = Browser(house)
    service.sign_in("C12")
    assert "order.cancel" in service.call("GET", "/v1/session").json()["rights"]


def test_a_dry_run_sees_what_only_an_amount_shows(house: House, admin: Browser) -> None:
    body: dict[str, Any] = {"text": SMALL_ORDERS}
    assert admin.call("POST", "/v1/policies:dry-run", body).json()["shifts"] == []
    body["contexts"] = [{"amount_fen": 5001}]
    shifts = admin.call("POST", "/v1/policies:dry-run", body).json()["shifts"]
    assert {s["who"]["kind"] for s in shifts} == {"key"}
    assert {tuple(s["losses"]) for s in shifts} == {("order.place",)}


def test_a_dry_run_sees_a_policy_about_one_person(house: House, admin: Browser) -> None:
    seat(house.url, house.tenant, "C12")
    seat(house.url, house.tenant, "C13")
    text = (
        'permit (principal is Person, action == Action::"order.erase", resource)'
        ' when { principal.number == "C13" };'
    )
    shifts = admin.call("POST", "/v1/policies:dry-run", {"text": text}).json()["shifts"]
    assert [(s["who"]["number"], s["gains"]) for s in shifts] == [("C13", ["order.erase"])]


def test_who_could_do_it(house: House, admin: Browser) -> None:
    seat(house.url, house.tenant, "C12")
    seat(house.url, house.tenant, "F05", ("finance",))

    def who(**params: Any) -> set[str]:
        answer = admin.call("GET", "/v1/policies/who", params=params)
        assert answer.status_code == 200, answer.text
        items = answer.json()["items"]
        return {i["who"]["number"] or i["who"]["name"] for i in items if i["allowed"]}

    assert who(action="order.cancel") == {"A01", "C12", "F05", "admin", "operator"}
    large = who(action="order.cancel", amount_fen=500_001)
    assert large == {"A01", "F05", "admin", "operator"}
    items = admin.call("GET", "/v1/policies/who", params={"action": "person.write"}).json()["items"]
    (boss,) = [i for i in items if i["who"]["number"] == "A01"]
    assert (boss["allowed"], boss["needs_proof"], boss["reasons"]) == (
        True,
        True,
        ["admin.everything"],
    )
    (clerk,) = [i for i in items if i["who"]["number"] == "C12"]
    assert (clerk["allowed"], clerk["reasons"]) == (False, [])  # no proof would help
    bad = admin.call("GET", "/v1/policies/who", params={"action": "order.explode"})
    assert bad.json()["code"] == "unknown_action"


def test_a_published_version_is_in_force_at_once_and_can_be_taken_back(
    house: House, admin: Browser
) -> None:
    seat(house.url, house.tenant, "C12")
    service = Browser(house)
    service.sign_in("C12")
    placed = house.place()["order"]
    assert publish(admin, NO_CANCEL).json() == {"version": 1}
    refused = service.call("POST", f"/v1/orders/{placed}/cancel", {})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert "order.cancel" not in service.call("GET", "/v1/session").json()["rights"]
    assert publish(admin, NO_CANCEL, base=0).json()["code"] == "stale_policy"
    assert publish(admin, "", base=1).json() == {"version": 2}
    assert service.call("POST", f"/v1/orders/{placed}/cancel", {}).status_code == 200
    read = admin.call("GET", "/v1/policies").json()
    assert [(v["version"], v["number"], v["note"]) for v in read["versions"]] == [
        (2, "A01", "试"),
        (1, "A01", "试"),
    ]
    old = admin.call("GET", "/v1/policies/versions/1").json()
    assert old == {"version": 1, "text": NO_CANCEL}
    assert admin.call("GET", "/v1/policies/versions/9").status_code == 404


@pytest.mark.parametrize("path", ["/v1/orders", "/v1/orders:batch"])
def test_a_policy_that_looks_at_amounts_holds_on_the_intake_routes(
    house: House, admin: Browser, path: str
) -> None:
    body = order(lines=[{"sku": order()["lines"][0]["sku"], "quantity": 1, "price_fen": 5001}])
    kind = {"content-type": "application/x-ndjson"} if path.endswith("batch") else {}
    assert publish(admin, SMALL_ORDERS).status_code == 201
    refused = house.call("POST", path, body, headers=kind)
    told = refused.json()
    assert told["status"] == 403, refused.text
    body["lines"][0]["price_fen"] = 5000
    assert house.call("POST", path, body, headers=kind).status_code in (200, 201)


def test_who_publishes_cannot_lock_the_merchant_out(admin: Browser) -> None:
    for text in (
        "forbid (principal, action, resource);",
        'forbid (principal, action == Action::"policy.write", resource);',
        'forbid (principal is Person, action == Action::"person.write", resource);',
    ):
        assert admin.call("POST", "/v1/policies:dry-run", {"text": text}).json()["locks_out"]
        refused = publish(admin, text)
        assert (refused.status_code, refused.json()["code"]) == (409, "locked_out")


def test_text_that_is_no_policy_is_refused_with_its_place(admin: Browser) -> None:
    refused = publish(admin, 'permit (principal, action == Action::"x.y", resource);')
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_policy")
    assert refused.json()["pointer"] == "/text"


def test_publishing_asks_for_a_fresh_proof(house: House, admin: Browser) -> None:
    tell(house.url, "update sessions set proven = proven - interval '601 s'")
    assert publish(admin, NO_CANCEL).json()["code"] == "step_up"
    admin.call("POST", "/v1/session/step-up", {"password": PASSWORD})
    assert publish(admin, NO_CANCEL).status_code == 201


def test_another_merchant_keeps_its_own(house: House, admin: Browser) -> None:
    publish(admin, NO_CANCEL)
    stranger = {"authorization": f"Bearer {house.other}"}
    read = house.client.get("/v1/policies", headers=stranger).json()
    assert (read["version"], read["text"]) == (0, "")
    answer = house.client.get("/v1/policies/versions/1", headers=stranger)
    assert answer.status_code == 404
    asked = house.client.get(
        "/v1/policies/who", params={"action": "order.read"}, headers=stranger
    ).json()
    assert [i["who"]["name"] for i in asked["items"]] == ["other"]


def test_merchant_settings_are_read_and_changed_by_who_may(house: House, admin: Browser) -> None:
    seat(house.url, house.tenant, "C12")
    service = Browser(house)
    service.sign_in("C12")
    assert service.call("GET", "/v1/merchant").status_code == 403
    assert admin.call("GET", "/v1/merchant").json()["totp"] == "optional"
    assert admin.call("PATCH", "/v1/merchant", {"totp": "required"}).json()["totp"] == "required"
    door = service.call("GET", "/v1/door", params={"tenant": "small"}).json()
    assert (door["tenant"]["name"], door["totp"], door["provider"]) == ("小商户", "required", False)
    assert service.call("GET", "/v1/door", params={"tenant": "nowhere"}).status_code == 404
    assert service.call("GET", "/v1/door").status_code == 404  # two merchants: none is meant
