"""Metrics in the console: a formula is drafted, tried, approved by another; a day before it is as
it was.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable

from playwright.sync_api import expect

from tests.console.conftest import Visit

PAGE = "/assets/metrics?code=units_per_order"


def test_a_formula_is_tried_and_approved(visit: Visit, axe: Callable[..., None]) -> None:
    page = visit(PAGE, "finance")
    figures = page.get_by_role("region", name="试算", exact=True)
    expect(figures.get_by_text("按出厂口径")).to_be_visible()
    page.get_by_role("button", name="起草新版").click()
    draft = page.get_by_role("region", name="草稿：每单件数")
    formula = draft.get_by_label("公式", exact=True)
    formula.fill("sum(units) / count(*)")
    expect(draft.get_by_role("alert")).to_contain_text("除法写 // 或 share(a, b)")
    formula.fill("share(sum(units) + 1, count(*))")
    expect(draft.locator("ins", has_text="SUM(units) + 1").first).to_be_visible()
    expect(draft.get_by_role("alert")).to_have_count(0)
    axe(page)
    draft.get_by_role("button", name="提交复核").click()
    expect(draft.get_by_text("等第二人复核：")).to_be_visible()
    expect(draft.get_by_role("button", name="批准公式")).to_have_count(0)

    other = visit(PAGE, "legal")
    other.get_by_role("button", name="批准公式").click()
    other.get_by_role("dialog").get_by_role("button", name="批准公式").click()
    expect(other.get_by_role("region", name="版本").get_by_text("v1")).to_be_visible()
    figures = other.get_by_role("region", name="试算", exact=True)
    expect(figures.get_by_text("按 v1")).to_be_visible()
    today = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8))).date()
    other.goto(f"{PAGE}&asof={today - datetime.timedelta(days=1)}")
    expect(figures.get_by_text("按出厂口径")).to_be_visible()
