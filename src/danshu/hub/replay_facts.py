"""The fact types of the nightly replay: what was decided again, and what came out otherwise."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("replay.checked")
class ReplayChecked(Struct, frozen=True, kw_only=True):
    """夜间重放: so many decisions of a UTC day were decided again from their records."""

    asked: int
    day: str
    differed: int
    equal: int


@fact_type("replay.differed")
class ReplayDiffered(Struct, frozen=True, kw_only=True):
    """重放不符: a decision comes out otherwise, or cannot be read any more: an incident.

    `decision` names the fact; `recorded` and `replayed` are SHA-256 (hex) of the records, "" where
    there is none; `why`: bytes, or what stood in the way.
    """

    decision: str
    recorded: str
    replayed: str
    why: str
