"""退款: refund paid."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._cases import RefundShare


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Money went back to the buyer."""

    amount: Annotated[int, Meta(description="shares + postage + over, in minor units.")]
    case: Annotated[str, Meta(description="The stream of the after-sales case 售后单.")]
    over: Annotated[
        int,
        Meta(description="Of it what was paid above what the order costs by now, in minor units."),
    ] = 0
    postage: Annotated[int, Meta(description="Postage, in minor units.")] = 0
    reason: Annotated[str, Meta(description="Code of the case's reason.")]
    receipt: Annotated[str, Meta(description="The payment service's number of the payment.")]
    shares: Annotated[
        tuple[RefundShare, ...], Meta(description="What of it is for which line.")
    ] = ()


class RefundPaid:
    """refund.paid, told to the world."""

    name: Final = "danshu.refund.paid"
    fact: Final = "refund.paid"
    topic: Final = "payment"
    title: Final = "退款"
    title_en: Final = "Refund paid"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
