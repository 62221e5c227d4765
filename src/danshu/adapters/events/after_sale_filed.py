"""提交理赔: after sale filed."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A claim was handed to the carrier."""

    amount: Annotated[int, Meta(description="What is claimed, in minor units.")]
    carrier: Annotated[str, Meta(description="Code of the carrier.")]
    due: Annotated[
        str, Meta(description='Until when it is due (RFC 3339, UTC); "" where nothing is.')
    ] = ""
    number: Annotated[str, Meta(description='The carrier\'s number of the claim; "" for none.')] = (
        ""
    )
    rule: Annotated[str, Meta(description='The rule that it follows; "" for none.')] = ""


class AfterSaleFiled:
    """after_sale.filed, told to the world."""

    name: Final = "danshu.after_sale.filed"
    fact: Final = "after_sale.filed"
    topic: Final = "after_sale"
    title: Final = "提交理赔"
    title_en: Final = "After sale filed"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
