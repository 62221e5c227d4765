"""承运商理赔: claim settled."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A carrier paid the merchant for a parcel, in minor units."""

    amount: Annotated[int, Meta(description="Money in minor units (分) of the order's currency.")]
    carrier: Annotated[str, Meta(description="Code of the carrier.")]
    case: Annotated[str, Meta(description="The stream of the claim.")]
    waybill: Annotated[str, Meta(description='The carrier\'s waybill number; "" for none.')]


class ClaimSettled:
    """claim.settled, told to the world."""

    name: Final = "danshu.claim.settled"
    fact: Final = "claim.settled"
    topic: Final = "payment"
    title: Final = "承运商理赔"
    title_en: Final = "Claim settled"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
