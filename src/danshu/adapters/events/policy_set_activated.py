"""策略生效: policy set activated."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The set rules all orders from now on."""

    before: Annotated[
        str, Meta(description='SHA-256 (hex) of the set that ruled until now; "" for none.')
    ]
    digest: Annotated[str, Meta(description="SHA-256 (hex) that names the set.")]
    scheduled: Annotated[
        str, Meta(description='The moment that was set for it (RFC 3339, UTC); "" for none.')
    ] = ""


class PolicySetActivated:
    """policy_set.activated, told to the world."""

    name: Final = "danshu.policy_set.activated"
    fact: Final = "policy_set.activated"
    topic: Final = "route"
    title: Final = "策略生效"
    title_en: Final = "Policy set activated"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
