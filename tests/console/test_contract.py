"""A lawyer models an outbound review by form, without YAML; a second person approves it."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.console.conftest import Visit
from tests.console.devices import choose
from tests.console.site import EVERYBODY, Site

NARROW = {"width": 390, "height": 844}


def test_a_lawyer_models_an_outbound_review_and_a_second_person_approves(
    site: Site, visit: Visit, axe: Callable[[Page], None]
) -> None:
    page = visit("/contract/actions", "legal")
    page.get_by_role("button", name="新建动作").click()
    dialog = page.locator(".ant-modal")
    dialog.get_by_label("名称 · 中文").fill("药品出库复核")
    dialog.get_by_label("名称 · 英文").fill("Outbound review of medicines")
    dialog.get_by_label("编码").fill("drug_review")
    dialog.get_by_role("button", name="开始起草").click()
    page.wait_for_url("**/contract/actions/0*")
    proof = page.get_by_role("region", name="能否举证")
    expect(proof.get_by_text("没有要求任何证据:做了也举不出")).to_be_visible()
    expect(page.get_by_role("button", name="提交复核")).to_have_attribute("aria-disabled", "true")
    choose(page, "谁来做", "复核员")
    choose(page, "签署强度", "A 本人签署")
    page.get_by_role("checkbox", name="密钥不得离开设备").check()
    choose(page, "不得同人", "交接")
    page.get_by_label("最短用时").fill("3")
    page.get_by_role("button", name="证据", exact=False).first.click()
    first = page.get_by_role("listitem", name="第 1 种证据")
    first.get_by_title("照片").locator(".ant-select-selection-item-remove").click()
    choose(page, "第 1 种证据 · 种类（多选为任一）", "效期扫描")
    choose(page, "第 1 种证据 · 按什么计", "每批")
    choose(page, "第 1 种证据 · 规则", "剩余效期")
    page.get_by_role("textbox", name="签署文字 · 中文").fill(
        "本人已逐批核对订单 {order} 的 {lots}。"
    )
    page.get_by_role("textbox", name="签署文字 · 英文").fill("I checked {lots} of order {order}.")
    sentence = page.locator(".action-sentence")
    expect(sentence).to_contain_text("由本人用通行密钥签署")
    expect(sentence).to_contain_text("剩余效期 ≥ 180 天")
    expect(page.locator(".action-yaml")).to_contain_text("rule: expiry >= P180D")
    expect(proof.locator("[data-state=error]")).to_have_count(0)
    axe(page)
    page.get_by_role("button", name="提交复核").click()
    expect(page.get_by_role("status").filter(has_text="等另一人复核")).to_contain_text("Z99")
    expect(page.get_by_role("button", name="复核通过")).to_have_count(0)
    other = visit(page.url.removeprefix(site.address), EVERYBODY)
    other.get_by_role("button", name="复核通过").click()
    other.locator(".ant-modal").get_by_role("button", name="发布 v1").click()
    expect(other.get_by_text("v1 已发布，新订单从此按它").first).to_be_visible()
    (made,) = site.call("GET", "/v1/contract/actions/drug_review")["items"]
    assert (made["drafted_by"], made["approved_by"], made["grade"]) == ("L01", "Z99", "A")
    action = site.call("GET", f"/v1/contract/action-versions/{made['digest']}")["action"]
    assert action["who"] == {
        "roles": ["reviewer"], "grade": "A", "device_bound": True, "separation_from": ["handover"],
    }  # fmt: skip


def test_a_clash_shows_both_versions(
    site: Site, visit: Visit, expected: Callable[..., None]
) -> None:
    expected("409")
    action = site.call("GET", "/v1/contract/actions/refund")["items"][0]
    body = site.call("GET", f"/v1/contract/action-versions/{action['digest']}")["action"]
    draft = site.call("POST", "/v1/contract/drafts", json={"action": body})
    page = visit(f"/contract/actions/{draft['id']}", "legal")
    name = page.get_by_role("textbox", name="名称 · 中文")
    name.fill("退款到账")
    body["name"]["zh"] = "原路退款"
    site.call(
        "PUT",
        f"/v1/contract/drafts/{draft['id']}",
        json={"revision": draft["revision"], "action": body},
    )
    page.get_by_role("button", name="存草稿").click()
    row = page.locator(".action-diff tbody tr").filter(has_text="名称(中文)")
    expect(row).to_contain_text("原路退款")
    expect(row).to_contain_text("退款到账")
    page.get_by_role("button", name="返回", exact=True).last.click()
    page.get_by_role("button", name="存草稿").click()
    expect(page.get_by_text("已存第 3 稿")).to_be_visible()
    site.call("DELETE", f"/v1/contract/drafts/{draft['id']}")


def test_actions_and_clauses_in_a_narrow_window(visit: Visit, axe: Callable[[Page], None]) -> None:
    page = visit("/contract/actions", "legal", size=NARROW)
    page.get_by_role("link", name="完成质检").click()
    expect(page.locator(".action-sentence")).to_be_visible()
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) <= 0
    axe(page)
    page.goto("/contract/clauses")
    expect(page.get_by_text("付款后48小时内发货", exact=False)).to_be_visible()
    assert page.evaluate(wide) <= 0
