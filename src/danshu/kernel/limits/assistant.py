"""Limits of MCP and of 问单助手: how often a caller may ask, how much comes back, what is kept."""

from __future__ import annotations

from typing import Final

TOOL_CALLS_MIN: Final = 120
"""Calls of tools a minute that a key or a person may make."""

TOOL_CALLS_DAY: Final = 20_000
"""Calls of tools a day (UTC) that a key or a person may make."""

TOOL_BYTES_DAY: Final = 200_000_000
"""Bytes of answers a day (UTC) that a key or a person may have."""

TOOL_ANSWER_BYTES: Final = 200_000
"""Bytes of one answer of a tool; a longer one is refused with a word on how to ask for less."""

TOOL_ROWS: Final = 50
"""Rows of a page that a tool gives."""

TOOL_TEXT_CHARS: Final = 2_000
"""Characters of a text from outside that a tool passes on; what is longer is cut."""

TOOL_LOG_D: Final = 90
"""Days for which it is kept who called which tool."""

MCP_BODY_BYTES: Final = 262_144
"""Bytes of a message to /mcp."""

ASSISTANT_QUESTION_CHARS: Final = 500
"""Characters of a question to 问单助手."""

ASSISTANT_KEEP_D: Final = 90
"""Days for which a person's questions and their answers are kept."""

ASSISTANT_CITES: Final = 40
"""Citations of an answer."""

ASSISTANT_MODEL_S: Final = 20
"""Seconds that the model has for an answer, all its turns together."""

ASSISTANT_MODEL_TURNS: Final = 5
"""How often the model is asked for one answer; it calls tools in between."""

ASSISTANT_MODEL_TOOLS: Final = 8
"""Calls of tools that the model may make for one answer."""

ASSISTANT_MODEL_BYTES: Final = 262_144
"""Bytes of one answer of the model."""

ASSISTANT_DAY_TOKENS: Final = 2_000_000
"""Tokens a day that a merchant may allow its model at most."""
