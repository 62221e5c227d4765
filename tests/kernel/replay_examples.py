"""Examples of the fact types of the nightly replay."""

from __future__ import annotations

from msgspec import Struct

from danshu.hub import replay_facts as replays

EXAMPLES: list[Struct] = [
    replays.ReplayChecked(asked=812, day="2026-11-21", differed=1, equal=811),
    replays.ReplayDiffered(
        decision="019aa9d3-6b80-7000-8000-000000000002/4",
        recorded="c1" * 32,
        replayed="c2" * 32,
        why="bytes",
    ),
]
