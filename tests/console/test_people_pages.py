"""The pages about people and rights, used as an admin and a newcomer use them."""

from __future__ import annotations

import re
from collections.abc import Callable

import pyotp
from playwright.sync_api import Page, expect

from tests.console.conftest import Visit
from tests.console.site import CODE, Site
from tests.fixtures.people import PASSWORD, seat

STRONG = "seven grey hinges turn"
SIGNED_OUT = r"status of (401.*\(/v1/|404.*\(/v1/door)"
STEP_UP = r"status of 403.*\(/v1/"
RULE = """@id("own.no-hold")
forbid (principal is Person in Role::"service", action == Action::"order.hold", resource);
"""


def prove(page: Page, site: Site) -> None:
    """Prove again who one is, if that is asked."""
    button = page.get_by_role("button", name="用密码确认")
    said = page.locator(".ant-notification-notice, .hand-over")
    expect(button.or_(said).first).to_be_visible()
    if button.is_visible():
        page.get_by_role("dialog").last.get_by_label("密码").fill(site.password)
        button.click()


def test_somebody_is_invited_joins_by_password_and_is_disabled(
    site: Site, visit: Visit, expected: Callable[..., None]
) -> None:
    expected(SIGNED_OUT, STEP_UP)
    page = visit("/settings/people")
    page.get_by_role("button", name="邀请").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("姓名").fill("王仓")
    dialog.get_by_label("账号").fill("w77@demo.example")
    dialog.get_by_label("工号").fill("W77")
    dialog.get_by_label("角色").click()
    page.get_by_title("仓配主管").last.click()
    page.keyboard.press("Escape")
    dialog.get_by_role("button", name="生成邀请链接").click()
    prove(page, site)
    link = page.get_by_label("邀请链接").input_value()
    assert "/sign-in#invite=dsi_" in link
    newcomer = visit(link.removeprefix(site.address), "")
    expect(newcomer.get_by_role("heading", name="加入 示例商户")).to_be_visible()
    newcomer.get_by_role("button", name="设置密码").click()
    newcomer.get_by_label("新密码").fill(STRONG)
    newcomer.get_by_role("button", name="设置密码").click()
    expect(newcomer.get_by_role("button", name="仓配主管 W77")).to_be_visible()
    page.reload()
    page.get_by_text("w77@demo.example").click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_placeholder("原因").fill("离职")
    sheet.get_by_role("button", name="停用 王仓").click()
    prove(page, site)
    expect(page.get_by_text("已停用 王仓")).to_be_visible()
    newcomer.goto("/orders")
    expect(newcomer).to_have_url(re.compile("/sign-in"))


def test_who_may_is_answered_with_the_policy(visit: Visit, axe: Callable[[Page], None]) -> None:
    page = visit("/settings/policies?action=order.cancel&fen=500001")
    row = page.get_by_role("row").filter(has_text="客服 C12")
    expect(row).to_contain_text("不可以")
    expect(page.get_by_role("row").filter(has_text="财务 F05")).to_contain_text("finance.money")
    axe(page)


def test_own_policies_are_tried_then_published_then_taken_back(
    site: Site, visit: Visit, expected: Callable[..., None], axe: Callable[[Page], None]
) -> None:
    expected(STEP_UP, r"status of 422.*policies:dry-run")
    page = visit("/settings/policies?tab=own")
    text, publish = page.locator("textarea").first, page.get_by_role("button", name="发布")
    text.fill("permit (principal, action, resource)")
    page.get_by_role("button", name="试算").click()
    expect(page.get_by_role("alert")).to_contain_text("策略有误")
    text.fill("forbid (principal, action, resource);")
    page.get_by_role("button", name="试算").click()
    expect(page.get_by_role("alert")).to_contain_text("不能发布")
    text.fill(RULE)
    expect(publish).to_have_attribute("aria-disabled", "true")  # not tried yet
    page.get_by_role("button", name="试算").click()
    expect(page.get_by_role("listitem").filter(has_text="客服 C12")).to_contain_text("失去 挂起")
    axe(page)
    for base, body in ((1, RULE), (2, "")):
        text.fill(body)
        page.get_by_role("button", name="试算").click()
        expect(publish).to_have_attribute("aria-disabled", "false")
        publish.click()
        page.get_by_label("为什么改").fill("试一下")
        page.get_by_role("button", name=f"发布第 {base} 版").click()
        prove(page, site)
        expect(page.get_by_text(f"第 {base} 版已生效")).to_be_visible()
    page.get_by_role("tab", name="版本").click()
    page.get_by_text("试一下").last.click()
    expect(page.get_by_role("dialog")).to_contain_text("own.no-hold")


def test_a_key_is_shown_once_and_revoked(
    site: Site, visit: Visit, expected: Callable[..., None]
) -> None:
    expected(STEP_UP)
    page = visit("/settings/keys")
    page.get_by_role("button", name="发放密钥").click()
    page.get_by_label("名称").fill("扫码枪")
    page.get_by_role("button", name="发放", exact=True).click()
    prove(page, site)
    key = page.get_by_role("dialog").get_by_label("API 密钥").input_value()
    assert key.startswith("dsk_")
    page.get_by_role("dialog").get_by_role("button", name="关闭").last.click()
    assert key not in page.content()
    page.get_by_role("row").filter(has_text="扫码枪").get_by_role("button", name="吊销").click()
    page.get_by_role("button", name="吊销「扫码枪」").click()
    prove(page, site)
    expect(page.get_by_text("已吊销「扫码枪」")).to_be_visible()


def test_codes_are_enrolled_and_then_asked(
    site: Site, visit: Visit, expected: Callable[..., None]
) -> None:
    expected(SIGNED_OUT, STEP_UP)
    seat(site.url, site.tenant, "T01", ("legal",))
    page = visit(f"/sign-in?m={CODE}", "")
    page.get_by_role("button", name="密码 + 动态码").click()
    page.get_by_label("账号").fill("t01@small.example")
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="法务 T01")).to_be_visible()
    page.goto("/settings/account")
    page.get_by_role("button", name="绑定验证器").click()
    expect(page.get_by_alt_text("绑定验证器的二维码")).to_be_visible()
    secret = page.locator(".me-offer .mono").inner_text()
    page.get_by_role("textbox", name="动态码").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="绑定", exact=True).click()
    codes = page.locator(".me-codes li")
    expect(codes).to_have_count(10)
    recovery = codes.first.inner_text()
    other = visit(f"/sign-in?m={CODE}", "")
    other.get_by_role("button", name="密码 + 动态码").click()
    other.get_by_label("账号").fill("t01@small.example")
    other.get_by_label("密码", exact=True).fill(PASSWORD)
    other.keyboard.press("Enter")
    other.get_by_role("textbox", name="动态码").fill(recovery)
    other.keyboard.press("Enter")
    expect(other.get_by_role("button", name="法务 T01")).to_be_visible()


def test_the_merchant_is_renamed(site: Site, visit: Visit, expected: Callable[..., None]) -> None:
    expected(STEP_UP)
    page = visit("/settings/merchant")
    name = page.get_by_label("名称")
    expect(name).to_have_value("示例商户")
    for given in ("示例商户二", "示例商户"):
        name.fill(given)
        page.get_by_role("button", name="保存商户").click()
        prove(page, site)
        expect(page.get_by_role("banner")).to_contain_text(given)
        page.reload()
        expect(name).to_have_value(given)
