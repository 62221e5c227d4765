"""What is required though nobody says so: rules beside the names."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.console.conftest import PDA, Visit
from tests.console.site import Site


def test_a_rule_is_added_beside_the_shipped_ones(site: Site, visit: Visit) -> None:
    page = visit("/settings/names?kind=rules")
    expect(page.get_by_role("grid", name="隐含要求")).to_contain_text("开封的燕麦奶冷链")
    page.get_by_role("button", name="新增规则").click()
    page.get_by_label("编码", exact=True).fill("M-201")
    page.get_by_label("对上", exact=True).fill("花瓶")
    page.get_by_label("就要求", exact=True).click()
    page.locator(".ant-select-item-option").get_by_text("易碎", exact=True).click()
    page.get_by_label("说明", exact=True).fill("花瓶轻拿轻放")
    page.get_by_role("button", name="新增", exact=True).click()
    expect(page.get_by_text("已保存 花瓶轻拿轻放")).to_be_visible()
    kept = {r["rule"]["code"]: r for r in site.call("GET", "/v1/names/rules")["items"]}
    assert kept["M-201"]["rule"]["requires"] == "fragile"
    assert not kept["M-201"]["shipped"]
    narrow = visit("/settings/names?kind=rules&q=花瓶", size=PDA)
    expect(narrow.get_by_text("花瓶轻拿轻放").first).to_be_visible()
