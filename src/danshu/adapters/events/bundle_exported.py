"""导出证据包: bundle exported."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The evidence bundle of an order left the hub; on a stream of its own, so that the
    order's bundle stays the same.
    """

    digest: Annotated[str, Meta(description="SHA-256 (hex) of the file.")]
    disclosed: Annotated[
        bool, Meta(description="Whether the raw message and the receiver lay in it in clear.")
    ]
    facts: Annotated[int, Meta(description="Facts in it.")]
    order: Annotated[str, Meta(description="The stream of the order.")]
    size: Annotated[int, Meta(description="Size of the file in bytes.")]


class BundleExported:
    """bundle.exported, told to the world."""

    name: Final = "danshu.bundle.exported"
    fact: Final = "bundle.exported"
    topic: Final = "evidence"
    title: Final = "导出证据包"
    title_en: Final = "Bundle exported"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
