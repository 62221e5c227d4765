"""Saved views of the workbench: listed with live counts, kept, changed by one at a time."""

from __future__ import annotations

import os
from typing import Annotated, Any, Final

from litestar import Request, Response, delete, get, post, put
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.capabilities.people import model as people
from danshu.faces.http import problems
from danshu.faces.http.auth import Held, require
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
)
from danshu.faces.http.workbench import counts_of, who_of
from danshu.hub import views_saved
from danshu.hub.compose import now_ms
from danshu.hub.fields import PLAIN
from danshu.hub.views_saved import Body, Density, Sort, Stale, View
from danshu.kernel.errors import InputError
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import FILTER_CHARS, ORDER_BODY_BYTES, VIEW_COLUMNS, VIEW_NAME_CHARS


class SavedView(Struct, frozen=True, kw_only=True):
    """A view. `mine`: it is the caller's own; `shipped` names the shipped view that it stands for.

    `name` is "" for an unchanged shipped view: the console has its words.
    """

    id: str
    name: str
    mine: bool
    shared: bool
    shipped: str
    roles: tuple[str, ...]
    f: str
    sort: Sort
    columns: tuple[views_saved.ViewColumn, ...]
    density: Density
    version: int
    changed_by: str
    changed: str


class SavedViews(Struct, frozen=True, kw_only=True):
    """The views that the caller sees, and the one that they begin with."""

    items: tuple[SavedView, ...]
    first: str


