"""设备档案: an abnormal device stands first; its last wave is drawn with the lines of faults; what
counts as normal is a person's word.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import datetime
import re
import uuid
from typing import Any, ClassVar, cast

from playwright.sync_api import expect

from danshu.adapters.modalities.waveform import Waveform
from danshu.adapters.perceivers.vibration import Vibration
from danshu.hub import compose, device_waves, devices
from danshu.ports.modality import Original, Parsed
from danshu.ports.perceiver import Perception
from danshu.testing import vibrations
from tests.console.conftest import PDA, Visit
from tests.console.site import Site
from tests.fixtures.reviews import Laid, lay

SPINDLE = vibrations.Machine(seed=11)
CODE = "SP-BROWSER"
DEVICE: dict[str, Any] = {
    "code": CODE,
    "name": "七号主轴",
    "kind": "spindle",
    "bearing": SPINDLE.bearing,
    "rpm": 1_480,
    "parts": [{"sku": "EX-BRUSH", "quantity": 1, "fault": "outer_race_fault"}],
}


class Lent:
    """What the hub would lend the modality."""

    source: ClassVar = {"device": CODE}
    now_ms = 0

    def __init__(self, row: Any) -> None:
        self.row = row

    async def perceive(self, kind: str, original: Original, hints: Any = None) -> Perception:
        told = Vibration().perceive(cast("Any", None), cast("Any", None), original.body, "", hints)
        return await told

    def look_up(self, kind: str, code: str) -> Any:
        return self.row

    def assess(self, device: str, seen: Perception) -> Any:
        return devices.assess(self.row, seen)


def hear(site: Site) -> None:
    """Have the device heard: eight sound waves, then a broken outer race, as the hub reads them."""

    async def run() -> None:
        async with compose.open_hub(site.url) as hub:
            for nth in range(9):
                fault = vibrations.OUTER if nth == 8 else vibrations.HEALTHY
                told = vibrations.record(SPINDLE, nth, fault=fault, seconds=4.2, rate_hz=8_000)
                async with hub.connection() as connection:
                    row = await devices.look_up(connection, site.tenant, CODE)
                body = vibrations.frame(told, CODE)
                original = Original(body=body, media_type="", digest="")
                parsed = await Waveform().parse(original, cast("Any", Lent(row)))
                await _keep(hub, body, parsed, nth)

    async def _keep(hub: compose.Hub, body: bytes, parsed: Parsed, nth: int) -> None:
        laid = Laid(
            parsed=parsed,
            modality="waveform",
            body=body,
            media_type="application/vnd.danshu.wave",
            source={"device": CODE},
        )
        (id_,) = await asyncio.to_thread(lay, site.url, site.tenant, laid)
        at = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=nth)
        async with hub.connection() as connection, connection.transaction():
            await device_waves.record(connection, site.tenant, uuid.UUID(id_), parsed, at)

    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, run()).result()


def test_an_abnormal_device_stands_first_and_shows_its_wave(site: Site, visit: Visit) -> None:
    site.call("PUT", "/v1/devices", json=[DEVICE])
    hear(site)
    page = visit("/devices", "steward")
    first = page.get_by_role("row").filter(has_text=DEVICE["name"])
    expect(first).to_contain_text("异常")
    page = visit(f"/devices/{CODE}", "steward")
    expect(page.get_by_role("heading", level=1)).to_have_text("七号主轴")
    last = page.get_by_role("region", name="最近一段波形")
    expect(last.get_by_role("img", name=re.compile("包络谱"))).to_be_visible()
    expect(last.locator(".plot-name", has_text="外圈")).to_be_visible()
    waves = page.get_by_role("region", name="波形记录").first
    top = waves.get_by_role("row").nth(1)
    expect(top).to_contain_text("外圈故障")
    top.get_by_role("button", name="计为正常").click()
    expect(page.get_by_text("已计为正常")).to_be_visible()
    expect(top.get_by_role("button", name="不计为正常")).to_be_visible()
    narrow = visit(f"/devices/{CODE}", "steward", size=PDA)
    expect(narrow.get_by_role("region", name="趋势").first).to_be_visible()
    wide = narrow.evaluate("document.documentElement.scrollWidth")
    assert wide <= PDA["width"]
