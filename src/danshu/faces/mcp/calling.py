"""One call of a tool: counted, decoded, run as its caller, marked, bounded, kept."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.assistant.marking import count_texts, escape, mark
from danshu.faces.mcp.inside import Answered, Inside
from danshu.faces.mcp.tool import Found, Tool
from danshu.faces.mcp.tools import TOOLS
from danshu.hub import assistant_settings, tool_calls
from danshu.hub.compose import Hub
from danshu.kernel.errors import Busy, DanshuError
from danshu.kernel.limits import TOOL_ANSWER_BYTES

if TYPE_CHECKING:
    from danshu.hub.callers import Held
    from danshu.hub.tool_calls import Way

BY_NAME: Final = {tool.name: tool for tool in TOOLS}
_NO_TOOL: Final = Answered(404, "no_tool", "there is no such tool")
_NO_KEYS: Final = Answered(
    403, "keys_do_not_act", "an API key does not approve or perform; a person does, by their rights"
)
_TOO_MUCH: Final = Answered(
    422, "too_much", f"the answer is over {TOOL_ANSWER_BYTES} bytes: ask for fewer rows"
)


class Desk(Struct, frozen=True, kw_only=True, eq=False):
    """Where calls are made: the hub, the application that they go through, and how that puts what
    went wrong: with `status`, `code`, `detail`, `retry_after_s`.
    """

    hub: Hub
    ask: Callable[[Any, Any, Any], Awaitable[None]]
    explain: Callable[[Exception], Any]


def name_caller(held: Held) -> str:
    """Give how a caller is named in the rows of tools: `key:…` or `person:…`."""
    who = held.seated.seat.principal
    return f"{'person' if held.session is not None else 'key'}:{who.id}"


class Told(Struct, frozen=True, kw_only=True):
    """What a tool found, and the same as it goes out: texts from outside are marked in it."""

    found: Found
    shown: dict[str, Any]


async def call(desk: Desk, held: Held, name: str, arguments: Any, way: Way = "mcp") -> Told:
    """Call a tool as `held`. Raises Answered for whatever is refused or fails; nothing else."""
    hub, caller, now_ms = desk.hub, name_caller(held), desk.hub.clock()
    began, outcome, texts, size = time.perf_counter(), "done", 0, 0
    try:
        tool = BY_NAME.get(name)
        if tool is None:
            raise _NO_TOOL
        async with hub.connection() as connection:
            await tool_calls.count(connection, held.tenant, caller, now_ms)
        found = await _run(desk, held, tool, arguments)
        shown = _show(found)
        size, texts = len(msgspec.json.encode(shown)), shown["untrusted_texts"]
        if size > TOOL_ANSWER_BYTES:
            raise _TOO_MUCH
        return Told(found=found, shown=shown)
    except Answered as problem:
        outcome = problem.code
        raise
    except (DanshuError, psycopg.Error) as error:
        told = desk.explain(error)
        outcome = told.code
        raise Answered(told.status, told.code, told.detail) from error
    finally:
        if name in BY_NAME and outcome != Busy.code:  # a flood is not written down call by call
            took_ms = int((time.perf_counter() - began) * 1000)
            async with hub.connection() as connection:
                await tool_calls.keep(
                    connection,
                    held.tenant,
                    caller,
                    now_ms,
                    way=way,
                    tool=name,
                    arguments=arguments,
                    took_ms=took_ms,
                    outcome=outcome,
                    texts=texts,
                    size=size,
                )


async def _run(desk: Desk, held: Held, tool: Tool, arguments: Any) -> Found:
    try:
        args = msgspec.convert(arguments, tool.takes)
    except msgspec.ValidationError as error:
        raise Answered(422, "bad_arguments", str(error)) from error
    if tool.kind == "act" and held.session is None and tool.name != "stop_all":
        async with desk.hub.connection() as connection:
            setting = await assistant_settings.read(connection, held.tenant)
        if not setting.keys_act:
            raise _NO_KEYS
    return await tool.run(Inside(desk.ask, held), args)


def _show(found: Found) -> dict[str, Any]:
    """Give what a tool found as it goes out: every text that could be a sentence is marked."""
    data = mark(found.data)
    cites = [
        {"kind": c.kind, "ref": escape(c.ref), "label": mark(c.label), "path": c.path}
        for c in found.cites
    ]
    return {
        "data": data,
        "cites": cites,
        "next": found.next,
        "untrusted_texts": count_texts(data),
    }
