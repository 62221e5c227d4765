"""包裹规则: parcel rules set."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct
from msgspec.json import Decoder

from danshu.adapters.events._parcels import ParcelRules


class Data(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What the merchant splits at release and merges, from now on."""

    rules: Annotated[ParcelRules, Meta(description="What is split at release and merged.")]
    version: Annotated[int, Meta(description="Version of the rules.")]


class ParcelRulesSet:
    """parcel_rules.set, told to the world."""

    name: Final = "danshu.parcel_rules.set"
    fact: Final = "parcel_rules.set"
    topic: Final = "master"
    title: Final = "包裹规则"
    title_en: Final = "Parcel rules set"
    data: Final = Data
    tell: Final = staticmethod(Decoder(Data).decode)
