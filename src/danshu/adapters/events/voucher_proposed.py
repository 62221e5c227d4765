"""制单: voucher proposed."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._books import VoucherLine


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A person made a voucher; another has to check it before it is entered."""

    currency: Annotated[str, Meta(description="ISO 4217 code of the currency.")]
    date: Annotated[str, Meta(description="The day that it counts for (YYYY-MM-DD).")]
    lines: Annotated[tuple[VoucherLine, ...], Meta(description="Its lines.")]
    reverses: Annotated[
        str, Meta(description='Key of the entry that it takes back; "" for none.')
    ] = ""


class VoucherProposed:
    """voucher.proposed, told to the world."""

    name: Final = "danshu.voucher.proposed"
    fact: Final = "voucher.proposed"
    topic: Final = "settlement"
    title: Final = "制单"
    title_en: Final = "Voucher proposed"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
