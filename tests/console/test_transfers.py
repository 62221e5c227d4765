"""调拨单: proposed and accepted, or planned at a desk; counted out and in on a hand-held."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from tests.console.conftest import PDA, Visit
from tests.console.site import Site


def ends(site: Site) -> tuple[str, str, str]:
    """A SKU, a warehouse that has plenty of it, and another one."""
    rows = site.call("GET", "/v1/stock?limit=200")["items"]
    most = max(rows, key=lambda row: row["on_hand"] - row["reserved"] - row["safety"])
    codes = [row["code"] for row in site.call("GET", "/v1/warehouses?limit=2")["items"]]
    other = next(code for code in codes if code != most["warehouse"])
    return most["sku"], most["warehouse"], other


def test_a_planner_accepts_a_transfer_and_the_warehouse_receives_it(
    site: Site, visit: Visit, axe: Callable[..., None]
) -> None:
    """The proposal is another's: whoever proposes does not approve."""
    sku, source, target = ends(site)
    made = site.call(
        "POST",
        "/v1/proposals",
        json={
            "action": "transfer",
            "key": f"browser-{secrets.token_hex(4)}",
            "parameters": {
                "from_warehouse": source,
                "to_warehouse": target,
                "sku": sku,
                "quantity": 9,
                "truck": "4.2 米厢车",
                "cost_fen": 8_600,
                "days": 2,
            },
            "why": "下周促销,那里会不够",
            "cites": [{"kind": "stock", "ref": sku, "label": target}],
            "mid_fen": 40_000,
            "high_fen": 60_000,
            "cost_fen": 8_600,
        },
    )
    page = visit(f"/agent?id={made['row']['id']}", "planner")
    shown = page.locator(".agent-proposal")
    expect(shown.get_by_text("下周促销,那里会不够")).to_be_visible()
    approve = shown.locator(".agent-acts").get_by_role("button", name="批准")
    approve.click()
    expect(approve).to_have_count(0)
    (one,) = [
        t
        for t in site.call("GET", "/v1/transfers?only=planned")["items"]
        if t["proposal"] == made["row"]["id"]
    ]
    assert (one["units"], one["from_warehouse"], one["to_warehouse"]) == (9, source, target)

    held = visit("/transfers", "warehouse", size=PDA)
    held.get_by_role("link", name=one["number"]).click()
    held.get_by_role("region", name="发出").get_by_role("button", name="确认发出").click()
    dock = held.get_by_role("region", name="收货")
    expect(dock.get_by_text("在途 9 件")).to_be_visible()
    axe(held)
    dock.get_by_role("button", name="收货", exact=True).click()
    expect(held.get_by_text("已收货", exact=True)).to_be_visible()
    expect(held.get_by_role("link", name="看这条提案")).to_be_visible()


def test_a_planner_plans_and_the_warehouse_counts(
    site: Site, visit: Visit, axe: Callable[..., None]
) -> None:
    sku, source, target = ends(site)
    page = visit("/transfers", "planner")
    expect(page.get_by_role("heading", level=1)).to_have_text("调拨单")
    page.get_by_role("button", name="计划调拨").click()
    form = page.get_by_role("dialog")
    for label, code in (("调出仓", source), ("调入仓", target)):
        form.get_by_label(label).click()
        page.keyboard.type(code)
        page.keyboard.press("Enter")
    form.get_by_label("第 1 行商品编码").fill(sku)
    form.get_by_label("第 1 行件数").fill("12")
    note = f"补货 {secrets.token_hex(3)}"
    form.get_by_label("备注").fill(note)
    axe(page)
    form.get_by_role("button", name="计划并占用").click()
    expect(page.get_by_text("已计划", exact=True).first).to_be_visible()
    expect(page.get_by_text(note)).to_be_visible()
    axe(page)
    path = page.url.rpartition("/transfers/")[2]

    held = visit(f"/transfers/{path}", "warehouse", size=PDA)
    out = held.get_by_role("region", name="发出")
    out.get_by_role("spinbutton").fill("10")
    out.get_by_role("button", name="确认发出").click()
    dock = held.get_by_role("region", name="收货")
    expect(dock.get_by_text("在途 10 件")).to_be_visible()
    axe(held)
    good, damaged = dock.get_by_role("spinbutton").all()
    good.fill("7")
    damaged.fill("2")
    dock.get_by_role("button", name="收完，余下算短少").click()
    held.get_by_role("dialog").get_by_role("button", name="收完，余下算短少").click()
    expect(held.get_by_text("收货有差异")).to_be_visible()
    told: dict[str, Any] = site.call("GET", f"/v1/transfers/{path}")
    line = told["lines"][0]
    counted = (line["sent"], line["good"], line["damaged"], line["short"])
    assert counted == (10, 7, 2, 1)
    wide = held.evaluate("document.documentElement.scrollWidth")
    assert wide <= PDA["width"]
