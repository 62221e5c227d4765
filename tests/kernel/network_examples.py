"""Full examples of the facts of the network, see fact_examples.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.capabilities.network import facts

if TYPE_CHECKING:
    from msgspec import Struct

EXAMPLES: Final[list[Struct]] = [
    facts.NetworkConfigured(digest="9f" * 32, version=3),
    facts.NetworkPlanned(
        digest="5c" * 32,
        forecast="0199b3a4-8a00-7000-8000-000000000001",
        gap_ppm=21_400,
        moves=36,
        rows=740,
        run="0199b3a4-8a00-7000-8000-000000000002",
        short=12,
        worth_fen=4_318_700,
    ),
    facts.NetworkSimulated(
        days=120,
        digest="e1" * 32,
        run="0199b3a4-8a00-7000-8000-000000000003",
        seeds=20,
        short_after=1_940,
        short_before=1_210,
    ),
]
