"""问单助手 in the console: asked by keyboard alone, answered with citations that open."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from danshu.testing import language_model
from tests.console.conftest import PDA, Visit
from tests.console.site import Site


def test_a_person_asks_opens_the_source_and_says_that_it_helped(
    site: Site, visit: Visit, axe: Callable[[Page], None]
) -> None:
    page = visit("/settings/account", "service")
    expect(page.locator("h1")).to_be_visible()
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill("今天情况怎么样")
    page.get_by_role("option").filter(has_text="今天情况怎么样").click()
    panel = page.get_by_role("region", name="问单助手")
    answer = panel.get_by_role("article", name="回答")
    expect(answer).to_contain_text(re.compile(r"今天 \d+ 单"))
    expect(answer).to_contain_text("按规则回答")
    axe(page)
    answer.get_by_role("button", name="有用", exact=True).click()
    expect(answer.get_by_role("button", name="有用", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    panel.get_by_label("问题").fill("订单 NOPE-12345 在哪")
    panel.get_by_label("问题").press("Enter")
    expect(answer).to_contain_text("没有订单「NOPE-12345」，或你不能看它。")
    expect(answer.get_by_role("link")).to_have_count(0)
    panel.get_by_text("问过的").click()
    panel.get_by_role("button", name="今天情况怎么样").first.click()
    answer.get_by_role("link", name="[1]").first.click()
    expect(page).to_have_url(f"{site.address}/")


def test_the_assistant_on_a_narrow_screen(visit: Visit) -> None:
    page = visit("/agent?ask=今天哪些承诺快到期", "service", size=PDA)
    panel = page.get_by_role("region", name="问单助手")
    expect(panel.get_by_role("article", name="回答")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= PDA["width"]


def test_a_policy_owner_connects_a_model_and_stops_it(
    visit: Visit, axe: Callable[[Page], None]
) -> None:
    with language_model.open_model() as model:
        page = visit("/settings/assistants", "policy")
        form = page.get_by_role("region", name="语言模型")
        form.get_by_label("地址").fill(model.url)
        form.get_by_label("模型名").fill("reference")
        form.get_by_label("模型的密钥").fill(language_model.KEY)
        form.get_by_role("button", name="保存").click()
        expect(form).to_contain_text("已保存，留空不变")
        expect(form.get_by_label("模型的密钥")).to_have_value("")
        page.goto("/agent?ask=今天多少单")
        answer = page.get_by_role("article", name="回答")
        expect(answer).to_contain_text("由语言模型组句")
        page.goto("/settings/assistants")
        calls = page.get_by_role("grid", name="工具调用")
        done = calls.get_by_role("row").filter(has_text="read_overview").first
        expect(done).to_contain_text("完成")
        axe(page)
        form.get_by_role("button", name="停用模型").click()
        page.get_by_role("dialog").get_by_role("button", name="停用模型").click()
        expect(form).to_contain_text("不接也能用")
        expect(form.get_by_label("地址")).to_have_value("")
