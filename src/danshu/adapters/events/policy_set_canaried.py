"""策略灰度: policy set canaried."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The set rules a share of the orders, chosen by the order's id; the others are ruled
    by the set that is active.
    """

    channels: Annotated[
        tuple[str, ...], Meta(description="Channels that it holds for; empty = all.")
    ] = ()
    digest: Annotated[str, Meta(description="SHA-256 (hex) that names the set.")]
    percent: Annotated[int, Meta(description="Share of the orders that it rules, in percent.")]
    regions: Annotated[
        tuple[str, ...], Meta(description="Regions that it holds for; empty = all.")
    ] = ()


class PolicySetCanaried:
    """policy_set.canaried, told to the world."""

    name: Final = "danshu.policy_set.canaried"
    fact: Final = "policy_set.canaried"
    topic: Final = "route"
    title: Final = "策略灰度"
    title_en: Final = "Policy set canaried"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
