"""The workbench as people use it: keys, filters, bulk acts, export, scanner."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.console.conftest import Visit
from tests.console.devices import scan
from tests.console.site import Site


def grid(page: Page) -> Locator:
    """The table, once it holds rows."""
    found = page.get_by_role("grid", name="订单")
    expect(rows(page).first).to_be_visible()
    return found


def rows(page: Page) -> Locator:
    """The rows that are drawn, without the head."""
    return page.locator("[role=row]:not([aria-rowindex='1'])")


def press(page: Page, *keys: str) -> None:
    """Press keys as a person does: what comes faster is taken for a scanner."""
    for key in keys:
        page.keyboard.press(key)
        page.wait_for_timeout(150)


def marked(page: Page) -> Locator:
    """The row that the keys are at."""
    expect(grid(page)).to_have_attribute("aria-activedescendant", re.compile("."))
    return page.locator(f"[id='{grid(page).get_attribute('aria-activedescendant')}']")


def test_rows_by_keyboard_alone(site: Site, visit: Visit) -> None:
    page = visit("/orders?f=", "service")
    expect(grid(page)).to_have_attribute("aria-rowcount", str(site.count_orders() + 1))
    press(page, "j")
    first = int(marked(page).get_attribute("aria-rowindex") or 0)
    press(page, "j", "j", "k")
    expect(marked(page)).to_have_attribute("aria-rowindex", str(first + 1))
    press(page, "x")
    bar = page.get_by_role("region", name="批量操作")
    expect(bar).to_contain_text("已选 1 单")
    press(page, "j", "j", "Shift+X")
    expect(bar).to_contain_text("已选 3 单")
    press(page, "Escape")
    expect(bar).to_have_count(0)
    number = marked(page).get_by_role("link").first.inner_text()
    press(page, "Space")
    expect(page.get_by_role("dialog")).to_contain_text(number)
    press(page, "Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    press(page, "Enter")
    expect(page).to_have_url(re.compile(r"/orders/[0-9a-f-]{36}"))
    expect(page.locator("h1")).to_contain_text(number)


def test_an_address_holds_the_filter_and_counts_are_exact(site: Site, visit: Visit) -> None:
    held = site.call("GET", "/v1/orders?state=held&limit=200")["items"]
    page = visit("/orders?f=state.in.held", "warehouse")
    expect(grid(page)).to_have_attribute("aria-rowcount", str(len(held) + 1))
    shown = {link.inner_text() for link in rows(page).get_by_role("link").all()}
    assert shown >= {o["number"] for o in held}
    expect(page.locator("main")).to_contain_text(f"{len(held)} 单")


def test_a_scanned_number_leads_to_its_order(site: Site, visit: Visit) -> None:
    order = site.by_state("delivered")
    page = visit("/orders", "warehouse")
    grid(page)
    scan(page, order["number"])
    expect(page).to_have_url(re.compile(order["order"]))
    expect(page.locator("h1")).to_contain_text(order["number"])


def test_many_are_held_after_a_preview_and_released_again(site: Site, visit: Visit) -> None:
    page = visit("/orders?f=state.in.allocated", "warehouse")
    grid(page)
    chosen = [row.get_by_role("link").first.inner_text() for row in rows(page).all()[:2]]
    press(page, "j", "x", "j", "x", "h")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("原因").fill("核对地址")
    expect(dialog.get_by_role("button", name="挂起 2 单")).to_be_enabled()
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(page.locator("body")).to_contain_text("已挂起 2 单")
    states = _states(site, chosen)
    assert states == {"held"}
    page.get_by_role("button", name="撤销").first.click()
    expect(page.get_by_role("grid", name="订单")).to_contain_text(chosen[0])
    for _ in range(50):
        if _states(site, chosen) == {"allocated"}:
            break
        page.wait_for_timeout(200)
    assert _states(site, chosen) == {"allocated"}


def _states(site: Site, numbers: list[str]) -> set[str]:
    listed = site.call("GET", "/v1/orders?limit=200")["items"]
    return {o["state"] for o in listed if o["number"] in numbers}


def test_what_is_shown_is_exported(site: Site, visit: Visit, tmp_path: Path) -> None:
    page = visit("/orders?f=state.in.shipped", "finance")
    grid(page)
    page.get_by_role("button", name="导出").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("CSV").click()
    dialog.get_by_label("用途").fill("与承运商对账")
    dialog.get_by_role("button", name=re.compile(r"导出 \d+ 单")).click()
    expect(dialog).to_have_count(0)
    page.get_by_role("button", name="后台任务").click()
    with page.expect_download() as waiting:
        page.get_by_role("link", name="下载").first.click()
    file = tmp_path / "export.csv"
    waiting.value.save_as(file)
    lines = list(csv.reader(io.StringIO(file.read_text("utf-8-sig"))))
    shipped = {o["number"] for o in site.orders if o["state"] == "shipped"}
    assert shipped <= {cell.strip("'\t") for line in lines for cell in line}


def test_a_view_is_saved_and_comes_back(visit: Visit) -> None:
    page = visit("/orders?f=state.in.packed", "service")
    grid(page)
    page.get_by_role("button", name="存为视图").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("视图名称").fill("已打包")
    dialog.get_by_role("button", name="保存").click()
    expect(page.locator("main")).to_contain_text("已打包")
    page.goto("/orders")
    page.get_by_text("已打包", exact=False).first.click()
    expect(page).to_have_url(re.compile("view="))
    grid(page)


def test_in_english(site: Site, visit: Visit) -> None:
    page = visit("/orders?f=", "service", locale="en")
    expect(rows(page).first).to_be_visible()
    expect(page.locator("h1")).to_contain_text("Orders")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.get_by_role("status").filter(has_text="1").first).to_be_visible()


def test_addresses_are_changed_by_selection_and_by_table(site: Site, visit: Visit) -> None:
    order = site.place_order()
    number = site.call("GET", f"/v1/orders/{order}/sheet")["number"]
    # the table's numbers are looked up in the index, a moment behind the log
    path = f"/v1/workbench/rows?ids={order}"
    site.wait_for(path, lambda told: bool(told["items"]))
    page = visit(f"/orders?f=q.is.{number}", "admin")
    row = rows(page).filter(has_text=number)
    row.get_by_role("checkbox").check()
    page.locator(".bulk").get_by_role("button", name="改址").click()
    dialog = page.get_by_role("dialog")
    for label, text in (("省", "江苏省"), ("市", "南京市"), ("详细地址", "示例路 8 号")):
        dialog.get_by_label(label, exact=True).fill(text)
    expect(dialog).to_contain_text("将改址 1 单")
    dialog.get_by_text("上传表格").click()
    table = f"订单号,省市区,收货地址\n{number},江苏省南京市玄武区,示例路 9 号\n没有,江苏省,示例路\n"
    file: FilePayload = {"name": "a.csv", "mimeType": "text/csv", "buffer": table.encode()}
    dialog.locator("input[type=file]").set_input_files(file)
    expect(dialog).to_contain_text("2 行里 1 行对上了订单")
    expect(dialog).to_contain_text("第 3 行")
    dialog.get_by_label("原因").fill("买家搬家")
    page.set_viewport_size({"width": 390, "height": 844})
    act = dialog.get_by_role("button", name="改址 1 单")
    expect(act).to_be_enabled()
    act.click()
    expect(page.locator("body")).to_contain_text("已改址 1 单")
    assert site.call("GET", f"/v1/orders/{order}")["region"].startswith("3201")
