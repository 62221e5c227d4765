"""The health board: an SRE sees what burns, reads the runbook, sets maintenance, ends it."""

from __future__ import annotations

import asyncio
import concurrent.futures
import time
from collections.abc import Callable

import psycopg
from playwright.sync_api import Page, expect

from danshu.hub import health_room
from danshu.hub.meters import Meters
from tests.console.conftest import PDA, Visit
from tests.console.site import Site
from tests.fixtures.engine import tell


def burn(site: Site) -> None:
    """Let deliveries by a webhook fail, and the board look twice."""

    async def work() -> None:
        now_s = time.time()
        process, memory = Meters(lambda: now_s - 60), health_room.Memory()
        async with await psycopg.AsyncConnection.connect(site.url, autocommit=True) as c:
            process.note(site.tenant, "webhook:erp", 0.4, ok=90, failed=10)
            await process.flush(c)
            for _ in range(2):
                await health_room.look(c, memory, round(now_s * 1000))

    # A thread of its own: the browser's event loop runs in this one.
    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(work())).result()


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
        burning = page.get_by_role("status").filter(has_text="事件送达率 90.00 %，低于 95 %。")
        expect(burning).to_contain_text("最差的是erp")
        rows = page.get_by_role("table", name="能力与适配器")
        expect(rows.get_by_role("row").filter(has_text="契约计时")).to_contain_text("正常")
        axe(page)
        burning.get_by_role("button", name="处置手册").click()
        book = page.get_by_role("dialog", name="处置手册 · 事件送达率")
        expect(book.get_by_role("listitem").first).to_contain_text("事件订阅")
        book.get_by_role("button", name="维护窗口").click()
        expect(book).to_have_count(0)
        form = page.get_by_role("dialog", name="设维护窗口")
        form.get_by_role("button", name="设维护窗口").click()
        expect(form.get_by_text("要写原因")).to_be_visible()
        form.get_by_label("原因").fill("ERP 升级")
        form.get_by_role("button", name="设维护窗口").click()
        expect(form).to_have_count(0)
        window = page.get_by_role("listitem").filter(has_text="事件送达率维护")
        expect(window).to_contain_text("ERP 升级")
        window.get_by_role("button", name="结束维护").click()
        expect(window).to_have_count(0)
    finally:
        tell(site.url, "delete from health_samples where subject='webhook:erp'")


def test_the_board_on_a_narrow_screen(visit: Visit) -> None:
    page = visit("/health-board", "sre", size=PDA)
    expect(page.locator(".health-tile")).to_have_count(12)
    assert page.evaluate("document.documentElement.scrollWidth") <= PDA["width"]
