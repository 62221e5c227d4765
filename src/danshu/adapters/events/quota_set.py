"""渠道配额: quota set."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How many units may be sold on a channel."""

    cap: Annotated[
        int,
        Meta(description="At most so many units may be sold on the channel; -1 lifts the quota."),
    ]
    channel: Annotated[str, Meta(description="Code of the sales channel.")]
    sku: Annotated[str, Meta(description="Code of the SKU.")]
    warehouse: Annotated[str, Meta(description="Code of the warehouse.")]


class QuotaSet:
    """quota.set, told to the world."""

    name: Final = "danshu.quota.set"
    fact: Final = "quota.set"
    topic: Final = "stock"
    title: Final = "渠道配额"
    title_en: Final = "Quota set"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
