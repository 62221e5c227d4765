"""The page of one order: where it stands, why this warehouse, what may be done and what may not."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.console.conftest import Visit
from tests.console.site import Site


def test_it_tells_the_state_the_promises_and_the_reasons(site: Site, visit: Visit) -> None:
    order = site.by_state("shipped")
    page = visit(f"/orders/{order['order']}", "service")
    expect(page.locator("h1")).to_contain_text(order["number"])
    main = page.locator("main")
    expect(main).to_contain_text("履约时间线")
    expect(main).to_contain_text("分仓决策")
    expect(main).to_contain_text(re.compile(r"为什么是"))
    expect(main).to_contain_text(re.compile(r"未选 3\d 仓的原因"))
    expect(main).to_contain_text("48小时发货")
    expect(page.locator("main svg circle, main svg path").first).to_be_attached()


def test_a_phone_is_masked_until_a_reason_is_told(site: Site, visit: Visit) -> None:
    order = site.by_state("released")
    page = visit(f"/orders/{order['order']}", "service")
    expect(page.locator("main")).to_contain_text(re.compile(r"\d{3}\*+\d{2,4}|\*{3,}"))
    page.get_by_role("button", name="查看明文").first.click()
    box = page.get_by_role("textbox").last
    box.fill("买家要求核对电话")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text(re.compile(r"1\d{10}|\+\d"))
    kinds = site.call("GET", f"/v1/orders/{order['order']}/facts")["facts"]
    assert any("reveal" in fact["type"] for fact in kinds)


def test_an_order_is_held_and_its_timeline_says_so(site: Site, visit: Visit) -> None:
    order = [o for o in site.orders if o["state"] == "allocated"][-1]
    page = visit(f"/orders/{order['order']}", "service")
    expect(page.locator("h1")).to_contain_text(order["number"])
    page.keyboard.press("h")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    dialog.get_by_role("textbox", name=re.compile("原因")).or_(
        dialog.get_by_role("combobox", name=re.compile("原因"))
    ).first.fill("等买家回话")
    dialog.get_by_role("button", name="挂起").click()
    expect(page.locator("main")).to_contain_text("等买家回话")
    assert site.call("GET", f"/v1/orders/{order['order']}")["holds"]


def test_another_merchant_s_order_is_not_there(visit: Visit, expected) -> None:
    expected(r"status of 404")
    page = visit("/orders/01900000-0000-7000-8000-000000000000", "service")
    expect(page.locator("h1")).to_have_text("没有这张订单")


def test_in_english(site: Site, visit: Visit) -> None:
    order = site.by_state("delivered")
    page = visit(f"/orders/{order['order']}", "legal", locale="en")
    expect(page.locator("h1")).to_contain_text(order["number"])
    expect(page.locator("main")).not_to_contain_text("履约时间线")
