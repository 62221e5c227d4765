"""The page of one order: where it stands, why this warehouse, what may be done and what may not."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.console.conftest import Visit
from tests.console.devices import choose, give_passkey
from tests.console.site import Site


def test_it_tells_the_state_the_promises_and_the_reasons(site: Site, visit: Visit) -> None:
    order = site.by_state("shipped")
    page = visit(f"/orders/{order['order']}", "service")
    expect(page.locator("h1")).to_contain_text(order["number"])
    main = page.locator("main")
    expect(main).to_contain_text("履约时间线")
    expect(main).to_contain_text(re.compile(r"为什么是"))
    expect(main).to_contain_text(re.compile(r"未选 3\d 仓的原因"))
    expect(main).to_contain_text("48小时发货")
    expect(page.locator("main svg circle, main svg path").first).to_be_attached()


def test_a_phone_is_masked_until_a_reason_is_told(site: Site, visit: Visit) -> None:
    # An order of one's own shop; those of platforms are encrypted by the platform.
    order = next(o for o in site.orders if o["channel"] == "woocommerce")
    page = visit(f"/orders/{order['order']}", "service")
    expect(page.locator("main")).to_contain_text("按角色遮盖")
    before = page.locator("main").inner_text()
    page.get_by_role("button", name="查看明文").first.click()
    page.get_by_role("textbox").last.fill("买家要求核对电话")
    page.get_by_role("button", name="查看明文").last.click()
    expect(page.locator("main")).not_to_contain_text("***")
    assert "***" in before
    kinds = site.call("GET", f"/v1/orders/{order['order']}/facts")["facts"]
    assert any("reveal" in fact["type"] for fact in kinds)


def test_an_order_is_held_and_its_timeline_says_so(site: Site, visit: Visit) -> None:
    order = site.call("GET", f"/v1/orders/{site.place_order()}")
    page = visit(f"/orders/{order['order']}", "service")
    expect(page.locator("h1")).to_contain_text(order["number"])
    expect(page.get_by_role("button", name="挂起").first).to_be_visible()
    page.keyboard.press("h")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("理由").fill("等买家回话")
    dialog.get_by_label("挂起期间不占库").check()
    dialog.get_by_role("button", name="挂起").click()
    expect(page.locator("main")).to_contain_text("等买家回话")
    held = site.call("GET", f"/v1/orders/{order['order']}")
    assert held["holds"] == ["等买家回话"]
    assert {f["state"] for f in held["fulfilments"]} == {"cancelled"}  # its stock is free


def test_another_merchant_s_order_is_not_there(visit: Visit, expected) -> None:
    expected(r"status of 404")
    page = visit("/orders/01900000-0000-7000-8000-000000000000", "service")
    expect(page.locator("h1")).to_have_text("没有这张订单")


def test_in_english(site: Site, visit: Visit) -> None:
    order = site.by_state("delivered")
    page = visit(f"/orders/{order['order']}", "legal", locale="en")
    expect(page.locator("h1")).to_contain_text(order["number"])
    expect(page.locator("main")).not_to_contain_text("履约时间线")


def test_a_person_chooses_the_warehouse_sees_the_cost_and_signs(
    site: Site, visit: Visit, axe: Callable[[Page], None]
) -> None:
    order = site.place_order()
    page = visit("/settings/account", "policy")
    give_passkey(page)
    site.kept.pop("policy")  # the proof gave the session another cookie
    page.goto(f"/orders/{order}")
    page.get_by_role("button", name="人工指定仓").click()
    dialog = page.get_by_role("dialog")
    show = dialog.get_by_role("button", name="出示陈述")
    expect(show).to_be_disabled()
    told = site.call("GET", f"/v1/orders/{order}/decision")["decision"]
    other = min(
        (n for n in told["nodes"] if n["role"] in ("candidate", "dearer")),
        key=lambda n: n["more_fen"],
    )
    choose(page, "发货仓", other["name"])
    costs = dialog.get_by_label("代价")
    expect(costs).to_contain_text("成本 +")
    expect(costs).to_contain_text(other["name"])
    choose(page, "理由", "客户要求")
    dialog.get_by_label("说明").fill("客户要同一批次")
    axe(page)
    show.click()
    statement = dialog.locator("blockquote")
    expect(statement).to_contain_text(f"由「{other['name']}」发货")
    expect(statement).to_contain_text("客户要求——客户要同一批次")
    shown = statement.inner_text()
    dialog.get_by_role("button", name="用通行密钥签名并改派").click()
    expect(page.get_by_text("已改派，仓已固定")).to_be_visible()
    held = page.locator(".order-override")
    expect(held).to_contain_text("仓由人工指定，固定不动")
    expect(held).to_contain_text("客户要同一批次")
    expect(page.locator("main")).to_contain_text(f"为什么是{other['name']}")
    fact = site.call("GET", f"/v1/orders/{order}/facts")["facts"][-1]
    assert (fact["type"], fact["actor"]["grade"]) == ("route.overridden", "A")
    kept = site.call("GET", f"/v1/orders/{order}/blobs/{fact['data']['statement']}")
    assert " ".join(kept["shown"].split()) == " ".join(shown.split())
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"/orders/{order}?tab=decision")
    expect(page.locator(".order-override")).to_be_visible()
    axe(page)


def test_an_order_is_amended_beside_what_it_was(
    site: Site, visit: Visit, axe: Callable[[Page], None]
) -> None:
    order = site.place_order()
    before = site.call("GET", f"/v1/orders/{order}")
    page = visit(f"/orders/{order}", "service")
    page.get_by_role("button", name="改单").click()
    dialog = page.get_by_role("dialog")
    act = dialog.get_by_role("button", name="改单")
    expect(dialog).to_contain_text("改动之后")
    expect(act).to_be_disabled()
    line = before["lines"][0]
    dialog.get_by_role("spinbutton").first.fill(str(line["quantity"] + 1))
    effect = dialog.get_by_label("改后")
    expect(effect).to_contain_text("待补")
    more = line["quantity"] + 1  # from where it is, or decided anew for another warehouse
    expect(effect).to_contain_text(re.compile(f"{line['quantity']} 件改为 {more} 件|发 {more} 件"))
    expect(dialog).to_contain_text(f"原 {line['quantity']}")
    expect(act).to_be_disabled()  # no reason yet
    dialog.get_by_label("理由").fill("买家加一件")
    axe(page)
    expect(act).to_be_enabled()
    page.set_viewport_size({"width": 390, "height": 844})
    expect(effect).to_contain_text("待补")
    axe(page)
    act.click()
    expect(page.get_by_text("已改单", exact=True)).to_be_visible()
    page.set_viewport_size({"width": 1440, "height": 900})
    expect(page.locator("main")).to_contain_text("改单,待补款")
    expect(page.locator("main")).to_contain_text("买家加一件")
    after = site.call("GET", f"/v1/orders/{order}")
    assert after["lines"][0]["quantity"] == line["quantity"] + 1
    assert after["holds"] == ["supplement_due"]
