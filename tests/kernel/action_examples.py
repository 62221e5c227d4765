"""Examples of the fact types of contract actions."""

from __future__ import annotations

from msgspec import Struct

from danshu.hub.action_facts import ActionPublished, ActionRetired

EXAMPLES: list[Struct] = [
    ActionPublished(
        approved_by="person:019aa9d3-6b80-7000-8000-0000000000b2",
        code="ship48h",
        digest="a7" * 32,
        drafted_by="person:019aa9d3-6b80-7000-8000-0000000000b1",
        promise="c3" * 32,
        version=2,
    ),
    ActionRetired(code="split_notice", digest="a8" * 32, reason="改由平台告知", version=1),
]
