"""The fact type of the merchant's rules for parcels; it has a stream of its own."""

from __future__ import annotations

from msgspec import Struct

from danshu.capabilities.orders.parcel_rules import ParcelRules
from danshu.kernel.fact import fact_type


@fact_type("parcel_rules.set")
class ParcelRulesSet(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """包裹规则: what the merchant splits at release and merges, from now on."""

    rules: ParcelRules
    version: int
