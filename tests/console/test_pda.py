"""The hand-held device at 390 px: a scanner's keys, wrong scans, the network gone, big targets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import FilePayload, Page, expect

from danshu.capabilities.stock.model import Storage
from danshu.testing import merchant
from tests.console.conftest import PDA, Visit
from tests.console.devices import give_passkey, scan
from tests.console.opening import NO_MERCHANT
from tests.console.site import Site

WRONG = r"status of 409"
AWAY = r"ERR_INTERNET_DISCONNECTED|ERR_FAILED \(/logo\.svg"  # a picture that was on its way
LEAST_PX = 48
KEPT = """() => navigator.serviceWorker.ready
  .then(() => caches.match("/pda")).then(kept => kept !== undefined)"""


@pytest.fixture
def task(site: Site) -> dict[str, Any]:
    """A fulfilment order of its own that waits to be picked, with its goods."""
    order = site.place_order(site.call("GET", "/v1/skus?limit=2")["items"])
    site.call("POST", f"/v1/orders/{order}/transitions", json={"event": "release"})
    return dict(site.call("GET", f"/v1/floor/tasks/{order}/1/pick"))


def place(task: dict[str, Any], work: str = "pick") -> str:
    return f"{work}/{task['item']['order']}/1"


def scan_all(page: Page, task: dict[str, Any]) -> None:
    for line in task["lines"]:
        shown = page.locator(".pda-lines li", has_text=line["sku"])
        for n in range(line["quantity"]):
            scan(page, line["barcode"])
            expect(shown).to_contain_text(f"{n + 1} / {line['quantity']}")


def state(site: Site, task: dict[str, Any]) -> str:
    seen = site.call("GET", f"/v1/orders/{task['item']['order']}")
    return str(seen["fulfilments"][0]["state"])


def test_a_picker_scans_a_task_through(
    site: Site, visit: Visit, task: dict[str, Any], expected: Callable[..., None]
) -> None:
    expected(WRONG)
    page = visit(f"/pda/{place(task)}", "warehouse", size=PDA)
    head = page.locator(".pda-head")
    expect(head).to_contain_text(task["item"]["tail"])
    done = page.get_by_role("button", name="完成拣货")
    expect(done).to_have_attribute("aria-disabled", "true")
    scan(page, "6900000000000")
    expect(head).to_have_attribute("data-wrong", "true")
    expect(head).to_contain_text("不在这一单里")
    scan_all(page, task)
    expect(head).not_to_have_attribute("data-wrong", "true")
    done.click()
    page.wait_for_url("**/pda")
    expect(page.locator("main")).to_contain_text("已拣货")
    assert state(site, task) == "picked"
    facts = site.call("GET", f"/v1/orders/{task['item']['order']}/facts")["facts"]
    (worked,) = [f["data"] for f in facts if f["type"] == "fulfilment.worked"]
    assert worked["units"] == sum(line["quantity"] for line in task["lines"])
    assert worked["wrong"] == 1


def test_what_is_done_without_the_network_is_sent_later(
    site: Site, visit: Visit, task: dict[str, Any], expected: Callable[..., None]
) -> None:
    expected(AWAY)
    page = visit(f"/pda/{place(task)}", "warehouse", size=PDA)
    expect(page.locator(".pda-lines")).to_be_visible()
    page.context.set_offline(True)
    scan_all(page, task)
    expect(page.locator(".pda-strip")).to_contain_text("离线，已存")
    page.get_by_role("button", name="完成拣货").click()
    page.wait_for_url("**/pda")
    expect(page.locator("main")).to_contain_text("联网后上传")
    assert state(site, task) == "released"
    page.context.set_offline(False)
    expect(page.locator(".pda-state")).to_contain_text("待传 0")
    expect(page.locator(".pda-strip")).to_have_count(0)
    assert state(site, task) == "picked"
    facts = site.call("GET", f"/v1/orders/{task['item']['order']}/facts")["facts"]
    (worked,) = [f for f in facts if f["type"] == "fulfilment.worked"]
    assert worked["clock"] == "device"


def test_the_page_opens_again_without_the_network(
    site: Site, visit: Visit, task: dict[str, Any], expected: Callable[..., None]
) -> None:
    # The page that was opened without the network has no token until it is asked for one.
    expected(AWAY, r"status of 403")
    page = visit(f"/pda/{place(task)}", "warehouse", size=PDA)
    expect(page.locator(".pda-lines")).to_be_visible()
    page.wait_for_function(KEPT)
    page.context.set_offline(True)
    first = task["lines"][0]
    scan(page, first["barcode"])
    shown = page.locator(".pda-lines li", has_text=first["sku"])
    expect(shown).to_contain_text(f"1 / {first['quantity']}")
    page.reload()
    expect(shown).to_contain_text(f"1 / {first['quantity']}")
    expect(page.locator(".pda-strip")).to_contain_text("离线，已存 1 条")
    page.goto("/pda")
    expect(page.get_by_role("button", name="领下一单拣货")).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator(".pda-state")).to_contain_text("待传 0")
    seen = site.call("GET", f"/v1/floor/tasks/{task['item']['order']}/1/pick")
    assert [line["scanned"] for line in seen["lines"]] == [1, 0]


def test_nobody_works_on_after_signing_out(visit: Visit, expected: Callable[..., None]) -> None:
    expected(r"status of 401", NO_MERCHANT)
    page = visit("/pda", "warehouse", size=PDA)
    expect(page.locator(".pda-foot")).to_be_visible()
    page.context.clear_cookies()
    page.reload()
    page.wait_for_url("**/sign-in**")
    assert page.evaluate("localStorage.getItem('danshu.pda.session')") is None


def test_a_wrong_count_holds_the_order(site: Site, visit: Visit, task: dict[str, Any]) -> None:
    page = visit(f"/pda/{place(task)}", "warehouse", size=PDA)
    page.get_by_role("button", name="缺货/短拣", exact=True).click()
    page.get_by_role("button", name="先挂起").click()
    sheet = page.get_by_role("dialog", name="数量不符")
    expect(sheet).to_contain_text("会挂起")
    sheet.get_by_role("button", name="报数量不符并挂起").click()
    page.wait_for_url("**/pda")
    seen = site.call("GET", f"/v1/orders/{task['item']['order']}")
    assert seen["holds"] == ["short_pick"]


def test_the_code_on_the_paper_opens_the_task(visit: Visit, task: dict[str, Any]) -> None:
    page = visit("/pda", "warehouse", size=PDA)
    expect(page.locator(".pda-groups li")).to_have_count(3)  # a lead does not review
    scan(page, task["item"]["label"])
    page.wait_for_url(f"**/pda/{place(task)}")
    expect(page.locator(".pda-head")).to_contain_text(task["item"]["tail"])


def test_a_hand_over_wants_a_waybill_and_not_a_bar_code_of_goods(
    site: Site, visit: Visit, task: dict[str, Any], expected: Callable[..., None]
) -> None:
    expected(WRONG)
    for event in ("pick", "pack"):
        path = f"/v1/orders/{task['item']['order']}/transitions"
        site.call("POST", path, json={"event": event})
    page = visit(f"/pda/{place(task, 'handover')}", "warehouse", size=PDA)
    expect(page.locator(".pda-parcel")).to_be_visible()
    scan(page, task["lines"][0]["barcode"])
    expect(page.locator(".pda-head")).to_contain_text("是商品条码")
    scan(page, "SF1234567890")
    expect(page.locator(".pda-parcel")).to_contain_text("SF1234567890")
    page.get_by_role("button", name="登记交接").click()
    page.wait_for_url("**/pda")
    assert state(site, task) == "shipped"


def test_a_reviewer_signs_what_is_shown(
    site: Site, visit: Visit, task: dict[str, Any], expected: Callable[..., None]
) -> None:
    expected(WRONG)
    order = task["item"]["order"]
    for event in ("pick", "pack"):
        site.call("POST", f"/v1/orders/{order}/transitions", json={"event": event})
    page = visit("/settings/account", "reviewer", size=PDA)
    give_passkey(page)
    site.kept.pop("reviewer")  # the proof gave the session another cookie
    page.goto("/pda")
    expect(page.locator(".pda-groups li")).to_have_count(1)
    page.goto(f"/pda/{place(task, 'review')}")
    expect(page.locator(".pda-lines")).to_be_visible()
    first, second = task["lines"]
    gtin = first["barcode"].rjust(14, "0")
    for _ in range(first["quantity"]):
        scan(page, f"(01){gtin}(17)350630(10)L-2026A")
    expect(page.locator(".pda-lines")).to_contain_text("批号 L-2026A · 效期 2035-06-30")
    for n in range(second["quantity"]):  # a plain barcode: the lot is read off the package
        scan(page, second["barcode"])
        sheet = page.locator("dialog.pda-sheet")
        if n == 0:
            sheet.get_by_label("批号").fill("L-77")
            sheet.get_by_label("效期").fill("2035-06-30")
        expect(sheet.get_by_label("批号")).to_have_value("L-77")
        sheet.get_by_role("button", name="计入").click()
        expect(sheet).to_have_count(0)
    sign = page.get_by_role("button", name="签署出库")
    expect(page.locator(".pda-lacks")).to_contain_text("照片")
    expect(sign).to_have_attribute("aria-disabled", "true")
    page.get_by_role("button", name="拍照").first.click()
    page.locator("input[type=file]").set_input_files(
        FilePayload(name="parcel.jpg", mimeType="image/jpeg", buffer=b"\xff\xd8\xff a parcel")
    )
    expect(page.get_by_text("证据已齐")).to_be_visible()
    sign.click()
    statement = page.locator(".pda-statement")
    expect(statement).to_contain_text("L-2026A 效期 2035-06-30")
    shown = statement.inner_text()
    last = page.get_by_role("button", name="用通行密钥签署")
    expect(last).not_to_have_attribute("aria-disabled", "true")
    last.click()
    page.wait_for_url("**/pda")
    facts = site.call("GET", f"/v1/orders/{order}/facts")["facts"]
    (signed,) = [f for f in facts if f["type"] == "action.performed"]
    assert (signed["actor"]["grade"], signed["actor"]["role"]) == ("A", "reviewer")
    kept = site.call("GET", f"/v1/orders/{order}/blobs/{signed['data']['statement']}")
    assert kept["shown"] == shown
    assert [f["type"] for f in facts][-1] == "fulfilment.reviewed"
    desk = visit(f"/orders/{order}", "reviewer")
    expect(desk.locator(".order-tiles", has_text="陈述")).to_be_visible()


@pytest.mark.parametrize("path", ["/pda", "/pda/queue", "task"])
def test_everything_that_is_pressed_is_large(visit: Visit, task: dict[str, Any], path: str) -> None:
    page = visit(f"/pda/{place(task)}" if path == "task" else path, "warehouse", size=PDA)
    expect(page.locator(".pda-foot")).to_be_visible()
    if path == "/pda":
        expect(page.locator(".pda-groups")).to_be_visible()
    small = page.evaluate(
        """least => [...document.querySelectorAll("button, a[href], select")]
          .map(one => [one.textContent.trim(), one.getBoundingClientRect()])
          .filter(([, box]) => box.width > 0 && box.height < least)
          .map(([text, box]) => `${text} ${box.height}`)""",
        LEAST_PX,
    )
    assert small == []


def test_without_a_reader_of_codes_it_says_so_and_lets_type(
    visit: Visit, task: dict[str, Any]
) -> None:
    page = visit(f"/pda/{place(task)}", "warehouse", size=PDA)
    page.add_init_script("delete window.BarcodeDetector")
    page.reload()
    page.get_by_role("button", name="扫码 / 输入").click()
    sheet = page.get_by_role("dialog")
    expect(sheet).to_contain_text("不能用相机读码")
    line = task["lines"][0]
    sheet.get_by_label("商品条码或编码").fill(line["sku"])
    sheet.get_by_role("button", name="计入").click()
    expect(page.locator(".pda-lines li").first).to_contain_text(f"1 / {line['quantity']}")


def test_a_cold_box_is_handed_over_with_what_its_probe_recorded(site: Site, visit: Visit) -> None:
    sku = next(s for s in merchant.skus() if s.storage is Storage.CHILLED)
    order = site.place_order([{"code": sku.code}])
    for event in ("release", "pick", "pack"):
        site.call("POST", f"/v1/orders/{order}/transitions", json={"event": event})
    page = visit(f"/pda/handover/{order}/1", "warehouse", size=PDA)
    cold = page.get_by_role("region", name="冷链交接")
    expect(cold).to_contain_text("先扫运单号")
    scan(page, "SF1234567890")
    cold.get_by_role("button", name="记录冷链交接").click()
    sheet = page.get_by_role("dialog", name="冷链交接")
    expect(sheet).to_contain_text("等温度探头送来曲线")
    expect(sheet.get_by_role("button", name="读陈述")).to_have_attribute("aria-disabled", "true")
    sheet.get_by_role("button", name="拍照").click()
    page.locator("input[type=file]").set_input_files(
        FilePayload(name="box.jpg", mimeType="image/jpeg", buffer=b"\xff\xd8\xff a cold box")
    )
    listed = site.call("GET", f"/v1/orders/{order}/acts")["items"]
    (act,) = next(i for i in listed if i["action"] == "cold_handover")["open"]
    path = f"/v1/orders/{order}/acts/{act['id']}/files"
    query = {"kind": "temperature_series", "by": "device", "source": "probe"}
    for oldest, newest, told in ((30, 10, ".pda-lacks"), (30, 0, "text=证据已齐")):
        now = datetime.now(UTC)
        lines = [
            f"{(now - timedelta(minutes=m)).isoformat(timespec='seconds')},4.25"
            for m in range(oldest, newest - 1, -1)
        ]
        site.call("POST", path, content="\n".join(lines), params=query)
        expect(sheet.locator(told)).to_be_visible()
        if newest:
            expect(sheet.locator(told)).to_contain_text("请重新取曲线")
    sheet.get_by_role("button", name="读陈述").click()
    expect(sheet.locator(".pda-statement")).to_contain_text("运单号 SF1234567890")
    sheet.get_by_role("button", name="确认冷链交接").click()
    expect(cold).to_contain_text("冷链交接已记录")
    page.get_by_role("button", name="登记交接").click()
    page.wait_for_url("**/pda")
    facts = site.call("GET", f"/v1/orders/{order}/facts")["facts"]
    (kept,) = [f["data"]["held"] for f in facts if f["type"] == "action.performed"]
    assert kept == "kept"
    assert "order.shipped" in {f["type"] for f in facts}
