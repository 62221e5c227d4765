"""A type from template to first order by two people's clicks, without code; steps are counted."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import httpx
from playwright.sync_api import Locator, Page, expect

from tests.console.conftest import Visit
from tests.console.site import Site

STEPS = 40  # at five seconds a step a person is done in less than four minutes


class Hand:
    """A person's hand: every click and every field that is filled is one step."""

    def __init__(self) -> None:
        self.steps = 0

    def click(self, what: Locator) -> None:
        """Click once."""
        self.steps += 1
        what.click()

    def fill(self, what: Locator, text: str) -> None:
        """Fill a field."""
        self.steps += 1
        what.fill(text)


def test_from_template_to_first_order(
    site: Site, visit: Visit, axe: Callable[[Page], None]
) -> None:
    hand = Hand()
    page = visit("/order-types", "finance")
    hand.click(page.get_by_role("button", name="新建订单类型"))
    dialog = page.get_by_role("dialog")
    hand.click(dialog.get_by_role("radio", name="预售(定金+尾款)"))
    hand.fill(dialog.get_by_label("名称 · 中文"), "冬季预售")
    hand.fill(dialog.get_by_label("名称 · 英文"), "Winter presale")
    hand.fill(dialog.get_by_label("代码"), "winter26")
    hand.click(dialog.get_by_role("button", name="开始"))
    page.wait_for_url("**/order-types/0*")
    expect(page.locator(".order-types[data-open=true]")).to_be_visible()
    deposit = page.get_by_role("region", name="定金", exact=True)
    # what the law forbids is said at the place, and is not submitted
    hand.fill(deposit.get_by_role("spinbutton", name="定金金额"), "30")
    expect(deposit.get_by_text("超过标的额的 20%")).to_be_visible()
    submit = page.get_by_role("button", name="提交审批")
    expect(submit).to_have_attribute("aria-disabled", "true")
    hand.fill(deposit.get_by_role("spinbutton", name="定金金额"), "20")
    tail = page.get_by_role("region", name="尾款", exact=True)
    hand.fill(tail.get_by_role("spinbutton", name="尾款开付", exact=True), "3")
    expect(page.get_by_text("没有问题，可以提交复核")).to_be_visible()
    expect(page.locator(".order-types-sentence")).to_contain_text("3 天后开付")
    trial = page.get_by_role("region", name="试算一单").first
    hand.click(trial.get_by_text("尾款未付", exact=True))
    expect(trial.get_by_role("row").last).to_contain_text("¥19.80")
    axe(page)
    hand.click(submit)
    expect(page.get_by_text("等另一人批准").first).to_be_visible()
    expect(page.get_by_role("button", name="批准")).to_have_count(0)
    draft = page.url.rpartition("/")[2]

    other = visit(f"/order-types/{draft}", "admin")
    hand.click(other.get_by_role("button", name="批准"))
    hand.click(other.get_by_role("button", name="发布"))
    expect(other.get_by_text("v1 已发布").first).to_be_visible()

    sku = site.call("GET", "/v1/skus?limit=1")["items"][0]
    new = visit("/orders/new", "admin")
    hand.fill(new.get_by_label("第 1 行").first, sku["code"])
    hand.click(new.locator(".ant-select-item-option").first)
    hand.fill(new.get_by_label("单价").first, "99")
    for name, text in (("姓名", "张示例"), ("手机", "13900001234"), ("省", "上海市")):
        hand.fill(new.get_by_label(name, exact=True), text)
    hand.fill(new.get_by_label("市", exact=True), "上海市")
    hand.fill(new.get_by_label("详细地址"), "示例路 1 号")
    hand.click(new.get_by_role("combobox", name="订单类型"))
    hand.click(new.get_by_title("冬季预售"))
    hand.fill(new.get_by_label("买家", exact=True), "buyer-1")
    hand.click(new.get_by_role("button", name="下单"))
    expect(new.get_by_text("已下单").first).to_be_visible()
    found = site.call("GET", "/v1/orders?limit=1")["items"][0]
    order = site.call("GET", f"/v1/orders/{found['order']}")
    # 20 % of 99.00 is 19.80, which counts twice
    assert (order["type"], order["phase"], order["deposit"]) == ("winter26", "deposited", 1_980)
    assert order["total"] == 9_900 - 1_980
    assert hand.steps <= STEPS, f"{hand.steps} steps"

    page = visit("/order-types/winter26", "finance")
    expect(page.get_by_text("1 单")).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.get_by_role("list", name="阶段")).to_be_visible()
    axe(page)


def call(site: Site, role: str, path: str, body: dict[str, Any]) -> Any:
    """Do something as a person."""
    cookies = {"danshu": site.cookie(role)}
    with httpx.Client(base_url=site.address, cookies=cookies, timeout=60) as client:
        token = client.get("/v1/session").json()["csrf"]
        headers = {"origin": site.address, "x-csrf-token": token}
        answer = client.post(path, json=body, headers=headers)
        assert answer.status_code < 300, answer.text
        return answer.json()


def publish_groups(site: Site) -> None:
    """Put a type with groups of two orders in use, by two people."""
    book = site.call("GET", "/v1/order-types")
    kind = next(t for t in book["templates"] if t["type"] == "community") | {"type": "team26"}
    kind["group"] |= {"minimum": 2}
    draft = call(site, "finance", "/v1/order-types/drafts", {"type": kind})
    path = f"/v1/order-types/drafts/{draft['id']}"
    call(site, "finance", f"{path}/submit", {"revision": draft["revision"]})
    call(site, "admin", f"{path}/approve", {"digest": draft["digest"]})


def test_a_group_is_opened_watched_and_closed(
    site: Site, visit: Visit, axe: Callable[[Page], None]
) -> None:
    publish_groups(site)
    region = str(site.orders[0]["region"])
    page = visit("/group-buys", "finance")
    page.get_by_role("button", name="开团").click()
    dialog = page.get_by_role("dialog")
    for name, text in (("团号", "T26"), ("团长", "王团长"), ("自提点", "南门药房")):
        dialog.get_by_label(name, exact=True).fill(text)
    dialog.get_by_label("自提点所在区县编码").fill(region)
    dialog.get_by_role("button", name="开这个团").click()
    card = page.get_by_role("listitem", name="团「T26」")
    expect(card).to_contain_text("还差 2 单成团")
    sku = site.call("GET", "/v1/skus?limit=1")["items"][0]["code"]
    paid_at = datetime.datetime.now(datetime.UTC).isoformat()
    receiver = {"name": "张示例", "phone": "13900001234", "province": "上海市", "city": "上海市"}
    body = {
        "type": "team26", "group": "T26", "paid_at": paid_at,
        "lines": [{"sku": sku, "quantity": 1, "price_fen": 100}],
        "receiver": {**receiver, "detail": "示例路 1 号"},
    }  # fmt: skip
    for n in ("1", "2"):
        site.call("POST", "/v1/orders", json={**body, "number": f"GB000{n}", "buyer": f"g{n}"})
    expect(card).to_contain_text("2 / 2 单")
    card.get_by_role("button", name="订单 2").click()
    expect(page.get_by_role("link", name="GB0001")).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name="关闭").click()
    page.set_viewport_size({"width": 390, "height": 844})
    axe(page)
    card.get_by_role("button", name="提前截单").click()
    page.get_by_role("dialog").get_by_role("button", name="截单「T26」").click()
    site.wait_for("/v1/group-buys", lambda told: told["counts"].get("formed") == 1)
    page.get_by_role("radiogroup").get_by_text("已成团", exact=True).click()
    expect(card).to_contain_text("2 单成团")
