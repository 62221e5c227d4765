"""People of the merchant: invited, changed, disabled; their sessions."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final

from litestar import Request, Response, delete, get, patch, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from danshu.capabilities.people.model import Role
from danshu.faces.http import problems
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
    respond,
)
from danshu.faces.http.me import Sessions, listed
from danshu.faces.http.sessions import Login
from danshu.hub import invitations, people, personnel, sessions
from danshu.hub.fields import PLAIN
from danshu.hub.people import Row
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import PAGE_ROWS, PERSON_WAREHOUSES, SKU_CHARS

PersonName = Annotated[str, Meta(min_length=1, max_length=60, pattern=PLAIN)]
Number = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,15}(?![\s\S])")]
Roles = Annotated[tuple[Role, ...], Meta(min_length=1, max_length=9)]
Warehouses = Annotated[
    tuple[Annotated[str, Meta(min_length=1, max_length=SKU_CHARS, pattern=PLAIN)], ...],
    Meta(max_length=PERSON_WAREHOUSES, description="codes; empty = all"),
]
Reason = Annotated[str, Meta(min_length=1, max_length=200, pattern=PLAIN)]


class PersonItem(Struct, frozen=True, kw_only=True):
    """A person. `state`: invited, active, disabled; `seen` "" when never or long ago."""

    id: str
    number: str
    login: str
    name: str
    roles: tuple[str, ...]
    warehouses: tuple[str, ...]
    state: str
    password: bool
    totp: bool
    passkeys: int
    made: str
    seen: str
    link_ends: Annotated[str, Meta(description="until when an invitation is open; empty = none")]


class PeoplePage(Struct, frozen=True, kw_only=True):
    """People by number; `next` is the cursor of the following page, "" at the end."""

    items: tuple[PersonItem, ...]
    next: str


class NewPerson(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody to invite."""

    login: Login
    name: PersonName
    number: Number
    roles: Roles
    warehouses: Warehouses = ()


class PersonPatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What changes; what is left out stays. Other roles or warehouses end the person's sessions."""

    login: Login | None = None
    name: PersonName | None = None
    number: Number | None = None
    roles: Roles | None = None
    warehouses: Warehouses | None = None


class WithReason(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why."""

    reason: Reason


class InvitationLink(Struct, frozen=True, kw_only=True):
    """A link to hand over; shown this once. What follows # never leaves the browser."""

    path: str
    ends: str


class Invited(Struct, frozen=True, kw_only=True):
    """A new person and the link by which they join."""

    person: PersonItem
    link: InvitationLink


def shown(row: Row, beside: personnel.Beside) -> PersonItem:
    """Show a person."""
    return PersonItem(
        id=str(row.id),
        number=row.person.number,
        login=row.login,
        name=row.name,
        roles=row.person.roles,
        warehouses=row.person.warehouses,
        state=row.person.state,
        password=row.person.password,
        totp=row.person.totp,
        passkeys=len(row.person.passkeys),
        made=rfc3339(int(row.made.timestamp() * 1000)),
        seen=rfc3339(beside.seen_ms) if beside.seen_ms else "",
        link_ends=rfc3339(beside.link_ends_ms) if beside.link_ends_ms else "",
    )


def link_shown(link: invitations.Link) -> InvitationLink:
    """Show a link."""
    return InvitationLink(path=f"/sign-in#invite={link.token}", ends=rfc3339(link.ends_ms))


@get(
    "/v1/people",
    operation_id="listPeople",
    tags=["people"],
    responses=READ_PROBLEMS,
    guards=[may("person.read")],
)
async def list_people(
    request: Request[Any, Any, Any],
    standing: Annotated[
        str, QueryParameter(name="state", max_length=16, description="invited, active, disabled")
    ] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=PAGE_ROWS)] = 50,
    cursor: Annotated[str, QueryParameter(max_length=32)] = "",
) -> PeoplePage:
    """List people by number."""
    if "\0" in cursor + standing:
        raise InputError("bad_cursor", "the cursor is not one of ours")
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        rows = await people.page(connection, held.tenant, cursor, standing, limit + 1)
        beside = await personnel.beside(connection, held.tenant, rows, hub.clock())
    items = [shown(r, beside[r.id]) for r in rows[:limit]]
    return PeoplePage(items=tuple(items), next=items[-1].number if len(rows) > limit else "")


@get(
    "/v1/people/{person_id:uuid}",
    operation_id="readPerson",
    tags=["people"],
    responses=READ_PROBLEMS,
    guards=[may("person.read")],
)
async def read_person(
    person_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]
) -> PersonItem:
    """Read one person."""
    return await _read(request, person_id)


async def _read(request: Request[Any, Any, Any], person_id: uuid.UUID) -> PersonItem:
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        row = await people.find(connection, held.tenant, person_id)
        beside = await personnel.beside(connection, held.tenant, [row], hub.clock())
    return shown(row, beside[row.id])


