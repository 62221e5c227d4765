"""举证与导出 in a browser: a bundle is exported, verified as somebody brings it, and listed."""

from __future__ import annotations

import zipfile
from pathlib import Path

from playwright.sync_api import expect

from danshu.stories import forging
from tests.console.conftest import PDA, Visit
from tests.console.site import Site


def test_a_lawyer_exports_and_verifies(site: Site, visit: Visit, tmp_path: Path) -> None:
    page = visit("/evidence/bundles", "legal")
    order = page.request.get("/v1/orders?limit=1").json()["items"][0]
    page.get_by_label("订单号或编号").fill(order["order"])
    page.get_by_label("用途").fill("诉讼举证")
    with page.expect_download() as taken:
        page.get_by_role("button", name="导出证据包").click()
    bundle = tmp_path / "order.evb.zip"
    taken.value.save_as(bundle)
    with zipfile.ZipFile(bundle) as archive:
        assert {"manifest.json", "verify.py", "存证摘要.pdf"} <= set(archive.namelist())
    expect(page.get_by_role("region", name="谁下载过")).to_contain_text("诉讼举证")
    page.locator("input[type=file]").set_input_files(bundle)
    expect(page.get_by_text("全部通过")).to_be_visible()
    entry = next(p for p in forging.unpack(bundle.read_bytes()) if "/entries/" in p)
    bundle.write_bytes(forging.forge_byte(bundle.read_bytes(), entry, 40))
    page.locator("input[type=file]").set_input_files(bundle)
    expect(page.get_by_text("未通过")).to_be_visible()
    expect(page.locator(".bundles-failures")).to_contain_text(entry)


def test_it_fits_a_narrow_screen(visit: Visit) -> None:
    page = visit("/evidence/bundles", "legal", size=PDA)
    expect(page.get_by_role("heading", name="举证与导出")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
