"""问单助手 over HTTP: ask, say whether it was of use, what was asked; how it is set up; who called
which tool.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from litestar import Request, delete, get, post, put
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.capabilities.assistant.model import CitedAnswer, Seen
from danshu.faces.http.auth import Held
from danshu.faces.http.framework import declare_read, declare_write, held_of, hub_of
from danshu.faces.http.questions import Cursor, Limit, read_before, write_place
from danshu.faces.mcp.calling import BY_NAME, Desk, call, name_caller
from danshu.faces.mcp.inside import Answered
from danshu.hub import (
    assistant,
    assistant_model,
    assistant_questions,
    assistant_settings,
    tool_calls,
)
from danshu.hub.assistant_model import Shown, Spec
from danshu.hub.assistant_questions import AskedQuestion
from danshu.hub.assistant_settings import Setting
from danshu.hub.fields import PLAIN
from danshu.hub.tool_calls import ToolCall
from danshu.kernel.limits import ASSISTANT_DAY_TOKENS, ASSISTANT_QUESTION_CHARS

Ask = Request[Any, Any, Any]
_TAG: Final = "assistant"
_ONE: Final = "/v1/assistant/questions/{question_id:uuid}"
_Key = Annotated[str, Meta(max_length=500, pattern=r"^[\x21-\x7e]*(?![\s\S])")]


class AssistantQuestion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question in words."""

    question: Annotated[str, Meta(min_length=1, max_length=ASSISTANT_QUESTION_CHARS, pattern=PLAIN)]
    lang: Literal["zh", "en"] = "zh"


class AssistantRating(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """有用 or 没用."""

    useful: bool


class AssistantQuestions(Struct, frozen=True, kw_only=True):
    """One's own questions, the newest first; `next` is "" at the end."""

    items: tuple[AskedQuestion, ...]
    next: str


class AssistantSetting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How it is to be set up. `url` "" is rules alone; a `key` that is left out stays, "" is thrown
    away. `keys_act` lets API keys use tools that act, as far as their rights go.
    """

    url: Annotated[str, Meta(max_length=500, pattern=PLAIN)] = ""
    model: Annotated[str, Meta(max_length=100, pattern=PLAIN)] = ""
    key: _Key | None = None
    day_tokens: Annotated[int, Meta(ge=0, le=ASSISTANT_DAY_TOKENS)] = 0
    keys_act: bool = False


class AssistantState(Struct, frozen=True, kw_only=True):
    """How it is set up, and what of the day's budget is used."""

    url: str
    model: str
    has_key: bool
    day_tokens: int
    keys_act: bool
    asked_today: int
    tokens_today: int


class ToolCalls(Struct, frozen=True, kw_only=True):
    """Calls of tools, the newest first; `next` is "" at the end."""

    items: tuple[ToolCall, ...]
    next: str


@post("/v1/assistant:ask", **declare_write("askAssistant", _TAG, "agent.read"), status_code=200)
async def ask(data: JSONBody[AssistantQuestion], request: Ask) -> AskedQuestion:
    """Answer a question with citations, or refuse to without evidence."""
    hub, held = hub_of(request), held_of(request)
    now_ms = hub.clock()
    answer = await _by_model(request, held, data, now_ms)
    if answer is None:
        answer = await assistant.answer(_looking(request, held), data.question, now_ms)
    async with hub.connection() as connection:
        return await assistant_questions.keep(
            connection,
            held.tenant,
            name_caller(held),
            data.lang,
            data.question,
            answer,
            now_ms,
        )


def _desk(request: Ask) -> Desk:
    desk: Desk = request.app.state.tools.desk
    return desk


def _looking(request: Ask, held: Held) -> assistant.Look:
    async def look(tool: str, args: Mapping[str, Any]) -> Seen:
        try:
            told = await call(_desk(request), held, tool, dict(args), "assistant")
        except Answered as problem:
            return Seen(problem=problem.code)
        return Seen(data=told.found.data, cites=told.found.cites)

    return look


async def _by_model(
    request: Ask, held: Held, data: AssistantQuestion, now_ms: int
) -> CitedAnswer | None:
    """Ask the merchant's model, where there is one and the day's budget is not used up."""
    hub = hub_of(request)
    async with hub.connection() as connection:
        setting = await assistant_settings.read(connection, held.tenant)
        if not setting.has_model:
            return None
        _, used = await assistant_settings.used(connection, held.tenant, now_ms)
        if used >= setting.day_tokens:
            return None
        key = await assistant_settings.read_key(connection, held.tenant)

    async def look(tool: str, args: Mapping[str, Any]) -> Shown | str:
        try:
            told = await call(_desk(request), held, tool, dict(args), "assistant")
        except Answered as problem:
            return problem.code
        return Shown(data=told.shown["data"], cites=told.found.cites)

    specs = [
        Spec(name=t.name, about=t.about, schema=t.schema())
        for t in BY_NAME.values()
        if t.kind == "read"
    ]
    talk = assistant_model.Talk(setting, key, specs, look)
    try:
        return await talk.ask(data.question, data.lang)
    finally:
        async with hub.connection() as connection:
            await assistant_settings.spend(connection, held.tenant, now_ms, talk.tokens)


@get("/v1/assistant/questions", **declare_read("listAssistantQuestions", _TAG, "agent.read"))
async def list_questions(
    request: Ask, cursor: Cursor = "", limit: Limit = 20
) -> AssistantQuestions:
    """List one's own questions with their answers, the newest first."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        rows = await assistant_questions.listed(
            connection, held.tenant, name_caller(held), read_before(cursor), limit
        )
    following = write_place(str(rows[-1].id)) if len(rows) == limit else ""
    return AssistantQuestions(items=tuple(rows), next=following)


@post(f"{_ONE}/rate", **declare_write("rateAnswer", _TAG, "agent.read"), status_code=204)
async def rate(
    question_id: FromPath[uuid.UUID], data: JSONBody[AssistantRating], request: Ask
) -> None:
    """Say whether an answer was of use; of one's own questions alone."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        await assistant_questions.rate(
            connection, held.tenant, name_caller(held), question_id, data.useful
        )


