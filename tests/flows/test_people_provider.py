"""Signing in by an OpenID provider: honest tokens let in, forged ones never."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from danshu.kernel.limits import OIDC_BYTES
from danshu.testing.openid import CLIENT, SECRET, Provider, open_provider
from tests.fixtures.engine import ask, tell
from tests.fixtures.hub import House
from tests.fixtures.people import Browser, seat

MAPPED = {"claim": "groups", "mapping": [{"value": "wms", "roles": ["warehouse"]}]}


@pytest.fixture
def provider() -> Iterator[Provider]:
    with open_provider() as opened:
        yield opened


def admin_of(house: House) -> Browser:
    seat(house.url, house.tenant, "A01", ("admin",))
    browser = Browser(house)
    assert browser.sign_in("A01").status_code == 201
    return browser


def trust(house: House, provider: Provider, **more: Any) -> Any:
    """Let the merchant take the provider's word."""
    body = {"issuer": provider.issuer, "client": CLIENT, "secret": SECRET, **more}
    done = admin_of(house).call("PUT", "/v1/merchant/provider", body)
    assert done.status_code == 200, done.text
    return done


def go(browser: Browser, to: str = "/orders") -> tuple[str, str]:
    """Begin: gives the provider's address, and the cookie that binds the browser."""
    params = {"tenant": "small", "to": to}
    sent = browser.call("GET", "/v1/session/provider", params=params, follow_redirects=False)
    assert sent.status_code == 302, sent.text
    return sent.headers["location"], sent.headers["set-cookie"].partition(";")[0]


def come(browser: Browser, url: str, binder: str) -> Any:
    """Go to the provider and come back by where it sends the browser."""
    back = httpx.get(url, follow_redirects=False).headers["location"]
    parts = urlsplit(back)
    assert parts.path == "/v1/session/provider/callback"
    return browser.call(
        "GET",
        f"{parts.path}?{parts.query}",
        headers={"cookie": binder},
        follow_redirects=False,
    )


def sign_in(house: House) -> tuple[Browser, Any]:
    browser = Browser(house)
    return browser, come(browser, *go(browser))


def test_who_was_invited_comes_in_by_the_address_that_was_verified(
    house: House, provider: Provider
) -> None:
    trust(house, provider)
    row = seat(house.url, house.tenant, "W02", ("warehouse",))
    browser, answer = sign_in(house)
    assert (answer.status_code, answer.headers["location"]) == (302, "/orders")
    session = browser.call("GET", "/v1/session").json()
    assert (session["person"]["id"], session["method"]) == (str(row.id), "provider")
    provider.who["email"] = "renamed@small.example"
    browser, answer = sign_in(house)  # known by subject from now on
    assert browser.call("GET", "/v1/session").json()["person"]["id"] == str(row.id)


def test_strangers_are_refused_without_a_mapping(house: House, provider: Provider) -> None:
    trust(house, provider)
    browser, answer = sign_in(house)
    assert answer.headers["location"] == "/sign-in#problem=provider_refused"
    assert browser.cookie == ""


def test_with_a_mapping_roles_follow_the_claim(house: House, provider: Provider) -> None:
    trust(house, provider, **MAPPED)
    _, answer = sign_in(house)
    assert "provider_refused" in answer.headers["location"]  # in no group
    provider.who["groups"] = ["wms", "canteen"]
    browser, _ = sign_in(house)
    person = browser.call("GET", "/v1/session").json()["person"]
    assert (person["roles"], person["name"]) == (["warehouse"], "王仓")
    provider.who["groups"] = []
    _, answer = sign_in(house)
    assert "provider_refused" in answer.headers["location"]


def test_a_disabled_person_stays_out(house: House, provider: Provider) -> None:
    trust(house, provider)
    seat(house.url, house.tenant, "W02", ("warehouse",))
    sign_in(house)
    tell(house.url, "update people set state = 'disabled' where number = 'W02'")
    _, answer = sign_in(house)
    assert "provider_refused" in answer.headers["location"]


