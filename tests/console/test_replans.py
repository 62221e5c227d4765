"""A replan begun by hand, watched to its end, its orders looked at."""

from __future__ import annotations

import re
from collections.abc import Callable

import psycopg
from playwright.sync_api import Page, expect

from tests.console.conftest import Visit
from tests.console.site import EVERYBODY, Site

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


def test_a_class_that_the_breaker_stopped_is_taken_again_with_a_reason(
    site: Site, visit: Visit, axe: Callable[[Page], None]
) -> None:
    with psycopg.connect(site.url, autocommit=True) as c:
        c.execute(
            "insert into class_stops(tenant,no,class,cause,place,count,total,usual_ppm)"
            " values(%s,1,'chilled','share','HZ01',61,80,118000)",
            (site.tenant,),
        )
    page = visit("/redecisions", EVERYBODY)
    panel = page.locator(".stops")
    expect(panel).to_contain_text("最近 80 单里 61 单去了 HZ01，平时占 11.8 %")
    axe(page)
    panel.get_by_role("button", name="恢复冷藏分仓").click()
    dialog = page.get_by_role("dialog")
    act = dialog.get_by_role("button", name="恢复冷藏分仓")
    expect(act).to_be_disabled()
    dialog.get_by_role("textbox").fill("现场测温 3.1 ℃，探头正常")
    act.click()
    expect(panel).to_have_count(0)
