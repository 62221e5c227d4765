"""运单生成: waybill recorded."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The waybill number entered a system; not the same instant as the pickup."""

    carrier: Annotated[str, Meta(description="Code of the carrier.")]
    fulfilment: Annotated[
        int, Meta(description="Number of the fulfilment order 履约单 in its order, from 1.")
    ]
    waybill: Annotated[str, Meta(description='The carrier\'s waybill number; "" for none.')]


class WaybillRecorded:
    """waybill.recorded, told to the world."""

    name: Final = "danshu.waybill.recorded"
    fact: Final = "waybill.recorded"
    topic: Final = "shipment"
    title: Final = "运单生成"
    title_en: Final = "Waybill recorded"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
