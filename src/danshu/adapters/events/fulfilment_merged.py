"""合单: fulfilment merged."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """This fulfilment order leaves with the others of its group, as one parcel."""

    fulfilment: Annotated[
        int, Meta(description="Number of the fulfilment order 履约单 in its order, from 1.")
    ]
    group: Annotated[str, Meta(description="Id of the parcel's group.")]
    members: Annotated[
        tuple[str, ...], Meta(description="All fulfilment orders of the parcel, as order/number.")
    ]
    rule: Annotated[
        str,
        Meta(description='auto where the merchant\'s rule asked for it; "" where a person did.'),
    ] = ""


class FulfilmentMerged:
    """fulfilment.merged, told to the world."""

    name: Final = "danshu.fulfilment.merged"
    fact: Final = "fulfilment.merged"
    topic: Final = "shipment"
    title: Final = "合单"
    title_en: Final = "Fulfilment merged"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
