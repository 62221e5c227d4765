"""运单补到: waybill caught up."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The waybill of a lagging hand-over was recorded."""

    fulfilment: Annotated[
        int, Meta(description="Number of the fulfilment order 履约单 in its order, from 1.")
    ]
    handed: Annotated[str, Meta(description="When the parcel was handed over (RFC 3339, UTC).")]
    lag_ms: Annotated[int, Meta(description="Milliseconds since the hand-over.")]


class HandoverCaughtUp:
    """handover.caught_up, told to the world."""

    name: Final = "danshu.handover.caught_up"
    fact: Final = "handover.caught_up"
    topic: Final = "promise"
    title: Final = "运单补到"
    title_en: Final = "Waybill caught up"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
