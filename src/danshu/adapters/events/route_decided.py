"""分仓决策: route decided."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._routes import PlanTotal, Ruling


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An order was routed: the plan, what it costs and what else there was."""

    code: Annotated[str, Meta(description="Version of the router's arithmetic.")]
    engine: Annotated[str, Meta(description="What reckoned it.")]
    margin_fen: Annotated[
        int, Meta(description="What the second-best plan costs more, in 分; 0 without one.")
    ]
    minute: Annotated[int, Meta(description="Minute of the local day of the decision.")]
    parts_fen: Annotated[
        tuple[int, ...],
        Meta(
            description="Parts of the cost in 分: freight of the first kilogram and of the others, "
            "handling, lateness, risk, splitting, shadow prices, what stays unfulfilled, policy "
            "(left out where 0)."
        ),
    ]
    plan: Annotated[
        tuple[tuple[int, str], ...],
        Meta(description='For each line, from 1, the code of its warehouse; "" = unfulfilled.'),
    ]
    plans: Annotated[
        tuple[PlanTotal, ...],
        Meta(description="Up to three plans, the chosen first: cost in 分 and warehouses."),
    ]
    promise_min: Annotated[int, Meta(description="Minutes that were promised; -1 = none.")]
    region: Annotated[str, Meta(description="Code of the region (GB/T 2260).")]
    ruling: Annotated[
        Ruling | None, Meta(description="What policy said of the order; absent for nothing.")
    ] = None
    snapshot: Annotated[str, Meta(description="SHA-256 (hex) of the snapshot of the network.")]
    value_fen: Annotated[int, Meta(description="Value of the goods, in 分.")]


class RouteDecided:
    """route.decided, told to the world."""

    name: Final = "danshu.route.decided"
    fact: Final = "route.decided"
    topic: Final = "route"
    title: Final = "分仓决策"
    title_en: Final = "Route decided"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
