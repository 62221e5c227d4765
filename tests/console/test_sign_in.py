"""Signing in and out as people do it: by password, by passkey, with the keyboard alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.console.conftest import Visit
from tests.console.site import CODE, Site

# The browser tells of every answer that is no 2xx: nobody is in, and no merchant is named yet.
SIGNED_OUT = r"status of (401.*\(/v1/|404.*\(/v1/door)"


@pytest.fixture(autouse=True)
def in_chinese(site: Site) -> None:
    """Who signs in sees the language that he chose last; other tests choose too."""
    for role in ("service", "legal", "finance"):
        site.prefer(role, locale="zh-CN", theme="light")


def enter_by_password(page: Page, login: str, password: str) -> None:
    """Type everything; the mouse stays where it is."""
    expect(page.get_by_label("账号")).to_be_focused()
    page.get_by_label("商户").focus()  # the hub serves two, so it asks
    page.keyboard.type(CODE)
    page.keyboard.press("Tab")
    page.keyboard.type(login)
    way = page.get_by_role("button", name="密码 + 动态码")
    for _ in range(6):
        page.keyboard.press("Tab")
        if way.evaluate("b => b === document.activeElement"):
            break
    page.keyboard.press("Enter")
    page.get_by_label("密码", exact=True).focus()
    page.keyboard.type(password)
    page.keyboard.press("Enter")


def test_who_is_not_signed_in_is_asked_and_then_comes_where_he_wanted(
    site: Site, visit: Visit, expected: Callable[..., None]
) -> None:
    expected(SIGNED_OUT)
    page = visit("/settings/account?tab=codes", "")
    expect(page).to_have_url(f"{site.address}/sign-in?next=%2Fsettings%2Faccount%3Ftab%3Dcodes")
    enter_by_password(page, site.login("service"), site.password)
    expect(page).to_have_url(f"{site.address}/settings/account?tab=codes")
    expect(page.get_by_role("button", name="客服 C12")).to_be_visible()


def test_a_wrong_password_is_told_and_nothing_more(
    site: Site, visit: Visit, expected: Callable[..., None]
) -> None:
    expected(SIGNED_OUT, r"status of 4\d\d.*/v1/session/password")
    page = visit("/sign-in", "")
    enter_by_password(page, site.login("legal"), "not this one")
    expect(page.get_by_role("alert").first).to_be_visible()
    told = page.get_by_role("alert").first.inner_text()
    page.reload()
    enter_by_password(page, "nobody", "not this one")
    expect(page.get_by_role("alert").first).to_have_text(told)


def test_a_stranger_cannot_choose_where_one_lands(
    site: Site, visit: Visit, expected: Callable[..., None]
) -> None:
    expected(SIGNED_OUT)
    page = visit("/sign-in?next=//evil.example/", "")
    enter_by_password(page, site.login("service"), site.password)
    expect(page).to_have_url(f"{site.address}/")


def test_a_passkey_is_made_and_opens_the_door(
    site: Site, visit: Visit, expected: Callable[..., None]
) -> None:
    expected(SIGNED_OUT)
    page = visit("/settings/account", "steward")
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    page.get_by_role("button", name="添加密钥").click()
    expect(page.get_by_text("已添加")).to_be_visible()
    page.get_by_role("button", name="数据管家 D04").click()
    page.get_by_role("button", name="退出登录").click()
    expect(page).to_have_url(f"{site.address}/sign-in")
    site.kept.pop("steward")
    page.get_by_label("商户").fill(CODE)
    page.get_by_label("账号").fill(site.login("steward"))
    page.get_by_role("button", name="用通行密钥登录").click()
    expect(page.get_by_role("button", name="数据管家 D04")).to_be_visible()


def test_in_english(site: Site, visit: Visit, expected: Callable[..., None]) -> None:
    expected(SIGNED_OUT)
    page = visit("/sign-in", "", locale="zh-CN")
    page.get_by_role("button", name="中文 / English").click()
    expect(page.get_by_label("Account")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_label("Merchant").fill(CODE)
    page.get_by_label("Account").fill(site.login("finance"))
    page.get_by_role("button", name="Password + code").click()
    page.get_by_label("Password", exact=True).fill(site.password)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="F05")).to_be_visible()
