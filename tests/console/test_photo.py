"""A purchase order before a fake camera is photographed, read, and a template taught on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserType, Page, expect

from danshu.testing import papers
from tests.console import chromium
from tests.console.conftest import PDA, Visit
from tests.console.site import EVERYBODY, Site

ORDER = papers.invent(papers.SEEN[0], 0)


@pytest.fixture(scope="module")
def browser(
    browser_type: BrowserType,
    browser_type_launch_args: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Browser]:
    """A browser whose camera looks at a purchase order."""
    path = chromium.find()
    assert path, chromium.ABSENT
    feed = tmp_path_factory.mktemp("camera") / "order.mjpeg"
    feed.write_bytes(papers.encode(papers.draw(ORDER), quality=88) * 2)
    seen = [
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={feed}",
    ]
    options = {**browser_type_launch_args, "executable_path": path}
    running = browser_type.launch(**options, args=[*chromium.ARGUMENTS, *seen])
    yield running
    running.close()


def test_a_purchase_order_is_photographed_reviewed_and_taught(
    site: Site, visit: Visit, axe: Callable[[Page], None]
) -> None:
    page = visit("/photo", EVERYBODY, size=PDA, permissions=["camera"])
    page.get_by_role("button", name="打开相机").click()
    shutter = page.get_by_role("button", name="拍下")
    expect(shutter).to_be_enabled()
    shutter.click()
    expect(page.get_by_role("img", name="预览")).to_be_visible()
    page.get_by_role("button", name="提交识别").click()
    expect(page.get_by_role("heading", name="已进人工复核")).to_be_visible(timeout=60_000)
    expect(page.locator(".photo-lines li")).to_have_count(len(ORDER.lines))
    expect(page.locator(".page-boxes polygon").first).to_be_visible()
    axe(page)
    id_ = page.url.rpartition("id=")[2]
    _a_template_is_taught_on_it(visit, id_, axe)
    (made,) = site.call("GET", "/v1/document-templates")["items"]
    assert (made["code"], made["version"], made["active"]) == ("QD-PO", 1, True)
    assert [f["role"] for f in made["template"]["fields"]] == ["number"]


def _a_template_is_taught_on_it(visit: Visit, id_: str, axe: Callable[[Page], None]) -> None:
    page = visit(f"/modalities/templates/new?sample={id_}", EVERYBODY)
    page.get_by_label("模板编号").fill("QD-PO")
    page.get_by_label("名称").fill("海澜采购单")
    page.locator(f"polygon[aria-label*='{ORDER.number}']").click()
    page.get_by_role("button", name="加为字段").click()
    expect(page.get_by_text("单号 ←")).to_be_visible()
    page.get_by_role("button", name="用样本试读").click()
    expect(page.get_by_role("heading", name="认出了这个版式")).to_be_visible()
    axe(page)
    page.get_by_role("button", name="发布 v1").click()
    expect(page.get_by_role("link", name="海澜采购单")).to_be_visible()
