"""What each page of pages.tsx is held to when it opens: both languages, both looks, two widths.

The console is loaded once, and goes from page to page as a person does by its menu; only pages
without its frame are loaded each. Its look follows the machine's, its language what another tab
chooses.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.console import pages
from tests.console.browsing import DESK, WINDOW
from tests.console.conftest import PATIENCE_MS, PDA, Visit, Watch
from tests.console.pages import Listed
from tests.console.site import EVERYBODY, Site

PAGES = {page.path: page for page in pages.listed()}
SHARES = 2
# Where a hub serves several merchants, nobody is meant until one is named.
NO_MERCHANT = r"status of 404.*\(/v1/door\)"
SPEAK = """locale => window.dispatchEvent(
  new StorageEvent("storage", { key: "danshu.locale", newValue: locale }))"""


# What stood there is marked, so that nobody takes it for the page that is to come.
GO = """path => {
  document.querySelectorAll("h1").forEach(h1 => (h1.dataset.left = "1"));
  const state = { usr: null, key: path, idx: (history.state?.idx ?? 0) + 1 };
  history.pushState(state, "", path);
  window.dispatchEvent(new PopStateEvent("popstate", { state }));
}"""


class Tab:
    """One tab of the console, of a person with all roles; begun anew after a page that failed."""

    def __init__(self, site: Site, browser: Browser, options: dict[str, Any]) -> None:
        self._site = site
        self._open = lambda: browser.new_context(**options, locale="zh-CN", viewport=WINDOW)
        self._page: Page | None = None

    def go(self, path: str, watch: Watch) -> Page:
        """Go to a page; `keep` says that it was as it should be."""
        page, self._page = self._page, None
        if page is None:
            return self._load(path, watch)
        watch.mind(page)
        page.emulate_media(color_scheme="light")
        page.set_viewport_size(WINDOW)
        page.evaluate(GO, path)
        expect(page.locator("h1[data-left]")).to_have_count(0)
        return page

    def keep(self, page: Page) -> None:
        """Use the tab for the next page too."""
        self._page = page

    def _load(self, path: str, watch: Watch) -> Page:
        context = self._open()
        self._site.prefer(EVERYBODY, locale="zh-CN", theme="auto")
        value = self._site.cookie(EVERYBODY)
        context.add_cookies([{"name": "danshu", "value": value, "url": self._site.address}])
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        watch.mind(page)
        page.goto(path, wait_until="load")
        return page


@pytest.fixture(scope="module")
def tab(site: Site, browser: Browser, browser_context_args: dict[str, Any]) -> Tab:
    return Tab(site, browser, browser_context_args)


def share(nth: int) -> list[str]:
    """Give the pages of one file, so that workers share them."""
    return list(PAGES)[nth::SHARES]


def settle(page: Page) -> None:
    """Wait until what the page shows first is there."""
    expect(page.locator("h1").first).to_be_visible()
    expect(page.locator("[aria-busy=true], .skeleton")).to_have_count(0)
    page.wait_for_timeout(200)


def check(
    tab: Tab,
    watch: Watch,
    site: Site,
    visit: Visit,
    axe: Callable[..., None],
    path: str,
) -> None:
    """Open a page; it bears its name, keeps to its window and has no grave finding."""
    listed = PAGES[path]
    is_narrow = path.startswith("/pda")
    is_framed = not listed.is_bare and not is_narrow
    if path == "/sign-in":
        watch.expected(NO_MERCHANT)
    page = (
        tab.go(pages.fill(site, path), watch)
        if is_framed
        else visit(
            pages.fill(site, path),
            "" if path == "/sign-in" else EVERYBODY,
            theme="auto",
            size=PDA if is_narrow else DESK,
        )
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
    if is_framed:
        tab.keep(page)


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
