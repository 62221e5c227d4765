"""Examples of the fact types of replans and of shadow prices."""

from __future__ import annotations

from msgspec import Struct

from danshu.hub import replan_facts as replans

RUN = "019aa9d3-6b80-7000-8000-00000000000a"

EXAMPLES: list[Struct] = [
    replans.ReplanFinished(
        after_fen=2_184_300,
        before_fen=2_961_050,
        bound_fen=2_181_977,
        cause="closed HZ01 NJ01 SH01",
        digest="d1" * 32,
        gap_ppm=1_064,
        moved=312,
        orders=1_480,
        outcome="done",
        refused=2,
        run=RUN,
        snapshot="e2" * 32,
    ),
    replans.PricesPublished(
        active=True,
        digest="f3" * 32,
        myopic_fen=2_961_050,
        no=7,
        priced_fen=2_870_400,
        run=RUN,
    ),
]
