"""People are invited, join, change and are disabled; rights follow at once."""

from __future__ import annotations

from typing import Any

import pyotp
import pytest

from danshu.testing.authenticator import Authenticator
from tests.fixtures.engine import ask, tell
from tests.fixtures.hub import WAREHOUSES, House
from tests.fixtures.people import PASSWORD, Browser, seat

NEW = {"login": "W02@small.example", "name": "王仓", "number": "W02", "roles": ["warehouse"]}
STRONG = "seven grey hinges turn"


@pytest.fixture
def admin(house: House) -> Browser:
    seat(house.url, house.tenant, "A01", ("admin",))
    browser = Browser(house)
    assert browser.sign_in("A01").status_code == 201
    return browser


def invite(admin: Browser, **changes: Any) -> tuple[dict[str, Any], str]:
    """Invite somebody; gives the person and the token of the link."""
    done = admin.call("POST", "/v1/people", {**NEW, **changes})
    assert done.status_code == 201, done.text
    path = done.json()["link"]["path"]
    assert path.startswith("/sign-in#invite=")
    return done.json()["person"], path.partition("=")[2]


def test_an_invitation_is_accepted_by_password_once(house: House, admin: Browser) -> None:
    person, token = invite(admin)
    assert (person["state"], person["login"]) == ("invited", "w02@small.example")
    newcomer = Browser(house)
    assert newcomer.sign_in("W02", STRONG).status_code == 401
    looked = newcomer.call("POST", "/v1/invitations/look", {"token": token}).json()
    assert (looked["name"], looked["kind"], looked["tenant"]["code"]) == ("王仓", "invite", "small")
    body = {"token": token, "password": STRONG}
    joined = newcomer.call("POST", "/v1/invitations/password", body)
    assert joined.status_code == 201, joined.text
    assert joined.json()["person"]["roles"] == ["warehouse"]
    assert newcomer.call("GET", "/v1/orders").status_code == 200
    again = Browser(house).call("POST", "/v1/invitations/password", body)
    assert (again.status_code, again.json()["code"]) == (404, "no_invitation")
    assert Browser(house).sign_in("W02", STRONG).status_code == 201
    listed = admin.call("GET", "/v1/people").json()["items"]
    assert [(p["number"], p["state"]) for p in listed] == [("A01", "active"), ("W02", "active")]


def test_an_invitation_is_accepted_by_passkey(house: House, admin: Browser) -> None:
    _, token = invite(admin)
    newcomer, device = Browser(house), Authenticator("http://testserver.local")
    begun = newcomer.call("POST", "/v1/invitations/passkey/options", {"token": token}).json()
    body = {"token": token, "name": "手机", "credential": device.create(begun["options"])}
    joined = newcomer.call("POST", "/v1/invitations/passkey", body)
    assert joined.status_code == 201, joined.text
    assert joined.json()["method"] == "passkey"


def test_an_invitation_ends_by_age_by_another_and_by_withdrawal(
    house: House, admin: Browser
) -> None:
    person, first = invite(admin)
    newcomer = Browser(house)
    again = admin.call("POST", f"/v1/people/{person['id']}/link").json()
    second = again["path"].partition("=")[2]
    look = "/v1/invitations/look"
    assert newcomer.call("POST", look, {"token": first}).status_code == 404
    assert newcomer.call("POST", look, {"token": second}).status_code == 200
    assert newcomer.call("POST", look, {"token": second[:-1] + "x"}).status_code == 404
    tell(house.url, "update invitations set ends = now()")
    assert newcomer.call("POST", look, {"token": second}).status_code == 404
    third = admin.call("POST", f"/v1/people/{person['id']}/link").json()["path"].partition("=")[2]
    assert admin.call("DELETE", f"/v1/people/{person['id']}/link").status_code == 204
    assert newcomer.call("POST", look, {"token": third}).status_code == 404


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short", "password_short"),
        ("aaaaaaaaaaaa", "password_common"),
        ("Password123!", "password_common"),
        ("w02@small.example", "password_common"),
    ],
)
def test_weak_passwords_are_refused(house: House, admin: Browser, password: str, code: str) -> None:
    _, token = invite(admin)
    body = {"token": token, "password": password}
    refused = Browser(house).call("POST", "/v1/invitations/password", body)
    assert (refused.status_code, refused.json()["code"]) == (422, code)


def test_logins_and_numbers_are_given_once(admin: Browser) -> None:
    invite(admin)
    same_login = admin.call("POST", "/v1/people", {**NEW, "number": "W03"})
    assert same_login.json()["code"] == "login_taken"
    same_number = admin.call("POST", "/v1/people", {**NEW, "login": "x@small.example"})
    assert same_number.json()["code"] == "number_taken"
    nowhere = admin.call(
        "POST", "/v1/people", {**NEW, "login": "y@b", "number": "Y1", "warehouses": ["NO"]}
    )
    assert nowhere.json()["code"] == "unknown_warehouse"


