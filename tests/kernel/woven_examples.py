"""Full examples of the facts of woven capabilities, see fact_examples.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.hub import woven_facts as woven

if TYPE_CHECKING:
    from msgspec import Struct

EXAMPLES: Final[list[Struct]] = [
    woven.WovenPublished(
        approved_by="person:019aa9d3-6b80-7000-8000-000000000004",
        code="wms_stock",
        digest="c4" * 32,
        drafted_by="person:019aa9d3-6b80-7000-8000-000000000003",
        version=2,
    ),
    woven.WovenRetired(code="wms_stock", digest="c4" * 32, reason="换了仓库系统", version=1),
    woven.WovenSecretPut(code="wms_stock", origin="https://wms.example.com", put=True),
]
