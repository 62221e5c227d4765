"""Examples of the fact types of twin and resilience."""

from __future__ import annotations

from msgspec import Struct

from danshu.hub import twin_facts

EXAMPLES: list[Struct] = [
    twin_facts.TwinStopped(
        cause="forecast",
        detail="trend",
        hours_tenth=31,
        sensors="fine",
        storage="chilled",
        warehouse="WH-HGH",
        zone="C",
    ),
    twin_facts.TwinCleared(
        by="person",
        cause="contradiction",
        reason="现场复测三次均为 4.1 ℃",
        storage="chilled",
        warehouse="WH-HGH",
    ),
    twin_facts.ZonePhysicsAdopted(
        act="adopt",
        ambient_tenth_c=250,
        before=0,
        door_hundredth=318,
        error_tenth_min=(184, 13),
        no=4,
        reach_tenth_c=-151,
        tau_min=228,
        warehouse="WH-HGH",
        zone="C",
    ),
    twin_facts.ResilienceAlarmed(
        is_under=True, part="labour", score=44, threshold=50, warehouse="WH-HGH"
    ),
    twin_facts.ResilienceAssessed(
        digest="b1" * 32,
        orders=1_862,
        outcome="done",
        pairs=118,
        run="019aa9d3-6b80-7000-8000-000000000007",
        singles=34,
        snapshot="c4" * 32,
        weakest="WH-HGH",
        weakest_fen=1_284_400,
    ),
]
