"""Full examples of the facts of the assistant, see fact_examples.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.capabilities.assistant import facts

if TYPE_CHECKING:
    from msgspec import Struct

EXAMPLES: Final[list[Struct]] = [
    facts.AssistantSet(
        day_tokens=200_000,
        keys_act=False,
        model="qwen3-32b",
        url="https://models.example/v1",
    ),
]
