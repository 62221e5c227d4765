"""Finance closes a month in the console: refused first, explained, opened again by two."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from danshu.kernel.fact import rfc3339
from tests.console.conftest import Visit
from tests.console.site import Site
from tests.console.test_people_pages import STEP_UP, prove

PAID = datetime.datetime.now(datetime.UTC).replace(day=1) - datetime.timedelta(days=10)
LAST = PAID.year * 100 + PAID.month
NAME = f"{PAID.year}年{PAID.month:02}月"


def fill(site: Site) -> str:
    """An order paid last month, and an amount in suspense there; gives the order's id."""
    sku = site.call("GET", "/v1/skus?limit=1")["items"][0]["code"]
    receiver = {
        "name": "王示例",
        "phone": "13900000000",
        "province": "浙江省",
        "city": "杭州市",
        "detail": "示例路 1 号",
    }
    made = site.call(
        "POST",
        "/v1/orders",
        json={
            "number": "MONTH-END-1",
            "lines": [{"sku": sku, "quantity": 1, "price_fen": 11_800}],
            "receiver": receiver,
            "paid_at": rfc3339(round(PAID.timestamp() * 1000)),
        },
    )
    return str(made["order"])


def enter_by_hand(site: Site, maker: Page, checker: Page) -> None:
    """One person makes a voucher of the month, another checks it and proves who they are."""
    maker.get_by_role("button", name="手工凭证", exact=True).click()
    form = maker.get_by_role("dialog")
    form.get_by_label("日期").fill(PAID.date().isoformat())
    form.get_by_label("借方科目").fill("190101")
    form.get_by_label("借方科目").press("Enter")
    form.get_by_label("贷方科目").fill("112201")
    form.get_by_label("贷方科目").press("Enter")
    form.get_by_label("金额").fill("7")
    form.get_by_label("理由").fill("银行回单未到")
    form.get_by_role("button", name="提交复核 ¥7.00").click()
    waits = maker.get_by_role("region", name="手工凭证复核")
    expect(waits).to_contain_text("银行回单未到")
    expect(waits.get_by_role("button", name="复核入账")).to_be_disabled()
    checker.reload()
    checker.get_by_role("button", name="复核入账").click()
    prove(checker, site)  # where the session is older than a fresh proof
    expect(checker.get_by_text("已入账 调-").first).to_be_visible()


def is_ready(seen: dict[str, Any]) -> bool:
    vouchers = {p["period"]: p["vouchers"] for p in seen["periods"]}
    return seen["behind"] == 0 and seen["next"] == LAST and vouchers[LAST] >= 2


def close(page: Page) -> None:
    """Close as often as facts come in between: it is refused until the journal has them."""
    walk = page.get_by_role("region", name=f"关账 {NAME}")
    history = page.get_by_role("region", name=f"{NAME} 的经过")
    for _ in range(10):
        walk.get_by_role("button", name=f"关账 {NAME}").click()
        page.get_by_role("dialog").get_by_role("button", name=f"关账 {NAME}").click()
        expect(history.or_(walk.get_by_role("alert")).first).to_be_visible()
        if history.is_visible():
            return
        walk.get_by_role("button", name="重新检查").click()
    raise AssertionError("the period did not close")


def test_finance_closes_a_month(
    site: Site, visit: Visit, expected: Callable[..., None], axe: Callable[..., None]
) -> None:
    expected("409", STEP_UP)  # a fact that comes in between is to be entered first
    order = fill(site)
    page = visit("/settlement?tab=vouchers", "finance")
    enter_by_hand(site, page, visit("/settlement?tab=vouchers", "admin"))
    site.wait_for("/v1/settlement", is_ready)
    page.goto("/settlement")
    trial = page.get_by_role("region", name="试算平衡表").first
    expect(trial).to_contain_text("借贷平衡")

    # the drill: account, day, entry, order
    day = datetime.date(PAID.year, PAID.month, 28).isoformat()
    trial.get_by_label("截至哪天").fill(day)
    expect(trial).to_contain_text(f"截至 {day}")
    page.get_by_role("button", name="预收账款·预收货款").click()
    peek = page.get_by_role("dialog")
    peek.get_by_role("button", name=PAID.date().isoformat()[:8]).first.click()
    expect(peek).to_contain_text("收款")
    link = peek.get_by_role("link", name="看订单").first
    expect(link).to_have_attribute("href", f"/orders/{order}")

    # the walk: suspense stands in the way until somebody says why
    page.goto("/settlement")
    page.get_by_role("button", name=f"检查并关账 {NAME}").click()
    walk = page.get_by_role("region", name=f"关账 {NAME}")
    expect(walk).to_contain_text("待查 ¥7.00，超过限额")
    expect(walk.get_by_role("button", name=f"关账 {NAME}")).to_be_disabled()
    walk.get_by_label("待查款：说明").fill("银行回单下月到")
    # other tests of this process may have reconciled this merchant
    if walk.get_by_label("对账差异：说明").is_visible():
        walk.get_by_label("对账差异：说明").fill("下月处理")
    axe(page)
    close(page)
    history = page.get_by_role("region", name=f"{NAME} 的经过")
    expect(history).to_contain_text("待查款 ¥7.00：银行回单下月到")

    # opened again: one asks, another agrees, and it is seen for ever
    history.get_by_label("为什么要反结账").fill("少记一笔")
    history.get_by_role("button", name=f"申请反结账 {NAME}").click()
    expect(history.get_by_role("button", name=f"批准反结账 {NAME}")).to_be_disabled()
    second = visit(f"/settlement?tab=periods&period={LAST}", "admin")
    second.get_by_role("button", name=f"批准反结账 {NAME}").click()
    expect(second.get_by_role("region", name="期间").first).to_contain_text("曾反结账")
    expect(second.get_by_role("region", name=f"{NAME} 的经过")).to_contain_text("少记一笔")
