"""An example of the fact type of re-decisions."""

from __future__ import annotations

from msgspec import Struct

from danshu.capabilities.routing.redecision_facts import Closed, RouteRedecided

EXAMPLES: list[Struct] = [
    RouteRedecided(
        after="a7" * 32,
        before="b8" * 32,
        closed=(
            Closed(reason="weather", storage="", warehouse="HZ01"),
            Closed(reason="stale_safety", storage="chilled", warehouse="HZ01"),
        ),
        no=42,
        outcome="moved",
    ),
]
