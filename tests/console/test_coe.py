"""The order COE in the console: the policy owner has the week written, reads what broke and why,
and takes it into the backlog.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from playwright.sync_api import expect

from danshu.kernel.fact import rfc3339
from tests.console.conftest import PDA, Visit
from tests.console.site import Site

HOUR_MS = 3_600_000
EACH = 31


def sell(site: Site, name: str, days_ago: int, ship_h: int) -> None:
    """Sell something that fell due so many days ago, and ship it so many hours after paying."""
    paid_ms = time.time_ns() // 1_000_000 - (days_ago + 2) * 24 * HOUR_MS
    sku = site.call("GET", "/v1/skus?limit=1")["items"][0]["code"]
    receiver = {"name": "王示例", "phone": "13900001234", "detail": "示例路 2 号"}
    body = {
        "number": name,
        "lines": [{"sku": sku, "quantity": 1, "price_fen": 100}],
        "receiver": receiver | {"province": "上海市", "city": "上海市"},
        "paid_at": rfc3339(paid_ms),
    }
    order = site.call("POST", "/v1/orders", json=body)["order"]
    for event, hours in (("release", 1), ("pick", 2), ("pack", 3), ("ship", ship_h)):
        act = {"event": event, "occurred_at": rfc3339(paid_ms + hours * HOUR_MS)}
        if event == "ship":
            act["carrier"] = "周会快递"
        site.call("POST", f"/v1/orders/{order}/transitions", json=act)


def test_the_policy_owner_reads_the_weekly_review(
    site: Site, visit: Visit, axe: Callable[..., None]
) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: sell(site, f"COE-A{n}", 9, 30), range(EACH)))
        list(pool.map(lambda n: sell(site, f"COE-B{n}", 1, 60), range(EACH)))
    goal = {"metric": "on_time_rate", "target": 970, "owner": "role:policy"}
    site.call("POST", "/v1/coe/goals", json=goal)
    today = site.call("GET", "/v1/coe/reviews")["today"]
    page = visit("/coe", "policy")
    page.get_by_role("button", name="截至今天的七天").click()
    worse = page.get_by_role("region", name="变坏了")
    # of all, or of the carrier where other tests have missed promises too
    sentence = worse.get_by_role("listitem").filter(has_text=f"（0/{EACH}）").first
    expect(sentence).to_contain_text(f"上周 100.0%（{EACH}/{EACH}）")
    expect(sentence.get_by_role("link").first).to_contain_text("on_time_rate@0")
    expect(page.get_by_role("region", name="违约在谁手里")).to_contain_text("在仓库手里")
    tree = page.get_by_role("region", name="兑现率拆解")
    tree.get_by_role("radiogroup").get_by_text("承运商", exact=True).click()
    expect(tree.get_by_role("row").filter(has_text="周会快递")).to_contain_text("0.0%")
    axe(page)
    sentence.get_by_role("button", name="列入待办").click()
    expect(sentence.get_by_text("已列入待办")).to_be_visible()
    page.get_by_role("button", name="重算核对").click()
    expect(page.get_by_text("重算一致", exact=False)).to_be_visible()

    page.get_by_role("tab", name="目标").click()
    row = page.get_by_role("row").filter(has_text="承诺兑现率")
    expect(row).to_contain_text("未达标")
    page.get_by_role("tab", name="成熟度").click()
    expect(page.get_by_role("region", name="第 3 阶段的要求")).to_contain_text("还缺什么")
    page.get_by_role("tab", name="待办").click()
    item = page.get_by_role("article").filter(has_text=f"（0/{EACH}）")
    expect(item).to_contain_text(f"{today}/change:")
    axe(page)

    small = visit("/coe?tab=review", "policy", locale="en", theme="dark", size=PDA)
    expect(small.get_by_role("region", name="Worse")).to_contain_text(f"(0/{EACH})")
    wide = small.evaluate("document.documentElement.scrollWidth")
    assert wide <= PDA["width"]
    axe(small)
