"""Connectors: an SRE begins a canary, sees both sides, rolls it back, compares both sides' books,
and settles a call that a far side did not understand.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Callable
from typing import Any

import psycopg
from playwright.sync_api import Page, expect

from danshu.hub import connecting
from danshu.hub.compose import now_ms
from danshu.hub.connecting import Context
from danshu.testing import customs_brokers, customs_orders
from danshu.testing.customs_brokers import Broker
from tests.console.conftest import PDA, Visit
from tests.console.site import Site

ROUTE = "/v1/connector-routes/customs"


def connect(site: Site, broker: Broker, title: str) -> str:
    """Connect a broker and switch it on; gives its id."""
    wish = {
        "adapter": customs_brokers.ADAPTERS[broker.kind],
        "title": title,
        "url": broker.url,
        "options": customs_brokers.OPTIONS[broker.kind],
        "secrets": customs_brokers.SECRETS,
    }
    id_ = str(site.call("POST", "/v1/connectors", json=wish)["id"])
    site.call("POST", f"/v1/connectors/{id_}/state", json={"state": "on"})
    return id_


def declare(site: Site, numbers: list[str], *, body: bytes = b"") -> None:
    """Put declarations into the outbox, as a commit of the hub would."""

    async def work() -> None:
        async with await psycopg.AsyncConnection.connect(site.url, autocommit=True) as c:
            for number in numbers:
                await connecting.ask(
                    c,
                    site.tenant,
                    capability="customs",
                    operation="declare" if not body else "unknown",
                    key=number,
                    subject=number,
                    body=body or customs_orders.write(number),
                    at_ms=now_ms(),
                    context=Context(warehouse="WH-SHA", channel="taobao"),
                )

    # A thread of its own: the browser's event loop runs in this one.
    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(work())).result()


def test_an_sre_runs_a_canary_and_compares_the_books(
    site: Site, visit: Visit, axe: Callable[[Page], None]
) -> None:
    with customs_brokers.serve("rest") as old, customs_brokers.serve("window") as new:
        first, second = connect(site, old, "报关行甲"), connect(site, new, "报关行乙")
        ways = {"ways": [{"connector": first}], "reason": "自动化"}
        site.call("PUT", ROUTE, json=ways)
        declare(site, [f"CON{n:04d}" for n in range(12)])
        declare(site, ["CON-STRANGE"], body=b"{}")
        site.wait_for(f"/v1/connectors/{first}/calls", lambda seen: _done(seen) == 12)
        page = visit("/connectors", "sre")
        card = page.get_by_role("region", name="报关的路由")
        expect(card).to_contain_text("报关行甲")
        card.get_by_role("button", name="开始灰度").click()
        form = page.get_by_role("dialog", name="开始灰度")
        form.get_by_role("spinbutton", name="精确比例").fill("25")
        form.get_by_role("button", name="设定比例").click()
        expect(form).to_have_count(0)
        side = card.get_by_role("region", name="候选 报关行乙")
        expect(side).to_contain_text("25%")
        expect(card.get_by_role("region", name="现用 报关行甲")).to_contain_text("75%")
        axe(page)
        declare(site, [f"CAN{n:04d}" for n in range(24)])
        expect(side.get_by_role("definition").first).not_to_have_text("0")
        card.get_by_role("button", name="回滚").click()
        expect(card).to_contain_text("已回滚")
        expect(card.get_by_role("region", name="候选 报关行乙")).to_have_count(0)
        _settle_in(page, first)
        for id_ in (first, second):
            site.wait_for(f"/v1/connectors/{id_}", lambda seen: seen["waiting"] == 0)
        card.get_by_role("button", name="双方对账").click()
        books = page.get_by_role("dialog", name="报关的双方对账")
        books.get_by_role("button", name="现在对账").click()
        expect(books).to_contain_text("两边一致")
        expect(books).to_contain_text("36")
        assert len(old.books) + len(new.books) == 36
        narrow = visit("/connectors", "sre", size=PDA)
        expect(narrow.get_by_role("region", name="报关的路由")).to_be_visible()
        assert narrow.evaluate("document.documentElement.scrollWidth") <= PDA["width"]


def _settle_in(page: Page, first: str) -> None:
    """End the call that no adapter understands, in the detail of its connector."""
    grid = page.get_by_role("grid", name="连接器", exact=True)
    grid.get_by_text("报关行甲").first.click()
    detail = page.get_by_role("region", name="报关行甲", exact=True)
    expect(detail).to_contain_text("CON-STRANGE")
    detail.get_by_text("待人处理", exact=True).first.click()
    row = detail.get_by_role("row").filter(has_text="CON-STRANGE")
    row.get_by_role("button", name="作罢").click()
    settle = page.get_by_role("dialog", name="作罢 CON-STRANGE")
    settle.get_by_role("textbox", name="缘由").fill("对方无此操作")
    settle.get_by_role("button", name="作罢").click()
    expect(settle).to_have_count(0)
    expect(detail.get_by_role("row").filter(has_text="CON-STRANGE")).to_have_count(0)


def _done(seen: Any) -> int:
    return sum(1 for call in seen["items"] if call["state"] == "done")
