"""Examples of the fact types of the floor."""

from __future__ import annotations

from msgspec import Struct

from danshu.capabilities.floor import facts as floor

EXAMPLES: list[Struct] = [
    floor.FulfilmentWorked(
        began="2026-11-22T10:51:12.004Z",
        device_ended="2026-11-22T10:54:58.000Z",
        duration_ms=227_310,
        fulfilment=1,
        scans=2,
        units=3,
        warehouse="WH-HGH",
        work="pick",
        wrong=1,
    ),
    floor.FulfilmentReviewed(
        began="2026-11-22T10:56:30.512Z",
        device_ended="2026-11-22T10:57:11.000Z",
        duration_ms=41_200,
        fulfilment=1,
        photos=2,
        scans=3,
        units=3,
        warehouse="WH-HGH",
        wrong=1,
    ),
    floor.FulfilmentStopped(
        detail="货位 A-03 只有一件",
        expected=2,
        found=1,
        fulfilment=1,
        kind="short",
        sku="SKU-00017",
        warehouse="WH-HGH",
        work="pick",
    ),
    floor.DocumentPrinted(
        digest="d4" * 32,
        document="packing",
        lang="zh",
        of=("019aa9d3-6b80-7000-8000-000000000002/1",),
        paper="a5",
        revealed=True,
    ),
]
