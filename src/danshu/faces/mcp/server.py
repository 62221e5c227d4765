"""The protocol: tools, resources and prompts over `mcp`'s low-level server, one for all callers.

Who calls stands in the request's scope, put there by the door. Nothing that a caller or the data
says changes what is listed here: names, titles and descriptions are constants.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import mcp_types as types
import msgspec
from mcp.server.lowlevel.server import Server
from mcp.shared.exceptions import MCPError

from danshu.capabilities.assistant.marking import escape
from danshu.faces.mcp import words
from danshu.faces.mcp.calling import BY_NAME, call
from danshu.faces.mcp.inside import Answered
from danshu.faces.mcp.tool import GIVES
from danshu.hub.callers import HELD

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext

    from danshu.faces.mcp.calling import Desk
    from danshu.faces.mcp.tool import Tool
    from danshu.hub.callers import Held

    Context = ServerRequestContext[Any, Any]
_NOT_FOUND: Final = -32002
_JSON: Final = "application/json"


def build(desk: Desk, version: str) -> Server[Any]:
    """Make the server of a process."""

    tools = types.ListToolsResult(tools=[describe(t) for t in BY_NAME.values()])

    async def list_tools(_: Context, __: Any) -> types.ListToolsResult:
        return tools

    async def call_tool(ctx: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        try:
            told = await call(desk, _held(ctx), params.name, params.arguments or {})
        except Answered as problem:
            return _refuse(problem)
        text = types.TextContent(type="text", text=_encode(told.shown))
        return types.CallToolResult(content=[text], structured_content=told.shown)

    async def list_resources(_: Context, __: Any) -> types.ListResourcesResult:
        return types.ListResourcesResult(resources=[*words.RESOURCES])

    async def list_templates(_: Context, __: Any) -> types.ListResourceTemplatesResult:
        return types.ListResourceTemplatesResult(resource_templates=[*words.TEMPLATES])

    async def read_resource(
        ctx: Context, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        uri = str(params.uri)
        name, arguments = words.find_resource(uri)
        if not name:
            raise MCPError(code=_NOT_FOUND, message="there is no such resource")
        try:
            told = await call(desk, _held(ctx), name, arguments)
        except Answered as problem:
            raise MCPError(code=_NOT_FOUND, message=escape(str(problem))) from problem
        shown = types.TextResourceContents(uri=uri, mime_type=_JSON, text=_encode(told.shown))
        return types.ReadResourceResult(contents=[shown])

    async def list_prompts(_: Context, __: Any) -> types.ListPromptsResult:
        return types.ListPromptsResult(prompts=[*words.PROMPTS])

    async def get_prompt(_: Context, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        text = words.write_prompt(params.name, params.arguments or {})
        if not text:
            raise MCPError(code=types.INVALID_PARAMS, message="there is no such prompt")
        content = types.TextContent(type="text", text=text)
        return types.GetPromptResult(messages=[types.PromptMessage(role="user", content=content)])

    return Server(
        "danshu",
        title="Danshu 单枢",
        version=version,
        instructions=words.INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_list_resource_templates=list_templates,
        on_read_resource=read_resource,
        on_list_prompts=list_prompts,
        on_get_prompt=get_prompt,
    )


def describe(tool: Tool) -> types.Tool:
    """Give a tool as it is listed."""
    hints = types.ToolAnnotations(
        title=tool.title,
        read_only_hint=tool.kind == "read",
        destructive_hint=tool.destructive,
        idempotent_hint=tool.idempotent,
        open_world_hint=False,
    )
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=f"{tool.about} {words.KINDS[tool.kind]}",
        input_schema=tool.schema(),
        output_schema=GIVES,
        annotations=hints,
    )


def _held(ctx: Context) -> Held:
    held: Held | None = ctx.request.scope.get(HELD) if ctx.request is not None else None
    if held is None:
        raise MCPError(code=types.INVALID_REQUEST, message="the caller is not known")
    return held


def _refuse(problem: Answered) -> types.CallToolResult:
    told = {"code": problem.code, "detail": escape(problem.detail), "status": problem.status}
    if problem.pointer:
        told["pointer"] = problem.pointer
    text = types.TextContent(type="text", text=_encode(told))
    return types.CallToolResult(content=[text], is_error=True)


def _encode(value: Any) -> str:
    return msgspec.json.encode(value).decode()
