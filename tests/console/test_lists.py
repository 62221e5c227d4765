"""What long lists say: totals by currency, names before codes, what a job could not do."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import expect

from tests.console.conftest import PDA, Visit
from tests.console.site import Site


def test_the_total_keeps_currencies_apart(site: Site, visit: Visit) -> None:
    told = site.call("GET", "/v1/workbench/count", params={"f": ""})
    assert [a["currency"] for a in told["amounts"]][:1] == ["CNY"]
    assert len(told["amounts"]) > 1, "the messages of the demo are of several currencies"
    page = visit("/orders?f=", "service")
    total = page.locator(".orders-total")
    expect(total).to_contain_text(re.compile(r"¥[\d,]+\.\d\d \+ [A-Z]{3} [\d,]+\.\d\d"))


def test_promises_name_warehouses_clauses_and_channels(site: Site, visit: Visit) -> None:
    words = site.call("GET", "/v1/workbench/words")
    names = {w["code"]: w["name"] for w in words["warehouses"]}
    (row,) = site.call("GET", "/v1/promises", params={"state": "ticking", "limit": 1})["items"]
    code = row["warehouse"]
    page = visit("/promises", "service")
    groups = page.get_by_role("table", name="哪里快到期")
    mine = groups.get_by_role("button", name=f"{names[code]} {code}")
    mine.click()
    expect(page.get_by_role("button", name=f"仓 {names[code]}")).to_be_visible()
    expect(page.get_by_role("grid", name="承诺")).to_contain_text(f"{names[code]} {code}")
    page.get_by_text("条款", exact=True).click()
    expect(groups.get_by_role("button", name="48小时发货")).to_be_visible()
    english = visit("/promises?channel=taobao", "service", locale="en")
    english.get_by_text("Channel", exact=True).first.click()
    expect(english.locator(".promises-groups")).to_contain_text("Taobao / Tmall")


def test_what_a_job_could_not_do_is_taken_along(site: Site, visit: Visit, tmp_path: Path) -> None:
    gone = site.by_state("cancelled")
    body = {"act": "hold", "ids": [gone["order"]], "reason": "核对"}
    job = site.call("POST", "/v1/bulk", json=body)
    page = visit(f"/jobs/{job['id']}")
    with page.expect_download() as coming:
        page.get_by_role("link", name="下载 CSV").click()
    file = tmp_path / "failures.csv"
    coming.value.save_as(file)
    head, line = file.read_text("utf-8-sig").splitlines()
    assert head == "订单号,原因,原因码,编号"
    assert line.startswith(gone["number"])
    narrow = visit(f"/jobs/{job['id']}", size=PDA)
    expect(narrow.get_by_role("link", name="下载 CSV")).to_be_visible()


def test_the_english_timeline_names_the_channel(site: Site, visit: Visit) -> None:
    order = next(o for o in site.orders if o["channel"] == "taobao")
    page = visit(f"/orders/{order['order']}", "service", locale="en")
    expect(page.get_by_text(re.compile("Taobao / Tmall")).nth(1)).to_be_visible()
    assert "taobao," not in page.locator("main").inner_text()
