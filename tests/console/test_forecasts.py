"""The forecast page: a planner brings past sales, forecasts, reads a series, plans a promotion."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from danshu.hub import asset_files
from danshu.testing import past_sales
from tests.console.conftest import PDA, Visit
from tests.console.site import Site
from tests.fixtures import forecasts


def foretell(site: Site, today: datetime.date) -> None:
    """Forecast by plain methods, which takes no time; beside the loop of the browser."""
    with ThreadPoolExecutor(1) as beside:
        beside.submit(lambda: asyncio.run(forecasts.make(site.url, site.tenant, today))).result()


def test_a_planner_forecasts(
    site: Site,
    visit: Visit,
    axe: Callable[[Page], None],
    expected: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(asset_files.VARIABLE, str(tmp_path))
    (house,) = [one["code"] for one in site.call("GET", "/v1/warehouses")["items"][:1]]
    skus = site.call("GET", "/v1/skus?limit=2")["items"]
    goods = [one["code"] for one in skus]
    today = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8))).date()
    page = visit("/forecasts?tab=history", "planner")
    files = page.get_by_role("tabpanel", name="历史销量")
    chosen = files.get_by_label("CSV 或 XLSX")
    wrong = f"day,place,sku,units\n{today - datetime.timedelta(days=1)},{house},nothing,3\n"
    expected(r"status of 422.*/v1/forecasts/history")
    chosen.set_input_files({"name": "错.csv", "mimeType": "text/csv", "buffer": wrong.encode()})
    files.get_by_role("button", name="带入", exact=True).click()
    expect(files.get_by_role("alert")).to_contain_text("第 2 行：主数据里没有这个商品")
    body = past_sales.history(today, [house], goods)
    chosen.set_input_files({"name": "旧系统.csv", "mimeType": "text/csv", "buffer": body})
    files.get_by_role("button", name="带入", exact=True).click()
    expect(files.get_by_role("cell", name="旧系统.csv")).to_be_visible()
    expect(files.get_by_role("alert")).to_have_count(0)
    axe(page)
    page.get_by_role("tab", name="促销计划").click()
    page.get_by_role("button", name="计划促销").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("名称").fill("年末促销")
    dialog.get_by_label("商品编码").fill(f"{goods[0]},")
    first = today + datetime.timedelta(days=4)
    dialog.get_by_label("日期").first.fill(first.isoformat())
    page.keyboard.press("Tab")
    page.keyboard.type((first + datetime.timedelta(days=1)).isoformat())
    page.keyboard.press("Enter")
    dialog.get_by_label("预计倍数").fill("3")
    dialog.get_by_role("button", name="保存").click()
    expect(page.get_by_role("cell", name="年末促销", exact=True)).to_be_visible()
    expect(page.get_by_role("cell", name="×3.00")).to_be_visible()
    page.get_by_role("button", name="现在预测").click()
    under_way = page.get_by_role("region", name="正在预测")
    under_way.get_by_role("button", name="停止").click()
    expect(under_way).to_have_count(0)
    foretell(site, today)
    page.goto(f"/forecasts?place={house}&q={goods[0]}")
    table = page.get_by_role("region", name="各地各商品的需求", exact=True).last
    named = table.get_by_role("button", name=skus[0]["name"], exact=True)
    expect(named).to_be_visible()
    axe(page)
    named.click()
    expect(page.get_by_text("促销“年末促销”")).to_be_visible()
    page.get_by_role("button", name="表格").click()
    expect(page.get_by_role("columnheader", name="95% 区间")).to_be_visible()
    axe(page)
    page.get_by_role("tab", name="方法与准度").click()
    expect(page.get_by_role("cell", name="单枢（各法中位）")).to_be_visible()
    axe(page)
    narrow = visit("/forecasts", "finance", size=PDA)
    expect(narrow.get_by_role("button", name="现在预测")).to_have_count(0)
    expect(narrow.locator(".forecasts-goods").first).to_be_visible()
    assert narrow.evaluate("document.documentElement.scrollWidth") <= PDA["width"]
    axe(narrow)
