"""Examples of the fact types of what is sold beside single goods: gifts and preorders."""

from __future__ import annotations

from msgspec import Struct

from danshu.capabilities.intake.gifts import Given, Kept
from danshu.hub import selling_facts as selling

EXAMPLES: list[Struct] = [
    selling.GiftsDecided(
        given=(
            Given(
                fen=29_900,
                least_fen=19_900,
                least_units=0,
                limited=True,
                line=4,
                once=False,
                rule="autumn-sample",
                sku="SKU-00009",
                times=1,
                units=2,
                units_bought=3,
            ),
        ),
        kept=(Kept(because="buyer_had", rule="welcome"),),
    ),
    selling.PreorderTaken(
        lines=(
            selling.Preordered(
                arrives="2026-12-08T00:00:00.000Z", line=1, sku="SKU-00017", units=2
            ),
        )
    ),
    selling.AllowancesChanged(
        again=("welcome",),
        changes=(
            selling.AllowanceChange(line=4, name="gift/autumn-sample", used=-2),
            selling.AllowanceChange(line=1, name="preorder/SKU-00017", used=-1),
        ),
    ),
]
