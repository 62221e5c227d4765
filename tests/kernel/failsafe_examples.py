"""Examples of the fact types of the fail-safe."""

from __future__ import annotations

from msgspec import Struct

from danshu.hub import failsafe_facts as failsafe

EXAMPLES: list[Struct] = [
    failsafe.RoutingStopped(
        cause="share",
        count=61,
        no=3,
        place="HZ01",
        storage="chilled",
        total=80,
        usual_ppm=118_000,
    ),
    failsafe.RoutingResumed(no=3, reason="已现场测温 3.1 °C,探头正常", storage="chilled"),
    failsafe.ColdEquipmentRegistered(active=True, code="BOX-0017", name="EPP 保温箱 17 号"),
]
