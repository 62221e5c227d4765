"""What is said about the assistant."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("assistant.set")
class AssistantSet(Struct, frozen=True, kw_only=True):
    """问单助手设定: from now on this language model may choose tools and write sentences (none when
    `url` is ""), for at most so many tokens a day; `keys_act` lets API keys use tools that act.
    """

    day_tokens: int
    keys_act: bool
    model: str
    url: str
