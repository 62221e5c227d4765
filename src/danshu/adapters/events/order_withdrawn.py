"""撤回分仓: order withdrawn."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from danshu.adapters.events._codes import keep_code
from danshu.adapters.events._goods import Planned


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What no warehouse had begun was taken back, to be decided again."""

    excluded: Annotated[
        tuple[str, ...], Meta(description="Warehouses that the new decision may not choose.")
    ] = ()
    freed: Annotated[
        tuple[Planned, ...],
        Meta(description="Fulfilment orders that are given up; their units go back to stock."),
    ]
    reason: Annotated[
        str, Meta(description='Code of the reason; "" where it was put in somebody\'s own words.')
    ] = ""


class OrderWithdrawn:
    """order.withdrawn, told to the world."""

    name: Final = "danshu.order.withdrawn"
    fact: Final = "order.withdrawn"
    topic: Final = "order"
    title: Final = "撤回分仓"
    title_en: Final = "Order withdrawn"
    data: Final = Data
    tell: Final = staticmethod(keep_code(Data, "reason"))