def test_a_change_of_roles_ends_the_sessions_and_counts_at_once(
    house: House, admin: Browser
) -> None:
    row = seat(house.url, house.tenant, "C12", ("service",))
    browser = Browser(house)
    browser.sign_in("C12")
    path = f"/v1/people/{row.id}"
    assert admin.call("PATCH", path, {"name": "陈客"}).json()["name"] == "陈客"
    assert browser.call("GET", "/v1/session").status_code == 200  # a name is no right
    changed = admin.call("PATCH", path, {"roles": ["finance", "service"]})
    assert changed.json()["roles"] == ["finance", "service"]
    assert browser.call("GET", "/v1/session").status_code == 401
    browser.sign_in("C12")
    assert "order.pay" in browser.call("GET", "/v1/session").json()["rights"]


def test_a_disabled_person_is_out_at_once_and_back_when_enabled(
    house: House, admin: Browser
) -> None:
    row = seat(house.url, house.tenant, "C12")
    browser = Browser(house)
    browser.sign_in("C12")
    done = admin.call("POST", f"/v1/people/{row.id}/disable", {"reason": "离职"})
    assert done.json()["state"] == "disabled"
    assert browser.call("GET", "/v1/orders").status_code == 401
    assert browser.sign_in("C12").status_code == 401
    admin.call("POST", f"/v1/people/{row.id}/enable", {"reason": "返岗"})
    assert browser.sign_in("C12").status_code == 201


def test_the_last_admin_stays(house: House, admin: Browser) -> None:
    me = admin.call("GET", "/v1/session").json()["person"]["id"]
    for method, path, body in (
        ("POST", f"/v1/people/{me}/disable", {"reason": "x"}),
        ("PATCH", f"/v1/people/{me}", {"roles": ["sre"]}),
    ):
        refused = admin.call(method, path, body)
        assert (refused.status_code, refused.json()["code"]) == (409, "last_admin")
    seat(house.url, house.tenant, "A02", ("admin",))
    assert admin.call("PATCH", f"/v1/people/{me}", {"roles": ["sre"]}).status_code == 200


def test_writing_people_asks_for_a_fresh_proof(house: House, admin: Browser) -> None:
    tell(house.url, "update sessions set proven = proven - interval '601 s'")
    refused = admin.call("POST", "/v1/people", NEW)
    told = refused.json()
    assert (told["status"], told["code"], told["action"]) == (403, "step_up", "person.write")
    assert admin.call("POST", "/v1/session/step-up", {"password": PASSWORD}).status_code == 200
    assert admin.call("POST", "/v1/people", NEW).status_code == 201


def test_sessions_of_a_person_are_listed_and_ended(house: House, admin: Browser) -> None:
    row = seat(house.url, house.tenant, "C12")
    one, two = Browser(house, "Firefox"), Browser(house)
    one.sign_in("C12")
    two.sign_in("C12")
    path = f"/v1/people/{row.id}/sessions"
    listed = admin.call("GET", path).json()["items"]
    assert [s["here"] for s in listed] == [False, False]
    own = two.call("GET", "/v1/people/me/sessions").json()["items"]
    assert [s["here"] for s in own] == [True, False]
    assert two.call("DELETE", f"/v1/people/me/sessions/{own[1]['id']}").status_code == 204
    assert one.call("GET", "/v1/session").status_code == 401
    assert admin.call("DELETE", path).status_code == 204
    assert two.call("GET", "/v1/session").status_code == 401


def test_a_required_code_comes_before_everything(house: House) -> None:
    seat(house.url, house.tenant, "F05", ("finance",), totp="required")
    browser = Browser(house)
    session = browser.sign_in("F05").json()
    assert (session["todo"], session["rights"]) == ("totp", [])
    assert browser.call("GET", "/v1/orders").status_code == 403
    assert browser.call("POST", "/v1/people/me/totp/options").status_code == 200
    offer = browser.call("POST", "/v1/people/me/totp/options").json()  # the newest counts
    assert offer["uri"].startswith("otpauth://totp/")
    assert offer["qr_svg"].startswith("<svg")
    wrong = browser.call("POST", "/v1/people/me/totp", {"code": "000000"})
    assert wrong.json()["code"] == "bad_code"
    code = pyotp.TOTP(offer["secret"]).now()
    done = browser.call("POST", "/v1/people/me/totp", {"code": code})
    assert done.status_code == 201, done.text
    browser.csrf = done.json()["session"]["csrf"]
    assert done.json()["session"]["todo"] == ""
    assert browser.call("GET", "/v1/orders").status_code == 200
    refused = browser.call("DELETE", "/v1/people/me/totp")
    assert refused.json()["code"] == "codes_required"
    assert Browser(house).sign_in("F05").json()["code"] == "code_needed"
    # the code that enrolled is used up; so is each recovery code after its use
    assert Browser(house).sign_in("F05", code=code).status_code == 401
    recovery = done.json()["codes"]
    assert len(recovery) == 10
    assert Browser(house).sign_in("F05", code=recovery[0]).status_code == 201
    assert Browser(house).sign_in("F05", code=recovery[0]).status_code == 401
    assert ask(house.url, "select count(*) from recovery_codes") == 9


