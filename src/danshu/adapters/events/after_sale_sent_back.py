"""买家寄回: after sale sent back."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The goods are on their way back, with this waybill."""

    carrier: Annotated[str, Meta(description="Code of the carrier.")]
    due: Annotated[
        str, Meta(description='Until when it is due (RFC 3339, UTC); "" where nothing is.')
    ] = ""
    rule: Annotated[str, Meta(description='The rule that it follows; "" for none.')] = ""
    waybill: Annotated[str, Meta(description='The carrier\'s waybill number; "" for none.')]


class AfterSaleSentBack:
    """after_sale.sent_back, told to the world."""

    name: Final = "danshu.after_sale.sent_back"
    fact: Final = "after_sale.sent_back"
    topic: Final = "after_sale"
    title: Final = "买家寄回"
    title_en: Final = "After sale sent back"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
