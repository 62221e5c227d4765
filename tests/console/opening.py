"""What each page of pages.tsx is held to when it opens: both languages, both looks, two widths.

A page is loaded once. Its look follows the machine's, its language what another tab chooses.
"""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.console import pages
from tests.console.conftest import DESK, PDA, Visit
from tests.console.pages import Listed
from tests.console.site import EVERYBODY, Site

PAGES = {page.path: page for page in pages.listed()}
SHARES = 2
# Where a hub serves several merchants, nobody is meant until one is named.
NO_MERCHANT = r"status of 404.*\(/v1/door\)"
SPEAK = """locale => window.dispatchEvent(
  new StorageEvent("storage", { key: "danshu.locale", newValue: locale }))"""


def share(nth: int) -> list[str]:
    """Give the pages of one file, so that workers share them."""
    return list(PAGES)[nth::SHARES]


def settle(page: Page) -> None:
    """Wait until what the page shows first is there."""
    expect(page.locator("h1").first).to_be_visible()
    expect(page.locator("[aria-busy=true], .skeleton")).to_have_count(0)
    page.wait_for_timeout(200)


def check(
    site: Site,
    visit: Visit,
    axe: Callable[..., None],
    expected: Callable[..., None],
    path: str,
) -> None:
    """Open a page; it bears its name, keeps to its window and has no grave finding."""
    listed = PAGES[path]
    if path == "/sign-in":
        expected(NO_MERCHANT)
    is_narrow = path.startswith("/pda")
    page = visit(
        pages.fill(site, path),
        "" if path == "/sign-in" else EVERYBODY,
        theme="auto",
        size=PDA if is_narrow else DESK,
    )
    _bears_its_name(page, listed, "zh-CN")
    _keeps_to_its_window(page, path)
    axe(page)
    page.evaluate(SPEAK, "en")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.emulate_media(color_scheme="dark")
    _bears_its_name(page, listed, "en")
    _keeps_to_its_window(page, path)
    axe(page, rules=("color-contrast",))
    if not is_narrow:
        page.evaluate(SPEAK, "zh-CN")
        page.set_viewport_size({"width": PDA["width"], "height": PDA["height"]})
        settle(page)
        _keeps_to_its_window(page, path)


def _bears_its_name(page: Page, listed: Listed, locale: str) -> None:
    settle(page)
    expect(page.locator("h1")).to_have_count(1)
    if ":" not in listed.path and not listed.is_bare:
        expect(page.locator("h1")).to_contain_text(listed.name(locale))
        expect(page).to_have_title(f"{listed.name(locale)} · {pages.words(locale)['product']}")


def _keeps_to_its_window(page: Page, path: str) -> None:
    """Tables may be wider than a window, and scroll in their own box; the page may not."""
    over = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert over <= 0, f"{path} is {over} px wider than its window"
