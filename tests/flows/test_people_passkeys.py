"""Passkeys: registered, signed in by, asked again; and every wrong answer refused."""

from __future__ import annotations

from typing import Any

import pytest

from danshu.kernel.limits import PROOF_S
from danshu.testing.authenticator import Authenticator
from tests.fixtures.engine import ask, tell
from tests.fixtures.hub import House
from tests.fixtures.people import PASSWORD, Browser, seat

ORIGIN = "http://testserver.local"
ME = "/v1/people/me"


def register(browser: Browser, device: Authenticator, name: str = "手机", **wrong: Any) -> Any:
    begun = browser.call("POST", f"{ME}/passkeys/options")
    assert begun.status_code == 200, begun.text
    credential = device.create(begun.json()["options"], **wrong)
    return browser.call("POST", f"{ME}/passkeys", {"name": name, "credential": credential})


def sign_in(browser: Browser, device: Authenticator, **wrong: Any) -> Any:
    begun = browser.call("POST", "/v1/session/passkey/options", {"tenant": "small"}).json()
    credential = device.get(begun["options"], **wrong)
    body = {"tenant": "small", "credential": credential}
    return browser.call("POST", "/v1/session/passkey", body)


@pytest.fixture
def device() -> Authenticator:
    return Authenticator(ORIGIN)


def entered(house: House, number: str = "R07") -> Browser:
    seat(house.url, house.tenant, number, ("reviewer",))
    browser = Browser(house)
    assert browser.sign_in(number).status_code == 201
    return browser


def test_a_passkey_is_registered_and_signs_in(house: House, device: Authenticator) -> None:
    browser = entered(house)
    before = browser.cookie
    done = register(browser, device)
    assert done.status_code == 201, done.text
    assert browser.cookie != before  # a further proof: another secret
    (item,) = browser.call("GET", f"{ME}/passkeys").json()["items"]
    assert (item["name"], item["transports"], item["used"]) == ("手机", ["internal"], "")
    other = Browser(house)
    session = sign_in(other, device)
    assert session.status_code == 201, session.text
    assert session.json()["method"] == "passkey"
    assert session.json()["person"]["number"] == "R07"
    assert sign_in(Browser(house), device).status_code == 201  # the counter went on
    assert browser.call("GET", f"{ME}/passkeys").json()["items"][0]["used"] != ""


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "http://evil.example"},
        {"rp_id": "evil.example"},
        {"verified": False},
        {"kind": "webauthn.get"},
    ],
)
def test_a_wrong_registration_is_refused(
    house: House, device: Authenticator, wrong: dict[str, Any]
) -> None:
    browser = entered(house)
    refused = register(browser, device, **wrong)
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_passkey")
    assert ask(house.url, "select count(*) from passkeys") == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"origin": "http://evil.example"},
        {"rp_id": "evil.example"},
        {"verified": False},
        {"handle": "AAAA"},
    ],
)
def test_a_wrong_proof_is_refused(
    house: House, device: Authenticator, wrong: dict[str, Any]
) -> None:
    register(entered(house), device)
    refused = sign_in(Browser(house), device, **wrong)
    assert (refused.status_code, refused.json()["code"]) == (401, "bad_sign_in")
    assert sign_in(Browser(house), device).status_code == 201


def test_a_counter_that_goes_back_is_a_copy(house: House, device: Authenticator) -> None:
    register(entered(house), device)
    assert sign_in(Browser(house), device, counter=7).status_code == 201
    assert sign_in(Browser(house), device, counter=7).status_code == 401
    assert sign_in(Browser(house), device, counter=6).status_code == 401
    assert sign_in(Browser(house), device, counter=8).status_code == 201


def test_a_challenge_is_good_once_even_after_a_failure(house: House, device: Authenticator) -> None:
    register(entered(house), device)
    browser = Browser(house)
    begun = browser.call("POST", "/v1/session/passkey/options", {"tenant": "small"}).json()
    bad = {"tenant": "small", "credential": device.get(begun["options"], verified=False)}
    assert browser.call("POST", "/v1/session/passkey", bad).status_code == 401
    good = {"tenant": "small", "credential": device.get(begun["options"])}
    assert browser.call("POST", "/v1/session/passkey", good).status_code == 401
    begun = browser.call("POST", "/v1/session/passkey/options", {"tenant": "small"}).json()
    good = {"tenant": "small", "credential": device.get(begun["options"])}
    assert browser.call("POST", "/v1/session/passkey", good).status_code == 201
    assert browser.call("POST", "/v1/session/passkey", good).status_code == 401


