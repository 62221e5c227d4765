"""策略回滚: policy set rolled back."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The set no longer rules."""

    canary: Annotated[bool, Meta(description="Whether it had ruled a share of the orders only.")]
    digest: Annotated[str, Meta(description="SHA-256 (hex) that names the set.")]
    restored: Annotated[
        str, Meta(description='SHA-256 (hex) of the set that rules again; "" for none.')
    ]


class PolicySetRolledBack:
    """policy_set.rolled_back, told to the world."""

    name: Final = "danshu.policy_set.rolled_back"
    fact: Final = "policy_set.rolled_back"
    topic: Final = "route"
    title: Final = "策略回滚"
    title_en: Final = "Policy set rolled back"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
