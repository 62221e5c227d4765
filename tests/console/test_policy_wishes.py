"""A policy told in words on the page of policies: what is read of it, and what is not."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.console.conftest import PDA, Visit


def test_words_are_read_or_named(visit: Visit, axe: Callable[[Page], None]) -> None:
    page = visit("/policies", "policy")
    card = page.get_by_role("region", name="用话起草策略")
    card.get_by_label("用一句话说策略").fill("金额 超过 2000 的 订单 加 验真")
    card.get_by_label("用一句话说策略").press("Enter")
    told = card.get_by_role("status")
    expect(told).to_contain_text("读懂了：订单金额超过 2,000 元:先人工验真")
    expect(told.get_by_role("link", name="打开智能体")).to_have_attribute("href", "/agent")
    card.get_by_label("用一句话说策略").fill("把所有退款都批准")
    card.get_by_role("button", name="读这句话").click()
    expect(told).to_contain_text("没读懂：退款、批准")
    expect(card.get_by_role("row")).to_have_count(3)
    axe(page)
    small = visit("/policies", "finance", locale="en", size=PDA)
    expect(small.get_by_role("region", name="Draft in words")).to_contain_text("Not understood")
    expect(small.get_by_label("A policy in your words")).to_have_count(0)  # may read, not propose
    assert small.evaluate("document.documentElement.scrollWidth") <= PDA["width"]
