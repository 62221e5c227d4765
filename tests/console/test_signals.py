"""Live signals: what is silent or contradicts stands first; a source is taken out of service."""

from __future__ import annotations

import time
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.console.conftest import PDA, Visit
from tests.console.site import EVERYBODY, Site


def tell(site: Site) -> None:
    """A zone whose probes differ, one that fell silent, a red rainstorm."""
    now_ms = time.time_ns() // 1_000_000

    def probe(zone: str, sensor: str, value: float, at_ms: int = now_ms) -> dict[str, object]:
        subject = f"zn:BJ01/{zone}/{sensor}"
        return {"key": "zone_temp", "subject": subject, "value": value, "observed": at_ms}

    readings = [
        probe("chilled", "s1", 3.2),
        probe("chilled", "s2", 9.9),
        probe("frozen", "s1", -20, now_ms - 300_000),
        probe("frozen", "s2", -20, now_ms - 300_000),
        {"key": "wx_alert", "subject": "wh:BJ01", "value": 204},
        {"key": "dock_queue", "subject": "wh:BJ01", "value": 34},
        {"key": "policy_compliance", "subject": "wh:BJ01", "value": 4},
    ]
    site.call("POST", "/v1/signals/telemetry", json=readings)


def test_signals_are_seen_filtered_and_retired(
    site: Site, visit: Visit, axe: Callable[[Page], None]
) -> None:
    tell(site)
    page = visit("/signals", EVERYBODY)
    zone = page.get_by_text("zn:BJ01/chilled", exact=True)
    row = page.get_by_role("row").filter(has=zone).filter(has_text="温区温度")
    expect(row).to_contain_text("矛盾")
    expect(page.get_by_role("row").filter(has_text="暴雨 红色").first).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="封控").first).to_be_visible()
    page.get_by_role("link", name="失联").first.click()
    expect(row).to_have_count(0)
    silent = page.get_by_role("row").filter(has=page.get_by_text("zn:BJ01/frozen", exact=True))
    expect(silent).to_contain_text("关闭")
    axe(page)
    for sensor in ("s1", "s2"):
        subject = page.get_by_text(f"zn:BJ01/frozen/{sensor}", exact=True)
        source = page.get_by_role("row").filter(has=subject)
        source.get_by_role("button", name="停用").click()
        expect(source).to_contain_text("已停用")
    expect(silent).to_have_count(0)


def test_signals_on_a_narrow_screen(site: Site, visit: Visit) -> None:
    tell(site)
    page = visit("/signals", EVERYBODY, size=PDA)
    expect(page.get_by_text("17 个变量").first).to_be_visible()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= PDA["width"]
