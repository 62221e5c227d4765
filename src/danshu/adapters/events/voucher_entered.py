"""手工凭证: voucher entered."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._books import VoucherLine


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A person entered into the journal what no fact and no bill says."""

    currency: Annotated[str, Meta(description="ISO 4217 code of the currency.")]
    date: Annotated[str, Meta(description="The day that it counts for (YYYY-MM-DD).")]
    lines: Annotated[tuple[VoucherLine, ...], Meta(description="Its lines.")]
    proposed: Annotated[str, Meta(description="The stream of what was proposed.")] = ""
    reverses: Annotated[
        str, Meta(description='Key of the entry that it takes back; "" for none.')
    ] = ""


class VoucherEntered:
    """voucher.entered, told to the world."""

    name: Final = "danshu.voucher.entered"
    fact: Final = "voucher.entered"
    topic: Final = "settlement"
    title: Final = "手工凭证"
    title_en: Final = "Voucher entered"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
