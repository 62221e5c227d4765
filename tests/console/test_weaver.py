"""The API weaver in the console: an integrator weaves a stock query from a sample, sees values as
it is typed, tries it on the far side itself; another person publishes it, and it is called.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from danshu.testing import weaving_desks
from danshu.testing.weaving_desks import WMS_SECRET
from tests.console.conftest import Visit
from tests.console.site import Site

SAMPLE = {
    "success": True,
    "data": {"items": [{"itemCode": "S-1", "warehouseCode": "BJ01", "totalQty": "7"}]},
}
BODY = {"warehouseCode": "BJ01", "itemCodes": ["S-1"]}
CANONICAL = 'user & "\\n" & $string(at_s) & "\\n" & method & "\\n" & path & "\\n" & body'


def choose(page: Page, box: Any, option: str) -> None:
    """Choose from a list that a box opens."""
    box.click()
    page.locator(".ant-select-dropdown:visible").get_by_title(option, exact=True).click()


def test_an_integrator_weaves_an_api(site: Site, visit: Visit, axe: Callable[..., None]) -> None:
    code = f"stock_{secrets.token_hex(3)}"
    with weaving_desks.stock_desk() as (desk, url):
        desk.backlog_min["BJ01"] = 5
        desk.stock["BJ01", "S-1"] = (7, 1)
        page = visit("/weaver", "sre")
        page.get_by_role("button", name="新建能力").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("中文名称").fill("示例仓查库存")
        dialog.get_by_label("代码").fill(code)
        dialog.get_by_role("button", name="开始编织").click()
        page.wait_for_url("**/weaver/0*")
        source = page.get_by_role("region", name="来源")
        choose(page, source.get_by_role("combobox", name="能力类别"), "库存查询")
        source.get_by_label("对方响应样例").fill(json.dumps(SAMPLE))
        source.get_by_label("对方请求正文样例").fill(json.dumps(BODY))
        source.get_by_role("button", name="按样例提议映射").click()
        # proposed by name, with values beside the expressions
        answer = page.get_by_role("region", name="回答", exact=True)
        count = answer.get_by_role("textbox", name="on_hand 的表达式")
        expect(count).to_have_value("$number(totalQty)")
        expect(answer.get_by_label("on_hand 的预览值")).to_have_text("[7]")
        count.fill("$number(totalQty")
        expect(answer.get_by_text("表达式写错了").first).to_be_visible()
        count.fill("$number(totalQty)")
        request = page.get_by_role("region", name="HTTP 请求", exact=True)
        request.get_by_label("对方地址").fill(url)
        request.get_by_label("路径", exact=True).fill("/openapi/v2/inventory/query")
        auth = page.get_by_role("region", name="认证")
        choose(page, auth.get_by_role("combobox", name="方式"), "HMAC 签名")
        for label, text in (
            ("签名标头", "X-Sign"),
            ("密钥标识", "10001"),
            ("待签文本表达式", CANONICAL),
            ("时间戳标头", "X-Timestamp"),
        ):
            auth.get_by_label(label).fill(text)
        auth.get_by_label("密钥", exact=True).fill(WMS_SECRET)
        auth.get_by_role("button", name="存入保险柜").click()
        expect(page.get_by_text("没有要修的")).to_be_visible()
        expect(page.get_by_label("将发出的请求").first).to_contain_text("x-sign: ••••••")
        live = page.get_by_role("region", name="真实试调")
        live.get_by_role("button", name="发出试调").click()
        page.get_by_role("dialog").get_by_role("button", name="发出试调").click()
        expect(live.get_by_text("成功")).to_be_visible()
        expect(live.get_by_label("回答")).to_contain_text('"on_hand": 7')
        axe(page)
        page.get_by_role("button", name="提交复核").click()
        expect(page.get_by_text("等复核：").first).to_be_visible()

        other = visit(page.url.removeprefix(site.address), "policy")
        other.get_by_role("button", name="复核并发布").click()
        other.get_by_role("dialog").get_by_role("button", name="发布").click()
        expect(other.get_by_text("v1 已发布").first).to_be_visible()
        other.goto(f"{site.address}/weaver/{code}")
        once = other.get_by_role("region", name="调用一次")
        once.get_by_label("提问（JSON）").fill('{"warehouse": "BJ01", "skus": ["S-1"]}')
        once.get_by_role("button", name="调用").click()
        other.get_by_role("dialog").get_by_role("button", name="调用").click()
        expect(once.get_by_label("回答")).to_contain_text('"on_hand": 7')
        expect(other.get_by_text("1 次，拒绝 0，失败 0")).to_be_visible()
        beside = other.get_by_role("region", name="库存对比")
        beside.get_by_label("提问（JSON）").fill('{"warehouse": "BJ01", "skus": ["S-1"]}')
        beside.get_by_role("button", name="查询并对比").click()
        expect(beside.get_by_role("row").last).to_contain_text("本方没有")
        axe(other)
    got = [v for v in site.call("GET", "/v1/woven")["versions"] if v["woven"]["code"] == code]
    assert [(v["calls"], v["failed"]) for v in got] == [(2, 0)]
