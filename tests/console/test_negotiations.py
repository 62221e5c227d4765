"""A rider answers a call on a phone; the desk sees its clock run, its scores, its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.console.browsing import DESK
from tests.console.conftest import PDA, Visit
from tests.console.site import EVERYBODY, Site

LINES = [{"sku": "EX-CUP-BLUE", "quantity": 1, "price_fen": 11_800}]
TO = {
    "name": "王示例",
    "phone": "13900000000",
    "province": "浙江省",
    "city": "杭州市",
    "district": "西湖区",
    "detail": "示例路 1 号",
}


def place(site: Site, number: str) -> str:
    """Place an order that waits for a carrier."""
    body = {"number": number, "lines": LINES, "receiver": TO, "paid_at": "2026-11-01T00:00:00Z"}
    return str(site.call("POST", "/v1/orders", json=body)["order"])


def call(site: Site, order: str, *parties: str, reply_ms: int = 600_000) -> dict[str, Any]:
    """Open a call that waits long enough for a browser."""
    body = {"parties": parties, "reply_ms": reply_ms, "offer_fen": 1_500}
    return dict(site.call("POST", f"/v1/orders/{order}/negotiations", json=body))


@pytest.fixture(scope="module")
def rider(site: Site) -> str:
    """The path of a rider's page."""
    site.call("PUT", "/v1/parties/rider-b", json={"name": "王骑手"})
    site.call("PUT", "/v1/parties/rider-b2", json={"name": "李骑手"})
    link = site.call("POST", "/v1/parties/rider-b/links")["url"]
    return str(link.removeprefix(site.address))


def targets(page: Page) -> list[float]:
    """Heights of what a thumb meets."""
    found: list[float] = page.eval_on_selector_all(
        "button, label.window, .fields input",
        "all => all.map((e) => e.getBoundingClientRect().height)",
    )
    return found


def test_a_rider_offers_and_confirms_on_a_phone(
    site: Site, visit: Visit, axe: Callable[..., None], rider: str
) -> None:
    order = place(site, "NG-0001")
    page = visit(rider, "", size=PDA)
    expect(page.locator("#line")).to_have_text("实时")
    opened = call(site, order, "rider-b")  # it comes by the stream, without a reload
    card = page.locator(f"[data-call='{opened['id']}']")
    expect(card).to_contain_text("商家出价 ¥15.00")
    expect(card).not_to_contain_text("示例路")
    assert min(targets(page)) >= 44
    assert page.evaluate("document.documentElement.scrollWidth") <= PDA["width"]
    axe(page)
    page.get_by_label("报价(元)").fill("12.50")
    card.get_by_role("button", name="报价").click()
    expect(card.get_by_role("button", name="确认接单")).to_be_visible()
    card.get_by_role("button", name="确认接单").click()
    expect(card).to_contain_text("示例路 1 号")
    done = site.call("GET", f"/v1/negotiations/{opened['id']}")
    assert (done["state"], done["offers"][0]["fee_fen"]) == ("confirmed", 1_250)


def test_what_is_said_without_a_network_is_sent_once_it_is_back(
    site: Site, visit: Visit, rider: str, expected: Callable[..., None]
) -> None:
    expected(r"Failed to load resource|ERR_INTERNET_DISCONNECTED")
    opened = call(site, place(site, "NG-0002"), "rider-b", "rider-b2")
    page = visit(rider, "", size=PDA)
    card = page.locator(f"[data-call='{opened['id']}']")
    take = card.get_by_role("button", name="按出价接单")
    expect(take).to_be_visible()
    page.context.set_offline(True)
    take.click()
    expect(page.locator("#line")).to_contain_text("待发 1 条")
    assert site.call("GET", f"/v1/negotiations/{opened['id']}")["offers"] == []
    page.context.set_offline(False)
    expect(card).to_contain_text("等待比价")
    (offer,) = site.call("GET", f"/v1/negotiations/{opened['id']}")["offers"]
    assert offer["fee_fen"] == 1_500


def test_the_desk_sees_the_clock_the_scores_and_withdraws(
    site: Site, visit: Visit, axe: Callable[..., None], rider: str
) -> None:
    order = place(site, "NG-0003")
    page = visit("/negotiations", EVERYBODY, size=DESK)
    page.get_by_label("订单号", exact=True).fill("NG-XXXX")
    page.get_by_role("button", name="发起半日协商(60 秒)").click()
    expect(page.get_by_role("alert")).to_contain_text("没有这个订单号")
    opened = call(site, order, "rider-b")
    row = page.get_by_role("row").filter(has_text="NG-0003")
    expect(row).to_contain_text("后默认生效")
    page.get_by_role("link", name="NG-0003").first.click()
    expect(page.get_by_role("timer")).to_contain_text("后默认生效")
    axe(page)
    page.get_by_role("button", name="撤销征询").click()
    expect(page.get_by_text("已撤销").first).to_be_visible()
    expect(page.get_by_role("region", name="全部消息").last).to_contain_text("终止，默认生效")
    done = site.call("GET", f"/v1/negotiations/{opened['id']}")
    assert done["state"] == "withdrawn"
    narrow = visit(f"/negotiations/{opened['id']}", EVERYBODY, size=PDA)
    expect(narrow.locator("h1")).to_contain_text("NG-0003")
    assert narrow.evaluate("document.documentElement.scrollWidth") <= PDA["width"]
