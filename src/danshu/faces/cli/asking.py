"""`danshu mcp`: the tools for assistants, over stdin and stdout."""

from __future__ import annotations

import os
import sys


def mcp(to: str) -> int:
    """Carry MCP between a client and the hub at `to`, as the key in DANSHU_KEY; gives the status.

    Nothing but the protocol goes to stdout; why it can't go on is said on stderr.
    """
    key = os.environ.get("DANSHU_KEY", "")
    if not key:
        print("DANSHU_KEY holds no API key", file=sys.stderr)
        return 2
    from danshu.faces.mcp import stdio

    try:
        stdio.run(f"{to.rstrip('/')}/mcp", key)
    except BaseExceptionGroup as group:
        print(f"the hub at {to} did not answer to this key: {_first(group)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


def _first(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"[:300]
