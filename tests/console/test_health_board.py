"""The health board: an SRE sees what burns, reads the runbook, sets maintenance, ends it."""

from __future__ import annotations

import asyncio
import concurrent.futures
import re
import time
from collections.abc import Callable
from typing import Any

import psycopg
from playwright.sync_api import Page, expect

from danshu.hub.meters import Meters
from tests.console.conftest import PDA, Visit
from tests.console.site import Site
from tests.fixtures.engine import tell


def burn(site: Site) -> None:
    """Let deliveries by a webhook fail, and wait until the board has seen it twice."""

    async def work() -> None:
        now_s = time.time()
        process = Meters(lambda: now_s)
        async with await psycopg.AsyncConnection.connect(site.url, autocommit=True) as c:
            process.note(site.tenant, "webhook:erp", 0.4, ok=900_000, failed=100_000)
            await process.flush(c)

    tell(site.url, "update subscriptions set state='paused'")
    # A thread of its own: the browser's event loop runs in this one.
    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(work())).result()

    def is_seen(board: dict[str, Any]) -> bool:
        # What other tests' webhooks failed at, some of them just now, would stand in the same tile.
        others = "subject like 'webhook:%' and subject<>'webhook:erp'"
        tell(site.url, f"delete from health_samples where {others}")
        tile = board["tiles"][2]
        return (tile["level"], tile["culprit"]) == ("red", "erp")

    site.wait_for("/v1/health-board", is_seen)


def test_an_sre_reads_the_board_and_sets_maintenance(
    site: Site, visit: Visit, axe: Callable[[Page], None]
) -> None:
    burn(site)
    try:
        page = visit("/health-board", "sre")
        tiles = page.locator(".health-tile")
        expect(tiles).to_have_count(12)
        tile = tiles.filter(has_text="事件送达率")
        expect(tile).to_contain_text("90.00")
        expect(tile).to_contain_text("红")
        expect(tile).to_contain_text("erp")
        rows = page.get_by_role("table", name="能力与适配器")
        expect(rows.get_by_role("row").filter(has_text="契约计时")).to_contain_text("100.00%")
        axe(page)
        # on a machine as busy as that of tests another metric may burn as well
        burning = page.locator(".health-burning")
        expect(burning).to_be_visible()
        burning.get_by_role("button", name="处置手册").click()
        book = page.get_by_role("dialog", name=re.compile("处置手册"))
        expect(book.get_by_role("listitem").nth(1)).to_be_visible()
        book.get_by_role("button", name="维护窗口").click()
        expect(book).to_have_count(0)
        form = page.get_by_role("dialog", name="设维护窗口")
        form.get_by_role("button", name="设维护窗口").click()
        expect(form.get_by_text("要写原因")).to_be_visible()
        form.get_by_label("原因").fill("ERP 升级")
        form.get_by_role("button", name="设维护窗口").click()
        expect(form).to_have_count(0)
        window = page.get_by_role("listitem").filter(has_text="ERP 升级")
        expect(window).to_contain_text("维护")
        window.get_by_role("button", name="结束维护").click()
        expect(window).to_have_count(0)
    finally:
        tell(site.url, "delete from health_samples where subject='webhook:erp'")


def test_the_board_on_a_narrow_screen(visit: Visit) -> None:
    page = visit("/health-board", "sre", size=PDA)
    expect(page.locator(".health-tile")).to_have_count(12)
    assert page.evaluate("document.documentElement.scrollWidth") <= PDA["width"]
