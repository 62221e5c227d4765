"""Examples of the fact types of the catalogue of assets."""

from __future__ import annotations

from msgspec import Struct

from danshu.hub.catalogue_facts import AssetDescribed

EXAMPLES: list[Struct] = [
    AssetDescribed(
        asset="supplier-scorecard", digest="9f" * 32, registered=True, standing="certified"
    ),
]
