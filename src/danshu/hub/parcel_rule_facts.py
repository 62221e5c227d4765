"""The fact types of the merchant's settings for parcels; each has a stream of its own."""

from __future__ import annotations

from msgspec import Struct

from danshu.capabilities.orders.parcel_rules import ParcelRules
from danshu.kernel.fact import fact_type


@fact_type("parcel_rules.set")
class ParcelRulesSet(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """包裹规则: what the merchant splits at release and merges, from now on."""

    rules: ParcelRules
    version: int


@fact_type("carrier_desk.set")
class CarrierDeskSet(Struct, frozen=True, kw_only=True):
    """承运商接口: by which service a carrier is asked to stop a parcel; `digest` is SHA-256 (hex)
    of the account's options, "" where the service is taken away.
    """

    adapter: str
    carrier: str
    digest: str
    url: str
