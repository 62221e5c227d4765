"""A type from template to first order by two people's clicks, without code; steps are counted."""

from __future__ import annotations

from collections.abc import Callable

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
