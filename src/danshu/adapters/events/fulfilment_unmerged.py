"""撤销合单: fulfilment unmerged."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from danshu.adapters.events._codes import keep_code


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The fulfilment order leaves by itself again."""

    fulfilment: Annotated[
        int, Meta(description="Number of the fulfilment order 履约单 in its order, from 1.")
    ]
    group: Annotated[str, Meta(description="Id of the parcel's group.")]
    reason: Annotated[
        str, Meta(description='Code of the reason; "" where it was put in somebody\'s own words.')
    ] = ""


class FulfilmentUnmerged:
    """fulfilment.unmerged, told to the world."""

    name: Final = "danshu.fulfilment.unmerged"
    fact: Final = "fulfilment.unmerged"
    topic: Final = "shipment"
    title: Final = "撤销合单"
    title_en: Final = "Fulfilment unmerged"
    data: Final = Data
    tell: Final = staticmethod(keep_code(Data, "reason"))
