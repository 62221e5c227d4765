"""应退解除: refund released."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from danshu.adapters.events._codes import keep_code


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The case pays nothing of what it had reserved."""

    case: Annotated[str, Meta(description="The stream of the after-sales case 售后单.")]
    reason: Annotated[
        str, Meta(description='Code of the reason; "" where it was put in somebody\'s own words.')
    ] = ""


class RefundReleased:
    """refund.released, told to the world."""

    name: Final = "danshu.refund.released"
    fact: Final = "refund.released"
    topic: Final = "payment"
    title: Final = "应退解除"
    title_en: Final = "Refund released"
    data: Final = Data
    tell: Final = staticmethod(keep_code(Data, "reason"))
