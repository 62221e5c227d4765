"""All tools, in the order in which they are listed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.faces.mcp import acting, foreseeing, proposing, reading

if TYPE_CHECKING:
    from danshu.faces.mcp.tool import Tool

TOOLS: Final[tuple[Tool, ...]] = (
    *reading.TOOLS,
    *foreseeing.TOOLS,
    *proposing.TOOLS,
    *acting.TOOLS,
)
