"""作业异常: fulfilment stopped."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The work in the warehouse could not go on."""

    expected: Annotated[int, Meta(description="Units that should be there.")] = 0
    found: Annotated[int, Meta(description="Units that were found whole.")] = 0
    fulfilment: Annotated[
        int, Meta(description="Number of the fulfilment order 履约单 in its order, from 1.")
    ]
    kind: Annotated[str, Meta(description="short, damaged or help.")]
    sku: Annotated[str, Meta(description='Code of the SKU; "" where it is about none.')] = ""
    warehouse: Annotated[str, Meta(description="Code of the warehouse.")]
    work: Annotated[str, Meta(description="pick, pack or handover.")]


class FulfilmentStopped:
    """fulfilment.stopped, told to the world."""

    name: Final = "danshu.fulfilment.stopped"
    fact: Final = "fulfilment.stopped"
    topic: Final = "shipment"
    title: Final = "作业异常"
    title_en: Final = "Fulfilment stopped"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
