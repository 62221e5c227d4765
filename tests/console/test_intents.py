"""The intent graph in the console: a domain expert adds a symptom, is told that it needs a
regulation, links one; another person approves, and from then on it is followed.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable

import httpx
from playwright.sync_api import FilePayload, Page, expect

from danshu.testing import gauges
from danshu.testing.gauges import Scene
from tests.console.conftest import Visit
from tests.console.site import Site


def test_a_symptom_is_taught_and_approved(
    site: Site, visit: Visit, axe: Callable[..., None]
) -> None:
    name = f"油液浑浊{secrets.token_hex(2)}"
    page = visit("/intents", "legal")
    page.get_by_role("button", name="起草改动").click()
    page.get_by_label("新症状的名称").fill(name)
    page.get_by_role("button", name="加症状").click()
    checks = page.get_by_role("region", name="检查")
    expect(checks.get_by_text("症状必须关联规程")).to_be_visible()
    card = page.get_by_role("region", name=name)
    rules = card.get_by_role("combobox", name="关联规程")
    rules.click()
    rules.fill("漏液处置")
    page.locator(".ant-select-dropdown:visible").get_by_text("漏液处置规程").click()
    expect(checks.get_by_text("没有问题，可以提交复核")).to_be_visible()
    _ask(page, f"液压站{name}，先补油")
    axe(page)
    page.get_by_role("button", name="提交复核").click()
    expect(page.get_by_text("等另一人复核：").first).to_be_visible()
    expect(page.get_by_role("button", name="批准发布")).to_have_count(0)

    other = visit("/intents", "reviewer")
    expect(other.get_by_text("1 份待复核")).to_be_visible()
    other.get_by_role("button", name="批准发布").click()
    other.get_by_role("dialog").get_by_role("button", name="批准发布").click()
    expect(other.get_by_text("在用", exact=True)).to_be_visible()
    told = site.call("POST", "/v1/intents/try", json={"words": f"液压站{name}"})
    assert told["directed"]["contradiction"] == ""
    assert told["directed"]["actions"][0]["code"] == "isolate_and_contain"
    narrow = visit("/intents", "policy", size={"width": 390, "height": 844})
    expect(narrow.get_by_role("button", name=name)).to_be_visible()


def _ask(page: Page, words: str) -> None:
    """Try the draft with words that ask for what is forbidden."""
    box = page.get_by_role("region", name="试一试")
    box.get_by_label("报来的话").fill(words)
    box.get_by_role("button", name="看怎么处置").click()
    expect(box.get_by_text("须人工决定")).to_be_visible()
    expect(box.get_by_text("报的人要求「补油」，规程禁止。")).to_be_visible()
    expect(box.get_by_text("停机隔离收容", exact=True)).to_be_visible()


def test_a_gauge_is_drawn_on_a_picture(site: Site, visit: Visit, axe: Callable[..., None]) -> None:
    device = {"code": "T-SHOWN", "name": "三号变压器", "kind": "transformer"}
    site.call("PUT", "/v1/devices", json=[device])
    page = visit("/intents/gauges", "warehouse")
    card = page.get_by_role("region", name="画一块表")
    card.get_by_role("combobox", name="设备").click()
    page.locator(".ant-select-dropdown:visible").get_by_text("三号变压器").click()
    picture = gauges.draw(Scene(kind="level", share=0.62))
    file = FilePayload(name="t.jpg", mimeType="image/jpeg", buffer=picture)
    card.locator("input[type=file]").set_input_files(file)
    stage = card.get_by_role("img", name="在照片上拖出表的位置")
    drawn = stage.bounding_box()
    assert drawn is not None
    scale = drawn["width"] / gauges.WIDTH
    x, y, w, h = gauges.LEVEL_BOX
    page.mouse.move(drawn["x"] + x * scale, drawn["y"] + y * scale)
    page.mouse.down()
    page.mouse.move(drawn["x"] + (x + w) * scale, drawn["y"] + (y + h) * scale, steps=3)
    page.mouse.up()
    card.get_by_role("combobox", name="低于时算").click()
    page.locator(".ant-select-dropdown:visible").get_by_text("油位偏低").click()
    axe(page)
    card.get_by_role("button", name="保存这块表").click()
    expect(card.get_by_text("这张照片读作 6")).to_be_visible()
    expect(page.get_by_text("< 30 %: 油位偏低")).to_be_visible()
    # an inspector asks for what is forbidden: who reviews it sees what is done instead
    source = json.dumps({"device": "T-SHOWN", "speaker": "p-1"})
    headers = {"authorization": f"Bearer {site.key}", "danshu-source": source}
    told = httpx.post(
        f"{site.address}/v1/originals?modality=text",
        content="三号变压器油位偏低,赶紧补点油".encode(),
        headers=headers | {"content-type": "text/plain"},
        timeout=60,
    )
    review = visit(f"/review/{told.json()['row']['id']}", "reviewer")
    shown = review.get_by_role("region", name="怎么处置")
    expect(shown.get_by_text("停机检修", exact=True)).to_be_visible()
    expect(shown.get_by_text("报的人要求「补油」，规程禁止。")).to_be_visible()
