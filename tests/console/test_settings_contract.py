"""What surrounds the contract, used as people use it: delegations, certificates, the settings of
customers' links and of remedies.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.console.conftest import PDA, Visit
from tests.console.site import Site
from tests.console.test_people_pages import STEP_UP, prove
from tests.console.test_remedies import broken

Axe = Callable[..., None]


def choose(page: Page, label: str, option: str) -> None:
    """Choose in a list of a dialog or form."""
    page.get_by_label(label, exact=True).click()
    page.locator(".ant-select-item-option").filter(has_text=option).last.click()


def test_an_action_is_lent_seen_by_the_other_and_handed_back(
    site: Site, visit: Visit, axe: Axe
) -> None:
    page = visit("/settings/delegations", "reviewer")
    page.get_by_role("button", name="授权代办").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("以自己的名义")
    dialog.get_by_text("指定").click()
    dialog.get_by_label("到期").fill("2020-01-01T08:00")
    dialog.get_by_role("button", name="授权代办").click()
    for wrong in ("没有选动作", "没有选代办人", "原因是空的", "要在此刻之后、30 天之内"):
        expect(dialog).to_contain_text(wrong)
    page.get_by_label("动作").click()
    offered = page.locator(".ant-select-item-option")
    expect(offered.and_(page.get_by_title("出库复核", exact=True))).to_be_visible()
    expect(offered.filter(has_text="退款")).to_have_count(0)  # finance's
    offered.and_(page.get_by_title("出库复核", exact=True)).click()
    expect(dialog).to_contain_text(re.compile("[AB] 级：代办人"))
    choose(page, "代办人", "仓配主管 W02")
    dialog.get_by_text("3 天").click()
    dialog.get_by_label("原因").fill("年假")
    axe(page)
    dialog.get_by_role("button", name="授权「出库复核」").click()
    row = page.get_by_role("row").filter(has_text="年假")
    expect(row).to_contain_text("仓配主管 W02")
    expect(row.get_by_role("button", name="收回")).to_be_enabled()

    legal = visit("/settings/delegations", "legal")
    closed = legal.get_by_role("row").filter(has_text="年假").get_by_role("button", name="收回")
    expect(closed).to_be_disabled()
    expect(closed).to_have_attribute("title", re.compile("授权人、代办人或管理员"))

    other = visit("/settings/account", "warehouse", size=PDA)
    card = other.get_by_role("region", name="授权代办")
    expect(card).to_contain_text("出库复核 · 复核员 R07 授权")
    card.get_by_role("button", name="交回").click()
    dialog = other.get_by_role("dialog")
    expect(dialog).to_contain_text("授权期间已做的动作仍然有效")
    back = dialog.get_by_role("button", name="交回「出库复核」授权")
    expect(back).to_be_disabled()
    dialog.get_by_label("原因").fill("当天不当班")
    back.click()
    expect(card).to_contain_text("现在没有生效的授权")
    page.reload()
    expect(row).to_contain_text("已收回")
    expect(row.get_by_role("button")).to_have_count(0)


def test_a_certificate_is_recorded_seen_and_removed_with_a_reason(
    site: Site, visit: Visit, expected: Callable[..., None], axe: Axe
) -> None:
    expected(STEP_UP)
    people = site.call("GET", "/v1/people?limit=100")["items"]
    person = next(p["id"] for p in people if p["number"] == "R07")
    address = f"/settings/people?peek={person}"
    page = visit(address)
    sheet = page.get_by_role("dialog").first
    sheet.get_by_role("button", name="登记证书").click()
    for missing in ("证书是空的", "编号是空的", "没有最后有效日"):
        expect(sheet).to_contain_text(missing)
    sheet.get_by_label("证书", exact=True).fill("执业药师")
    sheet.get_by_label("编号").fill("YS-2024-0031")
    sheet.get_by_label("最后有效日").fill("2020-03-31")
    sheet.get_by_role("button", name="登记证书").click()
    prove(page, site)
    listed = sheet.get_by_role("list", name="资质证书")
    expect(listed).to_contain_text("已到期")
    axe(page)
    legal = visit(address, "legal", theme="dark")
    expect(legal.get_by_role("list", name="资质证书")).to_contain_text("YS-2024-0031")
    expect(legal.get_by_role("button", name="登记证书")).to_have_count(0)
    expect(legal.get_by_text("登记和移除要「管理人员」权限")).to_be_visible()
    listed.get_by_role("button", name="移除").click()
    dialog = page.get_by_role("dialog").last
    dialog.get_by_label("原因").fill("证书吊销")
    dialog.get_by_role("button", name="移除「执业药师」").click()
    expect(sheet).to_contain_text("还没有登记证书")
    assert site.call("GET", f"/v1/people/{person}/certificates")["items"] == []


def test_links_live_as_long_as_the_merchant_sets(
    site: Site, visit: Visit, expected: Callable[..., None]
) -> None:
    expected(STEP_UP)
    page = visit("/settings/links")
    days = page.get_by_label("有效天数")
    days.fill("366")
    page.get_by_role("button", name="保存链接设置").click()
    expect(page.get_by_text("要是 1–365 的整数")).to_be_visible()
    days.fill("45")
    page.get_by_label("装箱单上印二维码").uncheck()
    page.get_by_role("button", name="保存链接设置").click()
    prove(page, site)
    expect(page.get_by_text("新链接 45 天有效 · 装箱单不印二维码")).to_be_visible()
    assert site.call("GET", "/v1/link-settings") == {"days": 45, "slip": False}
    page = visit("/settings/links", "service")
    expect(page.get_by_role("button", name="保存链接设置")).to_be_disabled()
    expect(page.get_by_role("alert")).to_contain_text("没有「改商户设置」权限")
    page = visit(f"/orders/{site.by_state('shipped')['order']}?tab=evidence", "service")
    expect(page.get_by_role("region", name="给客户的链接")).to_contain_text("45 天有效")
    site.call("PUT", "/v1/link-settings", json={"days": 90, "slip": True})


def test_policy_pays_up_to_what_was_confirmed_and_stops_when_told(
    site: Site, visit: Visit, expected: Callable[..., None]
) -> None:
    expected(STEP_UP)
    page = visit("/settings/remedies")
    choose(page, "支付服务", "Payouts")
    page.get_by_label("接口地址").fill("http://pay.example.com")
    page.get_by_role("button", name="保存补偿设置").click()
    for wrong in ("要是 https 地址", "密钥是空的"):
        expect(page.get_by_text(wrong)).to_be_visible()
    page.get_by_label("接口地址").fill("https://pay.example.com")
    page.get_by_label("接口密钥").fill("a secret of the service")
    page.get_by_label("自动赔付上限").fill("500.01")
    page.get_by_role("button", name="保存补偿设置").click()
    expect(page.get_by_text("要在 ¥0.00 到 ¥500.00 之间")).to_be_visible()
    page.get_by_label("自动赔付上限").fill("20")
    page.get_by_role("button", name="保存补偿设置").click()
    dialog = page.get_by_role("dialog").last
    expect(dialog).to_contain_text("不经人批准就付款")
    dialog.get_by_role("button", name="自动赔付 ¥20.00 以内").click()
    prove(page, site)
    expect(page.get_by_text("支付服务已接 · ¥20.00 以内自动赔付")).to_be_visible()
    kept = site.call("GET", "/v1/remedy-settings")
    assert (kept["auto_fen"], kept["adapter"]) == (2_000, "payouts")
    assert "secret" not in kept
    choose(page, "支付服务", "不接")
    page.get_by_role("button", name="保存补偿设置").click()
    page.get_by_role("dialog").last.get_by_role("button", name="停用支付服务").click()
    expect(page.get_by_text("未接支付服务 · 每笔由人批准")).to_be_visible()
    assert site.call("GET", "/v1/remedy-settings")["adapter"] == ""


def test_what_a_breach_owes_leads_to_its_clause(site: Site, visit: Visit) -> None:
    order = broken(site)["order"]
    (row,) = site.call("GET", f"/v1/orders/{order}/compensations")["items"]
    page = visit(f"/orders/{order}?tab=evidence", "service", size={"width": 1200, "height": 900})
    card = page.get_by_role("region", name="赔付")
    card.get_by_role("link", name="看条款").click()
    expect(page).to_have_url(re.compile(row["clause"]))
    expect(page.locator("[aria-current=true]").get_by_role("heading")).to_have_text("48小时发货")
