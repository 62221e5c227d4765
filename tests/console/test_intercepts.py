"""Intercept rules and what is sold beside single goods, as people meet them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from playwright.sync_api import expect

from danshu.capabilities.routing.policy import templates
from danshu.hub import policy_sets
from danshu.kernel.fact import Actor
from tests.console.conftest import Visit
from tests.console.site import EVERYBODY, Site
from tests.fixtures.hub import order

P = "/v1/routing/policies"
PHONE = "13611112222"


@pytest.fixture
def rules(site: Site) -> Iterator[str]:
    """The blacklist's rules are live, and put back behind the test."""
    (policy,) = (t.policy() for t in templates.shipped() if t.code == "blacklist")

    async def publish() -> None:
        async with (
            await psycopg.AsyncConnection.connect(site.url, autocommit=True) as c,
            c.transaction(),
        ):
            by = Actor(sub="tests", role="system", grade="C")
            await policy_sets.publish(
                c, site.tenant, policy, "黑名单", by, drafted_by="tests", simulation=""
            )

    with ThreadPoolExecutor(1) as beside:  # the browser's loop runs in this thread
        beside.submit(lambda: asyncio.run(publish())).result()
    site.call("POST", f"{P}/sets/{policy.digest}/activate", json={})
    yield policy.digest
    site.call("POST", f"{P}/rollback", json={"kind": "intercept"})


def test_who_is_listed_is_stopped_and_a_false_alarm_is_let_go(
    site: Site, visit: Visit, rules: str
) -> None:
    page = visit("/intercepts?tab=lists", EVERYBODY)
    page.get_by_role("button", name="列入黑名单").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("平台买家号、手机号或完整地址").fill(PHONE)
    dialog.get_by_label("原因").fill("骚扰客服")
    dialog.get_by_role("button", name="列入", exact=True).click()
    expect(page.get_by_role("cell", name="136****2222")).to_be_visible()
    lines = [{"sku": site.call("GET", "/v1/skus?limit=1")["items"][0]["code"]}]
    lines = [{**lines[0], "quantity": 1, "price_fen": 900}]
    to = {**order()["receiver"], "phone": PHONE}
    placed = site.call("POST", "/v1/orders", json=order(lines=lines, receiver=to))
    assert placed["holds"] == ["intercept_hold"]
    page.goto(f"{site.address}/intercepts")
    row = page.get_by_role("row").filter(has_text=placed["number"])
    expect(row).to_contain_text("收件人在黑名单上")
    row.get_by_role("button", name="放行").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="放行 1 单").click()
    expect(page.get_by_text("已放行 1 单，记为误拦")).to_be_visible()
    expect(row).to_have_count(0)
    page.get_by_role("radiogroup", name="看什么").get_by_text("规则").click()
    expect(page.get_by_text("黑名单").first).to_be_visible()
    shown = site.call("GET", f"/v1/orders/{placed['order']}")
    assert shown["holds"] == []


def test_a_bundle_is_made_on_the_page_and_told_on_the_orders(site: Site, visit: Visit) -> None:
    skus = [s["code"] for s in site.call("GET", "/v1/skus?limit=2")["items"]]
    page = visit("/settings/masters?kind=bundles", EVERYBODY)
    page.get_by_role("button", name="新增组合装").first.click()
    drawer = page.get_by_role("dialog")
    drawer.get_by_label("编码", exact=True).fill("WEB-SET")
    drawer.get_by_label("名称", exact=True).fill("试用套装")
    drawer.get_by_label("商品编码").first.fill(skus[0])
    drawer.get_by_role("button", name="加一个组成").click()
    drawer.get_by_label("商品编码").nth(1).fill(skus[1])
    drawer.get_by_role("button", name="新增", exact=True).click()
    expect(page.get_by_text("已新增 WEB-SET")).to_be_visible()
    lines = [{"sku": "WEB-SET", "quantity": 2, "price_fen": 1001}]
    placed = site.call("POST", "/v1/orders", json=order(lines=lines))
    page.goto(f"{site.address}/orders/{placed['order']}")
    expect(page.get_by_text("组合装 试用套装 × 2").first).to_be_visible()
    site.call("DELETE", "/v1/masters/bundles/WEB-SET")
