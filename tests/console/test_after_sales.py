"""A return in the console: asked for on the order's page, decided on its arithmetic, inspected."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from tests.console.conftest import PDA, Visit
from tests.console.site import Site
from tests.fixtures.floor import PNG

TO = {
    "name": "王示例",
    "phone": "13900000000",
    "province": "浙江省",
    "city": "杭州市",
    "district": "西湖区",
    "detail": "示例路 1 号",
}


def sent(site: Site) -> dict[str, Any]:
    """Place an order of three cups for ¥100.00 and let them arrive."""
    lines = [{"sku": "EX-CUP-BLUE", "quantity": 3, "price_fen": 3_400}]
    body = {
        "number": f"AS{secrets.token_hex(4)}",
        "lines": lines,
        "discount_fen": 200,
        "receiver": TO,
        "paid_at": "2026-11-01T00:00:00Z",
    }
    made: dict[str, Any] = site.call("POST", "/v1/orders", json=body)
    for event in ("release", "pick", "pack", "ship", "deliver"):
        path = f"/v1/orders/{made['order']}/transitions"
        site.call("POST", path, json={"event": event, "carrier": "SF", "waybill": made["number"]})
    return made


def test_a_return_from_request_to_inspection(
    site: Site, visit: Visit, axe: Callable[..., None], tmp_path: Path
) -> None:
    made = sent(site)
    page = visit(f"/orders/{made['order']}", "service")
    card = page.get_by_role("region", name="售后")
    expect(card).to_contain_text("还可退 ¥100.00")
    card.get_by_role("button", name="申请售后").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("spinbutton").first.fill("1")
    dialog.get_by_label("买家原话").fill("杯口有缺口")
    expect(dialog).to_contain_text("¥33.34")  # 10,000 fen for three: 3,334, 3,333, 3,333
    axe(page)
    dialog.get_by_role("button", name="申请 ¥33.34").click()
    expect(card).to_contain_text("退货退款 ¥33.34")
    (case,) = site.call("GET", f"/v1/orders/{made['order']}/after-sales")["items"]

    page = visit(f"/after-sales?peek={case['id']}", "finance")
    expect(page.get_by_role("row").filter(has_text=made["number"])).to_contain_text("待处理")
    peek = page.get_by_role("dialog", name=made["number"])
    expect(peek).to_contain_text("杯口有缺口")
    axe(page)
    peek.get_by_role("button", name="同意退回，退 ¥33.34").click()
    page.get_by_role("dialog").last.get_by_role("button", name="同意退回，退 ¥33.34").click()
    expect(peek).to_contain_text("待寄回")

    warehouse = site.call("GET", f"/v1/orders/{made['order']}")["fulfilments"][0]["warehouse"]
    page = visit("/pda/returns", "warehouse", size=PDA)
    page.get_by_label("扫退回运单，或输入订单号").fill(made["number"])
    page.get_by_role("button", name="查找").click()
    page.get_by_role("button", name=made["number"]).click()
    page.get_by_label("收货仓").fill(warehouse)
    page.get_by_role("button", name="收货，开始质检").click()
    expect(page.get_by_text("验收记在你名下，等级 B")).to_be_visible()  # found by its number
    photo = tmp_path / "cup.png"
    photo.write_bytes(PNG)
    page.get_by_label("拍照").set_input_files(photo)
    expect(page.get_by_text("已拍 1 张")).to_be_visible()
    page.get_by_label("破损").check()
    page.get_by_label("留存不售").check()
    axe(page)
    page.get_by_role("button", name="完成质检").click()
    expect(page.get_by_role("status").first).to_contain_text("质检已记录")
    said = site.call("GET", f"/v1/orders/{made['order']}/facts")["facts"]
    (act,) = [f for f in said if f["type"] == "action.performed"]
    assert {e["kind"] for e in act["evidence"]} == {"scan", "photo"}

    page = visit(f"/after-sales/{case['id']}", "finance")  # damaged goods: a person decides
    expect(page.locator("main")).to_contain_text("破损")
    page.get_by_role("button", name="同意退款 ¥33.34").click()
    page.get_by_role("dialog").get_by_role("button", name="同意退款 ¥33.34").click()
    expect(page.locator("main")).to_contain_text("退款中")
    page.get_by_role("button", name="登记已退").click()
    page.get_by_role("dialog").get_by_label("凭证号").fill("TB-1")
    page.get_by_role("dialog").get_by_role("button", name="登记已退").click()
    expect(page.locator("main")).to_contain_text("已完结")
    left = site.call("GET", f"/v1/orders/{made['order']}/after-sales")["reckoning"]["left"]
    assert left == 10_000 - 3_334