def changed(**claims: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda honest: {**honest, **claims}


FORGED: dict[str, Callable[[Provider], None]] = {
    "alg none": lambda p: setattr(p, "signing", "none"),
    "signed by another key": lambda p: setattr(p, "signing", "other"),
    "hmac with the public key": lambda p: setattr(p, "signing", "hmac"),
    "for another client": lambda p: setattr(p, "forge", changed(aud="somebody")),
    "for several, azp another": lambda p: setattr(p, "forge", changed(aud=[CLIENT, "x"], azp="x")),
    "for several, no azp": lambda p: setattr(p, "forge", changed(aud=[CLIENT, "x"])),
    "another nonce": lambda p: setattr(p, "forge", changed(nonce="n")),
    "another issuer": lambda p: setattr(p, "forge", changed(iss="https://evil.example")),
    "expired": lambda p: setattr(p, "forge", changed(exp=1_700_000_000)),
    "without a subject": lambda p: setattr(
        p, "forge", lambda c: {k: v for k, v in c.items() if k != "sub"}
    ),
    "without an end": lambda p: setattr(
        p, "forge", lambda c: {k: v for k, v in c.items() if k != "exp"}
    ),
    "address not verified": lambda p: setattr(p, "forge", changed(email_verified=False)),
    "another domain": lambda p: setattr(p, "forge", changed(email="w02@evil.example")),
}


def test_forged_tokens_let_nobody_in(house: House, provider: Provider) -> None:
    trust(house, provider, domains=["small.example"])
    seat(house.url, house.tenant, "W02", ("warehouse",))
    for name, lie in FORGED.items():
        provider.forge, provider.signing = dict, "key"
        lie(provider)
        browser, answer = sign_in(house)
        assert answer.headers["location"] == "/sign-in#problem=provider_refused", name
        assert browser.cookie == "", name
    assert ask(house.url, "select count(*) from sessions where method = 'provider'") == 0
    provider.forge, provider.signing = dict, "key"
    assert sign_in(house)[1].headers["location"] == "/orders"  # and an honest one does


def test_another_browser_s_way_back_is_refused(house: House, provider: Provider) -> None:
    trust(house, provider)
    seat(house.url, house.tenant, "W02", ("warehouse",))
    attacker, victim = Browser(house), Browser(house)
    url, _ = go(attacker)
    _, binder = go(victim)
    answer = come(victim, url, binder)
    assert "provider_refused" in answer.headers["location"]
    assert "provider_refused" in come(victim, url, "x=y").headers["location"]


def test_a_state_is_good_once(house: House, provider: Provider) -> None:
    trust(house, provider)
    seat(house.url, house.tenant, "W02", ("warehouse",))
    browser = Browser(house)
    url, binder = go(browser)
    back = urlsplit(httpx.get(url, follow_redirects=False).headers["location"])
    path = f"{back.path}?{back.query}"
    sent = {"headers": {"cookie": binder}, "follow_redirects": False}
    assert browser.call("GET", path, **sent).headers["location"] == "/orders"
    assert "provider_refused" in browser.call("GET", path, **sent).headers["location"]


def test_the_way_back_stays_here(house: House, provider: Provider) -> None:
    trust(house, provider)
    seat(house.url, house.tenant, "W02", ("warehouse",))
    for to in ("https://evil.example", "//evil.example", "/\\evil.example"):
        browser = Browser(house)
        assert come(browser, *go(browser, to)).headers["location"] == "/", to


def test_the_request_carries_pkce_state_and_nonce(house: House, provider: Provider) -> None:
    trust(house, provider)
    url, _ = go(Browser(house))
    query = parse_qs(urlsplit(url).query)
    assert query["code_challenge_method"] == ["S256"]
    assert query["response_type"] == ["code"]
    assert all(len(query[name][0]) > 40 for name in ("state", "nonce", "code_challenge"))


def test_the_secret_never_comes_out(house: House, provider: Provider) -> None:
    done = trust(house, provider)
    assert SECRET not in done.text
    assert done.json()["provider"]["issuer"] == provider.issuer


INSIDE = {
    "http://login.example.com": "bad_url",
    "ftp://login.example.com": "bad_url",
    "https://user@login.example.com": "bad_url",
    "https://10.0.0.1": "provider_fails",
    "https://169.254.169.254": "provider_fails",
    "https://[fd00::1]": "provider_fails",
}


def test_addresses_inside_are_not_fetched(house: House) -> None:
    admin = admin_of(house)
    for issuer, code in INSIDE.items():
        body = {"issuer": issuer, "client": CLIENT, "secret": SECRET}
        refused = admin.call("PUT", "/v1/merchant/provider", body)
        assert refused.json()["code"] == code, issuer


def test_a_provider_that_redirects_or_talks_too_much_is_not_taken(
    house: House, provider: Provider
) -> None:
    admin = admin_of(house)
    body = {"issuer": provider.issuer, "client": CLIENT, "secret": SECRET}
    provider.redirect_discovery = "http://169.254.169.254/latest"
    refused = admin.call("PUT", "/v1/merchant/provider", body)
    assert (refused.status_code, refused.json()["code"]) == (502, "provider_fails")
    provider.redirect_discovery = ""
    provider.discovery = b" " * (OIDC_BYTES + 1)
    assert admin.call("PUT", "/v1/merchant/provider", body).json()["code"] == "provider_fails"
    provider.discovery = b'{"issuer": "https://evil.example"}'
    assert admin.call("PUT", "/v1/merchant/provider", body).status_code == 422


def test_keys_that_changed_are_fetched_again(house: House, provider: Provider) -> None:
    trust(house, provider)
    seat(house.url, house.tenant, "W02", ("warehouse",))
    sign_in(house)
    provider.key = provider.other
    browser, _ = sign_in(house)
    assert browser.call("GET", "/v1/session").status_code == 200
