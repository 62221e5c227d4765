"""Digital twin and resilience as people use them: map, floor, slider, losses."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
from playwright.sync_api import Page, expect

from danshu.stories import floor_feed
from danshu.testing.floors import Simulated
from tests.console.conftest import PDA, Visit
from tests.console.site import EVERYBODY, Site
from tests.fixtures import scorers

BEFORE_MIN = 30

# Where all vehicles stand: one alone may stay in its aisle.
PLACES = """() => [...document.querySelectorAll('.twin-plan .twin-agv')]
  .map((one) => one.getAttribute('x') + ',' + one.getAttribute('y')).join(' ')"""


def feed(site: Site) -> list[Simulated]:
    """Half an hour of two floors: one zone's unit fails."""
    floors = floor_feed.make()[:2]

    def client() -> Any:
        headers = {"authorization": f"Bearer {site.key}"}
        return httpx.AsyncClient(base_url=site.address, headers=headers)

    with ThreadPoolExecutor(1) as apart:  # the browser's driver has a loop in this thread
        told = floor_feed.feed(client, floors, beats=1, before=BEFORE_MIN)
        assert apart.submit(asyncio.run, told).result() > 0
    return floors


def test_a_floor_lives_and_its_past_is_replayed(
    site: Site, visit: Visit, axe: Callable[[Page], None]
) -> None:
    floors = feed(site)
    weak = floors[1].warehouse
    name = next(w["name"] for w in site.call("GET", "/v1/twin")["items"] if w["code"] == weak)
    page = visit("/twin", EVERYBODY)
    page.get_by_role("table").get_by_role("link", name=name, exact=True).click()
    expect(page.locator("h1")).to_contain_text(name)
    plan = page.locator(".twin-plan svg")
    expect(plan.locator(".twin-agv")).to_have_count(8)
    expect(plan.locator(".twin-forklift")).to_have_count(3)
    expect(plan.locator('.twin-probe[data-silent="false"]').first).to_be_visible()
    expect(plan.locator(".twin-dock")).to_have_count(10)
    # the failing zone is the one that is shown, with when it leaves its band
    expect(page.locator(".twin-way")).to_contain_text("小时后超限")
    lines = page.get_by_role("region", name="实时信号").get_by_role("row")
    expect(lines).to_have_count(18)
    axe(page)

    slider = page.get_by_role("slider", name="回放的时刻")
    before = page.evaluate(PLACES)
    slider.fill("45")
    expect(page.get_by_text("回放", exact=False).first).to_be_visible()
    page.wait_for_function(f"(was) => ({PLACES})() !== was", arg=before)
    expect(plan.locator(".twin-said").first).to_contain_text("℃")
    slider.fill("5")  # nobody told of that minute
    expect(plan.locator(".twin-agv")).to_have_count(0)
    page.get_by_role("button", name="实时").click()
    expect(plan.locator(".twin-agv")).to_have_count(8)
    expect(slider).to_have_value("60")


def test_learned_physics_of_a_zone_are_adopted_and_retired(
    site: Site, visit: Visit, axe: Callable[[Page], None]
) -> None:
    code = floor_feed.make()[0].warehouse
    zones = site.call("GET", f"/v1/twin/{code}")["zones"]
    zone = next(each["code"] for each in zones if each["storage"] == "chilled")
    with ThreadPoolExecutor(1) as apart:
        no = apart.submit(scorers.learn_zone, site.url, site.tenant, code, zone).result()
    page = visit(f"/twin/{code}", EVERYBODY)
    card = page.get_by_role("region", name="热参数")
    line = card.get_by_role("listitem").filter(has_text=f"第 {no} 版通过比对")
    expect(line).to_contain_text("类别默认")
    expect(line).to_contain_text("超限时刻误差 9.0 → 1.0 分")
    axe(page)
    line.get_by_role("button", name=f"启用第 {no} 版").click()
    page.get_by_role("dialog").get_by_role("button", name=f"启用第 {no} 版").click()
    expect(card.get_by_text(f"学得 第 {no} 版")).to_be_visible()
    card.get_by_role("button", name="退回申报值").click()
    page.get_by_role("dialog").get_by_role("button", name="退回申报值").click()
    expect(card.get_by_text(f"学得 第 {no} 版")).to_have_count(0)


def test_a_floor_on_a_narrow_screen(site: Site, visit: Visit) -> None:
    code = floor_feed.make()[0].warehouse
    page = visit(f"/twin/{code}", EVERYBODY, size=PDA)
    expect(page.locator(".twin-plan svg")).to_be_visible()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= PDA["width"], f"{width} px wide"


def test_losses_are_simulated(site: Site, visit: Visit, axe: Callable[[Page], None]) -> None:
    site.place_order()  # without open orders there is nothing to lose
    page = visit("/resilience", EVERYBODY)
    page.get_by_role("button", name="重新评估").click()
    marks = page.get_by_role("region", name="各仓指数").get_by_role("row")
    expect(marks).to_have_count(38)
    with page.expect_response("**/v1/resilience/runs") as asked:
        page.get_by_role("button", name="模拟停仓").click()
    run = asked.value.json()["id"]
    ended = site.wait_for(f"/v1/resilience/runs/{run}", lambda seen: bool(seen["ended"]))
    assert ended["state"] == "done", ended["trouble"]
    losses = page.get_by_role("region", name="停一仓（N-1）").get_by_role("row")
    expect(losses.nth(1)).to_be_visible()
    expect(page.locator(".resilience-heat td[data-alone=true]").first).to_contain_text("¥")
    axe(page)
