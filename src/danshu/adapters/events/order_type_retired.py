"""停用订单类型: order type retired."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """New orders follow it no more; those that do, go on by it."""

    code: Annotated[str, Meta(description="Code of the order type.")]
    digest: Annotated[str, Meta(description="SHA-256 (hex) of the order type.")]
    version: Annotated[int, Meta(description="Number of the version.")]


class OrderTypeRetired:
    """order_type.retired, told to the world."""

    name: Final = "danshu.order_type.retired"
    fact: Final = "order_type.retired"
    topic: Final = "master"
    title: Final = "停用订单类型"
    title_en: Final = "Order type retired"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
