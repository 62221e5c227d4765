"""人工指定仓: route overridden."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from danshu.adapters.events._codes import keep_code


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A person chose the warehouse against the router."""

    cost_fen: Annotated[int, Meta(description="What the chosen warehouse costs, in 分.")]
    decision: Annotated[str, Meta(description="The id of the fact of the decision.")] = ""
    fulfilments: Annotated[
        tuple[int, ...], Meta(description="Fulfilment orders that are pinned there.")
    ] = ()
    lifted: Annotated[
        tuple[str, ...], Meta(description="Rules of policy that forbade it and were lifted.")
    ] = ()
    reason: Annotated[
        str, Meta(description='Code of the reason; "" where it was put in somebody\'s own words.')
    ] = ""
    router: Annotated[
        tuple[str, ...], Meta(description="Warehouses that the router would have taken.")
    ]
    router_fen: Annotated[int, Meta(description="What those would cost, in 分.")]
    to: Annotated[str, Meta(description='The warehouse that was chosen; "" back to the router.')]
    was: Annotated[tuple[str, ...], Meta(description="Warehouses before.")]


class RouteOverridden:
    """route.overridden, told to the world."""

    name: Final = "danshu.route.overridden"
    fact: Final = "route.overridden"
    topic: Final = "route"
    title: Final = "人工指定仓"
    title_en: Final = "Route overridden"
    data: Final = Data
    tell: Final = staticmethod(keep_code(Data, "reason"))
