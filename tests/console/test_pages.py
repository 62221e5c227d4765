"""Every page of pages.tsx: it opens, bears its name, and has no grave finding in either theme.

A new page is tried as soon as it is listed.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.console import pages
from tests.console.conftest import DESK, PDA, Visit
from tests.console.pages import Listed
from tests.console.site import EVERYBODY, Site

PAGES = {page.path: page for page in pages.listed()}
# Where a hub serves several merchants, nobody is meant until one is named.
NO_MERCHANT = r"status of 404.*\(/v1/door\)"
LOOKS = [("zh-CN", "light"), ("en", "dark")]


def settle(page: Page) -> None:
    """Wait until what the page shows first is there."""
    expect(page.locator("h1").first).to_be_visible()
    expect(page.locator("[aria-busy=true], .skeleton")).to_have_count(0)
    page.wait_for_timeout(200)


@pytest.mark.parametrize(("locale", "theme"), LOOKS, ids=["zh light", "en dark"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_opens_bears_its_name_and_is_accessible(
    site: Site,
    visit: Visit,
    axe: Callable[[Page], None],
    expected: Callable[..., None],
    path: str,
    locale: str,
    theme: str,
) -> None:
    listed: Listed = PAGES[path]
    if path == "/sign-in":
        expected(NO_MERCHANT)
    is_narrow = path.startswith("/pda")
    page = visit(
        pages.fill(site, path),
        "" if path == "/sign-in" else EVERYBODY,
        locale=locale,
        theme=theme,
        size=PDA if is_narrow else DESK,
    )
    settle(page)
    expect(page.locator("h1")).to_have_count(1)
    if ":" not in path and not listed.is_bare:
        expect(page.locator("h1")).to_contain_text(listed.name(locale))
        expect(page).to_have_title(f"{listed.name(locale)} · {pages.words(locale)['product']}")
    _keeps_to_its_window(page, path)
    axe(page)
    if not is_narrow and locale == "zh-CN":
        page.set_viewport_size({"width": PDA["width"], "height": PDA["height"]})
        settle(page)
        _keeps_to_its_window(page, path)


def _keeps_to_its_window(page: Page, path: str) -> None:
    """Tables may be wider than a window, and scroll in their own box; the page may not."""
    over = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert over <= 0, f"{path} is {over} px wider than its window"


def test_a_person_without_the_right_hears_which_one(site: Site, visit: Visit) -> None:
    guarded = [p for p in PAGES.values() if p.right in ("key.admin", "people.admin")]
    if not guarded:
        guarded = [p for p in PAGES.values() if p.right.startswith("stock.")]
    assert guarded
    page = visit(pages.fill(site, guarded[0].path), "legal")
    expect(page.locator("main")).to_contain_text("权限")
