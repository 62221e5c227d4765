"""Shops that are pulled, in the console: connected by the form of its platform, tried, turned off
and on, and what was compared is seen.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

from playwright.sync_api import expect

from danshu.testing import messages, platforms
from tests.console.conftest import Visit
from tests.console.site import Site


def test_a_shop_is_connected_tried_and_seen(
    site: Site, visit: Visit, axe: Callable[..., None]
) -> None:
    at_ms = time.time_ns() // 1_000_000 - 600_000
    name = f"拉单{secrets.token_hex(3)}"
    with platforms.serve() as platform:
        number = platform.sell(
            "jd", messages.message("jd", secrets.randbelow(10**6), 7, at_ms), at_ms
        )
        page = visit("/channels", "admin")
        page.get_by_role("link", name="店铺拉单").last.click()
        page.get_by_role("button", name="接入拉单").click()
        form = page.get_by_role("dialog")
        form.get_by_label("平台").click()
        page.get_by_title("京东", exact=True).click()
        expect(form.get_by_label("平台网关")).to_have_value("https://api.jd.com/routerjson")
        form.get_by_label("平台网关").fill(platform.url)
        form.get_by_label("店铺", exact=True).fill(name)
        form.get_by_label("App Key").fill(platforms.KEY)
        form.get_by_label("App Secret").fill("not this one")
        form.get_by_label("Access Token").fill(platforms.TOKEN)
        form.get_by_role("button", name="试拉一次").click()
        expect(form.get_by_role("alert")).to_contain_text("平台没有答应")
        form.get_by_label("App Secret").fill(platforms.SECRET)
        form.get_by_role("button", name="试拉一次").click()
        expect(form.get_by_role("status")).to_contain_text(f"1 单这里没有：{number}")
        form.get_by_role("button", name="接入拉单").click()
        row = page.get_by_role("row").filter(has_text=name)
        expect(row).to_contain_text("在拉")
        row.get_by_text(name).click()
        covered = page.get_by_role("region", name=f"「{name}」比对了哪些时段")
        expect(covered.get_by_role("table", name="比对过的时段")).to_contain_text("1")
        expect(covered.get_by_role("img", name="时段覆盖")).to_be_visible()
        axe(page)
        row.get_by_role("button", name="停拉").click()
        expect(row).to_contain_text("已停")
        row.get_by_role("button", name=f"「{name}」更多操作").click()
        page.get_by_role("menuitem", name="断开").click()
        page.get_by_role("button", name=f"断开 {name}").click()
        expect(row).to_have_count(0)
    found = site.call("GET", "/v1/findings?kind=missing")["items"]
    (no,) = [one["no"] for one in found if one["number"] == number]
    site.call(
        "POST", "/v1/findings/acts", json={"act": "close", "findings": [no], "reason": "测试"}
    )
