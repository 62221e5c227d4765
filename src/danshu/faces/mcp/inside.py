"""The HTTP API called from inside, as its caller: the same routes, walls, masks and errors.

The caller was told who they are at the door (`held`); the scope carries it, which no request from
outside can. Nothing is sent over a network, and nothing is read that the caller could not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import quote, urlencode

import msgspec

from danshu.hub.callers import HELD
from danshu.kernel.errors import DanshuError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from danshu.hub.callers import Held

_HEADERS: Final = [(b"content-type", b"application/json"), (b"host", b"inside")]


class Answered(DanshuError):
    """The API's answer is a problem: `code` and words as it gave them."""

    def __init__(self, status: int, code: str, detail: str, pointer: str = "") -> None:
        super().__init__(f"{code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.pointer = pointer


class Api(Protocol):
    """What a tool may do: ask the API as its caller. Raises Answered for a problem."""

    async def get(self, path: str, **query: str | int | None) -> Any:
        """Read a path; a parameter that is None or "" is left out."""
        ...

    async def post(self, path: str, body: Any) -> Any:
        """Send a body to a path."""
        ...

    async def put(self, path: str, body: Any) -> Any:
        """Put a body at a path."""
        ...


class Inside:
    """Calls the application of this process as `held`."""

    def __init__(self, ask: Callable[[Any, Any, Any], Awaitable[None]], held: Held) -> None:
        self._ask = ask
        self._held = held

    async def get(self, path: str, **query: str | int | None) -> Any:
        """Read a path. Raises Answered."""
        given = {k.rstrip("_"): v for k, v in query.items() if v not in (None, "")}
        return await self._call("GET", path, urlencode(given), b"")

    async def post(self, path: str, body: Any) -> Any:
        """Send a body to a path. Raises Answered."""
        return await self._call("POST", path, "", msgspec.json.encode(body))

    async def put(self, path: str, body: Any) -> Any:
        """Put a body at a path. Raises Answered."""
        return await self._call("PUT", path, "", msgspec.json.encode(body))

    async def _call(self, method: str, path: str, query: str, body: bytes) -> Any:
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": quote(path, safe="/:").encode("ascii"),
            "root_path": "",
            "query_string": query.encode("ascii"),
            "headers": [*_HEADERS, (b"content-length", str(len(body)).encode())],
            "client": ("127.0.0.1", 0),
            "server": ("inside", 80),
            "state": {},
            HELD: self._held,
        }
        status, parts = 0, []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                parts.append(message.get("body", b""))

        await self._ask(scope, receive, send)
        got = b"".join(parts)
        told = _read(got)
        if status >= 300:
            told = told if isinstance(told, dict) else {}
            raise Answered(
                status,
                str(told.get("code", "program")),
                str(told.get("detail", "the request failed")),
                str(told.get("pointer", "")),
            )
        return told


def _read(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body) if body else None
    except msgspec.DecodeError:
        return None
