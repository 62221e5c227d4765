"""发布订单类型: order type published."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """New orders follow this version from now on."""

    code: Annotated[str, Meta(description="Code of the order type.")]
    digest: Annotated[str, Meta(description="SHA-256 (hex) of the order type.")]
    version: Annotated[int, Meta(description="Number of the version.")]


class OrderTypePublished:
    """order_type.published, told to the world."""

    name: Final = "danshu.order_type.published"
    fact: Final = "order_type.published"
    topic: Final = "master"
    title: Final = "发布订单类型"
    title_en: Final = "Order type published"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
