"""应退锁定: refund reserved."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._cases import RefundShare


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Of what was paid, this is spoken for by a case."""

    amount: Annotated[int, Meta(description="Money in minor units (分) of the order's currency.")]
    case: Annotated[str, Meta(description="The stream of the after-sales case 售后单.")]
    over: Annotated[
        int,
        Meta(description="Of it what was paid above what the order costs by now, in minor units."),
    ] = 0
    postage: Annotated[int, Meta(description="Postage, in minor units.")] = 0
    reason: Annotated[str, Meta(description="Code of the case's reason.")]
    shares: Annotated[
        tuple[RefundShare, ...], Meta(description="What of it is for which line.")
    ] = ()


class RefundReserved:
    """refund.reserved, told to the world."""

    name: Final = "danshu.refund.reserved"
    fact: Final = "refund.reserved"
    topic: Final = "payment"
    title: Final = "应退锁定"
    title_en: Final = "Refund reserved"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
