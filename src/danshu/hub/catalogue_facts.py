"""The fact types of the catalogue of assets."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("asset.described")
class AssetDescribed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """登记资产: a steward said whose an asset is and what it is for, or registered one that is kept
    elsewhere. `digest` is the SHA-256 of the entry, which may name people and can be erased.
    """

    asset: str
    digest: str
    registered: bool = False
    standing: str = ""
