"""Stock, master data, imports and calendars, driven as a person does."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import FilePayload, Page, expect

from tests.console.conftest import Visit
from tests.console.site import EVERYBODY, Site

SHEET = """商品编码,商品名称,重量(kg),零售价/元
WEB-1,网页导入的茶,1.5,12.50
WEB-2,太细的重量,1.00005,1
""".encode()


def test_a_figure_is_set_with_a_reason_and_taken_back(site: Site, visit: Visit) -> None:
    sku = site.call("GET", "/v1/skus?limit=1")["items"][0]["code"]
    page = visit(f"/stock?sku={sku}", EVERYBODY)
    cell = page.locator(".stock-edit").first
    before = int(cell.inner_text().replace(",", ""))
    cell.click()
    form = page.locator(".stock-editor")
    form.locator("input").first.fill(str(before + 7))
    form.get_by_role("button").last.click()
    expect(form.get_by_text("原因是空的")).to_be_visible()
    form.locator("input").nth(1).fill("盘点")
    form.get_by_role("button", name="保存改动").click()
    expect(cell).to_have_text(f"{before + 7:,}")
    page.get_by_role("button", name="撤销", exact=True).click()
    expect(cell).to_have_text(f"{before:,}")


def test_a_sheet_is_uploaded_previewed_written_and_undone(
    visit: Visit, axe: Callable[[Page], None]
) -> None:
    page = visit("/imports/new?kind=skus", EVERYBODY)
    file = FilePayload(name="茶.csv", mimeType="text/csv", buffer=SHEET)
    page.locator("input[type=file]").set_input_files([file])
    page.wait_for_url("**/columns")
    page.get_by_role("button", name="看预览").click()
    page.wait_for_url("**/preview")
    expect(page.get_by_text("小数位太多")).to_be_visible()
    axe(page)
    page.get_by_role("button", name="只导入好的 1 行").click()
    page.locator(".ant-modal").get_by_role("button", name="只导入好的 1 行").click()
    page.wait_for_url("**/run")
    expect(page.locator("h1").locator("..")).to_contain_text("已导入")
    page.get_by_role("button", name="撤销导入").click()
    page.locator(".ant-modal").get_by_role("button", name="撤销导入").click()
    expect(page.locator("h1").locator("..")).to_contain_text("已撤销")


def test_goods_are_found_and_changed(site: Site, visit: Visit) -> None:
    sku = site.call("GET", "/v1/skus?limit=1")["items"][0]
    page = visit(f"/settings/masters?q={sku['code']}&peek={sku['code']}", EVERYBODY)
    form = page.locator(".masters-form")
    name = form.get_by_label("名称")
    expect(name).to_have_value(sku["name"])
    name.fill("换了名字")
    form.get_by_role("button", name="保存改动").click()
    expect(page.get_by_text(f"已保存 {sku['code']}")).to_be_visible()
    found = site.call("GET", "/v1/skus", params={"q": sku["code"]})["items"]
    assert found[0]["name"] == "换了名字"
    page.get_by_role("button", name="撤销", exact=True).click()
    expect(page.get_by_role("grid").get_by_text(sku["name"]).first).to_be_visible()


def test_a_calendar_of_ones_own_is_published(site: Site, visit: Visit) -> None:
    page = visit("/settings/calendars?calendar=cn-workday@2026.1&edit=new", EVERYBODY)
    page.get_by_label("编号").fill("own-console")
    page.get_by_label("中文名").fill("控制台的日历")
    page.get_by_label("英文名").fill("The console's")
    page.locator("button.day").first.click()
    page.get_by_role("button", name="发布日历").click()
    expect(page.get_by_text("已发布 own-console@", exact=False)).to_be_visible()
    own = [c for c in site.call("GET", "/v1/calendars")["items"] if c["id"] == "own-console"]
    assert len(own[0]["changes"]) == 1
