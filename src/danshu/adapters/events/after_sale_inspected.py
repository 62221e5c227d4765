"""退货质检: after sale inspected."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._cases import Inspected


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What lay in the parcel that came back, its condition and what becomes of it."""

    due: Annotated[
        str, Meta(description='Until when it is due (RFC 3339, UTC); "" where nothing is.')
    ] = ""
    lines: Annotated[tuple[Inspected, ...], Meta(description="What lay in the parcel, by line.")]
    performance: Annotated[
        str, Meta(description='The id of the signed act; "" where none was asked for.')
    ] = ""
    rule: Annotated[str, Meta(description='The rule that it follows; "" for none.')] = ""


class AfterSaleInspected:
    """after_sale.inspected, told to the world."""

    name: Final = "danshu.after_sale.inspected"
    fact: Final = "after_sale.inspected"
    topic: Final = "after_sale"
    title: Final = "退货质检"
    title_en: Final = "After sale inspected"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
