"""What may be promised: definitions as versions, linted before they are published; calendars."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
    raw_body,
    respond,
)
from danshu.faces.http.problems import of
from danshu.hub import calendars, promise_views, promising
from danshu.hub.calendars import CalendarSeen, Day, Draft
from danshu.hub.fields import PLAIN
from danshu.hub.promising import Linted
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import DEFINITION_BYTES

YAML: Final = "application/yaml"
JSON: Final = "application/json"
CalendarName = Annotated[
    str, QueryParameter(name="calendar", min_length=1, max_length=64, description="id@version")
]
Year = Annotated[int, QueryParameter(name="year", ge=2000, le=2100)]


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


class Published(Struct, frozen=True, kw_only=True):
    """The version of a promise that new orders are pinned to."""

    code: str
    version: int
    digest: str


class Retiring(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a promise is taken back."""

    reason: Annotated[str, Meta(min_length=1, max_length=200, pattern=PLAIN)]


class Calendars(Struct, frozen=True, kw_only=True):
    """Every version of every calendar: those of the hub, then the merchant's own."""

    items: tuple[CalendarSeen, ...]


class CalendarYear(Struct, frozen=True, kw_only=True):
    """The days of a year in a calendar."""

    calendar: str
    year: int
    days: tuple[Day, ...]


_READ: Final[dict[str, Any]] = {
    "tags": ["promises"],
    "responses": READ_PROBLEMS,
    "guards": [may("promise.read")],
}
_RAW: Final[dict[str, Any]] = {
    "tags": ["promises"],
    "responses": PROBLEMS,
    "request_max_body_size": DEFINITION_BYTES,
    "operation_class": raw_body("A definition in YAML or JSON", YAML, JSON),
}


@get("/v1/definitions", operation_id="listDefinitions", **_READ)
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


@post(
    "/v1/promise-definitions:lint",
    operation_id="lintDefinition",
    guards=[may("promise.read")],
    status_code=200,
    **_RAW,
)
async def lint_definition(request: Request[Any, Any, Any]) -> Linted:
    """Say what a definition would promise, or 422 with the place of what is wrong; publish
    nothing.
    """
    hub, raw = hub_of(request), await _body(request)
    async with hub.connection() as connection:
        return await promising.lint(connection, held_of(request).tenant, raw, hub.clock())


@post(
    "/v1/promise-definitions",
    operation_id="publishDefinition",
    guards=[may("promise.write")],
    status_code=201,
    **_RAW,
)
async def publish_definition(request: Request[Any, Any, Any]) -> Response[Published]:
    """Publish a version of a promise: new orders carry it, orders that are there keep theirs."""
    hub, held, raw = hub_of(request), held_of(request), await _body(request)
    async with hub.connection() as connection:
        clause = await promising.publish(connection, held.tenant, raw, held.actor)
    if isinstance(clause, Refusal):
        return respond(of(clause))
    hub.worlds.forget(held.tenant)
    made = Published(code=clause.code, version=clause.version, digest=clause.digest)
    return Response(made, status_code=201)


@post(
    "/v1/promise-definitions/{code:str}/retire",
    operation_id="retireDefinition",
    tags=["promises"],
    responses=PROBLEMS,
    guards=[may("promise.write"), only_json],
    status_code=200,
)
async def retire_definition(
    code: FromPath[str], data: JSONBody[Retiring], request: Request[Any, Any, Any]
) -> Response[None]:
    """Take a promise back: new orders no longer carry it."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        refusal = await promising.retire(connection, held.tenant, code, data.reason, held.actor)
    hub.worlds.forget(held.tenant)
    return respond(of(refusal)) if refusal else Response(None)


async def _body(request: Request[Any, Any, Any]) -> bytes:
    raw = await request.body()
    if not raw.strip():
        raise InputError("empty_body", "the body is empty")
    return raw


@get("/v1/calendars", operation_id="listCalendars", **_READ)
async def list_calendars(request: Request[Any, Any, Any]) -> Calendars:
    """List working calendars: hours, weekdays, the years that their notices cover."""
    async with hub_of(request).connection() as connection:
        seen = await calendars.list_calendars(connection, held_of(request).tenant)
    return Calendars(items=tuple(seen))


@get("/v1/calendars/days", operation_id="listCalendarDays", **_READ)
async def list_days(
    request: Request[Any, Any, Any], calendar: CalendarName, year: Year
) -> CalendarYear:
    """List the days of a year: worked or not, and why."""
    async with hub_of(request).connection() as connection:
        raw, changes = await calendars.read_raw(connection, held_of(request).tenant, calendar)
    return CalendarYear(
        calendar=calendar, year=year, days=tuple(calendars.list_days(raw, changes, year))
    )


@post(
    "/v1/calendars",
    operation_id="publishCalendar",
    tags=["promises"],
    responses=PROBLEMS,
    guards=[may("calendar.write"), only_json],
    status_code=201,
)
async def publish_calendar(
    data: JSONBody[Draft], request: Request[Any, Any, Any]
) -> Response[CalendarSeen]:
    """Publish the next version of a calendar of the merchant's own. Promises that were made under
    an older one keep it.
    """
    hub, held = hub_of(request), held_of(request)
    year = datetime.datetime.fromtimestamp(hub.clock() / 1000, datetime.UTC).year
    async with hub.connection() as connection:
        made = await calendars.publish(connection, held.tenant, data, held.actor, year)
    if isinstance(made, Refusal):
        return respond(of(made))
    hub.worlds.forget(held.tenant)
    return Response(made, status_code=201)


ROUTES: Final = [
    list_definitions,
    lint_definition,
    publish_definition,
    retire_definition,
    list_calendars,
    list_days,
    publish_calendar,
]
