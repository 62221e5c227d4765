"""The customer's evidence page: read at 390 px, verified by the browser itself, forgeries found."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.console.conftest import PDA, Visit
from tests.console.site import Site

DESK = {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def paths(site: Site) -> dict[str, str]:
    """Links to orders by the state that they were in."""
    made = {}
    for state in ("delivered", "shipped", "allocated"):
        order = site.by_state(state)["order"]
        link = site.call("POST", f"/v1/orders/{order}/links", json={})
        made[state] = link["url"].removeprefix(site.address)
    return made


def verified(page: Page) -> None:
    """Wait until the browser has verified the page."""
    expect(page.locator("#verify")).to_have_attribute("data-state", "verified")
    expect(page.locator("#verify h2")).to_have_text("已在您的手机上核验")


def test_a_customer_reads_and_verifies_on_a_phone(
    paths: dict[str, str], visit: Visit, axe: Callable[..., None]
) -> None:
    page = visit(paths["delivered"], "", size=PDA)
    expect(page.locator("h1")).to_have_text("您的订单已按承诺送达")
    verified(page)
    result = page.locator("#verify .result")
    expect(result).to_contain_text(re.compile(r"\d+ 项动作都在日志里，\d+ 条记录首尾相接"))
    expect(page.locator("#verify")).to_contain_text("商家日志不是区块链")
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= PDA["width"]
    axe(page)
    page.locator("#self summary").click()
    expect(page.locator("#self")).to_contain_text("sha256sum")
    with page.expect_download() as taken:
        page.get_by_role("link", name="证据包").click()
    assert taken.value.suggested_filename.endswith(".evb.zip")


def test_in_english_on_a_desk(
    paths: dict[str, str], visit: Visit, axe: Callable[..., None]
) -> None:
    page = visit(paths["shipped"], "", locale="en-GB", size=DESK)
    expect(page.locator("h1")).to_have_text("Your order is on its way")
    expect(page.locator("#verify h2")).to_have_text("Verified on your device")
    axe(page)
    page.get_by_role("link", name="简体中文").click()
    expect(page.locator("h1")).to_have_text("您的订单正在履行")


def _change_a_word(proof: dict[str, Any]) -> None:
    entry = proof["books"][0]["entries"][1]
    entry["body"] = entry["body"].replace("T", "S", 1)


def _drop_the_last(proof: dict[str, Any]) -> None:
    proof["books"][-1]["entries"].pop()


def _drop_one_within(proof: dict[str, Any]) -> None:
    del proof["books"][0]["entries"][1]


def _sign_otherwise(proof: dict[str, Any]) -> None:
    book = proof["books"][0]

    def spoil(line: re.Match[str]) -> str:
        return line[1] + ("A" if line[2] != "A" else "B")

    # the log's line and those of whoever signed beside it
    book["checkpoint"] = re.sub(r"(?m)^(— \S+ \S{40})(\S)", spoil, book["checkpoint"])


def _swap_the_key(proof: dict[str, Any]) -> None:
    proof["books"][0]["keys"] = []


def _garble(proof: dict[str, Any]) -> None:
    proof.pop("books")


FORGERIES = [
    (_change_a_word, "内容被改动"),
    (_drop_the_last, "最新的记录被隐去"),
    (_drop_one_within, "没有首尾相接"),
    (_sign_otherwise, "不是商家的日志密钥签的"),
    (_swap_the_key, "不是商家的日志密钥签的"),
    (_garble, "证明的格式不对"),
]


def _forging(forge: Callable[[dict[str, Any]], None]) -> Callable[[Route], None]:
    def answer(route: Route) -> None:
        response = route.fetch()
        proof = response.json()
        forge(proof)
        route.fulfill(response=response, body=json.dumps(proof))

    return answer


def test_a_forged_proof_is_found(paths: dict[str, str], visit: Visit) -> None:
    page = visit(paths["delivered"], "", size=PDA)
    verified(page)
    for forge, told in FORGERIES:
        answer = _forging(forge)
        page.route("**/proof", answer)
        page.get_by_role("button", name="再核验一次").click()
        expect(page.locator("#verify")).to_have_attribute("data-state", "failed")
        expect(page.locator("#verify h2")).to_have_text("核验未通过")
        expect(page.locator("#verify .result")).to_contain_text(told)
        page.unroute("**/proof")
    page.get_by_role("button", name="再核验一次").click()
    verified(page)


PAGES = [
    ("document.querySelector('[data-promise] .text').append('。')", "承诺原文"),
    ("document.querySelector('[data-state=kept]').dataset.state = 'late'", "承诺结论"),
    ("document.querySelector('[data-occurred]').dataset.occurred = '2026'", "页面上的动作"),
    (
        "document.querySelector('[data-piece]').dataset.piece = 'ab'.repeat(32)",
        "与日志里的摘要不符",
    ),
]


def test_a_forged_page_is_found(paths: dict[str, str], visit: Visit) -> None:
    page = visit(paths["delivered"], "", size=PDA)
    for change, told in PAGES:
        page.reload()
        verified(page)
        page.evaluate(change)
        page.get_by_role("button", name="再核验一次").click()
        expect(page.locator("#verify")).to_have_attribute("data-state", "failed")
        expect(page.locator("#verify .result")).to_contain_text(told)


def test_it_reads_without_javascript(paths: dict[str, str], site: Site, browser: Browser) -> None:
    context = browser.new_context(
        java_script_enabled=False,
        base_url=site.address,
        locale="zh-CN",
        viewport={"width": PDA["width"], "height": PDA["height"]},
    )
    page = context.new_page()
    page.goto(paths["delivered"])
    expect(page.locator("h1")).to_have_text("您的订单已按承诺送达")
    expect(page.locator("#verify h2")).to_have_text("尚未核验")
    expect(page.locator("[data-promise] .state").first).to_be_visible()
    expect(page.locator(".acts li").first).to_be_visible()
    expect(page.get_by_role("link", name="证据包")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
    context.close()


def test_what_opens_nothing_says_so(visit: Visit, expected: Callable[..., None]) -> None:
    expected(r"status of 404")
    page = visit("/e/nothing", "", size=PDA)
    expect(page.locator("h1")).to_have_text("这个链接打不开")


def test_a_link_is_made_and_revoked_on_the_order_s_page(
    site: Site, visit: Visit, expected: Callable[..., None]
) -> None:
    expected(r"status of 410")
    order = site.by_state("picked")["order"]
    page = visit(f"/orders/{order}", "service")
    card = page.get_by_role("region", name="给客户的链接")
    expect(card).to_contain_text("还没有链接")
    card.get_by_role("button", name="生成链接").click()
    address = card.get_by_label("链接地址").input_value()
    assert address.startswith(f"{site.address}/e/")
    expect(card.get_by_label("链接二维码")).to_be_visible()
    customer = visit(address.removeprefix(site.address), "", size=PDA)
    expect(customer.locator("h1")).to_have_text("您的订单正在履行")
    page.reload()
    expect(card).to_contain_text("看过 1 次")
    expect(card.get_by_label("链接地址")).to_have_count(0)
    card.get_by_role("button", name="撤回").click()
    expect(card).to_contain_text("已撤回")
    customer.reload()
    expect(customer.locator("h1")).to_have_text("这个链接打不开")
