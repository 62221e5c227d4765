"""Access centre: an SRE registers a service with a mapping that is pointed out on a sample answer,
tries it, puts another first, pauses that one, and sees the next take over.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from danshu.testing import perceiver_desk
from danshu.testing.perceiver_desk import MAPPING, TOKEN
from tests.console.conftest import PDA, Visit
from tests.console.site import Site

# One pixel: what is on it is what the reference reader was told.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360f8cf500f0003010180c15c3b0b0000000049454e44ae426082"
)
LINES = (
    ("采购单号 PO-2026-0071", 0.98, (60, 40, 420, 36)),
    ("冰美式 3 杯", 0.91, (60, 120, 300, 30)),
)
ANSWER = {
    "code": 0,
    "model": "general-3",
    "data": {
        "width": 1240,
        "height": 1000,
        "lines": [
            {
                "words": "冰美式 3 杯",
                "score": 0.91,
                "location": {"left": 60, "top": 120, "width": 300, "height": 30},
            }
        ],
    },
}


def test_a_service_is_registered_tried_ordered_and_paused(
    site: Site, visit: Visit, axe: Callable[[Page], None]
) -> None:
    with perceiver_desk.reader_desk() as (desk, url):
        desk.pages[hashlib.sha256(PNG).hexdigest()] = LINES
        told: dict[str, Any] = {"kind": "document", "adapter": "http-json", "title": "云识别乙"}
        told |= {"url": url, "mapping": MAPPING, "secrets": {"api_key": TOKEN}, "price_call": 1_500}
        site.call("POST", "/v1/perceivers", json=told)
        page = visit("/modalities", "sre")
        _register(page, url)
        detail = page.get_by_role("region", name="云识别甲", exact=True)
        expect(detail).to_be_visible()
        detail.get_by_role("button", name="试一次").click()
        detail.locator("input[type=file]").set_input_files(
            {"name": "po.png", "mimeType": "image/png", "buffer": PNG}
        )
        detail.get_by_role("button", name="开始试").click()
        seen = detail.get_by_role("region", name="识别出的文字")
        expect(seen).to_contain_text("采购单号 PO-2026-0071")
        expect(seen).to_contain_text("98%")
        axe(page)
        card = page.get_by_role("region", name="单据的顺序")
        card.get_by_role("button", name="改顺序").click()
        form = page.get_by_role("dialog", name="单据的顺序")
        form.get_by_role("button", name="上移 云识别甲").click()
        form.get_by_role("button", name="设定顺序").click()
        expect(form).to_have_count(0)
        expect(card.get_by_role("listitem").first).to_contain_text("云识别甲")
        detail.get_by_role("button", name="暂停服务").click()
        page.get_by_role("dialog").get_by_role("button", name="暂停服务").click()
        expect(card.get_by_role("listitem").first).to_contain_text("已暂停")
        narrow = visit("/modalities", "sre", size=PDA)
        expect(narrow.get_by_role("region", name="单据的顺序")).to_be_visible()
        assert narrow.evaluate("document.documentElement.scrollWidth") <= PDA["width"]


def _register(page: Page, url: str) -> None:
    """Fill the form; the mapping is pointed out on a sample of the answer."""
    page.get_by_role("button", name="登记服务").click()
    form = page.get_by_role("dialog", name="登记服务")
    form.get_by_role("combobox", name="适配器").click()
    page.get_by_text("通用 HTTP 服务", exact=True).click()
    form.get_by_role("textbox", name="名称").fill("云识别甲")
    form.get_by_role("textbox", name="地址").fill(url)
    form.get_by_role("textbox", name="路径").fill("/v1/ocr/general")
    form.get_by_role("combobox", name="原件放在").click()
    page.get_by_text("JSON（Base64）", exact=True).click()
    form.get_by_role("textbox", name="字段名").fill("image")
    form.get_by_role("combobox", name="身份证明").click()
    page.get_by_text("Bearer", exact=True).click()
    form.get_by_role("textbox", name="密钥").fill(TOKEN)
    form.get_by_role("textbox", name="应答样本（JSON）").fill(json.dumps(ANSWER))
    tree = form.get_by_role("group", name="应答样本的字段")
    for name, path in (("逐条（列表）", "data.lines"), ("文字", "data.lines.words"),
                       ("方框", "data.lines.location"), ("模型版本", "model")):  # fmt: skip
        form.get_by_role("textbox", name=name, exact=True).focus()
        tree.get_by_role("button", name=path, exact=True).click()
    form.get_by_role("textbox", name="把握（千分）").fill("$round(score * 1000)")
    pages = "data.{'width': width, 'height': height}"
    form.get_by_role("textbox", name="页面尺寸").fill(pages)
    form.get_by_role("textbox", name="何时算原件不可读").fill("body.code = 216201")
    shown = form.get_by_role("region", name="将读成")
    expect(shown).to_contain_text("模型版本 general-3")
    expect(shown).to_contain_text("冰美式 3 杯")
    expect(shown).to_contain_text("91%")
    form.get_by_role("button", name="登记服务").click()
    expect(form).to_have_count(0)
    grid = page.get_by_role("grid", name="感知服务", exact=True)
    grid.get_by_text("云识别甲").first.click()