@post(
    "/v1/people",
    operation_id="invitePerson",
    tags=["people"],
    responses=PROBLEMS,
    guards=[may("person.write"), only_json],
)
async def invite_person(data: JSONBody[NewPerson], request: Request[Any, Any, Any]) -> Invited:
    """Invite somebody; hand the link over by a way that you trust."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        row, link = await personnel.invite(
            connection,
            held.tenant,
            held.actor,
            hub.clock(),
            login=data.login,
            name=data.name,
            number=data.number,
            roles=data.roles,
            warehouses=data.warehouses,
        )
        beside = await personnel.beside(connection, held.tenant, [row], hub.clock())
    return Invited(person=shown(row, beside[row.id]), link=link_shown(link))


@post(
    "/v1/people/{person_id:uuid}/link",
    operation_id="renewInvitation",
    tags=["people"],
    responses=PROBLEMS,
    guards=[may("person.write")],
)
async def renew_invitation(
    person_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]
) -> Response[InvitationLink]:
    """Make a new link for somebody who has not joined yet; the earlier one ends.

    409 `joined`: who has joined comes back in by a link that needs access to the database
    (`danshu person link`).
    """
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection, connection.transaction():
        row = await people.lock(connection, held.tenant, person_id)
        link = await personnel.renew(connection, held.tenant, row, held.actor, hub.clock())
    if isinstance(link, Refusal):
        return respond(problems.of(link))
    return Response(link_shown(link), status_code=201)


@delete(
    "/v1/people/{person_id:uuid}/link",
    operation_id="withdrawInvitation",
    tags=["people"],
    responses=PROBLEMS,
    guards=[may("person.write")],
    status_code=204,
)
async def withdraw_invitation(
    person_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]
) -> None:
    """End the open link of a person."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        row = await people.find(connection, held.tenant, person_id)
        if not await invitations.close(connection, held.tenant, row.id, hub.clock()):
            raise invitations.NO_INVITATION


@patch(
    "/v1/people/{person_id:uuid}",
    operation_id="changePerson",
    tags=["people"],
    responses=PROBLEMS,
    guards=[may("person.write"), only_json],
)
async def change_person(
    person_id: FromPath[uuid.UUID], data: JSONBody[PersonPatch], request: Request[Any, Any, Any]
) -> Response[PersonItem]:
    """Change name, login, number, roles or warehouses; 409 `last_admin`."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        refusal = await personnel.change(
            connection,
            held.tenant,
            person_id,
            held.actor,
            hub.clock(),
            login=data.login,
            name=data.name,
            number=data.number,
            roles=data.roles,
            warehouses=data.warehouses,
        )
    if refusal is not None:
        return respond(problems.of(refusal))
    return Response(await _read(request, person_id))


@post(
    "/v1/people/{person_id:uuid}/disable",
    operation_id="disablePerson",
    tags=["people"],
    responses=PROBLEMS,
    guards=[may("person.write"), only_json],
    status_code=200,
)
async def disable_person(
    person_id: FromPath[uuid.UUID], data: JSONBody[WithReason], request: Request[Any, Any, Any]
) -> Response[PersonItem]:
    """Disable a person: every session ends in the same commit. 409 `last_admin`."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        refusal = await personnel.disable(
            connection, held.tenant, person_id, held.actor, data.reason, hub.clock()
        )
    if refusal is not None:
        return respond(problems.of(refusal))
    return Response(await _read(request, person_id))


@post(
    "/v1/people/{person_id:uuid}/enable",
    operation_id="enablePerson",
    tags=["people"],
    responses=PROBLEMS,
    guards=[may("person.write"), only_json],
    status_code=200,
)
async def enable_person(
    person_id: FromPath[uuid.UUID], data: JSONBody[WithReason], request: Request[Any, Any, Any]
) -> PersonItem:
    """Let a disabled person act again."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        await personnel.enable(connection, held.tenant, person_id, held.actor, data.reason)
    return await _read(request, person_id)


@get(
    "/v1/people/{person_id:uuid}/sessions",
    operation_id="listSessions",
    tags=["people"],
    responses=READ_PROBLEMS,
    guards=[may("person.read")],
)
async def list_sessions(
    person_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]
) -> Sessions:
    """List the sessions of a person that hold."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        row = await people.find(connection, held.tenant, person_id)
        found = await sessions.of_person(connection, held.tenant, row.id, hub.clock())
    return listed(found, held.session.id if held.session else None)


@delete(
    "/v1/people/{person_id:uuid}/sessions",
    operation_id="endSessions",
    tags=["people"],
    responses=PROBLEMS,
    guards=[may("person.write")],
    status_code=204,
)
async def end_sessions(person_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]) -> None:
    """End all sessions of a person."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection, connection.transaction():
        row = await people.lock(connection, held.tenant, person_id)
        await sessions.end(connection, held.tenant, row, held.actor, "revoked", hub.clock())


ROUTES: Final = [
    list_people,
    read_person,
    invite_person,
    renew_invitation,
    withdraw_invitation,
    change_person,
    disable_person,
    enable_person,
    list_sessions,
    end_sessions,
]
