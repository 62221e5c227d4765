"""交接未见运单: waybill lagging."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A parcel was handed over and there is no waybill yet."""

    fulfilment: Annotated[
        int, Meta(description="Number of the fulfilment order 履约单 in its order, from 1.")
    ]
    handed: Annotated[str, Meta(description="When the parcel was handed over (RFC 3339, UTC).")]
    lag_ms: Annotated[int, Meta(description="Milliseconds since the hand-over.")]


class HandoverLagging:
    """handover.lagging, told to the world."""

    name: Final = "danshu.handover.lagging"
    fact: Final = "handover.lagging"
    topic: Final = "promise"
    title: Final = "交接未见运单"
    title_en: Final = "Waybill lagging"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
