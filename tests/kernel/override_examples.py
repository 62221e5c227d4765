"""An example of the fact type of overrides."""

from __future__ import annotations

from msgspec import Struct

from danshu.capabilities.orders.facts import RouteOverridden

EXAMPLES: list[Struct] = [
    RouteOverridden(
        confirmed="d1" * 32,
        cost_fen=1_460,
        countersigned="c9" * 32,
        decision="01900000-0000-7000-8000-000000000001/4",
        fulfilments=(2,),
        lifted=("rainstorm/r1",),
        note="客户指定当天自提同批次",
        reason="customer_request",
        router=("HZ01",),
        router_fen=1_180,
        second="person:01900000-0000-7000-8000-00000000000b",
        signature="a7" * 32,
        statement="b8" * 32,
        to="SH01",
        was=("HZ01",),
    ),
]
