"""/mcp: who may speak to the tools. API keys of a merchant, or tokens of its OpenID provider.

We are a resource server of OAuth 2.1: `/mcp/{merchant}` is the resource, its metadata (RFC 9728)
name the merchant's provider, and a token must be a JWT of that provider made out to this very
address (RFC 8707), or it is refused with a word on where the metadata are. `/mcp` alone takes keys.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from danshu.faces.mcp.calling import Desk
from danshu.faces.mcp.tokens import Keyring, Tokens
from danshu.hub import merchant_settings
from danshu.hub.callers import HELD
from danshu.kernel.errors import DanshuError, InputError
from danshu.kernel.limits import MCP_BODY_BYTES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from danshu.hub.callers import Held
    from danshu.hub.compose import Hub
    from danshu.hub.oidc import Client

PATHS: Final = ("/mcp", "/.well-known/oauth-protected-resource")
_RESOURCE: Final = re.compile(r"/mcp(?:/([A-Za-z0-9_-]{1,64}))?/?")
_METADATA: Final = re.compile(
    r"/\.well-known/oauth-protected-resource/mcp(?:/([A-Za-z0-9_-]{1,64}))?/?"
)
_NOT_HERE: Final = InputError("not_found", "there is nothing here")
_FOREIGN: Final = InputError("foreign_origin", "a page of another origin asks")


class Door:
    """Answers at /mcp. What speaks the protocol is loaded with the first call, off the loop."""

    def __init__(
        self,
        hub: Hub,
        keyring: Keyring,
        provider: Client,
        ask: Callable[[Any, Any, Any], Awaitable[None]],
        explain: Callable[[Exception], Any],
    ) -> None:
        self._keyring = keyring
        self._desk = Desk(hub=hub, ask=ask, explain=explain)
        self._tokens = Tokens(hub, keyring, provider)
        self._lock = asyncio.Lock()
        self._handle: Callable[[Any, Any, Any], Awaitable[None]] | None = None
        self._end = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    @property
    def desk(self) -> Desk:
        """Where tools are called, for whoever else calls them in this process."""
        return self._desk

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request to /mcp or for its metadata."""
        path = scope["path"]
        if found := _METADATA.fullmatch(path):
            return await _send(send, 200, await self._describe(found[1] or ""))
        resource = _RESOURCE.fullmatch(path)
        if resource is None:
            return await self._refuse(send, _NOT_HERE, "")
        merchant = resource[1] or ""
        try:
            self._check_origin(scope)
            held = await self._let_in(scope, merchant)
        except DanshuError as error:
            return await self._refuse(send, error, self._metadata(merchant))
        if scope["method"] != "POST":
            # There is no stream from us: an open one would hold the node up when it is replaced.
            return await _send(send, 405, {"code": "method"}, [(b"allow", b"POST")])
        handle = self._handle or await self._open()
        await handle({**scope, HELD: held}, receive, send)

    async def close(self) -> None:
        """End what was opened."""
        self._end.set()
        if self._running is not None:
            await asyncio.gather(self._running, return_exceptions=True)

    async def _refuse(self, send: Any, error: DanshuError, metadata: str) -> None:
        problem = self._desk.explain(error)
        headers = []
        if problem.status == 401:
            told = f'Bearer error="invalid_token", resource_metadata="{metadata}"'
            headers.append((b"www-authenticate", told.encode("latin-1")))
        if problem.retry_after_s:
            headers.append((b"retry-after", str(problem.retry_after_s).encode()))
        await _send(send, problem.status, problem, headers, b"application/problem+json")

    def _check_origin(self, scope: Any) -> None:
        """A browser's page of another origin may not reach us by a name that points here."""
        for name, value in scope["headers"]:
            if name == b"origin" and value.decode("latin-1") != self._keyring.origin:
                raise _FOREIGN

    async def _let_in(self, scope: Any, merchant: str) -> Held:
        key = self._keyring.key_of(scope["headers"])
        if key.count(b".") == 2 and merchant:
            return await self._tokens.find(key.decode("latin-1"), merchant, self._url(merchant))
        held = await self._keyring.find(key)
        if merchant and held.caller.merchant != merchant:
            raise InputError("unauthenticated", "the key is not of this merchant")
        return held

    def _url(self, merchant: str) -> str:
        return f"{self._keyring.origin}/mcp{'/' + merchant if merchant else ''}"

    def _metadata(self, merchant: str) -> str:
        tail = f"/mcp{'/' + merchant if merchant else ''}"
        return f"{self._keyring.origin}{PATHS[1]}{tail}"

    async def _describe(self, merchant: str) -> dict[str, Any]:
        told: dict[str, Any] = {
            "resource": self._url(merchant),
            "bearer_methods_supported": ["header"],
            "resource_name": "Danshu 单枢",
        }
        if merchant:
            async with self._desk.hub.connection() as connection:
                provider = await _find_provider(connection, merchant)
            if provider:
                told["authorization_servers"] = [provider]
        return told

    async def _open(self) -> Callable[[Any, Any, Any], Awaitable[None]]:
        async with self._lock:
            if self._handle is not None:
                return self._handle
            manager = await asyncio.to_thread(_make, self._desk)
            began = asyncio.get_running_loop().create_future()
            self._running = asyncio.create_task(self._run(manager, began))
            await began
            handle: Callable[[Any, Any, Any], Awaitable[None]] = manager.handle_request
            self._handle = handle
            return handle

    async def _run(self, manager: Any, began: asyncio.Future[None]) -> None:
        async with manager.run():
            began.set_result(None)
            await self._end.wait()


def _make(desk: Desk) -> Any:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    from danshu.faces.mcp import server

    return StreamableHTTPSessionManager(
        server.build(desk, importlib.metadata.version("danshu")),
        json_response=True,
        stateless=True,
        max_request_body_size=MCP_BODY_BYTES,
    )


async def _find_provider(connection: Any, merchant: str) -> str:
    try:
        door = await merchant_settings.find_door(connection, merchant)
    except InputError:
        return ""
    provider = await merchant_settings.find_provider(connection, door.tenant)
    return provider.issuer if provider is not None else ""


async def _send(
    send: Any,
    status: int,
    body: Any,
    headers: list[tuple[bytes, bytes]] | None = None,
    media: bytes = b"application/json",
) -> None:
    out = msgspec.json.encode(body)
    told = [(b"content-type", media), (b"content-length", str(len(out)).encode())]
    start = {"type": "http.response.start", "status": status, "headers": told + (headers or [])}
    await send(start)
    await send({"type": "http.response.body", "body": out})
