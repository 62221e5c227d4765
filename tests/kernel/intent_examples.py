"""Full examples of the facts of the intent graph, see fact_examples.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.hub import intent_facts as intents

if TYPE_CHECKING:
    from msgspec import Struct

EXAMPLES: Final[list[Struct]] = [
    intents.IntentPublished(
        approved_by="person:019aa9d3-6b80-7000-8000-000000000004",
        digest="d7" * 32,
        drafted_by="person:019aa9d3-6b80-7000-8000-000000000003",
        shipped="f4" * 32,
        version=2,
    ),
    intents.IntentRetired(digest="d7" * 32, reason="规程换版", version=2),
]
