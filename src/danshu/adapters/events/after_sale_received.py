"""退货收货: after sale received."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The parcel lies in the warehouse, unopened; the time to pay back runs from here."""

    due: Annotated[
        str, Meta(description='Until when it is due (RFC 3339, UTC); "" where nothing is.')
    ] = ""
    rule: Annotated[str, Meta(description='The rule that it follows; "" for none.')] = ""
    warehouse: Annotated[str, Meta(description="Code of the warehouse.")]


class AfterSaleReceived:
    """after_sale.received, told to the world."""

    name: Final = "danshu.after_sale.received"
    fact: Final = "after_sale.received"
    topic: Final = "after_sale"
    title: Final = "退货收货"
    title_en: Final = "After sale received"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
