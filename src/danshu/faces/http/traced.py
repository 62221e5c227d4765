"""A request as part of its caller's trace; only where the process is traced (hub/tracing.py)."""

from __future__ import annotations

import time
from typing import Any

from danshu.hub import tracing


async def answer(rest: Any, scope: Any, receive: Any, send: Any) -> None:
    """Have the framework answer, and note how long that took, by its route, never by its path."""
    began_s = time.perf_counter()
    try:
        await rest(scope, receive, send)
    finally:
        parent = dict(scope["headers"]).get(b"traceparent", b"").decode("latin-1")
        route = scope.get("path_template") or "/" + scope["path"][1:].partition("/")[0]
        took_s = time.perf_counter() - began_s
        tracing.note(f"http {scope['method']} {route}", took_s, parent=parent)
