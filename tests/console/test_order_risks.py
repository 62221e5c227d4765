"""Times and risks at the console: why an order is at risk, a challenger that is put into use."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
from msgspec.structs import replace
from playwright.sync_api import Page, expect

from danshu.capabilities.learning.model import Push
from danshu.hub import learning_risks, learning_rows, learning_tables
from danshu.hub.learning_work import ACTOR
from danshu.hub.worlds import now_ms
from tests.console.conftest import Visit
from tests.console.site import EVERYBODY, Site
from tests.fixtures import learning


async def tell(site: Site, order: str) -> None:
    """Keep rates and trees, an order at risk, and the lanes of a merchant."""
    async with await psycopg.AsyncConnection.connect(site.url, autocommit=True) as connection:
        made = await learning_rows.add(connection, site.tenant, learning.trained(), ACTOR, now_ms())
        risk = learning.risk(order, made[0], now_ms())
        why = (Push(feature="backlog", push=220, value="118"), Push(feature="hour", push=-31))
        told = replace(risk, number="R-1", why=why)
        await learning_risks.write_all(connection, site.tenant, [told], now_ms())
        with learning.frames() as (frames, _):
            await learning_tables.write_tables(connection, site.tenant, frames)


def test_a_risk_is_explained_and_a_model_put_into_use(
    site: Site, visit: Visit, axe: Callable[[Page], None]
) -> None:
    order = site.by_state("shipped")["order"]
    with ThreadPoolExecutor(1) as pool:  # the browser's own loop runs in this thread
        pool.submit(asyncio.run, tell(site, order)).result()
    page = visit("/forecasts/orders", EVERYBODY)
    expect(page.locator(".page-head")).to_contain_text("1 单可能违约")
    row = page.get_by_role("row").filter(has_text="R-1")
    expect(row).to_contain_text("仓内待发单数 +22")
    row.get_by_role("button", name="R-1").click()
    card = page.get_by_role("region", name="订单 R-1")
    expect(card).to_contain_text("违约可能 70%")
    expect(card.get_by_role("listitem")).to_have_count(2)
    axe(page)
    page.get_by_role("tab", name="承运商线路").click()
    expect(page.get_by_role("row").nth(3)).to_contain_text("WH-")
    page.get_by_role("tab", name="模型").click()
    challenger = page.get_by_role("row").filter(has_text="提升树")
    expect(challenger).to_contain_text("候选")
    challenger.get_by_role("button").click()
    page.get_by_role("button", name="启用", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="启用").click()
    expect(challenger).to_contain_text("在用")
    expect(page.get_by_role("img").first).to_be_visible()
    axe(page)
    page.set_viewport_size({"width": 390, "height": 844})
    expect(challenger).to_be_visible()
    axe(page)
