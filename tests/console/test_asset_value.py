"""Rights and value in the console: a right is registered, a cost entered, a range drafted by one
and approved by another.
"""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.console.conftest import Visit

PAGE = "/assets/value?asset=return-reasons"


def test_a_range_takes_two(visit: Visit, axe: Callable[..., None]) -> None:
    page = visit(PAGE, "finance")
    page.get_by_role("button", name="登记权属").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("权利主体").fill("示例商户")
    dialog.get_by_label("数据产品经营权").check()
    dialog.get_by_role("button", name="登记权属").click()
    register = page.get_by_role("region", name="权属登记")
    expect(register.get_by_text("第 1 版")).to_be_visible()
    page.get_by_role("button", name="记一笔成本").click()
    dialog = page.get_by_role("dialog", name="记一笔成本")
    dialog.get_by_label("金额（元）").fill("5000")
    dialog.get_by_role("button", name="记一笔成本").click()
    costs = page.get_by_role("region", name="成本台账").first
    expect(costs.get_by_text("¥5,000.00")).to_be_visible()

    page.get_by_role("button", name="起草估值").click()
    dialog = page.get_by_role("dialog", name="起草估值")
    labour = dialog.get_by_label("人工成本 可能")
    expect(labour).to_have_value("5000.00")
    dialog.get_by_role("button", name="交第二人批准").click()
    valuation = page.get_by_role("region", name="估值", exact=True)
    expect(valuation.get_by_text("待第二人批准")).to_be_visible()
    expect(valuation.get_by_role("button", name="批准估值")).to_have_count(0)
    valuation.get_by_text("全部输入").click()
    expect(valuation.get_by_role("row").filter(has_text="人工成本")).to_contain_text("台账")
    axe(page)

    legal = visit(PAGE, "legal")
    legal.get_by_role("button", name="批准估值").click()
    legal.get_by_role("dialog").get_by_role("button", name="批准估值").click()
    other = legal.get_by_role("region", name="估值", exact=True)
    expect(other.get_by_text("已批准", exact=True)).to_be_visible()
