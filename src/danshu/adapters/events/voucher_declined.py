"""凭证驳回或撤回: voucher declined."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A proposed voucher is not entered."""

    proposed: Annotated[str, Meta(description="The stream of what was proposed.")]


class VoucherDeclined:
    """voucher.declined, told to the world."""

    name: Final = "danshu.voucher.declined"
    fact: Final = "voucher.declined"
    topic: Final = "settlement"
    title: Final = "凭证驳回或撤回"
    title_en: Final = "Voucher declined"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
