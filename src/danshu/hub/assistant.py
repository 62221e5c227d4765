"""问单助手: a question is understood by rules or a model, looked up as its asker, and answered with
citations, or not at all.

What looks things up is given by the face (`Look`): the tools of MCP, called as the person who asks,
so that an answer never knows more than they may.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from danshu.capabilities.assistant import answers, intents
from danshu.capabilities.assistant.model import CitedAnswer, Seen
from danshu.capabilities.sentinel.model import CLASSES

Look = Callable[[str, Mapping[str, Any]], Awaitable[Seen]]
"""Calls a tool that reads: what it gave, or the code of a problem."""
_WORDS: Final = {kind.code: (kind.zh, kind.en) for kind in CLASSES}


async def answer(look: Look, text: str, now_ms: int) -> CitedAnswer:
    """Answer a question by rules."""
    asked = intents.read(text, now_ms)
    seen: dict[str, Seen] = {}
    for one in intents.plan(asked, now_ms):
        seen[one.name] = await look(one.tool, one.args)
    return answers.answer(asked, seen, _WORDS)
