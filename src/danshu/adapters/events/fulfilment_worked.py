"""仓内作业: fulfilment worked."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A step of the work in the warehouse was done."""

    began: Annotated[str, Meta(description="When it began, by the server's clock (RFC 3339, UTC).")]
    device_ended: Annotated[
        str, Meta(description='When it ended as the device says (RFC 3339, UTC); "" unknown.')
    ] = ""
    duration_ms: Annotated[int, Meta(description="How long it took, in milliseconds.")]
    fulfilment: Annotated[
        int, Meta(description="Number of the fulfilment order 履约单 in its order, from 1.")
    ]
    scans: Annotated[int, Meta(description="Codes that were scanned.")]
    units: Annotated[int, Meta(description="Units that were worked on.")]
    warehouse: Annotated[str, Meta(description="Code of the warehouse.")]
    work: Annotated[str, Meta(description="pick, pack or handover.")]
    wrong: Annotated[int, Meta(description="Codes that were scanned and did not belong.")] = 0


class FulfilmentWorked:
    """fulfilment.worked, told to the world."""

    name: Final = "danshu.fulfilment.worked"
    fact: Final = "fulfilment.worked"
    topic: Final = "shipment"
    title: Final = "仓内作业"
    title_en: Final = "Fulfilment worked"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
