"""A broken promise in the console: what it owes by its clause, paid or refused by a person."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from danshu.kernel.fact import rfc3339
from tests.console.conftest import Visit
from tests.console.site import Site

HOUR_MS = 3_600_000


def broken(site: Site) -> dict[str, Any]:
    """Place an order that was paid 49 hours ago, and wait until its promise is broken."""
    paid_ms = time.time_ns() // 1_000_000 - 49 * HOUR_MS
    lines = [{"sku": "EX-CUP-BLUE", "quantity": 1, "price_fen": 11_800}]
    receiver = {
        "name": "王示例",
        "phone": "13900000000",
        "province": "浙江省",
        "city": "杭州市",
        "district": "西湖区",
        "detail": "示例路 1 号",
    }
    made: dict[str, Any] = site.call(
        "POST",
        "/v1/orders",
        json={
            "number": f"RM{secrets.token_hex(4)}",
            "lines": lines,
            "receiver": receiver,
            "paid_at": rfc3339(paid_ms),
        },
    )
    for _ in range(300):
        if site.call("GET", f"/v1/orders/{made['order']}/compensations")["items"]:
            return made
        time.sleep(0.1)
    raise AssertionError("nothing was proposed within 30 s")


def test_what_a_breach_owes_is_paid_by_a_person(
    site: Site, visit: Visit, axe: Callable[..., None]
) -> None:
    order = broken(site)["order"]
    page = visit(f"/orders/{order}", "service")
    card = page.get_by_role("region", name="赔付")
    expect(card).to_contain_text("48小时发货 ¥5.90")
    expect(card).to_contain_text("补救链第 1 步，基数 ¥118.00")
    axe(page)
    card.get_by_role("button", name="赔付 ¥5.90").click()
    expect(card).to_contain_text("已批准，等支付服务回执")
    (row,) = site.call("GET", f"/v1/orders/{order}/compensations")["items"]
    assert row["state"] == "approved"


def test_the_gap_board_shows_where_it_was_stuck_and_refuses_with_a_reason(
    site: Site, visit: Visit
) -> None:
    made = broken(site)
    page = visit("/promises/gaps?state=broken", "admin")
    row = page.get_by_role("row").filter(has_text=made["number"])
    expect(row).to_contain_text("→")
    for column in ("系统时间", "卡在哪一段", "渠道", "承运商"):
        expect(page.get_by_role("columnheader", name=column)).to_be_attached()
    page = visit(f"/promises/gaps?state=broken&peek={made['order']}%20ship48h", "admin")
    page.get_by_role("button", name="不赔").first.click()
    dialog = page.get_by_role("dialog").last
    dialog.get_by_label("理由").fill("买家已另行补偿")
    dialog.get_by_role("button", name="不赔 ¥5.90").click()
    expect(page.locator("body")).to_contain_text("不赔：买家已另行补偿")
    (item,) = site.call("GET", f"/v1/orders/{made['order']}/compensations")["items"]
    assert (item["state"], item["reason"]) == ("refused", "买家已另行补偿")


def test_whoever_is_asked_about_a_payment_shows_on_the_order(
    site: Site, visit: Visit, axe: Callable[..., None]
) -> None:
    """A party that nobody connected: a person ends its call, which is a no."""
    settings = "/v1/paid-review-settings"
    page = visit("/settings/paid", "admin")
    expect(page.get_by_text("付款后不问谁")).to_be_visible()
    axe(page)
    parties = [{"name": "insurer", "within_s": 3600}]
    body = {"version": site.call("GET", settings)["version"], "on": True, "parties": parties}
    version = site.call("PUT", settings, json=body)["version"]
    try:
        page.reload()
        expect(page.get_by_text("insurer还没有接通，问不到。")).to_be_visible()
        page.get_by_label("限时（分钟）").fill("90")
        page.get_by_role("button", name="保存").click()
        expect(page.get_by_text("已保存，此后付款的订单先问")).to_be_visible()
        version += 1
        assert site.call("GET", settings)["parties"][0]["within_s"] == 5400
        order = site.place_order()
        page = visit(f"/orders/{order}", "admin")
        card = page.get_by_role("region", name="已付款协同")
        expect(card).to_contain_text("等答复")
        expect(card).to_contain_text("insurer")
        _end_call(site, order)
        expect(card).to_contain_text("有一方拒绝，其余已撤销")
        expect(card).to_contain_text("保险公司不承保")
        axe(page)
        card.get_by_role("button", name="再问一次各方").click()
        expect(card.get_by_role("button", name="再问一次各方")).to_have_count(0)
        expect(card).to_contain_text("等答复")
        _end_call(site, order)
    finally:
        off = {"version": version, "on": False, "parties": parties}
        site.call("PUT", settings, json=off)


def _end_call(site: Site, order: str) -> None:
    """Say by a person's word that the party says no."""

    def waiting(page: Any) -> list[Any]:
        return [c for c in page["items"] if c["subject"] == order and c["state"] == "due"]

    (call,) = waiting(site.wait_for("/v1/connector-calls", lambda page: bool(waiting(page))))
    body = {"act": "end", "reason": "保险公司不承保"}
    site.call("POST", f"/v1/connector-calls/{call['id']}/settle", json=body)
