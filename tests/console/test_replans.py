"""A replan begun by hand, watched to its end, its orders looked at."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.console.conftest import Visit
from tests.console.site import EVERYBODY

PATIENCE_MS = 60_000  # only so that a failing test ends


def test_a_replan_is_begun_and_followed(visit: Visit, axe: Callable[[Page], None]) -> None:
    page = visit("/replans", EVERYBODY)
    page.get_by_role("button", name="立即重排").click()
    page.wait_for_url(re.compile("/replans/.+"))
    expect(page.locator("h1").locator("..")).to_contain_text("已完成", timeout=PATIENCE_MS)
    plan = page.locator(".replans-facts")
    expect(plan).to_contain_text("成本下界")
    expect(plan).to_contain_text(re.compile("已证明最优|≤"))
    axe(page)
    page.goto(page.url.rpartition("/")[0])
    expect(page.get_by_text("手动重排").first).to_be_visible()
