"""Sessions: signing in and out, cookies, tokens, limits, brute force."""

from __future__ import annotations

from danshu.kernel.limits import ATTEMPTS_PAIR, SESSION_IDLE_S
from tests.fixtures.engine import ask, tell
from tests.fixtures.hub import House
from tests.fixtures.people import PASSWORD, Browser, seat


def test_who_is_not_signed_in_hears_401(shared_house: House) -> None:
    assert Browser(shared_house).call("GET", "/v1/session").status_code == 401


def test_a_person_signs_in_is_known_and_signs_out(house: House) -> None:
    row = seat(house.url, house.tenant, "C12")
    browser = Browser(house)
    entered = browser.sign_in("c12")
    assert entered.status_code == 201, entered.text
    session = browser.call("GET", "/v1/session").json()
    assert session == entered.json()
    assert session["person"]["id"] == str(row.id)
    assert session["person"]["number"] == "C12"
    assert session["tenant"] == {"code": "small", "name": "小商户"}
    assert "order.read" in session["rights"]
    assert session["preferences"]["locale"] == "zh-CN"
    assert browser.call("GET", "/v1/orders").status_code == 200
    assert browser.call("DELETE", "/v1/session").status_code == 204
    assert browser.cookie == ""


def test_a_number_at_work_signs_in_too_unless_it_is_somebody_s_login(house: House) -> None:
    row = seat(house.url, house.tenant, "C12")
    other = seat(house.url, house.tenant, "C13")
    body = {"tenant": "small", "login": "C12", "password": PASSWORD}
    session = Browser(house).call("POST", "/v1/session/password", body).json()
    assert session["person"]["id"] == str(row.id)
    tell(house.url, f"update people set login = 'c12' where id = '{other.id}'")
    session = Browser(house).call("POST", "/v1/session/password", body).json()
    assert session["person"]["id"] == str(other.id)


def test_an_ended_session_opens_nothing(house: House) -> None:
    seat(house.url, house.tenant, "C12")
    browser = Browser(house)
    browser.sign_in("C12")
    kept = browser.cookie
    browser.call("DELETE", "/v1/session")
    browser.cookie = kept
    assert browser.call("GET", "/v1/session").status_code == 401


def test_the_cookie_is_closed_to_scripts_and_kept_as_a_hash(house: House) -> None:
    seat(house.url, house.tenant, "C12")
    browser = Browser(house)
    header = browser.sign_in("C12").headers["set-cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(header.split("; "))
    secret = browser.cookie.split("_", 2)[2]
    assert ask(house.url, "select count(*) from sessions where hash::text like %s", secret) == 0
    assert ask(house.url, "select hash = sha256(%s::bytea) from sessions", secret.encode()) is True


def test_preferences_are_kept(house: House) -> None:
    seat(house.url, house.tenant, "C12")
    browser = Browser(house)
    browser.sign_in("C12")
    changed = browser.call("PATCH", "/v1/session/preferences", {"theme": "dark"})
    assert changed.json()["theme"] == "dark"
    bad = browser.call("PATCH", "/v1/session/preferences", {"density": "huge"})
    assert bad.status_code == 422
    browser.call("PATCH", "/v1/session/preferences", {"single_keys": False})
    kept = browser.call("GET", "/v1/session").json()["preferences"]
    assert kept == {
        "locale": "zh-CN",
        "theme": "dark",
        "density": "compact",
        "single_keys": False,
    }


def test_a_session_ends_when_nobody_uses_it(house: House) -> None:
    seat(house.url, house.tenant, "C12")
    browser = Browser(house)
    browser.sign_in("C12")
    tell(house.url, f"update sessions set seen = seen - interval '{SESSION_IDLE_S} s'")
    assert browser.call("GET", "/v1/session").status_code == 401


def test_a_session_ends_by_age_however_much_it_is_used(house: House) -> None:
    seat(house.url, house.tenant, "C12")
    browser = Browser(house)
    browser.sign_in("C12")
    tell(house.url, "update sessions set ends = now()")
    assert browser.call("GET", "/v1/session").status_code == 401


def test_a_cookie_that_was_planted_is_worth_nothing(house: House) -> None:
    seat(house.url, house.tenant, "C12")
    victim, attacker = Browser(house), Browser(house)
    attacker.sign_in("C12")
    planted = attacker.cookie
    victim.cookie = planted
    victim.sign_in("C12")
    assert victim.cookie not in ("", planted)
    assert attacker.call("GET", "/v1/session").status_code == 401  # the planted one was ended
    assert victim.call("GET", "/v1/session").status_code == 200


def test_unsafe_requests_need_the_token_and_our_own_page(house: House) -> None:
    seat(house.url, house.tenant, "C12")
    browser = Browser(house)
    browser.sign_in("C12")
    path, body = "/v1/session/preferences", {"theme": "dark"}
    foreign = {"origin": "https://evil.example"}
    for headers, code in (
        ({"x-csrf-token": ""}, "csrf"),
        ({"x-csrf-token": "x" + browser.csrf[1:]}, "csrf"),
        (foreign, "foreign_origin"),
        ({"origin": "null"}, "foreign_origin"),
        ({"origin": "", "sec-fetch-site": "cross-site"}, "foreign_origin"),
        ({"origin": "", "sec-fetch-site": "same-site"}, "foreign_origin"),
    ):
        answer = browser.call("PATCH", path, body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, code)
    login = {"tenant": "small", "login": "c12@small.example", "password": PASSWORD}
    assert browser.call("POST", "/v1/session/password", login, headers=foreign).status_code == 403
    assert browser.call("PATCH", path, body).status_code == 200
    assert browser.call("GET", "/v1/session", headers=foreign).status_code == 200


def test_a_token_belongs_to_one_session(house: House) -> None:
    seat(house.url, house.tenant, "C12")
    one, two = Browser(house), Browser(house)
    one.sign_in("C12")
    two.sign_in("C12")
    one.csrf = two.csrf
    assert one.call("DELETE", "/v1/session").status_code == 403


def test_signing_out_everywhere(house: House) -> None:
    seat(house.url, house.tenant, "C12")
    one, two = Browser(house), Browser(house)
    one.sign_in("C12")
    two.sign_in("C12")
    assert one.call("DELETE", "/v1/session", params={"everywhere": True}).status_code == 204
    assert two.call("GET", "/v1/session").status_code == 401


def test_wrong_logins_and_passwords_answer_alike_and_slow_down(house: House) -> None:
    seat(house.url, house.tenant, "C12")
    stranger = Browser(house)
    wrong = stranger.sign_in("C12", "not the password")
    unknown = stranger.sign_in("nobody", "not the password")
    nowhere = stranger.call(
        "POST", "/v1/session/password", {"tenant": "no", "login": "c", "password": "p"}
    )
    assert wrong.status_code == 401
    assert wrong.content == unknown.content == nowhere.content
    for _ in range(ATTEMPTS_PAIR - 1):
        stranger.sign_in("C12", "not the password")
    slowed = stranger.sign_in("C12")
    assert (slowed.status_code, slowed.json()["code"]) == (429, "too_often")
    assert int(slowed.headers["retry-after"]) >= 1
    assert ask(house.url, "select sum(n) from refusals") == ATTEMPTS_PAIR + 1