def test_a_code_is_good_once(house: House) -> None:
    row = seat(house.url, house.tenant, "F05", ("finance",))
    secret = pyotp.random_base32()
    tell(house.url, f"update people set totp = '{secret}'::bytea where id = '{row.id}'")
    code = pyotp.TOTP(secret).now()
    assert Browser(house).sign_in("F05", code=code).status_code == 201
    assert Browser(house).sign_in("F05", code=code).status_code == 401


def test_a_new_password_ends_the_other_sessions(house: House) -> None:
    seat(house.url, house.tenant, "C12")
    one, two = Browser(house), Browser(house)
    one.sign_in("C12")
    two.sign_in("C12")
    body = {"password": STRONG}
    assert one.call("POST", "/v1/people/me/password", body).status_code == 204
    assert two.call("GET", "/v1/session").status_code == 401
    assert one.call("GET", "/v1/session").status_code == 200
    assert Browser(house).sign_in("C12").status_code == 401
    assert Browser(house).sign_in("C12", STRONG).status_code == 201


def test_another_merchant_s_people_are_not_there(house: House, admin: Browser) -> None:
    me = admin.call("GET", "/v1/session").json()["person"]["id"]
    stranger = {"authorization": f"Bearer {house.other}"}
    for method, path, body in (
        ("GET", f"/v1/people/{me}", None),
        ("GET", f"/v1/people/{me}/sessions", None),
        ("DELETE", f"/v1/people/{me}/sessions", None),
        ("PATCH", f"/v1/people/{me}", {"name": "x"}),
        ("POST", f"/v1/people/{me}/disable", {"reason": "x"}),
        ("POST", f"/v1/people/{me}/enable", {"reason": "x"}),
        ("POST", f"/v1/people/{me}/link", None),
        ("DELETE", f"/v1/people/{me}/link", None),
    ):
        answer = house.client.request(method, path, json=body, headers=stranger)
        assert answer.status_code == 404, (method, path)
    assert house.client.get("/v1/people", headers=stranger).json()["items"] == []
    other = Browser(house)
    body = {"tenant": "second", "login": "a01@small.example", "password": PASSWORD}
    assert other.call("POST", "/v1/session/password", body).status_code == 401


def test_who_is_bound_to_a_warehouse_acts_there_alone(house: House) -> None:
    placed = house.place()
    order = placed["order"]
    shown = house.call("GET", f"/v1/orders/{order}").json()
    here = shown["fulfilments"][0]["warehouse"]
    away = next(w.code for w in WAREHOUSES if w.code != here)
    for number, warehouse in (("W01", away), ("W02", here)):
        seat(house.url, house.tenant, number, ("warehouse",), warehouses=(warehouse,))
    path, body = f"/v1/orders/{order}/transitions", {"event": "release"}
    stranger, local = Browser(house), Browser(house)
    stranger.sign_in("W01")
    local.sign_in("W02")
    refused = stranger.call("POST", path, body)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert local.call("POST", path, body).status_code == 200


def test_service_cancels_small_orders_and_finance_large_ones(house: House) -> None:
    big = house.place(lines=[{"sku": house_sku(house), "quantity": 1, "price_fen": 500_001}])
    small = house.place(lines=[{"sku": house_sku(house), "quantity": 1, "price_fen": 500_000}])
    seat(house.url, house.tenant, "C12", ("service",))
    seat(house.url, house.tenant, "F05", ("finance",))
    service, finance = Browser(house), Browser(house)
    service.sign_in("C12")
    finance.sign_in("F05")
    path = "/v1/orders/{}/cancel"
    refused = service.call("POST", path.format(big["order"]), {})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert service.call("POST", path.format(small["order"]), {}).status_code == 200
    assert finance.call("POST", path.format(big["order"]), {}).status_code == 200


def house_sku(house: House) -> str:
    sku: str = house.call("GET", "/v1/skus", params={"limit": 1}).json()["items"][0]["code"]
    return sku
