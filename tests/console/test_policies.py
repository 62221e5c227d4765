"""The policy canvas: the rainstorm rule drawn by mouse, checked, tried, approved by another person,
let on a share of the orders, on all, and taken back.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import psycopg
import pytest
from playwright.sync_api import Locator, Page, expect

from danshu.stories import furnishing
from tests.console.conftest import PDA, Visit
from tests.console.site import Site

CODE = "storm"
RULE = "暴雨红色预警:地面仓易涝,切换至高架仓发货"
WHERE = "仓类型是地面仓或地下仓，且预警类型是暴雨，且预警级别 ≥ 红色"
# What the editor shows of the graph itself: fields, and codes of keys.
NAMES = re.compile(
    r"order|dest|now|weather_level|cold|effect|where|fen|most|reason|kind|ground|underground|"
    r"weather_type|and|or|JSON|React|Flow"
)


class Merchant(Site, kw_only=True, eq=False):
    """A merchant of its own in the hub that is browsed: its policies rule nobody else's orders."""

    def login(self, role: str) -> str:
        number = furnishing.PEOPLE[[r for _, r, _ in furnishing.PEOPLE].index(role)][0]
        return f"{number.lower()}@{CODE}.example"

    def cookie(self, role: str) -> str:
        if role not in self.kept:
            body = {"tenant": CODE, "login": self.login(role), "password": self.password}
            path, origin = self.address + "/v1/session/password", {"origin": self.address}
            answer = httpx.post(path, json=body, headers=origin, timeout=60)
            assert answer.status_code == 201, answer.text
            self.kept[role] = answer.cookies["danshu"]
        return self.kept[role]

    def draft(self, origin: str) -> str:
        """Begin a draft by the API; gives its page."""
        new = {"name": "汛期", "from": origin}
        return f"/policies/{self.call('POST', '/v1/routing/policies/drafts', json=new)['id']}"


@pytest.fixture(scope="module")
def site(site: Site) -> Merchant:
    async def furnish() -> tuple[int, str, str]:
        async with await psycopg.AsyncConnection.connect(site.url, autocommit=True) as connection:
            tenant = await furnishing.furnish(connection, CODE, "汛期商户", signs=False)
            key = await furnishing.renew_key(connection, tenant, "console")
            return tenant, key, await furnishing.seat_people(connection, tenant)

    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        tenant, key, password = thread.submit(asyncio.run, furnish()).result()
    made = Merchant(
        address=site.address, url=site.url, tenant=tenant, key=key, password=password, orders=[]
    )
    _place(made)
    return made