@delete(
    "/v1/assistant/questions",
    **declare_read("forgetAssistantQuestions", _TAG, "agent.read"),
    status_code=204,
)
async def forget(request: Ask) -> None:
    """Throw one's own questions away."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        await assistant_questions.forget(connection, held.tenant, name_caller(held))


@get("/v1/assistant/settings", **declare_read("getAssistant", _TAG, "agent.write"))
async def get_settings(request: Ask) -> AssistantState:
    """Read how the assistant is set up; the model's key is never shown."""
    return await _state(request)


@put("/v1/assistant/settings", **declare_write("setAssistant", _TAG, "agent.write"))
async def put_settings(data: JSONBody[AssistantSetting], request: Ask) -> AssistantState:
    """Set the assistant up: rules alone, or with a model; whether keys may act by tools."""
    held = held_of(request)
    setting = Setting(
        url=data.url, model=data.model, day_tokens=data.day_tokens, keys_act=data.keys_act
    )
    async with hub_of(request).connection() as connection:
        await assistant_settings.put(connection, held.tenant, setting, data.key, held.actor)
    return await _state(request)


async def _state(request: Ask) -> AssistantState:
    hub, tenant = hub_of(request), held_of(request).tenant
    async with hub.connection() as connection:
        setting = await assistant_settings.read(connection, tenant)
        key = await assistant_settings.read_key(connection, tenant)
        asked, tokens = await assistant_settings.used(connection, tenant, hub.clock())
    return AssistantState(
        url=setting.url,
        model=setting.model,
        has_key=bool(key),
        day_tokens=setting.day_tokens,
        keys_act=setting.keys_act,
        asked_today=asked,
        tokens_today=tokens,
    )


@get("/v1/assistant/tool-calls", **declare_read("listToolCalls", _TAG, "agent.write"))
async def list_calls(request: Ask, cursor: Cursor = "", limit: Limit = 50) -> ToolCalls:
    """List who called which tool, the newest first; of arguments only the digest is kept."""
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        rows = await tool_calls.listed(connection, tenant, read_before(cursor), limit)
    following = write_place(str(rows[-1].id)) if len(rows) == limit else ""
    return ToolCalls(items=tuple(rows), next=following)


ROUTES: Final = [
    ask,
    list_questions,
    rate,
    forget,
    get_settings,
    put_settings,
    list_calls,
]
