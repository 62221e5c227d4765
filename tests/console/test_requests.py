"""A claim for damage: made on a phone without signing in, answered at a desk, told on the phone."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import FilePayload, expect

from tests.console.conftest import PDA, Visit
from tests.console.site import Site

PHOTO: FilePayload = {
    "name": "cup.png",
    "mimeType": "image/png",
    "buffer": b"\x89PNG\r\n\x1a\nmade for a test",
}


def test_damage_is_claimed_on_a_phone_and_answered_at_a_desk(
    site: Site, visit: Visit, axe: Callable[..., None]
) -> None:
    delivered = site.call("GET", "/v1/orders?state=delivered")["items"]
    order = delivered[-1]["order"]
    link = site.call("POST", f"/v1/orders/{order}/links", json={})
    path = link["url"].removeprefix(site.address)
    phone = visit(path, "", size=PDA)
    phone.get_by_text("申请破损包赔").click()
    claim = phone.locator("form", has=phone.get_by_label("哪里破损、怎样破损"))
    claim.get_by_label("照片").set_input_files([PHOTO])
    phone.get_by_label("哪里破损、怎样破损").fill("杯口碎裂")
    axe(phone)
    assert phone.evaluate("document.documentElement.scrollWidth") <= PDA["width"]
    phone.get_by_role("button", name="提交破损申请").click()
    expect(phone.get_by_role("status").first).to_contain_text("申请已提交")
    expect(phone.locator("[data-request=damage]")).to_contain_text("等商家答复")

    desk = visit(f"/orders/{order}", "service", size={"width": 1280, "height": 900})
    card = desk.get_by_role("region", name="买家申请与权利")
    expect(card).to_contain_text("破损包赔")
    expect(card).to_contain_text("杯口碎裂")
    axe(desk)
    card.get_by_role("button", name="提出赔付").click()
    desk.get_by_label("金额 (CNY)").fill("5")
    desk.get_by_role("button", name="提出赔付 ¥5.00").click()
    expect(card).to_contain_text("提出赔付 ¥5.00")
    owed = desk.get_by_role("region", name="赔付", exact=True)
    expect(owed).to_contain_text("¥5.00")
    phone.reload()
    expect(phone.locator("[data-request=damage]")).to_contain_text("按条款提出赔付 ¥5.00")
