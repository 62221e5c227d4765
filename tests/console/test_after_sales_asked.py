"""After-sales beyond the desk: a buyer asks on a phone by link, a merchant sets up what may be
asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from tests.console.conftest import PDA, Visit
from tests.console.site import Site
from tests.console.test_after_sales import sent
from tests.console.test_people_pages import STEP_UP, prove
from tests.fixtures.floor import PNG

Axe = Callable[..., None]
DESK = {"width": 1280, "height": 900}
SETTINGS = "/v1/after-sale-settings"


def test_a_buyer_asks_on_a_phone_and_sends_it_back(
    site: Site, visit: Visit, axe: Axe, tmp_path: Path
) -> None:
    made = sent(site)
    link = site.call("POST", f"/v1/orders/{made['order']}/links", json={})
    page = visit(link["url"].removeprefix(site.address), "", size=PDA)
    part = page.locator("#cases")
    part.get_by_text("申请售后", exact=True).click()
    part.get_by_label("要什么").select_option("return")
    part.get_by_label("原因").select_option("quality")
    part.get_by_role("spinbutton").first.fill("1")
    part.get_by_role("button", name="提交售后申请").click()
    expect(part.get_by_role("status")).to_have_text("没有提交：这个原因要附照片。")
    part.get_by_text("申请售后", exact=True).click()
    part.get_by_label("原因").select_option("quality")
    part.get_by_role("spinbutton").first.fill("1")
    part.get_by_label("说明").fill("杯口有缺口")
    photo = tmp_path / "cup.png"
    photo.write_bytes(PNG)
    part.get_by_label("照片").set_input_files(photo)
    axe(page)
    part.get_by_role("button", name="提交售后申请").click()
    expect(part).to_contain_text("等商家处理")
    assert page.evaluate("document.documentElement.scrollWidth") <= PDA["width"]
    (case,) = site.call("GET", f"/v1/orders/{made['order']}/after-sales")["items"]

    desk = visit(f"/after-sales/{case['id']}", "finance", size=DESK)
    expect(desk.locator("main")).to_contain_text("杯口有缺口")
    expect(desk.get_by_role("list", name="买家照片").get_by_role("img")).to_be_visible()
    path = f"/v1/after-sales/{case['id']}/acts"
    site.call("POST", path, json={"act": "agree", "amount_fen": case["amount"]})

    page.reload()
    expect(part).to_contain_text("请寄回")
    part.get_by_label("快递公司").fill("中通")
    part.get_by_label("运单号").fill(f"ZT{made['number']}")
    part.get_by_role("button", name="提交退回运单").click()
    expect(part).to_contain_text("退回途中")
    (case,) = site.call("GET", f"/v1/orders/{made['order']}/after-sales")["items"]
    assert case["waybill"] == f"ZT{made['number']}".upper()


def test_a_merchant_sets_up_after_sales(
    site: Site, visit: Visit, expected: Callable[..., None]
) -> None:
    expected(STEP_UP)
    before: dict[str, Any] = site.call("GET", SETTINGS)
    page = visit("/settings/after-sales", "admin", size=DESK)
    quality = page.get_by_label("质量问题")
    expect(quality).to_have_value("15")
    page.get_by_label("七天无理由").fill("3")
    page.get_by_role("button", name="保存售后设置").click()
    expect(page.locator("main")).to_contain_text("填 7 到 365 天")
    page.get_by_label("七天无理由").fill("10")
    quality.fill("30")
    page.get_by_label("寄回地址").fill("示例园区 3 号仓")
    page.get_by_role("button", name="添加商品").click()
    page.get_by_label("SKU").fill("EX-CUP-BLUE")
    page.get_by_label("依据", exact=True).first.click()
    page.locator(".ant-select-item-option").filter(has_text="消费者定作").click()
    page.get_by_role("button", name="保存售后设置").click()
    prove(page, site)
    expect(page.locator(".ant-notification-notice")).to_contain_text("售后设置已保存")
    kept = site.call("GET", SETTINGS)
    assert kept["windows"] == {"no_longer_wanted": 10, "quality": 30}
    assert kept["exempt"] == {"EX-CUP-BLUE": "custom"}

    times = page.get_by_role("region", name="处理时限", exact=True).first
    times.get_by_label("步骤").fill("退货退款 · 待处理")
    page.locator(".ant-select-item-option").filter(has_text="退货退款 · 待处理").click()
    times.get_by_label("小时").fill("12")
    times.get_by_label("生效日").fill("2026-11-01")
    times.get_by_label("依据").fill("自定")
    times.get_by_role("button", name="添加时限").click()
    row = times.get_by_role("row").filter(has_text=re.compile("12.*自定"))
    expect(row).to_contain_text("退货退款 · 待处理")
    row.get_by_role("button", name="移除").click()
    expect(row).to_have_count(0)

    terms = page.get_by_role("region", name="承运商赔付标准").first
    terms.get_by_label("承运商编码").fill("EX-CARRIER")
    terms.get_by_label("生效日").fill("2026-01-01")
    terms.get_by_label("合同").fill("合同 2026-9")
    terms.get_by_role("button", name="添加赔付标准").click()
    expect(terms.get_by_role("row").filter(has_text="EX-CARRIER")).to_contain_text("货物实付价值")
    keep = ("auto_fen", "second_fen", "by_link", "windows", "exempt", "return_to")
    site.call("PUT", SETTINGS, json={name: before[name] for name in keep})
