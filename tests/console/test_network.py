"""The network page: a planner plans anew, sees who will be short, and plays a scenario."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.console.conftest import PDA, Visit
from tests.console.site import Site
from tests.fixtures import network

PATIENCE_MS = 120_000  # only so that a failing test ends


def furnish(site: Site) -> tuple[str, str]:
    """Leave a forecast in which the first goods run out at once, and past sales of theirs."""
    codes = [one["code"] for one in site.call("GET", "/v1/warehouses")["items"][:4]]
    skus = [one["code"] for one in site.call("GET", "/v1/skus?limit=3")["items"]]
    rates = {(code, sku): 400.0 / (1 + n) for code in codes for n, sku in enumerate(skus)}
    network.foretell(site, rates)
    network.sell_before(site, skus=skus)
    return codes[0], skus[0]


def test_a_planner_sees_who_will_be_short_and_plays_a_scenario(
    site: Site, visit: Visit, axe: Callable[[Page], None]
) -> None:
    closed, sku = furnish(site)
    page = visit("/network", "planner")
    page.get_by_role("button", name="重新计划").click()
    expect(page.locator(".figures")).to_contain_text("7 天内多半断货", timeout=PATIENCE_MS)
    page.get_by_role("tab", name="缺货预警").click()
    table = page.get_by_role("tabpanel", name="缺货预警")
    expect(table).to_contain_text(sku)
    axe(page)
    table.get_by_text(sku).first.click()
    drawer = page.locator(".peek")
    expect(drawer).to_contain_text("每天还能卖多少件")
    drawer.get_by_role("button", name="表格").click()
    expect(drawer.get_by_role("columnheader", name="90 %")).to_be_visible()
    page.get_by_role("tab", name="参数").click()
    expect(page.get_by_label("C 类")).to_have_value("90.0")
    axe(page)
    page.get_by_role("tab", name="情景仿真").click()
    panel = page.get_by_role("tabpanel", name="情景仿真")
    panel.get_by_label("名称").fill("停一个仓")
    panel.get_by_label("停用仓库").fill(closed)
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="开始仿真").click()
    compared = page.get_by_role("region", name="各策略比较")
    expect(compared).to_be_visible(timeout=PATIENCE_MS)
    expect(compared).to_contain_text(re.compile("本系统"))
    expect(page.get_by_role("region", name="停一个仓")).to_be_visible()
    axe(page)
    narrow = visit("/network?tab=short", "planner", size=PDA)
    expect(narrow.locator(".network-card").first).to_be_visible()
    wide = narrow.evaluate("document.documentElement.scrollWidth")
    assert wide <= PDA["width"]
    axe(narrow)
