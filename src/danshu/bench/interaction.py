"""`danshu bench interaction`: how long a browser takes to paint what a key or a click did.

A hub with the demo's merchant and `size` orders (400), and Chromium on its workbench: rows by j and
k, selecting, a filter typed, an order opened and left. A figure is the worst of its interactions as
the browser's own Event Timing tells it (hardware event to next paint, in steps of 8 ms; what took
less than 16 ms is not told and counts as that). `script_kb` is what the first open of the workbench
loads of script, by gzip. Floor: the same keys on a page with as many plain rows and one listener.

It needs playwright and Chromium, which `./danshu test` brings.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.bench import rig as rigs
from danshu.bench.load import Plan
from danshu.bench.place import ambient, plenty
from danshu.bench.report import Report, make_report, read_machine
from danshu.hub import invitations, people, sessions
from danshu.kernel.errors import NotAvailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from danshu.bench.rig import Rig

SIZE: Final = 400
RATE: Final = 100  # orders a second while they are brought in
KEYS: Final = 40
BUDGET: Final = {
    "keys_ms": 200.0,
    "select_ms": 200.0,
    "filter_ms": 200.0,
    "open_ms": 200.0,
    "back_ms": 200.0,
    "script_kb": 400.0,
}
UNTOLD_MS: Final = 16  # the least that Event Timing tells
_NAMES: Final = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_ARGUMENTS: Final = ["--no-sandbox", "--disable-gpu", "--no-first-run"]
_STATIC: Final = Path(__file__).resolve().parents[1] / "static"
_LISTEN: Final = """
window.__felt = [];
new PerformanceObserver((list) => {
  for (const e of list.getEntries()) if (e.interactionId) window.__felt.push(e.duration);
}).observe({ type: "event", durationThreshold: 16, buffered: true });
"""
_PLAIN: Final = """<!doctype html><title>floor</title><table>{rows}</table><script>
let at = 0; const rows = document.querySelectorAll("tr");
addEventListener("keydown", (event) => {{
  rows[at].style.background = "";
  at = Math.max(0, at + (event.key === "k" ? -1 : 1));
  rows[at].style.background = "#def";
}});</script>"""


def run(seconds: int | None = None, size: int | None = None) -> Report:
    """Measure over `size` orders (400); `seconds` is not used, each interaction is done once."""
    machine = read_machine()
    orders = size or SIZE
    with rigs.open_rig(plenty()) as rig:
        plan = Plan(
            host="127.0.0.1",
            port=rig.ports[0],
            key=rig.key,
            rate=RATE,
            seconds=orders / RATE,
            regions=rigs.places(),
            skus=ambient(),
        )
        rigs.drive(plan)
        cookie = asyncio.run(_let_in(rig))
        with _browser() as browser:
            figures = _measure(browser, f"http://localhost:{rig.ports[0]}", cookie)
            floor = _floor(browser)
    return make_report("interaction", figures=figures, floor=floor, budget=BUDGET, machine=machine)


async def _let_in(rig: Rig) -> str:
    """Seat a person with a session; gives the cookie."""
    async with (
        await psycopg.AsyncConnection.connect(rig.url, autocommit=True) as connection,
        connection.transaction(),
    ):
        row = await invitations.seat(
            connection,
            rig.tenant,
            rigs.BENCH,
            login="bench@danshu.example",
            name="基准",
            number="B01",
            roles=["admin"],
            hashed="",  # comes in by the session below alone
        )
        return await sessions.open_(
            connection,
            rig.tenant,
            row,
            sessions.Visitor(address="127.0.0.1", agent="bench"),
            method="password",
            limited=False,
            now_ms=people.now_ms(),
        )


@contextlib.contextmanager
def _browser() -> Iterator[Any]:
    """Give a Chromium. Raises NotAvailable when it, or playwright, is not here."""
    path = next((found for name in _NAMES if (found := shutil.which(name))), "")
    try:
        playwright = importlib.import_module("playwright.sync_api")
    except ModuleNotFoundError:
        playwright = None
    if playwright is None or not path:
        raise NotAvailable("this needs playwright and Chromium: run ./danshu test tests/console")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=path, args=_ARGUMENTS)
        yield browser
        browser.close()


def _measure(browser: Any, address: str, cookie: str) -> dict[str, Any]:
    context = browser.new_context(
        base_url=address, locale="zh-CN", viewport={"width": 1440, "height": 900}
    )
    context.add_cookies([{"name": "danshu", "value": cookie, "url": address}])
    context.add_init_script(_LISTEN)
    page = context.new_page()
    started = time.monotonic()
    page.goto("/orders", wait_until="load")
    page.locator("[role=row][aria-rowindex]").nth(10).wait_for()
    first_ms = (time.monotonic() - started) * 1000
    page.wait_for_timeout(1_000)
    script_kb = _script_kb(page)

    def press(*keys: str) -> Callable[[], None]:
        def act() -> None:
            for key in keys:
                page.keyboard.press(key)
                page.wait_for_timeout(30)

        return act

    figures = {
        "keys_ms": _felt(page, press(*"j" * KEYS, *"k" * (KEYS // 2))),
        "select_ms": _felt(page, press("x", "j", "x", "Shift+j", "x")),
        "filter_ms": _felt(page, press("/", *"SF2026", "Escape", "Escape", "Escape")),
    }
    page.keyboard.press("j")
    figures["open_ms"] = _felt(page, press("Enter"))
    page.wait_for_url("**/orders/*")
    page.locator("h1").first.wait_for()
    figures["back_ms"] = _felt(page, press("Alt+ArrowLeft"))
    figures["inp_ms"] = max(figures.values())
    context.close()
    return {**figures, "script_kb": script_kb, "first_open_ms": round(first_ms)}


def _felt(page: Any, act: Callable[[], None]) -> float:
    """Do something and give the worst of its interactions, ms."""
    page.evaluate("window.__felt = []")
    act()
    page.wait_for_timeout(400)  # the browser tells after the paint
    felt: list[float] = page.evaluate("window.__felt")
    return max([UNTOLD_MS, *felt])


def _script_kb(page: Any) -> float:
    """Give what the page has loaded of script, kB by gzip as it was built."""
    names = page.evaluate(
        "performance.getEntriesByType('resource').map((e) => new URL(e.name).pathname)"
    )
    found = {name for name in names if name.endswith(".js")}
    total = 0
    for name in found:
        plain = _STATIC / name.lstrip("/")
        packed = plain.with_name(plain.name + ".gz")
        total += (packed if packed.is_file() else plain).stat().st_size
    return total / 1000


def _floor(browser: Any) -> dict[str, Any]:
    """The same keys on plain rows."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.add_init_script(_LISTEN)
    page = context.new_page()
    cells = "<td>0</td>" * 12
    page.route(
        "**/*",
        lambda route: route.fulfill(
            content_type="text/html", body=_PLAIN.format(rows=f"<tr>{cells}</tr>" * 200)
        ),
    )
    page.goto("http://localhost/floor")

    def act() -> None:
        for key in (*"j" * KEYS, *"k" * (KEYS // 2)):
            page.keyboard.press(key)
            page.wait_for_timeout(30)

    keys_ms = _felt(page, act)
    context.close()
    return {"keys_ms": keys_ms, "inp_ms": keys_ms}
