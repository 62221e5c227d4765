"""影子价发布: prices published."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The shadow prices that decisions use from now on."""

    active: Annotated[bool, Meta(description="Whether it counts from now on.")]
    digest: Annotated[str, Meta(description="SHA-256 (hex) that names it.")]
    myopic_fen: Annotated[int, Meta(description="What the orders cost without prices, in 分.")]
    no: Annotated[int, Meta(description="Number of the prices.")]
    priced_fen: Annotated[int, Meta(description="What the same orders cost at the prices, in 分.")]
    run: Annotated[str, Meta(description="Id of the run.")]


class PricesPublished:
    """prices.published, told to the world."""

    name: Final = "danshu.prices.published"
    fact: Final = "prices.published"
    topic: Final = "route"
    title: Final = "影子价发布"
    title_en: Final = "Prices published"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
