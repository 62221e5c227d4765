"""Signing in and out, and what the console must know about who is in."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response, delete, get, patch, post
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta, Struct

from danshu.capabilities.people.model import Preferences
from danshu.faces.http import cookies
from danshu.faces.http.auth import Held, Keyring
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    only_json,
    own_page,
    session_of,
    signed_in,
)
from danshu.faces.http.placing import PLAIN
from danshu.hub import entry, people, sessions
from danshu.kernel.errors import InputError
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import LOGIN_CHARS, PASSWORD_CHARS, PROOF_S

_PREFERENCES: Final = "update people set preferences=%s where tenant=%s and id=%s"
MerchantCode = Annotated[str, Meta(min_length=1, max_length=64, pattern=PLAIN)]
Login = Annotated[str, Meta(min_length=1, max_length=LOGIN_CHARS, pattern=PLAIN)]
Password = Annotated[str, Meta(min_length=1, max_length=PASSWORD_CHARS)]
Code = Annotated[str, Meta(max_length=40, pattern=PLAIN)]


class SessionPerson(Struct, frozen=True, kw_only=True):
    """Who is signed in."""

    id: str
    login: str
    name: str
    number: str
    roles: tuple[str, ...]
    warehouses: tuple[str, ...]


class SessionTenant(Struct, frozen=True, kw_only=True):
    """The merchant of the session."""

    code: str
    name: str


class Session(Struct, frozen=True, kw_only=True):
    """The session of this browser.

    `rights` are the actions that the person may do in some context: what to show. Unsafe requests
    repeat `csrf` in X-CSRF-Token. Until `fresh_until` ("" = no longer) the person counts as just
    proven; later some acts answer 403 `step_up`. `todo` "totp": enrol a code first, nothing else is
    open.
    """

    id: str
    person: SessionPerson
    tenant: SessionTenant
    rights: tuple[str, ...]
    csrf: str
    preferences: Preferences
    method: str
    fresh_until: str
    todo: str


class PasswordSignIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`code` is that of the authenticator app, or a recovery code."""

    tenant: MerchantCode
    login: Login
    password: Password
    code: Code = ""


class PreferencesPatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What changes of the preferences; what is left out stays."""

    locale: str = ""
    theme: str = ""
    density: str = ""
    single_keys: bool | None = None


def shown(held: Held) -> Session:
    """Show a held session."""
    session = held.session
    if session is None:
        raise InputError("unauthenticated", "sign in")
    row = session.row
    fresh_ms = session.proven_ms + PROOF_S * 1000
    return Session(
        id=str(session.id),
        person=SessionPerson(
            id=str(row.id),
            login=row.login,
            name=row.name,
            number=row.person.number,
            roles=row.person.roles,
            warehouses=row.person.warehouses,
        ),
        tenant=SessionTenant(code=session.code, name=session.merchant),
        rights=tuple(sorted(held.possible)),
        csrf=session.csrf,
        preferences=preferences(row),
        method=session.method,
        fresh_until=rfc3339(fresh_ms) if fresh_ms > people.now_ms() else "",
        todo="totp" if session.limited else "",
    )


def preferences(row: people.Row) -> Preferences:
    """Read a person's preferences; what an older version kept and this one can't read is new."""
    try:
        return msgspec.json.decode(row.preferences, type=Preferences)
    except msgspec.ValidationError:
        return Preferences()


async def enter(request: Request[Any, Any, Any], cookie: str) -> Response[Session]:
    """Answer with a new session and its cookie; the one that the browser had before ends."""
    hub = hub_of(request)
    keyring: Keyring = request.app.state.keyring
    before = cookies.read(request.scope, keyring.origin)
    now_ms = hub.clock()
    async with hub.connection() as connection:
        old = await sessions.find(connection, before, now_ms) if before else None
        if old is not None:
            async with connection.transaction():
                row = await people.lock(connection, old.tenant, old.row.id)
                await sessions.end(
                    connection, old.tenant, row, old.actor, "replaced", now_ms, only=[old.id]
                )
    return await renewed(request, cookie, 201)


async def renewed(request: Request[Any, Any, Any], cookie: str, status: int) -> Response[Session]:
    """Answer with a session that goes on under a new cookie."""
    keyring: Keyring = request.app.state.keyring
    held = await keyring.hold(cookie)
    header = cookies.write(request.scope, keyring.origin, cookie)
    return Response(shown(held), status_code=status, headers={"set-cookie": header})


@post(
    "/v1/session/password",
    operation_id="signInByPassword",
    tags=["session"],
    responses=PROBLEMS,
    security=[{}],
    guards=[own_page, only_json],
)
async def sign_in_by_password(
    data: JSONBody[PasswordSignIn], request: Request[Any, Any, Any]
) -> Response[Session]:
    """Sign in by password and, where the person has one, a code.

    401 `bad_sign_in` whatever is wrong, `code_needed` when only the code is missing; 429
    `too_often` with the time to wait.
    """
    cookie = await entry.by_password(
        hub_of(request),
        request.app.state.door,
        cookies.visitor(request.scope),
        tenant=data.tenant,
        login=data.login,
        password=data.password,
        code=data.code,
    )
    return await enter(request, cookie)


@get(
    "/v1/session",
    operation_id="readSession",
    tags=["session"],
    responses=READ_PROBLEMS,
    guards=[signed_in],
)
async def read_session(request: Request[Any, Any, Any]) -> Session:
    """Tell who is signed in; 401 when nobody is."""
    return shown(held_of(request))


@delete(
    "/v1/session",
    operation_id="signOut",
    tags=["session"],
    responses=READ_PROBLEMS,
    guards=[signed_in],
    status_code=204,
)
async def sign_out(
    request: Request[Any, Any, Any],
    everywhere: Annotated[bool, QueryParameter(description="all sessions of the person")] = False,
) -> Response[None]:
    """Sign out here, or everywhere."""
    hub, session = hub_of(request), session_of(request)
    async with hub.connection() as connection, connection.transaction():
        row = await people.lock(connection, session.tenant, session.row.id)
        only = [] if everywhere else [session.id]
        await sessions.end(
            connection, session.tenant, row, session.actor, "signed_out", hub.clock(), only=only
        )
    keyring: Keyring = request.app.state.keyring
    header = cookies.write(request.scope, keyring.origin, "")
    return Response(None, status_code=204, headers={"set-cookie": header})


@patch(
    "/v1/session/preferences",
    operation_id="setPreferences",
    tags=["session"],
    responses=PROBLEMS,
    guards=[signed_in, only_json],
)
async def set_preferences(
    data: JSONBody[PreferencesPatch], request: Request[Any, Any, Any]
) -> Preferences:
    """Change how the console looks for this person, on each device. Raises `bad_field`."""
    session = session_of(request)
    changes: dict[str, Any] = {
        name: value
        for name in data.__struct_fields__
        if (value := getattr(data, name)) not in ("", None)
    }
    before = msgspec.to_builtins(preferences(session.row))
    try:
        after = msgspec.convert(before | changes, Preferences)
    except msgspec.ValidationError as error:
        raise InputError("bad_field", str(error)) from error
    async with hub_of(request).connection() as connection:
        kept = msgspec.json.encode(after)
        await connection.execute(_PREFERENCES, (kept, session.tenant, session.row.id))
    return after


ROUTES: Final = [sign_in_by_password, read_session, sign_out, set_preferences]
