"""The fact types of what the agent does about orders and policies."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("policy.wished")
class PolicyWished(Struct, frozen=True, kw_only=True):
    """用话说的策略: somebody told a policy in words.

    `words` is the SHA-256 of what was said, `plan` that of what was read from it, "" where it was
    not understood.
    """

    plan: str
    wish: str
    words: str


@fact_type("lane.chased")
class LaneChased(Struct, frozen=True, kw_only=True):
    """催承运商: a carrier was asked about its parcels on a lane, once a day.

    `day` is China's; `parcels` counts those that were asked about, `asked` those of them that a
    connector asks; the rest is for a person to ask.
    """

    asked: int
    carrier: str
    day: str
    parcels: int
    proposal: str
    region: str
    warehouse: str


@fact_type("lane.chase_withdrawn")
class LaneChaseWithdrawn(Struct, frozen=True, kw_only=True):
    """撤回催件: what of a chase had not been asked yet is asked no more."""

    carrier: str
    day: str
    region: str
    warehouse: str