class NewView(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A view to keep. `roles` open with it, when it is shared."""

    name: Annotated[str, Meta(min_length=1, max_length=VIEW_NAME_CHARS, pattern=PLAIN)]
    f: Annotated[str, Meta(max_length=FILTER_CHARS)] = ""
    sort: Sort = "due"
    columns: Annotated[tuple[views_saved.ViewColumn, ...], Meta(max_length=VIEW_COLUMNS)] = (
        Body().columns
    )
    density: Density = ""
    shared: bool = False
    shipped: str = ""
    roles: tuple[people.Role, ...] = ()


class ChangedView(NewView, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A view as it should be, made from `version`."""

    version: int


class ViewConflict(Struct, frozen=True, kw_only=True):
    """Somebody else was first: `now` is what the view is, `yours` what you sent."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    now: SavedView
    yours: ChangedView


_CONFLICT: Final = ResponseSpec(
    ViewConflict,
    media_type=problems.PROBLEM_JSON,
    description="Somebody else changed the view first",
    generate_examples=False,
)
_ID = FromPath[str]


def _show(view: View, owner: str) -> SavedView:
    return SavedView(
        id=view.id,
        name=view.name,
        mine=bool(view.owner) and view.owner == owner,
        shared=view.shared,
        shipped=view.shipped,
        roles=view.roles,
        f=view.body.f,
        sort=view.body.sort,
        columns=view.body.columns,
        density=view.body.density,
        version=view.version,
        changed_by=view.changed_by,
        changed=rfc3339(view.changed_ms) if view.changed_ms else "",
    )


def _wanted(data: NewView, held: Held, owner: str, id_: str = "", version: int = 0) -> View:
    if data.roles and not data.shared:
        raise InputError("bad_field", "only a shared view opens with a role", "/roles")
    return View(
        id=id_,
        name=data.name,
        owner=owner,
        shared=data.shared,
        shipped="" if data.shared else data.shipped,
        roles=data.roles,
        body=Body(f=data.f, sort=data.sort, columns=data.columns, density=data.density),
        version=version,
        changed_by=held.caller.name,
    )


@get(
    "/v1/views",
    operation_id="listViews",
    tags=["workbench"],
    responses=READ_PROBLEMS,
    guards=[may("order.read")],
)
async def list_views(request: Request[Any, Any, Any]) -> SavedViews:
    """List the saved views: shipped, shared, and the caller's own."""
    hub, held = hub_of(request), held_of(request)
    owner = who_of(held).subject
    async with hub.connection() as connection:
        seen = await views_saved.list_views(connection, held.tenant, owner)
    roles = held.session.row.person.roles if held.session else (held.caller.role,)
    return SavedViews(
        items=tuple([_show(v, owner) for v in seen]), first=views_saved.choose(seen, roles)
    )


@post(
    "/v1/views",
    operation_id="createView",
    tags=["workbench"],
    responses=PROBLEMS,
    guards=[may("order.read"), only_json],
    request_max_body_size=ORDER_BODY_BYTES,
)
async def create_view(data: JSONBody[NewView], request: Request[Any, Any, Any]) -> SavedView:
    """Keep a view; `shipped` puts it in the place of a shipped one, for the caller alone."""
    hub, held = hub_of(request), held_of(request)
    if data.shared:
        require(held, "view.share")
    owner = who_of(held).subject
    async with hub.connection() as connection:
        made = await views_saved.create(
            connection, held.tenant, _wanted(data, held, owner), now_ms(), os.urandom(10)
        )
    return _show(made, owner)


@put(
    "/v1/views/{view_id:str}",
    operation_id="changeView",
    tags=["workbench"],
    responses={**PROBLEMS, 409: _CONFLICT},
    guards=[may("order.read"), only_json],
    request_max_body_size=ORDER_BODY_BYTES,
)
async def change_view(
    view_id: _ID, data: JSONBody[ChangedView], request: Request[Any, Any, Any]
) -> Response[Any]:
    """Change a view: rename, share, other filters or columns. 409 gives both when another was
    first.
    """
    hub, held = hub_of(request), held_of(request)
    owner = who_of(held).subject
    async with hub.connection() as connection:
        before = await _own(connection, held, view_id, owner, shared=data.shared)
        wanted = _wanted(data, held, before.owner, before.id, data.version)
        done = await views_saved.change(connection, held.tenant, wanted, now_ms())
    if not isinstance(done, Stale):
        return Response(_show(done, owner))
    problem = problems.make("view_changed", "the view was changed meanwhile", status=409)
    conflict = ViewConflict(
        type=problem.type,
        title=problem.title,
        status=409,
        detail=problem.detail,
        code=problem.code,
        now=_show(done.now, owner),
        yours=data,
    )
    return Response(conflict, status_code=409, media_type=problems.PROBLEM_JSON)


@delete(
    "/v1/views/{view_id:str}",
    operation_id="dropView",
    tags=["workbench"],
    responses=READ_PROBLEMS,
    guards=[may("order.read")],
)
async def drop_view(view_id: _ID, request: Request[Any, Any, Any]) -> None:
    """Drop a view; where it stood for a shipped one, that is back."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        view = await _own(connection, held, view_id, who_of(held).subject, shared=False)
        await views_saved.drop(connection, held.tenant, view)


class ViewCount(Struct, frozen=True, kw_only=True):
    """How many orders a view has; 约 unless `exact`."""

    id: str
    count: int
    exact: bool


class ViewTotals(Struct, frozen=True, kw_only=True):
    """The counts of the views that the caller sees."""

    items: tuple[ViewCount, ...]


@get(
    "/v1/views/counts",
    operation_id="countViews",
    tags=["workbench"],
    responses=READ_PROBLEMS,
    guards=[may("order.read")],
)
async def count_views(request: Request[Any, Any, Any]) -> ViewTotals:
    """Count the orders of each view that the caller sees."""
    hub, held = hub_of(request), held_of(request)
    owner = who_of(held).subject
    async with hub.connection() as connection:
        seen = await views_saved.list_views(connection, held.tenant, owner)
    counted = []
    for view in seen:
        try:
            told = await counts_of(request).count(held.tenant, view.body.f, owner)
        except InputError as error:
            if error.code != "bad_filter":  # a warehouse that it names is gone: nothing to count
                raise
        else:
            counted.append(ViewCount(id=view.id, count=told.count, exact=told.exact))
    return ViewTotals(items=tuple(counted))


async def _own(
    connection: views_saved.Connection, held: Held, id_: str, owner: str, *, shared: bool
) -> View:
    """Read a view that the caller may change: their own, or a shared one if they may share."""
    view = await views_saved.read(connection, held.tenant, id_, owner)
    if not view.version:
        raise InputError("shipped_view", "a shipped view is kept as it is: save a copy", "/id")
    if view.shared or shared:
        require(held, "view.share")
    return view


ROUTES: Final = [list_views, count_views, create_view, change_view, drop_view]
