"""Parcels in the console: orders of one receiver merged and taken apart, a parcel split, a short
pick and an intercept on the hand-held.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.console.conftest import PDA, Visit
from tests.console.devices import scan
from tests.console.site import PAID_AT, Site


@pytest.fixture
def looks(site: Site) -> Iterator[None]:
    """The merchant looks for merges while a test runs, and as before when it has run."""
    before = site.call("GET", "/v1/parcel-rules")
    rules = {**before["rules"], "merge": {"on": True}}
    body = {"version": before["version"], "rules": rules}
    made = site.call("PUT", "/v1/parcel-rules", json=body)
    yield
    site.call(
        "PUT", "/v1/parcel-rules", json={"version": made["version"], "rules": before["rules"]}
    )


def place(site: Site, name: str) -> dict[str, Any]:
    """An order of three units to a receiver of its own name."""
    (sku,) = site.call("GET", "/v1/skus?limit=1")["items"]
    number = f"PC{secrets.token_hex(4).upper()}"
    new = {
        "number": number,
        "lines": [{"sku": sku["code"], "quantity": 3, "price_fen": 100}],
        "receiver": {
            "name": name,
            "phone": "13900001234",
            "province": "上海市",
            "city": "上海市",
            "detail": "示例路 1 号",
        },
        "paid_at": PAID_AT,
    }
    placed = site.call("POST", "/v1/orders", json=new)["order"]
    return {"order": placed, "number": number}


def test_two_orders_leave_as_one_parcel_and_are_taken_apart(
    site: Site, visit: Visit, axe: Callable[..., None], looks: None
) -> None:
    name = f"示例{secrets.token_hex(3)}"
    one, two = place(site, name), place(site, name)

    def found(page: Any) -> bool:
        numbers = [{m["number"] for m in group["members"]} for group in page["items"]]
        return {one["number"], two["number"]} in numbers

    site.wait_for("/v1/parcels/candidates?limit=100", found)
    page = visit("/orders/merging", "warehouse")
    group = page.locator(".merging-group", has_text=one["number"])
    expect(group).to_contain_text(two["number"])
    axe(page)
    group.get_by_role("button", name="合并 2 单").click()
    expect(page.get_by_text("已合成 1 个包裹")).to_be_visible()
    expect(group).to_have_count(0)
    page.get_by_text("已合单", exact=True).first.click()
    merged = page.locator(".merging-group", has_text=one["number"])
    merged.get_by_role("button", name="撤销合单").click()
    expect(merged).to_have_count(0)
    page.goto(f"/orders/{one['order']}")
    page.get_by_role("button", name="P1 的操作").click()
    page.get_by_role("menuitem", name="拆单").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("spinbutton").fill("1")
    dialog.get_by_role("button", name="拆单").click()
    expect(page.get_by_text("拆自 P1")).to_be_visible()


def test_the_floor_picks_short_and_stops_what_is_called_back(site: Site, visit: Visit) -> None:
    short, stopped = place(site, "短拣示例"), place(site, "截单示例")
    for one in (short, stopped):
        path = f"/v1/orders/{one['order']}/transitions"
        site.call("POST", path, json={"event": "release"})
    task = site.call("GET", f"/v1/floor/tasks/{short['order']}/1/pick")
    page = visit(f"/pda/pick/{short['order']}/1", "warehouse", size=PDA)
    expect(page.locator(".pda-lines li")).to_be_visible()
    expect(page.get_by_role("button", name="完成拣货")).to_be_visible()
    scan(page, task["lines"][0]["barcode"] or task["lines"][0]["sku"])
    expect(page.locator(".pda-lines li").first).to_contain_text("1 / 3")
    page.get_by_role("button", name="缺货/短拣").click()
    page.get_by_role("button", name="按已扫件数完成").click()
    expect(page.locator(".pda-said")).to_contain_text("已短拣")
    path = f"/v1/orders/{stopped['order']}"
    site.call("POST", f"{path}/transitions", json={"event": "pick"})
    site.call("POST", f"{path}/cancel", json={"reason": "买家取消"})
    page.reload()
    tail = stopped["number"][-5:]
    page.locator(".pda-stops li", has_text=tail).get_by_role("button").click()
    page.get_by_role("button", name="已截停，已归位").click()
    expect(page.locator(".pda-said")).to_contain_text(f"尾号 {tail} 已截停")
    assert site.call("GET", path)["state"] == "cancelled"
