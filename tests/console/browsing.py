"""The browser that the tests of a process share, and the pages that they leave to one another."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, Page, Playwright, ViewportSize, sync_playwright

from tests.console import chromium

DESK = {"width": 1440, "height": 900}
WINDOW: ViewportSize = {"width": DESK["width"], "height": DESK["height"]}

_running: list[Playwright] = []
_launched: list[Browser] = []
_shelves: dict[Browser, Shelf] = {}


def begin() -> Playwright:
    """Start playwright, where it has not begun; from then on an event loop runs here."""
    if not _running:
        _running.append(sync_playwright().start())
    return _running[0]


def launch(options: dict[str, Any]) -> Browser:
    """Launch the browser, where it has not been."""
    if not _launched:
        path = chromium.find()
        assert path, chromium.ABSENT
        more = {**options, "executable_path": path, "args": chromium.ARGUMENTS}
        _launched.append(begin().chromium.launch(**more))
    return _launched[0]


def end() -> None:
    """Close the browser and end the event loop."""
    _shelves.clear()
    for browser in _launched:
        browser.close()
    for playwright in _running:
        playwright.stop()
    _launched.clear()
    _running.clear()


class Shelf:
    """Desks that tests have left, cleared: what a browser does to open one is most of what opening
    the console costs. Nothing that a test stored, chose or listened to is left.
    """

    def __init__(self, browser: Browser, options: dict[str, Any], origin: str) -> None:
        self._browser = browser
        self._options = options
        self._origin = origin
        self._left: dict[str, list[Page]] = {}

    def lend(self, locale: str) -> Page:
        """Give an empty page in a language."""
        left = self._left.setdefault(locale, [])
        if left:
            return left.pop()
        context = self._browser.new_context(**self._options, locale=locale, viewport=WINDOW)
        return context.new_page()

    def put_back(self, locale: str, page: Page) -> None:
        """Clear a page and keep it; others that were opened beside it are closed."""
        context = page.context
        for each in context.pages:
            if each != page:
                each.close()
        if page.is_closed():
            context.close()
            return
        context.set_offline(False)
        page.goto("about:blank")
        session = context.new_cdp_session(page)
        told = {"origin": self._origin, "storageTypes": "all"}
        session.send("Storage.clearDataForOrigin", told)
        session.detach()
        context.clear_permissions()
        context.clear_cookies()
        page.set_viewport_size(WINDOW)
        page.emulate_media(media="null", color_scheme="light")
        self._left[locale].append(page)


def shelf_of(browser: Browser, options: dict[str, Any], origin: str) -> Shelf:
    """Give the shelf of a browser."""
    if browser not in _shelves:
        _shelves[browser] = Shelf(browser, options, origin)
    return _shelves[browser]
