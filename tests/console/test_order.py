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
    expect(main).to_contain_text(re.compile(r"为什么是"))
    expect(main).to_contain_text(re.compile(r"未选 3\d 仓的原因"))
    expect(main).to_contain_text("48小时发货")
    expect(page.locator("main svg circle, main svg path").first).to_be_attached()


def test_a_phone_is_masked_until_a_reason_is_told(site: Site, visit: Visit) -> None:
    # An order of one's own shop; those of platforms are encrypted by the platform.
    order = next(o for o in site.orders if o["channel"] == "woocommerce")
    page = visit(f"/orders/{order['order']}", "service")
    expect(page.locator("main")).to_contain_text("按角色遮盖")
    before = page.locator("main").inner_text()
    page.get_by_role("button", name="查看明文").first.click()
    page.get_by_role("textbox").last.fill("买家要求核对电话")
    page.get_by_role("button", name="查看明文").last.click()
    expect(page.locator("main")).not_to_contain_text("***")
    assert "***" in before
    kinds = site.call("GET", f"/v1/orders/{order['order']}/facts")["facts"]
    assert any("reveal" in fact["type"] for fact in kinds)


def test_an_order_is_held_and_its_timeline_says_so(site: Site, visit: Visit) -> None:
    order = site.call("GET", f"/v1/orders/{site.place_order()}")
    page = visit(f"/orders/{order['order']}", "service")
    expect(page.locator("h1")).to_contain_text(order["number"])
    expect(page.get_by_role("button", name="挂起").first).to_be_visible()
    page.keyboard.press("h")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("理由").fill("等买家回话")
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
