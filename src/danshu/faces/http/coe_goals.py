"""目标与待办 goals and the policy backlog: set, ended, added, changed by people."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final, Literal

from litestar import Request, Response, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from danshu.capabilities.coe.model import BacklogItem, Goal, GoalPlan, ItemPlan
from danshu.capabilities.metrics.model import MetricCode
from danshu.faces.http import problems
from danshu.faces.http.coe import Fen, Owner, Text
from danshu.faces.http.framework import declare_read, declare_write, held_of, hub_of, respond
from danshu.faces.http.questions import Cursor, Limit, read_before, write_place
from danshu.hub import coe, coe_rows
from danshu.hub.coe_rows import BACKLOG, GOALS
from danshu.hub.fields import PLAIN
from danshu.kernel.errors import Refusal
from danshu.kernel.limits import COE_TITLE_CHARS

Ask = Request[Any, Any, Any]
_GOAL: Final = "/v1/coe/goals/{goal_id:uuid}"
_ITEM: Final = "/v1/coe/backlog/{item_id:uuid}"
_Short = Annotated[str, Meta(max_length=64, pattern=PLAIN)]
_Mine = Annotated[bool, QueryParameter(description="those that the caller, or their roles, own")]

_ItemState = Annotated[
    Literal["", "open", "doing", "done", "dropped"], QueryParameter(name="state")
]


class NewGoal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a metric should come to, in its unit, as a rule of one value of a dimension."""

    metric: MetricCode
    target: Fen
    owner: Owner
    dimension: _Short = ""
    value: _Short = ""
    note: Text = ""


class CoeNote(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why."""

    note: Text = ""


class NewBacklogItem(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be done. `value_fen` is what is expected of it a year; `policy` names a draft or
    a set, `experiment` one that tries it, `ref` a proposal that it comes of.
    """

    title: Annotated[str, Meta(min_length=2, max_length=COE_TITLE_CHARS, pattern=PLAIN)]
    text: Text = ""
    owner: Owner = ""
    value_fen: Fen = 0
    policy: _Short = ""
    experiment: _Short = ""
    ref: _Short = ""


class BacklogChange(NewBacklogItem, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An item as it is to be from now on; where it came from stays."""

    state: Literal["open", "doing", "done", "dropped"] = "open"
    note: Text = ""


class GoalPage(Struct, frozen=True, kw_only=True):
    """Goals, the newest first; `next` is "" at the end."""

    items: tuple[Goal, ...]
    next: str


class BacklogPage(Struct, frozen=True, kw_only=True):
    """Items of the backlog, the newest first; `next` is "" at the end."""

    items: tuple[BacklogItem, ...]
    next: str


def _owners(request: Ask, mine: bool) -> tuple[str, ...]:
    """Give the owners that the caller stands for."""
    actor = held_of(request).actor
    roles = [f"role:{role}" for role in actor.role.split(",") if role]
    return (actor.sub, *roles) if mine else ()


def _next(found: list[Any], limit: int) -> str:
    return write_place(str(found[limit - 1].id)) if len(found) > limit else ""


@get("/v1/coe/goals", **declare_read("listGoals", "coe", "coe.read"))
async def list_goals(
    request: Ask,
    cursor: Cursor = "",
    limit: Limit = 50,
    standing: Annotated[Literal["", "active", "ended"], QueryParameter(name="state")] = "",
    mine: _Mine = False,
) -> GoalPage:
    """List goals, the newest first."""
    async with hub_of(request).connection() as connection:
        found = await coe_rows.list_rows(
            connection,
            GOALS,
            held_of(request).tenant,
            read_before(cursor),
            limit + 1,
            state=standing,
            owners=_owners(request, mine),
        )
    return GoalPage(items=tuple(found[:limit]), next=_next(found, limit))


@post("/v1/coe/goals", **declare_write("setGoal", "coe", "coe.write"))
async def set_goal(data: JSONBody[NewGoal], request: Ask) -> Goal:
    """Set a goal."""
    held = held_of(request)
    return await coe.set_goal(hub_of(request), held.tenant, _goal(data), held.actor)


def _goal(data: NewGoal) -> GoalPlan:
    return GoalPlan(
        metric=data.metric,
        target=data.target,
        owner=data.owner,
        dimension=data.dimension,
        value=data.value,
        note=data.note,
    )


@put(_GOAL, **declare_write("changeGoal", "coe", "coe.write"))
async def change_goal(
    goal_id: FromPath[uuid.UUID], data: JSONBody[NewGoal], request: Ask
) -> Response[Goal]:
    """Set a goal anew; what it was stays in its facts."""
    hub, held = hub_of(request), held_of(request)
    return _answer(await coe.change_goal(hub, held.tenant, goal_id, _goal(data), held.actor))


@post(f"{_GOAL}/end", status_code=200, **declare_write("endGoal", "coe", "coe.write"))
async def end_goal(
    goal_id: FromPath[uuid.UUID], data: JSONBody[CoeNote], request: Ask
) -> Response[Goal]:
    """End a goal."""
    hub, held = hub_of(request), held_of(request)
    return _answer(await coe.end_goal(hub, held.tenant, goal_id, data.note, held.actor))


def _answer(done: Goal | Refusal) -> Response[Goal]:
    return respond(problems.of(done)) if isinstance(done, Refusal) else Response(done)


@get("/v1/coe/backlog", **declare_read("listBacklog", "coe", "coe.read"))
async def list_backlog(
    request: Ask,
    cursor: Cursor = "",
    limit: Limit = 50,
    standing: _ItemState = "",
    mine: _Mine = False,
) -> BacklogPage:
    """List the backlog, the newest first."""
    async with hub_of(request).connection() as connection:
        found = await coe_rows.list_rows(
            connection,
            BACKLOG,
            held_of(request).tenant,
            read_before(cursor),
            limit + 1,
            state=standing,
            owners=_owners(request, mine),
        )
    return BacklogPage(items=tuple(found[:limit]), next=_next(found, limit))


@post("/v1/coe/backlog", **declare_write("addBacklogItem", "coe", "coe.write"))
async def add_item(data: JSONBody[NewBacklogItem], request: Ask) -> BacklogItem:
    """Add an item to the backlog."""
    held = held_of(request)
    return await coe.add_item(hub_of(request), held.tenant, _item(data), held.actor)


def _item(data: NewBacklogItem) -> ItemPlan:
    return ItemPlan(
        title=data.title,
        text=data.text,
        owner=data.owner,
        value_fen=data.value_fen,
        origin="proposal" if data.ref else "person",
        ref=data.ref,
        policy=data.policy,
        experiment=data.experiment,
    )


@put(_ITEM, **declare_write("changeBacklogItem", "coe", "coe.write"))
async def change_item(
    item_id: FromPath[uuid.UUID], data: JSONBody[BacklogChange], request: Ask
) -> BacklogItem:
    """Change an item: its state, owner, worth, what it is about."""
    hub, held = hub_of(request), held_of(request)
    return await coe.change_item(
        hub, held.tenant, item_id, _item(data), data.state, data.note, held.actor
    )


ROUTES: Final = [
    list_goals,
    set_goal,
    change_goal,
    end_goal,
    list_backlog,
    add_item,
    change_item,
]
