"""The own account: passkeys and sessions. What weighs asks for a fresh proof."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final

from litestar import Request, Response, delete, get, patch, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.faces.http.entering import Ceremony, Credential, PasskeyName, origin_of
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    hub_of,
    only_json,
    respond,
    session_of,
    signed_in,
)
from danshu.faces.http.problems import of as problem_of
from danshu.faces.http.sessions import Session, renewed
from danshu.hub import passkey_owners, passkeys, people, sessions
from danshu.hub.sessions import Session as OpenSession
from danshu.kernel.errors import InputError
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import ORDER_BODY_BYTES, PROOF_S

ME: Final = "/v1/people/me"
_PROVIDED: Final = "select 1 from identities where tenant=%s and person=%s limit 1"
STEP_UP: Final = InputError("step_up", "this asks for a fresh proof of who you are")


class PasskeyItem(Struct, frozen=True, kw_only=True):
    """A passkey; `backed_up` when it lives in a cloud keychain, `used` "" when it never was."""

    id: str
    name: str
    transports: tuple[str, ...]
    aaguid: str
    backed_up: bool
    made: str
    used: str


class Passkeys(Struct, frozen=True, kw_only=True):
    """The own passkeys, oldest first."""

    items: tuple[PasskeyItem, ...]


class NewPasskey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A passkey to keep."""

    name: PasskeyName
    credential: Credential


class PasskeyPatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Another name."""

    name: PasskeyName


class SessionItem(Struct, frozen=True, kw_only=True):
    """A session; `here` is the one that asks."""

    id: str
    method: str
    agent: str
    address: str
    made: str
    seen: str
    ends: str
    here: bool


class Sessions(Struct, frozen=True, kw_only=True):
    """Sessions that hold, newest first."""

    items: tuple[SessionItem, ...]


class Account(Struct, frozen=True, kw_only=True):
    """What the own account has to prove itself with."""

    password: bool
    totp: bool
    passkeys: Annotated[int, Meta(description="how many")]
    required: Annotated[str, Meta(description="required or optional: codes at this merchant")]


def listed(items: list[sessions.Listed], here: uuid.UUID | None) -> Sessions:
    """Show sessions."""
    return Sessions(
        items=tuple(
            [
                SessionItem(
                    id=str(s.id),
                    method=s.method,
                    agent=s.agent,
                    address=s.address,
                    made=rfc3339(s.made_ms),
                    seen=rfc3339(s.seen_ms),
                    ends=rfc3339(s.ends_ms),
                    here=s.id == here,
                )
                for s in items
            ]
        )
    )


def fresh(request: Request[Any, Any, Any]) -> OpenSession:
    """Give a session whose person has just proven who they are. Raises InputError `step_up`."""
    session = session_of(request)
    if session.age_s(hub_of(request).clock()) > PROOF_S:
        raise STEP_UP
    return session


@get(ME, operation_id="readAccount", tags=["me"], responses=READ_PROBLEMS, guards=[signed_in])
async def read_account(request: Request[Any, Any, Any]) -> Account:
    """Tell what the own account has to prove itself with."""
    session = session_of(request)
    person = session.row.person
    return Account(
        password=person.password,
        totp=person.totp,
        passkeys=len(person.passkeys),
        required=session.totp,
    )


@get(
    f"{ME}/passkeys",
    operation_id="listPasskeys",
    tags=["me"],
    responses=READ_PROBLEMS,
    guards=[signed_in],
)
async def list_passkeys(request: Request[Any, Any, Any]) -> Passkeys:
    """List the own passkeys."""
    session = session_of(request)
    async with hub_of(request).connection() as connection:
        found = await passkeys.of_person(connection, session.tenant, session.row.id)
    return Passkeys(
        items=tuple(
            [
                PasskeyItem(
                    id=p.id,
                    name=p.name,
                    transports=p.transports,
                    aaguid=p.aaguid,
                    backed_up=p.backed_up,
                    made=rfc3339(int(p.made.timestamp() * 1000)),
                    used=rfc3339(int(p.used.timestamp() * 1000)) if p.used else "",
                )
                for p in found
            ]
        )
    )


@post(
    f"{ME}/passkeys/options",
    operation_id="beginPasskey",
    tags=["me"],
    responses=PROBLEMS,
    status_code=200,
    guards=[signed_in],
)
async def begin_passkey(request: Request[Any, Any, Any]) -> Ceremony:
    """Begin to add a passkey."""
    hub, session = hub_of(request), fresh(request)
    async with hub.connection() as connection:
        options = await passkeys.offer(
            connection,
            session.tenant,
            session.row,
            origin_of(request),
            hub.clock(),
            session.id.bytes,
        )
    return Ceremony(options=options)


@post(
    f"{ME}/passkeys",
    operation_id="addPasskey",
    tags=["me"],
    responses=PROBLEMS,
    guards=[signed_in, only_json],
    request_max_body_size=ORDER_BODY_BYTES,
)
async def add_passkey(
    data: JSONBody[NewPasskey], request: Request[Any, Any, Any]
) -> Response[Session]:
    """Add a passkey; the session goes on under a new cookie, without limits."""
    hub, session, now_ms = hub_of(request), fresh(request), hub_of(request).clock()
    async with hub.connection() as connection:
        challenge = await passkeys.spend(
            connection, session.tenant, "register", data.credential, now_ms, session.id.bytes
        )
        who = (session.tenant, session.row.id, session.actor)
        async with passkey_owners.telling(connection, *who), connection.transaction():
            row = await people.lock(connection, session.tenant, session.row.id)
            row = await passkeys.register(
                connection,
                session.tenant,
                row,
                origin_of(request),
                data.credential,
                challenge,
                data.name,
                session.actor,
            )
            cookie = await sessions.prove(connection, session, row, "passkey", now_ms)
    return await renewed(request, cookie, 201)


@patch(
    f"{ME}/passkeys/{{passkey_id:str}}",
    operation_id="renamePasskey",
    tags=["me"],
    responses=PROBLEMS,
    guards=[signed_in, only_json],
    status_code=204,
)
async def rename_passkey(
    passkey_id: FromPath[str], data: JSONBody[PasskeyPatch], request: Request[Any, Any, Any]
) -> None:
    """Give a passkey another name."""
    session = session_of(request)
    async with hub_of(request).connection() as connection:
        await passkeys.rename(connection, session.tenant, session.row.id, passkey_id, data.name)


@delete(
    f"{ME}/passkeys/{{passkey_id:str}}",
    operation_id="removePasskey",
    tags=["me"],
    responses=PROBLEMS,
    guards=[signed_in],
    status_code=204,
)
async def remove_passkey(
    passkey_id: FromPath[str], request: Request[Any, Any, Any]
) -> Response[None]:
    """Remove a passkey; 409 `last_way_in` for the last way to sign in."""
    session = fresh(request)
    async with hub_of(request).connection() as connection, connection.transaction():
        row = await people.lock(connection, session.tenant, session.row.id)
        given = (session.tenant, session.row.id)
        provided = await (await connection.execute(_PROVIDED, given)).fetchone()
        refusal = await passkeys.remove(
            connection,
            session.tenant,
            row,
            passkey_id,
            has_provider=provided is not None,
            by=session.actor,
        )
    if refusal is not None:
        return respond(problem_of(refusal))
    return Response(None, status_code=204)


@get(
    f"{ME}/sessions",
    operation_id="listOwnSessions",
    tags=["me"],
    responses=READ_PROBLEMS,
    guards=[signed_in],
)
async def list_own_sessions(request: Request[Any, Any, Any]) -> Sessions:
    """List the own sessions."""
    hub, session = hub_of(request), session_of(request)
    async with hub.connection() as connection:
        found = await sessions.of_person(connection, session.tenant, session.row.id, hub.clock())
    return listed(found, session.id)


@delete(
    f"{ME}/sessions/{{session_id:uuid}}",
    operation_id="endOwnSession",
    tags=["me"],
    responses=PROBLEMS,
    guards=[signed_in],
    status_code=204,
)
async def end_own_session(session_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]) -> None:
    """End one of the own sessions, on a device that was lost."""
    hub, session = hub_of(request), session_of(request)
    async with hub.connection() as connection, connection.transaction():
        row = await people.lock(connection, session.tenant, session.row.id)
        after = await sessions.end(
            connection,
            session.tenant,
            row,
            session.actor,
            "revoked",
            hub.clock(),
            only=[session_id],
        )
    if after is row:
        raise InputError("no_session", "there is no such session")


ROUTES: Final = [
    read_account,
    list_passkeys,
    begin_passkey,
    add_passkey,
    rename_passkey,
    remove_passkey,
    list_own_sessions,
    end_own_session,
]
