"""Full examples of the facts of devices and repairs, see fact_examples.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.hub import device_facts as devices
from danshu.hub import repair_facts as repairs

if TYPE_CHECKING:
    from msgspec import Struct

_ORIGINAL: Final = "019aa9d3-6b80-7000-8000-0000000000a1"
_REPAIR: Final = "019aa9d3-6b80-7000-8000-0000000000b1"

EXAMPLES: Final[list[Struct]] = [
    devices.DeviceWaveJudged(device="SP-01", normal=True, original=_ORIGINAL),
    devices.DeviceReset(device="SP-01", reason="更换主轴轴承"),
    devices.DeviceServiced(
        device="SP-01",
        event="019aa9d3-6b80-7000-8000-0000000000c1",
        parts=("BRG-6205",),
        repair=_REPAIR,
        what="replace_bearing",
    ),
    repairs.RepairOpened(
        action="replace_bearing",
        device="SP-01",
        figures=(
            repairs.RepairFigure(name="comb_outer", value=9_450),
            repairs.RepairFigure(name="rpm", value=1_480_000),
        ),
        original=_ORIGINAL,
        parts=(repairs.RepairPart(quantity=1, sku="BRG-6205"),),
        regulation="GB/T 24611",
        supplier="SKF-EAST",
        symptoms=("outer_race_fault",),
        warranty=True,
        wave="c4" * 32,
    ),
    repairs.RepairSent(key=f"repair/{_REPAIR}"),
    repairs.RepairAccepted(
        price_fen=68_000, reference="WX00001", visit="2026-12-01T09:00:00+08:00"
    ),
    repairs.RepairRefused(code="not_ours"),
    repairs.RepairPartOrdered(order="019aa9d3-6b80-7000-8000-0000000000d1"),
    repairs.RepairClosed(how="done"),
]
