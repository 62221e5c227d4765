"""策略影子运行: policy set shadowed."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The set is asked beside the one that rules, and changes nothing."""

    digest: Annotated[str, Meta(description='SHA-256 (hex) of the set; "" ends the shadow run.')]


class PolicySetShadowed:
    """policy_set.shadowed, told to the world."""

    name: Final = "danshu.policy_set.shadowed"
    fact: Final = "policy_set.shadowed"
    topic: Final = "route"
    title: Final = "策略影子运行"
    title_en: Final = "Policy set shadowed"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
