"""Examples of the fact types of policy sets."""

from __future__ import annotations

from msgspec import Struct

from danshu.hub import policy_facts

EXAMPLES: list[Struct] = [
    policy_facts.PolicySetPublished(
        approved_by="person:019aa9d3-6b80-7000-8000-0000000000b2",
        digest="a7" * 32,
        drafted_by="person:019aa9d3-6b80-7000-8000-0000000000b1",
        graphs=("rainstorm", "promotion"),
        name="暴雨切换高架仓",
        no=4,
        simulation="019aa9d3-6b80-7000-8000-0000000000d1",
    ),
    policy_facts.PolicySetActivated(
        before="a6" * 32, digest="a7" * 32, scheduled="2026-11-22T12:00:00.000Z"
    ),
    policy_facts.PolicySetCanaried(
        channels=("taobao",), digest="a7" * 32, percent=10, regions=("33", "440300")
    ),
    policy_facts.PolicySetShadowed(digest="a7" * 32),
    policy_facts.PolicySetRolledBack(canary=False, digest="a7" * 32, restored="a6" * 32),
]
