"""付款: order paid."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Money came in for an order; it may be the whole or one of several payments."""

    amount: Annotated[
        int, Meta(description="What was paid, in minor units (分) of the order's currency.")
    ]
    at: Annotated[str, Meta(description="When it was paid, as the channel says (RFC 3339, UTC).")]
    stage: Annotated[
        str,
        Meta(
            description='Of which payment: "" the whole, deposit 定金, tail 尾款, supplement 补款.'
        ),
    ] = ""


class OrderPaid:
    """order.paid, told to the world."""

    name: Final = "danshu.order.paid"
    fact: Final = "order.paid"
    topic: Final = "payment"
    title: Final = "付款"
    title_en: Final = "Order paid"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
