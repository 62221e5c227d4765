"""Full examples of the facts of watermarks, see fact_examples.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.hub import watermark_facts as facts

if TYPE_CHECKING:
    from msgspec import Struct

EXAMPLES: Final[list[Struct]] = [
    facts.WatermarkIssued(
        asset="delivery-times",
        code_no=17,
        columns=("delivered_ms",),
        delivery="019aa9d3-6b80-7000-8000-0000000000d1",
        department="增长组",
        digest="c4" * 32,
        honey=20,
        kind="person",
        purpose="operations",
        recipient="G07",
        rows=100_020,
    ),
    facts.WatermarkTraced(codes=(17,), copies=1_000, digest="d5" * 32, rows=1_003, z_milli=17_397),
]
