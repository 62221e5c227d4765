"""Event subscriptions in the console: an SRE sees what was given up, has it delivered again, and
adds a subscription whose secret is shown once.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from playwright.sync_api import expect

from danshu.testing import event_receivers
from tests.console.conftest import Visit
from tests.console.site import Site


def test_an_sre_replays_dead_letters(site: Site, visit: Visit, axe: Callable[..., None]) -> None:
    name = f"仓储{secrets.token_hex(3)}"
    with event_receivers.serve() as receiver:
        receiver.refuses = lambda _: 422
        wanted = {"name": name, "url": receiver.url, "types": ["order.placed", "order.paid"]}
        made = site.call("POST", "/v1/subscriptions", json=wanted)
        receiver.secrets.append(made["secret"])
        id_ = made["subscription"]["id"]
        for _ in range(2):
            site.place_order()
        site.wait_for(f"/v1/subscriptions/{id_}", lambda one: one["dead"] >= 4)
        page = visit(f"/events?of={id_}", "sre")
        card = page.get_by_role("listitem").filter(has_text=name)
        expect(card).to_contain_text("422")
        letters = page.get_by_role("region", name="死信", exact=True)
        expect(letters.get_by_role("button", name="422 · 4 条")).to_be_visible()
        axe(page)
        row = letters.get_by_role("row").filter(has_text="对方答复 422").first
        row.get_by_role("checkbox").check()
        receiver.refuses = lambda _: 0
        letters.get_by_role("button", name="重投所选 1 条").click()
        letters.get_by_role("button", name="重投全部 3 条").click()
        page.get_by_role("dialog").get_by_role("button", name="重投全部 3 条").click()
        expect(letters).to_contain_text("没有死信")
        site.wait_for(f"/v1/subscriptions/{id_}", lambda one: one["delivered"] == 4)
        card.get_by_role("button", name="投递记录").click()
        expect(page.get_by_role("table", name=f"{name} 的投递记录")).to_contain_text("对方答复 422")
        page.get_by_role("button", name="关闭").last.click()
        card.get_by_role("button", name="试发").click()
        expect(page.get_by_text("已送达：200")).to_be_visible()
        page.get_by_role("button", name="新增订阅").click()
        form = page.get_by_role("dialog")
        form.get_by_label("名称").fill(f"{name}二")
        form.get_by_label("接收地址").fill(receiver.url)
        form.get_by_label("事件", exact=True).fill("danshu.stock.moved")
        page.get_by_title("danshu.stock.moved").click()
        form.get_by_role("button", name="新增订阅").click()
        shown = page.get_by_role("dialog", name="签名密钥")
        expect(shown).to_contain_text("whsec_")
        shown.get_by_role("button", name="已存好").click()
        second = page.get_by_role("listitem").filter(has_text=f"{name}二")
        expect(second).to_contain_text("正常")
        for one in site.call("GET", "/v1/subscriptions")["items"]:
            if one["name"].startswith(name):
                site.call("DELETE", f"/v1/subscriptions/{one['id']}")