def _place(site: Site) -> None:
    """An order of today: something to try a policy on."""
    sku = site.call("GET", "/v1/skus?limit=1")["items"][0]["code"]
    new: dict[str, Any] = {
        "number": "STORM-1",
        "lines": [{"sku": sku, "quantity": 1, "price_fen": 9_900}],
        "receiver": {
            "name": "张示例",
            "phone": "13900001234",
            "province": "上海市",
            "city": "上海市",
            "detail": "示例路 1 号",
        },
        "paid_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    site.call("POST", "/v1/orders", json=new)


def _centre(part: Locator) -> tuple[float, float]:
    box = part.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def _connect(page: Page, start: Locator, end: Locator) -> None:
    """Draw a line from a node's right to another's left, as a hand does."""
    (x, y), (to_x, to_y) = _centre(start), _centre(end)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move((x + to_x) / 2, (y + to_y) / 2, steps=4)
    page.mouse.move(to_x, to_y, steps=4)
    page.mouse.up()


def _choose(page: Page, cell: Locator, label: str) -> None:
    """Choose a word of a cell's dictionary."""
    cell.locator(".ant-select").click()
    page.locator(".ant-select-dropdown:visible .ant-select-item", has_text=label).first.click()


def _english(page: Page) -> list[str]:
    """Give the English words that the editor shows."""
    shown = page.locator(".policy-canvas").inner_text()
    return [w for w in re.findall(r"[A-Za-z]{3,}(?:_[a-z]+)*", shown) if not NAMES.fullmatch(w)]


# The editor's own, each time a node is dropped.
OLD_CALL = r"`project` is deprecated"


def _draw(visit: Visit) -> Page:
    """The policy officer's part on the canvas: a table dropped, two lines drawn, a row filled."""
    page = visit("/policies", "policy")
    page.get_by_role("button", name="起草策略").click()
    page.get_by_label("名称").fill("华南汛期分仓")
    page.get_by_text("空白", exact=True).click()
    page.get_by_role("button", name="开始画").click()
    page.wait_for_url("**/policies/0*")
    page.get_by_role("button", name="加策略").click()
    page.get_by_label("中文名称").last.fill("暴雨红色预警→高架仓")
    page.get_by_label("编码").fill("rainstorm")
    page.get_by_role("button", name="加上这条策略").click()
    nodes = page.locator(".react-flow__node")
    expect(nodes).to_have_count(2)
    palette = page.locator(".draggable-component")
    expect(palette).to_have_count(5)  # no programs among them
    box = page.locator(".react-flow__pane").bounding_box()
    assert box
    palette.filter(has_text="规则表").drag_to(
        page.locator(".react-flow__pane"),
        target_position={"x": box["width"] / 2, "y": box["height"] / 4},
    )
    expect(nodes).to_have_count(3)
    ends = {name: nodes.filter(has_text=name) for name in ("订单与信号", "规则表1", "策略效果")}
    for start, end in (("订单与信号", "规则表1"), ("规则表1", "策略效果")):
        _connect(
            page,
            ends[start].locator(".react-flow__handle-right"),
            ends[end].locator(".react-flow__handle-left"),
        )
    expect(page.locator(".react-flow__edge")).to_have_count(2)
    assert _english(page) == []
    ends["规则表1"].get_by_text("改规则").click()
    row = page.locator(".grl-dt tbody tr.table-row").first
    cells = row.locator("td:not(.sort-handler)")
    _choose(page, cells.nth(1), "禁用")
    _choose(page, cells.nth(2), WHERE)
    cells.nth(5).locator("textarea, [contenteditable]").first.click()
    page.keyboard.insert_text(RULE)
    assert _english(page) == []
    return page


def test_the_rainstorm_rule_from_the_canvas_to_all_orders_and_back(
    site: Merchant, visit: Visit, expected: Callable[..., None]
) -> None:
    expected(OLD_CALL)
    page = _draw(visit)
    page.get_by_text("条文", exact=True).click()
    rule = page.locator(".policy-rule")
    expect(rule).to_contain_text(f"禁用：{WHERE}")
    expect(rule).to_contain_text(RULE)

    submit = page.get_by_role("button", name="提交审批")
    expect(submit).to_have_attribute("aria-disabled", "true")
    page.get_by_text("用例 0", exact=True).click()
    page.get_by_role("button", name="加用例").click()
    page.get_by_role("button", name="按现在的结果填").click()
    expect(page.locator(".policy-effects")).to_contain_text("禁用")
    page.get_by_role("button", name="检查", exact=True).click()
    check = page.get_by_role("region", name="检查")
    expect(check).to_contain_text("没有问题")
    expect(submit).to_have_attribute("aria-disabled", "true")  # nothing was tried yet
    trial = page.get_by_role("region", name="试算")
    trial.get_by_role("button", name="试算").click()
    expect(trial).to_contain_text("单均物流成本")
    expect(trial).to_contain_text("1 单")
    expect(submit).not_to_have_attribute("aria-disabled", "true")
    submit.click()
    expect(page.get_by_text("参与绘制的人不能审批自己的稿")).to_be_visible()

    _print(page)
    other = visit(page.url.removeprefix(site.address).partition("?")[0], "admin")
    other.get_by_role("button", name="批准发布").click()
    other.locator(".ant-modal").get_by_role("button", name="批准发布「华南汛期分仓」").click()
    other.wait_for_url(re.compile(r"/policies/[0-9a-f]{64}"))
    digest = other.url.rpartition("/")[2]

    page = visit(f"/policies/{digest}", "policy")
    page.get_by_role("button", name="开始灰度").click()
    page.get_by_label("比例").fill("50")
    page.locator(".ant-modal").get_by_role("button", name="灰度 50%").click()
    expect(page.get_by_text("50% 的订单")).to_be_visible()
    assert _ruling(site) == ("", digest)
    page.get_by_role("button", name="全量生效").click()
    page.locator(".ant-modal").get_by_role("button", name="全量生效「华南汛期分仓」").click()
    expect(page.locator("h1 + .status")).to_contain_text("生效中")
    assert _ruling(site) == (digest, "")
    page.get_by_role("button", name="回滚").click()
    page.locator(".ant-modal").get_by_role("button", name="回滚「华南汛期分仓」").click()
    expect(page.locator("h1 + .status")).not_to_contain_text("生效中")
    assert _ruling(site) == ("", "")


def _print(page: Page) -> None:
    """The approval sheet: on paper it is all that there is."""
    page.evaluate("window.print = () => undefined")
    page.get_by_role("button", name="打印审批单").click()
    page.emulate_media(media="print")
    sheet = page.locator(".policy-sheet")
    for told in ("改动 1 处", WHERE, RULE, "单均物流成本", "起草：P03", "提交审批", "SHA-256"):
        expect(sheet).to_contain_text(told)
    expect(page.locator("#root")).to_be_hidden()
    page.emulate_media(media="screen")
    expect(sheet).to_be_hidden()


def _ruling(site: Site) -> tuple[str, str]:
    told = site.call("GET", "/v1/routing/policies")
    live, canary = told["live"], told["canary"]
    return (live["digest"] if live else "", canary["set"]["digest"] if canary else "")


def test_clauses_are_written_by_keyboard_and_findings_lead_there(
    site: Merchant, visit: Visit, axe: Callable[..., None]
) -> None:
    page = visit(site.draft("rainstorm") + "?tab=clauses", "policy")
    page.get_by_role("button", name="修改「橙色预警:冷链避让」").press("Enter")
    weight = page.get_by_role("spinbutton", name="加减")
    weight.fill("12.50")
    weight.press("Tab")
    expect(page.locator(".policy-rule").nth(1)).to_contain_text(
        "避让 ¥12.50：仓类型是地面仓或地下仓"
    )
    axe(page)
    page.get_by_text("用例 2", exact=True).click()
    page.get_by_role("button", name="删除用例「冷链单").press("Enter")
    page.get_by_role("button", name="检查", exact=True).press("Enter")
    check = page.get_by_role("region", name="检查")
    expect(check.locator("[data-tone=broken]").first).to_contain_text("没有用例")
    check.get_by_role("button", name="转到").first.press("Enter")
    expect(page.locator(".policy-rule[data-at=true]")).to_contain_text("橙色预警")
    page.get_by_text("对比", exact=True).click()
    expect(page.locator(".policy-compare .policy-rule")).to_have_count(3)
    axe(page)


def test_a_phone_reads_the_clauses(site: Merchant, visit: Visit, axe: Callable[..., None]) -> None:
    page = visit(site.draft("rainstorm"), "policy", size=PDA)
    expect(page.locator(".policy-rule")).to_have_count(3)
    expect(page.locator(".policy-canvas")).to_have_count(0)
    expect(page.get_by_role("button", name="修改")).to_have_count(0)
    axe(page)
