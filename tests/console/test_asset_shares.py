"""Exits of assets in the console: finance is refused the rows by a clause, asks for the sums, a
steward agrees, the file is fetched. A file that leaked is traced to whose copy it was.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable
from pathlib import Path

import httpx
from playwright.sync_api import expect

from tests.console.conftest import Visit
from tests.console.site import Site
from tests.fixtures.hub import PAID_AT

SKU_ORDERS = 6
LEAKED_ORDERS = 80  # of two times each, so that the code is read beyond any doubt
PATIENCE_MS = 60_000


def ship(site: Site) -> None:
    """Ship enough of one thing that its cell covers enough people, and build the margin."""
    sku = site.call("GET", "/v1/skus?limit=1")["items"][0]["code"]
    for n in range(SKU_ORDERS):
        body = {
            "number": f"MARGIN-{n}",
            "lines": [{"sku": sku, "quantity": 1, "price_fen": 5_000, "title": "示例"}],
            "receiver": {
                "name": "张示例",
                "phone": "13900001234",
                "province": "北京市",
                "city": "北京市",
                "detail": "示例路 1 号",
            },
            "paid_at": PAID_AT,
        }
        order = site.call("POST", "/v1/orders", json=body)["order"]
        for event in ("release", "pick", "pack", "ship"):
            site.call("POST", f"/v1/orders/{order}/transitions", json={"event": event})
    job = site.call("POST", "/v1/assets/margin/build")["id"]
    done = site.wait_for(f"/v1/jobs/{job}", lambda told: told["ended"])
    assert done["state"] == "done", done


def test_finance_asks_and_a_steward_agrees(
    site: Site, visit: Visit, axe: Callable[..., None]
) -> None:
    ship(site)
    page = visit("/assets/margin", "finance")
    page.get_by_role("button", name="申请导出").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("明细", exact=True).click()
    expect(dialog.get_by_role("status")).to_contain_text("可看汇总，不可导出原始明细")
    expect(dialog.get_by_role("button", name="申请导出")).to_be_disabled()
    dialog.get_by_text("汇总", exact=True).click()
    expect(dialog.get_by_role("status")).to_contain_text("需数据管家批准")
    dialog.get_by_label("事由").fill("月度毛利复盘")
    dialog.get_by_role("button", name="申请导出").click()
    expect(page.get_by_text("等待批准").first).to_be_visible()

    steward = visit("/assets/shares", "steward")
    row = steward.get_by_role("row").filter(has_text="月度毛利复盘")
    expect(row).to_contain_text("待批准")
    axe(steward)
    row.get_by_role("button", name="批准").click()
    steward.get_by_role("dialog").get_by_role("button", name="批准").click()
    expect(row).to_contain_text("已生成", timeout=PATIENCE_MS)

    page.goto("/assets/shares")
    mine = page.get_by_role("row").filter(has_text="月度毛利复盘")
    with page.expect_download() as fetched:
        mine.get_by_role("link", name="下载").click()
    text = Path(fetched.value.path()).read_text("utf-8-sig")
    head, *rows = csv.reader(text.splitlines())
    assert head[:3] == ["日期", "渠道", "商品"]
    assert any(int(row[3]) >= SKU_ORDERS for row in rows if row[0][0] != "#")


def export(site: Site, role: str) -> bytes:
    """Have the person of a role make a file of all orders, as the workbench does."""
    cookies = {"danshu": site.cookie(role)}
    body = {"f": "", "form": "csv", "columns": ["number", "goods", "placed", "paid_at"]}
    with httpx.Client(base_url=site.address, cookies=cookies, timeout=60) as client:
        token = client.get("/v1/session").json()["csrf"]
        headers = {"origin": site.address, "x-csrf-token": token}
        told = client.post("/v1/exports", json={**body, "purpose": "月末收入核对"}, headers=headers)
        path = f"/v1/jobs/{told.json()['id']}"
        done = site.wait_for(path, lambda job: job["ended"])
        assert done["state"] == "done", done
        return client.get(f"/v1/exports/{done['id']}").content


def leak(file: bytes) -> bytes:
    """Shuffle a copy, rename its columns, and take away what says whose it is."""
    rows = [row for row in csv.reader(io.StringIO(file.decode("utf-8-sig"))) if row[0][0] != "#"]
    random.Random(3).shuffle(body := rows[1:])
    out = io.StringIO()
    csv.writer(out).writerows([["d", "c", "b", "a"], *[row[::-1] for row in body]])
    return out.getvalue().encode()


def test_a_leak_is_traced(site: Site, visit: Visit, axe: Callable[..., None]) -> None:
    before = site.call("GET", "/v1/workbench/count?f=")["count"]
    for _ in range(LEAKED_ORDERS):
        site.place_order()
    site.wait_for("/v1/workbench/count?f=", lambda told: told["count"] >= before + LEAKED_ORDERS)
    file = leak(export(site, "finance"))
    page = visit("/assets/shares?tab=watermarks", "legal")
    expect(page.get_by_role("row").filter(has_text="月末收入核对").first).to_contain_text("F05")
    page.locator("input[type=file]").set_input_files(
        {"name": "found.csv", "mimeType": "text/csv", "buffer": file}
    )
    expect(page.get_by_role("heading", name="这份文件出自")).to_contain_text(
        "财务 F05", timeout=PATIENCE_MS
    )
    expect(page.get_by_text("个标准差").first).to_be_visible()
    axe(page)
    page.locator("input[type=file]").set_input_files(
        {"name": "other.csv", "mimeType": "text/csv", "buffer": b"a,b\nx,1\ny,2\n"}
    )
    expect(page.get_by_text("不指认任何人")).to_be_visible(timeout=PATIENCE_MS)
