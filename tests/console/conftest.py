"""Browsers for the tests of the console.

- `site`: the hub that is browsed (session);
- `visit`: opens a page as the person of a role, in a language, theme and size;
- `desk`, `pda`: a page of the admin at 1440 x 900, of a warehouse lead at 390 x 844;
- `axe`: fails on findings of axe that are serious or critical.

Whatever a page asks of another origin, and every error on its console, fails the test; what a test
provokes on purpose it names with `expected`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # no types
from playwright.sync_api import (
    Browser,
    BrowserContext,
    BrowserType,
    ConsoleMessage,
    Page,
    Playwright,
    Request,
    expect,
)

import hatch_build
from danshu.ledger.engine import Engine
from tests.console import browsing
from tests.console.browsing import DESK, Shelf
from tests.console.site import Site, open_site
from tests.fixtures import engine as stores

HERE = Path(__file__).parent
PDA = {"width": 390, "height": 844}
PATIENCE_MS = 30_000  # a busy machine is slow, and not wrong
GRAVE = {"serious", "critical"}
Visit = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the browsers out where the console is left out."""
    for item in items:
        if item.path.is_relative_to(HERE):
            reason = "DANSHU_SKIP_UI: the console was left out on purpose"
            item.add_marker(pytest.mark.skipif(hatch_build.is_skipped(), reason=reason))


@pytest.fixture(scope="session")
def site(engine: Engine, template: str) -> Iterator[Site]:
    hatch_build.build()
    with stores._fresh(engine, template) as make, open_site(make()) as opened:
        yield opened


# pytest-playwright would end these with the session: until then no test of the same process could
# use asyncio. They live until the first test that is none of the console's.


@pytest.fixture(scope="module")
def playwright(site: Site) -> Playwright:
    expect.set_options(timeout=PATIENCE_MS)
    return browsing.begin()


@pytest.fixture(scope="module")
def browser_type(playwright: Playwright) -> BrowserType:
    return playwright.chromium


@pytest.fixture(scope="module")
def browser(browser_type: BrowserType, browser_type_launch_args: dict[str, Any]) -> Browser:
    return browsing.launch(browser_type_launch_args)


@pytest.fixture(scope="module")
def browser_context_args(site: Site) -> dict[str, Any]:
    return {
        "base_url": site.address,
        "color_scheme": "light",
        "reduced_motion": "reduce",
        "timezone_id": "Asia/Shanghai",
    }


class Watch:
    """What pages did that they should not; a test names what it provokes on purpose."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._expected: list[str] = []
        self._minded: list[Page] = []
        self.faults: list[str] = []

    def expected(self, *patterns: str) -> None:
        """Let pass what matches, from now on."""
        self._expected += patterns

    def mind(self, page: Page) -> None:
        """Watch a page."""
        self._minded.append(page)
        for name, hear in self._ears:
            page.on(name, hear)

    def leave(self) -> None:
        """Watch nothing any more."""
        for page in self._minded:
            if page.is_closed():
                continue
            for name, hear in self._ears:
                page.remove_listener(name, hear)

    @property
    def _ears(self) -> tuple[tuple[Any, Callable[..., None]], ...]:
        return ("console", self._hear), ("pageerror", self._mourn), ("request", self._see)

    def _mourn(self, error: object) -> None:
        self.faults.append(f"page error: {error}")

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        place = urlsplit(message.location.get("url", "")).path
        text = f"console {message.type}: {message.text} ({place})"
        self.faults.append(text)

    def _see(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss"):
            origin = f"{parts.scheme}://{parts.netloc}"
            if origin != self._origin:
                self.faults.append(f"request to another origin: {request.url}")

    def left(self) -> list[str]:
        """Give the faults that nobody expected."""
        return [f for f in self.faults if not any(re.search(p, f) for p in self._expected)]


@pytest.fixture
def watch(site: Site) -> Iterator[Watch]:
    watching = Watch(site.address)
    yield watching
    watching.leave()
    left = watching.left()
    assert not left, "\n".join(left)


@pytest.fixture
def expected(watch: Watch) -> Callable[..., None]:
    return watch.expected


@pytest.fixture(scope="module")
def shelf(site: Site, browser: Browser, browser_context_args: dict[str, Any]) -> Shelf:
    return browsing.shelf_of(browser, browser_context_args, site.address)


@pytest.fixture
def visit(
    site: Site, shelf: Shelf, new_context: Callable[..., BrowserContext], watch: Watch
) -> Iterator[Visit]:
    """Open a path as the person of a role ("" = nobody); gives the page when it is loaded."""
    lent: list[tuple[str, Page]] = []

    def open_page(
        path: str,
        role: str = "admin",
        *,
        locale: str = "zh-CN",
        theme: str = "light",
        size: dict[str, int] | None = None,
        **more: Any,
    ) -> Page:
        size = size or DESK
        touch = {"is_mobile": True, "has_touch": True} if size["width"] < 600 else {}
        if role and size == DESK and not more:
            page = shelf.lend(locale)
            lent.append((locale, page))
        else:
            page = new_context(locale=locale, viewport=size, **touch, **more).new_page()
        context = page.context
        if role:
            site.prefer(role, locale=locale, theme=theme)
            context.add_cookies(
                [
                    {
                        "name": "danshu",
                        "value": site.cookie(role),
                        "url": site.address,
                        "httpOnly": True,
                        "sameSite": "Lax",
                    }
                ]
            )
        else:
            # Nobody's theme is what this browser remembers.
            context.add_init_script(f'localStorage.setItem("danshu.look", {json.dumps(theme)})')
        page.set_default_timeout(PATIENCE_MS)
        watch.mind(page)
        page.goto(path, wait_until="load")
        return page

    yield open_page
    for one in lent:
        shelf.put_back(*one)


@pytest.fixture
def desk(visit: Visit) -> Page:
    return visit("/")


@pytest.fixture
def pda(visit: Visit) -> Page:
    return visit("/pda", "warehouse", size=PDA)


@pytest.fixture
def axe() -> Callable[..., None]:
    """Run axe over a page (or a part of it) and fail on what is serious or critical."""

    def examine(page: Page, part: str | None = None, rules: tuple[str, ...] = ()) -> None:
        options = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
        results = Axe().run(page, context=part, options=options)
        grave = [v for v in results.response["violations"] if v["impact"] in GRAVE]
        told = [
            f"{v['id']} ({v['impact']}): {v['help']}\n"
            + "\n".join(f"    {n['html'][:160]}\n      {_why(n)}" for n in v["nodes"][:4])
            for v in grave
        ]
        assert not told, f"{page.url}\n" + "\n".join(told)

    return examine


def _why(node: dict[str, Any]) -> str:
    return " ".join(node.get("failureSummary", "").split())[:300]
