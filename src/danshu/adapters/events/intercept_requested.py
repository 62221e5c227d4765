"""截单: intercept requested."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from danshu.adapters.events._codes import keep_code


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Somebody is asked to stop the goods."""

    by: Annotated[str, Meta(description="Who is asked to stop the goods: floor or carrier.")]
    carrier: Annotated[
        str, Meta(description='Code of the carrier; "" where the floor is asked.')
    ] = ""
    due: Annotated[str, Meta(description="Until when they answer (RFC 3339, UTC).")]
    fulfilment: Annotated[
        int, Meta(description="Number of the fulfilment order 履约单 in its order, from 1.")
    ]
    reason: Annotated[
        str, Meta(description='Code of the reason; "" where it was put in somebody\'s own words.')
    ] = ""
    waybill: Annotated[str, Meta(description='The carrier\'s waybill number; "" for none.')] = ""


class InterceptRequested:
    """intercept.requested, told to the world."""

    name: Final = "danshu.intercept.requested"
    fact: Final = "intercept.requested"
    topic: Final = "shipment"
    title: Final = "截单"
    title_en: Final = "Intercept requested"
    data: Final = Data
    tell: Final = staticmethod(keep_code(Data, "reason"))
