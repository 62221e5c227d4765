"""Finance clears a queue: a bill comes in, a run finds what differs, each is explained."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from danshu.testing import bills
from danshu.testing.bills import Move
from tests.console.conftest import Visit
from tests.console.site import Site

PATIENCE_MS = 60_000  # only so that a failing test ends
AT = "2026-10-02 10:00:00"


def _write_rules(site: Site, page: Page) -> None:
    """A rate is kept with its source, and what is typed outlives what another saves."""
    # What a platform takes is a rate with its source; it is kept as a version.
    page.goto(f"{site.address}/reconcile")
    rules = page.locator("section.card", has=page.get_by_role("heading", name="规则：费率与容差"))
    rules.get_by_role("button", name="添加费率").click()
    rules.get_by_label("费率（%）").fill("5")
    rules.get_by_label("依据").fill("类目佣金表")
    rules.get_by_role("button", name="保存规则").click()
    expect(rules).to_contain_text(re.compile("第 \\d+ 版"))
    kept = site.call("GET", "/v1/reconcile/rules")["rules"]["rates"][-1]
    assert (kept["channel"], kept["ppm"], kept["source"]) == ("taobao", 50_000, "类目佣金表")
    # somebody else is faster: what is typed stands, and is saved over theirs once that is told
    days = rules.get_by_label("付款后几天内应到账单")
    days.fill("9")
    site.call("PUT", "/v1/reconcile/rules", json={"settle_days": 20})
    rules.get_by_role("button", name="保存规则").click()
    expect(rules.get_by_role("alert")).to_contain_text("他人已存")
    expect(days).to_have_value("9")
    save = rules.get_by_role("button", name="保存规则")
    expect(save).not_to_have_class(re.compile("loading"))
    save.click()
    expect(rules.get_by_role("alert")).to_have_count(0)
    assert site.call("GET", "/v1/reconcile/rules")["rules"]["settle_days"] == 9
    site.call("PUT", "/v1/reconcile/rules", json={})


def test_finance_clears_a_queue(
    site: Site,
    visit: Visit,
    axe: Callable[[Page], None],
    expected: Callable[..., None],
    tmp_path: Path,
) -> None:
    expected(r"409 .*/v1/reconcile/rules")
    file = tmp_path / "202610_jd.csv"
    moves = [
        Move(kind="sale", number=f"88000000{n}", amount=amount, at=AT, flow=f"JD{n}")
        for n, amount in ((1, 12_900), (2, 250_000))
    ]
    file.write_bytes(bills.jd(moves))
    page = visit("/reconcile", "finance")
    page.get_by_role("button", name="导入账单").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("账单类型").click()
    page.get_by_title("京东结算单").click()
    dialog.get_by_label("文件").set_input_files(file)
    dialog.get_by_role("button", name="导入账单").click()
    expect(page.get_by_text("已导入 2 行；拒收 0 行")).to_be_visible()
    page.get_by_role("button", name="立即对账").click()
    page.wait_for_url(re.compile("/reconcile/runs/.+"))
    expect(page.locator("h1").locator("..")).to_contain_text("已完成", timeout=PATIENCE_MS)
    axe(page)
    # Our two differences by the numbers in the matrix.
    page.get_by_role("link", name="订单缺").click()
    row = page.get_by_role("row", name=re.compile("880000001"))
    expect(row).to_contain_text("¥129.00")
    axe(page)
    row.get_by_role("link").click()
    head = page.locator("h1").locator("..")
    expect(head).to_contain_text("应为 ¥0.00；账单 ¥129.00")
    raw = page.locator(".reconcile-raw")
    expect(raw).to_contain_text("货款")
    expect(raw).to_contain_text("JD1")
    axe(page)
    page.get_by_role("button", name="我来处理").click()
    expect(page.locator(".reconcile-facts")).to_contain_text("F")
    page.get_by_role("button", name="关闭差异").click()
    dialog = page.get_by_role("dialog")
    act = dialog.get_by_role("button", name="关闭差异")
    expect(act).to_be_disabled()
    dialog.get_by_label("原因").click()
    page.get_by_title("线下收付款").click()
    dialog.get_by_label("说明").fill("门店自提，线下下单")
    act.click()
    expect(head).to_contain_text("已关闭")
    # From 1,000 yuan on a second person closes it, and the first one cannot be that.
    page.goto(f"{site.address}/reconcile?class=missing_in_orders")
    page.get_by_role("row", name=re.compile("880000002")).get_by_role("link").click()
    page.get_by_role("button", name="提请关闭").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("原因").click()
    page.get_by_title("坏账核销").click()
    dialog.get_by_label("说明").fill("平台测试单")
    dialog.get_by_role("button", name="提请关闭").click()
    expect(head).to_contain_text("待复核")
    expect(page.get_by_role("button", name="复核关闭")).to_be_disabled()
    _write_rules(site, page)
    page.goto(f"{site.address}/reconcile?class=missing_in_orders&state=closed")
    expect(page.get_by_role("row", name=re.compile("880000001"))).to_contain_text("线下收付款")
