"""The frame around all pages: palette, keys, language, theme, and a session that ends."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.console.conftest import Visit
from tests.console.opening import NO_MERCHANT
from tests.console.site import Site

HOME = "/settings/account"


def test_the_palette_finds_a_page_by_keyboard_alone(site: Site, visit: Visit) -> None:
    page = visit(HOME)
    expect(page.locator("h1")).to_be_visible()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.type("我的账户")
    expect(page.get_by_role("option").first).to_contain_text("我的账户")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{site.address}{HOME}")
    page.keyboard.press("Control+k")
    page.keyboard.press("Escape")
    expect(page.get_by_role("combobox")).to_have_count(0)


def test_the_keys_of_a_page_are_told(visit: Visit, axe: Callable[[Page], None]) -> None:
    page = visit(HOME)
    expect(page.locator("h1")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("快捷键")
    axe(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_language_and_theme_are_kept_with_the_person(site: Site, visit: Visit) -> None:
    page = visit(HOME, "sre")
    page.get_by_role("button", name="运维 S09").click()
    page.get_by_text("English", exact=True).click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_text("Dark", exact=True).click()
    expect(page.locator("html")).to_have_css("color-scheme", "dark")
    page.wait_for_timeout(300)
    page.evaluate("localStorage.clear()")  # another browser, the same person
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("html")).to_have_css("color-scheme", "dark")


def test_a_session_that_ends_elsewhere_asks_to_sign_in(
    site: Site, visit: Visit, expected: Callable[..., None]
) -> None:
    expected(r"status of 401", NO_MERCHANT)
    page = visit(HOME, "policy")
    expect(page.locator("h1")).to_be_visible()
    page.context.clear_cookies()
    page.reload()
    expect(page).to_have_url(f"{site.address}/sign-in?next=%2Fsettings%2Faccount")


def test_a_page_that_is_not_there_says_so(visit: Visit) -> None:
    page = visit("/no/such/page")
    expect(page.locator("h1")).to_have_text("没有这一页")
