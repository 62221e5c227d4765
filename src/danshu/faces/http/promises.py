"""Promises: those whose clock runs, those that were decided, and what they say."""

from __future__ import annotations

import uuid
from typing import Any, Final

import msgspec
from litestar import Request, get
from msgspec import Struct

from danshu.faces.http.framework import READ_PROBLEMS, held_of, hub_of, may
from danshu.faces.http.questions import (
    Cursor,
    Due,
    Limit,
    PromiseState,
    epoch,
    read_place,
    write_place,
)
from danshu.hub import promise_views
from danshu.hub.promise_views import PromiseRow
from danshu.kernel.errors import InputError

_FIRST: Final = uuid.UUID(int=0)
_LAST: Final = uuid.UUID(int=2**128 - 1)


class PromisePage(Struct, frozen=True, kw_only=True):
    """Promises; running ones by their deadline, decided ones newest order first. `next` is "" at
    the end.
    """

    items: tuple[PromiseRow, ...]
    next: str


class DefinitionItem(Struct, frozen=True, kw_only=True):
    """A version of a promise; orders keep the version that they were placed under."""

    code: str
    version: int
    active: bool
    digest: str
    definition: msgspec.Raw


class Definitions(Struct, frozen=True, kw_only=True):
    """Every version of every promise of the merchant."""

    items: tuple[DefinitionItem, ...]


@get(
    "/v1/promises",
    operation_id="listPromises",
    tags=["promises"],
    responses=READ_PROBLEMS,
    guards=[may("promise.read")],
)
async def list_promises(
    request: Request[Any, Any, Any],
    promise_state: PromiseState = "running",
    due_before: Due = None,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> PromisePage:
    """List promises in a state; `due_before` narrows to deadlines before an instant."""
    hub, tenant = hub_of(request), held_of(request).tenant
    before_ms = epoch(due_before, "/due_before")
    if promise_state in promise_views.TICKING:
        first: list[int | str] = [0, str(_FIRST)]
        place = read_place(cursor, int, str) if cursor else first
        rows, at = await promise_views.list_ticking(
            hub, tenant, promise_state, before_ms, (int(place[0]), _uuid(place[1])), limit
        )
        return PromisePage(items=tuple(rows), next=write_place(at[0], str(at[1])) if at else "")
    last: list[int | str] = [str(_LAST), ""]
    place = read_place(cursor, str, str) if cursor else last
    async with hub.connection() as connection:
        rows = await promise_views.list_verdicts(
            connection,
            tenant,
            promise_state,
            before_ms,
            (_uuid(place[0]), str(place[1])),
            limit + 1,
        )
    more = rows[limit - 1] if len(rows) > limit else None
    return PromisePage(
        items=tuple(rows[:limit]), next=write_place(str(more.order), more.code) if more else ""
    )


@get(
    "/v1/definitions",
    operation_id="listDefinitions",
    tags=["promises"],
    responses=READ_PROBLEMS,
    guards=[may("promise.read")],
)
async def list_definitions(request: Request[Any, Any, Any]) -> Definitions:
    """List the promise definitions: text as shown, events, limit, calendar."""
    async with hub_of(request).connection() as connection:
        rows = await promise_views.list_definitions(connection, held_of(request).tenant)
    return Definitions(
        items=tuple(
            [
                DefinitionItem(code=c, version=v, active=a, digest=d, definition=msgspec.Raw(body))
                for c, v, a, d, body in rows
            ]
        )
    )


def _uuid(text: int | str) -> uuid.UUID:
    try:
        return uuid.UUID(str(text))
    except ValueError as error:
        raise InputError("bad_cursor", "the cursor belongs to another list") from error


ROUTES: Final = [list_promises, list_definitions]
