"""赔付: compensation paid."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Money was paid to the buyer for a breach, in minor units."""

    amount: Annotated[int, Meta(description="Money in minor units (分) of the order's currency.")]
    code: Annotated[
        str, Meta(description='Code of the promise; "" where a person paid for another reason.')
    ] = ""
    receipt: Annotated[str, Meta(description='The payment service\'s number; "" for none.')] = ""
    step: Annotated[int, Meta(description="Step of its breach chain; -1 where a person paid.")] = -1


class CompensationPaid:
    """compensation.paid, told to the world."""

    name: Final = "danshu.compensation.paid"
    fact: Final = "compensation.paid"
    topic: Final = "payment"
    title: Final = "赔付"
    title_en: Final = "Compensation paid"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
