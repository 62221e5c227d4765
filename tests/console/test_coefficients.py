"""Coefficients that were learned: compared, adopted, rolled back by a person at the console."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import psycopg
from playwright.sync_api import Page, expect

from danshu.capabilities.routing.scorers import fit
from danshu.hub import coefficients
from danshu.testing.deliveries import deliver
from tests.console.conftest import Visit
from tests.console.site import EVERYBODY, Site
from tests.fixtures.hub import TESTER


async def propose(site: Site) -> None:
    told = fit.propose(deliver(1, parcels=800).history, coefficients.SHIPPED, "learned")
    failed = fit.Proposal(
        figures=told.figures, before=told.after, after=told.before, passed=False, learned=()
    )
    async with await psycopg.AsyncConnection.connect(site.url) as connection:
        for each in (told, failed):
            await coefficients.propose(connection, site.tenant, TESTER, each, 0)


def test_a_version_is_compared_adopted_and_rolled_back(
    site: Site,
    visit: Visit,
    axe: Callable[[Page], None],
) -> None:
    with ThreadPoolExecutor(1) as pool:  # the browser's own loop runs in this thread
        pool.submit(asyncio.run, propose(site)).result()
    page = visit("/coefficients", EVERYBODY)
    head = page.locator(".page-head")
    expect(head).to_contain_text("决策正在用出厂系数")
    passed = page.get_by_role("row").filter(has_text="第 1 版")
    expect(passed).to_contain_text("通过")
    passed.get_by_role("button", name="启用").click()
    page.get_by_role("button", name="启用第 1 版").click()
    expect(head).to_contain_text("决策正在用第 1 版")
    failed = page.get_by_role("row").filter(has_text="第 2 版").first
    failed.get_by_role("button", name="启用").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("必须写明理由")
    dialog.get_by_label("理由").fill("试一周")
    dialog.get_by_role("button", name="启用第 2 版").click()
    expect(head).to_contain_text("决策正在用第 2 版")
    axe(page)
    for expected in ("决策正在用第 1 版", "决策正在用出厂系数"):
        page.get_by_role("button", name="退回上一版").first.click()
        page.get_by_role("dialog").get_by_role("button", name="退回上一版").click()
        expect(head).to_contain_text(expected)
    expect(page.get_by_role("region", name="启用与退回").first).to_contain_text("试一周")
    page.set_viewport_size({"width": 390, "height": 844})
    expect(head).to_be_visible()
    axe(page)
