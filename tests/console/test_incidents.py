"""The board of exceptions in the console: an operator clears what the sentinel found."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from tests.console.conftest import Visit
from tests.console.site import Site


def _twice(site: Site) -> dict[str, Any]:
    """Place one order under two numbers, and wait until that is found; gives the finding."""
    phone = f"139{secrets.randbelow(10**8):08d}"
    order = {
        "lines": [{"sku": "EX-CUP-BLUE", "quantity": 1, "price_fen": 11_800}],
        "receiver": {
            "name": "王示例",
            "phone": phone,
            "province": "浙江省",
            "city": "杭州市",
            "district": "西湖区",
            "detail": "示例路 1 号",
        },
    }
    for _ in range(2):
        number = f"DU{secrets.token_hex(4)}"
        made = site.call("POST", "/v1/orders", json={**order, "number": number})
    path = f"/v1/findings?order={made['order']}&kind=duplicate"
    page = site.wait_for(path, lambda seen: seen["items"])
    found: dict[str, Any] = page["items"][0]
    return found


def test_an_operator_clears_the_queue(site: Site, visit: Visit, axe: Callable[..., None]) -> None:
    first, second = _twice(site), _twice(site)
    page = visit(f"/incidents?tab=items&kind=duplicate&no={first['no']}", "service")
    detail = page.get_by_role("region", name="重复单")
    expect(detail).to_contain_text("同一收货人在几分钟内下了同样的商品")
    expect(detail).to_contain_text("将做：取消这张订单，占用的库存放回")
    row = page.get_by_role("row").filter(has_text=first["number"])
    expect(row).to_contain_text("重复单")
    axe(page)
    detail.get_by_role("button", name="取消这单").click()
    expect(row).to_have_count(0)
    state = site.call("GET", f"/v1/orders/{first['order']}")["state"]
    assert state == "cancelled"
    # Many at once: selected, and closed with a reason, by keys.
    page.get_by_role("row").filter(has_text=second["number"]).get_by_role("checkbox").check()
    page.keyboard.press("i")
    page.get_by_role("textbox", name="为什么").last.fill("买家要两份")
    page.get_by_role("button", name="关闭", exact=True).last.click()
    expect(page.get_by_role("row").filter(has_text=second["number"])).to_have_count(0)
    closed = site.call("GET", f"/v1/findings/{second['no']}")
    assert (closed["how"], closed["reason"]) == ("person", "买家要两份")
    # What was closed stands under what has ended, and waits again when it is opened again.
    page.get_by_text("已消除", exact=True).click()
    page.get_by_role("row").filter(has_text=second["number"]).get_by_role("checkbox").check()
    page.keyboard.press("i")
    page.get_by_role("textbox", name="为什么").last.fill("买家又改了主意")
    page.keyboard.press("Enter")
    expect(page.get_by_role("row").filter(has_text=second["number"])).to_have_count(0)
    assert site.call("GET", f"/v1/findings/{second['no']}")["state"] == "open"