def test_a_challenge_that_is_too_old_is_refused(house: House, device: Authenticator) -> None:
    register(entered(house), device)
    browser = Browser(house)
    begun = browser.call("POST", "/v1/session/passkey/options", {"tenant": "small"}).json()
    tell(house.url, "update challenges set ends = now()")
    body = {"tenant": "small", "credential": device.get(begun["options"])}
    assert browser.call("POST", "/v1/session/passkey", body).status_code == 401


def test_a_challenge_for_one_thing_is_not_one_for_another(
    house: House, device: Authenticator
) -> None:
    browser = entered(house)
    register(browser, device)
    begun = browser.call("POST", "/v1/session/step-up/options").json()
    body = {"tenant": "small", "credential": device.get(begun["options"])}
    assert Browser(house).call("POST", "/v1/session/passkey", body).status_code == 401


def test_options_tell_nobody_which_merchants_there_are(shared_house: House) -> None:
    browser = Browser(shared_house)
    here = browser.call("POST", "/v1/session/passkey/options", {"tenant": "small"}).json()
    there = browser.call("POST", "/v1/session/passkey/options", {"tenant": "nowhere"}).json()
    assert here["options"].keys() == there["options"].keys()
    assert here["options"]["userVerification"] == "required"


def test_a_further_proof_by_passkey_makes_the_session_fresh(
    house: House, device: Authenticator
) -> None:
    browser = entered(house)
    register(browser, device)
    tell(house.url, f"update sessions set proven = proven - interval '{PROOF_S + 1} s'")
    stale = browser.call("POST", f"{ME}/passkeys/options")
    assert (stale.status_code, stale.json()["code"]) == (403, "step_up")
    assert browser.call("GET", "/v1/session").json()["fresh_until"] == ""
    begun = browser.call("POST", "/v1/session/step-up/options").json()
    before = browser.cookie
    body = {"credential": device.get(begun["options"])}
    assert browser.call("POST", "/v1/session/step-up", body).status_code == 200
    assert browser.cookie != before
    assert browser.call("GET", "/v1/session").json()["fresh_until"] != ""
    old = Browser(house)
    old.cookie = before
    assert old.call("GET", "/v1/session").status_code == 401


def test_a_further_proof_by_another_person_s_passkey_is_none(
    house: House, device: Authenticator
) -> None:
    register(entered(house, "R08"), device)
    browser = entered(house)
    register(browser, Authenticator(ORIGIN))
    begun = browser.call("POST", "/v1/session/step-up/options").json()
    body = {"credential": device.get(begun["options"])}
    assert browser.call("POST", "/v1/session/step-up", body).json()["code"] == "bad_passkey"


def test_a_further_proof_by_password(house: House) -> None:
    browser = entered(house)
    tell(house.url, f"update sessions set proven = proven - interval '{PROOF_S + 1} s'")
    assert browser.call("POST", "/v1/session/step-up", {"password": "wrong"}).status_code == 401
    assert browser.call("POST", "/v1/session/step-up", {"password": PASSWORD}).status_code == 200
    assert browser.call("POST", f"{ME}/passkeys/options").status_code == 200


def test_passkeys_are_named_anew_and_removed_but_never_the_last_way_in(
    house: House, device: Authenticator
) -> None:
    browser = entered(house)
    register(browser, device)
    register(browser, device, "安全密钥")
    first, second = browser.call("GET", f"{ME}/passkeys").json()["items"]
    path = f"{ME}/passkeys/{first['id']}"
    assert browser.call("PATCH", path, {"name": "旧手机"}).status_code == 204
    assert browser.call("GET", f"{ME}/passkeys").json()["items"][0]["name"] == "旧手机"
    assert browser.call("DELETE", path).status_code == 204
    assert browser.call("DELETE", path).status_code == 404
    assert sign_in(Browser(house), device, which=0).status_code == 401
    assert sign_in(Browser(house), device, which=1).status_code == 201
    tell(house.url, "update people set password = ''")
    last = browser.call("DELETE", f"{ME}/passkeys/{second['id']}")
    assert (last.status_code, last.json()["code"]) == (409, "last_way_in")


def test_a_disabled_person_s_passkey_opens_nothing(house: House, device: Authenticator) -> None:
    register(entered(house), device)
    tell(house.url, "update people set state = 'disabled'")
    assert sign_in(Browser(house), device).status_code == 401
