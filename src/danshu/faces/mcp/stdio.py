"""MCP over a pipe, for clients that start a program: what comes in goes to a hub's /mcp, and back.

The hub knows the caller by the key that goes with each request, so tools, walls, limits and the log
are those of /mcp: there is no second list of tools that could differ.
"""

from __future__ import annotations

import importlib.metadata
from typing import TYPE_CHECKING, Any, Final

import anyio
import httpx2
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.server.lowlevel.server import Server
from mcp.server.stdio import stdio_server

from danshu.faces.mcp.words import INSTRUCTIONS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import mcp_types as types

_TIMEOUT_S: Final = 60.0


def run(url: str, key: str) -> None:
    """Serve stdin and stdout until the pipe closes; `url` is that of a hub's /mcp.

    Raises OSError and the errors of httpx2 when the hub does not answer, or not to this key.
    """
    anyio.run(_run, url, key)


async def _run(url: str, key: str) -> None:
    headers = {"authorization": f"Bearer {key}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=_TIMEOUT_S) as web,
        Client(streamable_http_client(url, http_client=web), cache=None) as hub,
        stdio_server() as (reading, writing),
    ):
        server = relay(hub)
        await server.run(reading, writing, server.create_initialization_options())


def relay(hub: Client) -> Server[Any]:
    """Make a server that hands everything on to a hub."""

    async def call_tool(_: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        return await hub.call_tool(params.name, params.arguments or {})

    async def read(_: Any, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        return await hub.read_resource(str(params.uri))

    async def prompt(_: Any, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        return await hub.get_prompt(params.name, params.arguments)

    return Server(
        "danshu",
        title="Danshu 单枢",
        version=importlib.metadata.version("danshu"),
        instructions=INSTRUCTIONS,
        on_list_tools=_whole(hub.list_tools),
        on_call_tool=call_tool,
        on_list_resources=_whole(hub.list_resources),
        on_list_resource_templates=_whole(hub.list_resource_templates),
        on_read_resource=read,
        on_list_prompts=_whole(hub.list_prompts),
        on_get_prompt=prompt,
    )


def _whole(ask: Callable[[], Awaitable[Any]]) -> Callable[[Any, Any], Awaitable[Any]]:
    """Our lists are one page: a cursor of a client has nothing to point at."""

    async def lists(_: Any, __: Any) -> Any:
        return await ask()

    return lists
