"""Classification in the console: a steward has fields scanned, and answers by keys."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.console.conftest import Visit
from tests.console.site import Site

PATH = "/v1/classification/fields"


def state(site: Site, field: str) -> str:
    """Tell what was said of a field of the vault's persons."""
    page = site.call("GET", f"{PATH}?place=persons&limit=100")
    return str(next(each["state"] for each in page["items"] if each["field"] == field))


def test_a_steward_confirms_fields(site: Site, visit: Visit, axe: Callable[..., None]) -> None:
    page = visit("/assets/classes", "steward")
    page.get_by_role("button", name="立即扫描").click()
    expect(page.get_by_text("之后每晚一次")).to_be_visible(timeout=60_000)
    page.goto("/assets/classes?place=persons")
    row = page.get_by_role("row").filter(has=page.get_by_text("phone", exact=True))
    expect(row).to_contain_text("手机号")
    expect(row).to_contain_text("L3 敏感")
    expect(row).to_contain_text("条款未核")
    expect(page.get_by_role("row").filter(has_text="13900")).to_have_count(0)  # nothing in clear
    row.click()
    drawer = page.get_by_role("dialog")
    expect(drawer).to_contain_text("JR/T 0171")
    axe(page)
    page.keyboard.press("y")
    expect(page.get_by_text("已确认 1 个")).to_be_visible()
    assert state(site, "phone") == "confirmed"
    page.goto("/assets/classes?place=persons&state=answered")
    expect(row).to_contain_text("已确认")
