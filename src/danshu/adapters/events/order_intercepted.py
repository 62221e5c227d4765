"""错单拦截: order intercepted."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Rules stopped the order when it was placed."""

    effect: Annotated[str, Meta(description="hold, review or reject.")]
    no: Annotated[int, Meta(description="Number of the policy set.")]
    policy: Annotated[str, Meta(description="SHA-256 (hex) of the policy set.")]
    reasons: Annotated[
        tuple[str, ...], Meta(description="Why, in the words of the merchant's rules.")
    ]
    rules: Annotated[tuple[str, ...], Meta(description="Rules that were hit, as graph/row.")]


class OrderIntercepted:
    """order.intercepted, told to the world."""

    name: Final = "danshu.order.intercepted"
    fact: Final = "order.intercepted"
    topic: Final = "order"
    title: Final = "错单拦截"
    title_en: Final = "Order intercepted"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
