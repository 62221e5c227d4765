"""Coming in by a link: an invitation, or a way back for who lost all others."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Request, Response, post
from litestar.params import JSONBody
from msgspec import Meta, Struct

from danshu.faces.http import cookies
from danshu.faces.http.entering import Ceremony, Credential, PasskeyName, origin_of
from danshu.faces.http.framework import PROBLEMS, hub_of, only_json, own_page
from danshu.faces.http.sessions import Password, Session, SessionTenant, enter
from danshu.hub import entry, invitations, passkey_owners, passkeys, passwords, sessions
from danshu.hub.fields import PLAIN
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import ORDER_BODY_BYTES

Token = Annotated[str, Meta(min_length=10, max_length=100, pattern=PLAIN)]


class Knock(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The token of a link."""

    token: Token


class Invitation(Struct, frozen=True, kw_only=True):
    """What a link opens: `kind` invite or recover."""

    tenant: SessionTenant
    kind: str
    login: str
    name: str
    number: str
    roles: tuple[str, ...]
    ends: str
    totp: str
    origin: str


class PasswordJoining(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Join by a password."""

    token: Token
    password: Password


class PasskeyJoining(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Join by a passkey."""

    token: Token
    name: PasskeyName
    credential: Credential


@post(
    "/v1/invitations/look",
    operation_id="lookAtInvitation",
    tags=["session"],
    responses=PROBLEMS,
    security=[{}],
    status_code=200,
    guards=[own_page, only_json],
)
async def look_at_invitation(data: JSONBody[Knock], request: Request[Any, Any, Any]) -> Invitation:
    """Tell what a link opens, without using it up."""
    hub = hub_of(request)
    async with hub.connection() as connection:
        held = await invitations.find(connection, data.token, hub.clock())
    return Invitation(
        tenant=SessionTenant(code=held.code, name=held.merchant),
        kind=held.kind,
        login=held.row.login,
        name=held.row.name,
        number=held.row.person.number,
        roles=held.row.person.roles,
        ends=rfc3339(int(held.ends.timestamp() * 1000)),
        totp=held.totp,
        origin=origin_of(request).url,
    )


@post(
    "/v1/invitations/password",
    operation_id="joinByPassword",
    tags=["session"],
    responses=PROBLEMS,
    security=[{}],
    guards=[own_page, only_json],
)
async def join_by_password(
    data: JSONBody[PasswordJoining], request: Request[Any, Any, Any]
) -> Response[Session]:
    """Join, or come back in, with a new password. Where codes are required they come next."""
    hub, now_ms = hub_of(request), hub_of(request).clock()
    async with hub.connection() as connection:
        held = await invitations.find(connection, data.token, now_ms)
    passwords.check_new(data.password, held.row.login, held.row.name, held.code)
    hashed = await request.app.state.door.hasher.hash(data.password)
    async with hub.connection() as connection, connection.transaction():
        row = await invitations.use(connection, held, "password", now_ms)
        row = await entry.set_password(connection, held.tenant, row, hashed, held.actor)
        # the link itself is the proof of who comes back; the codes stay as they are
        limited = held.totp == "required" and not row.person.totp and not row.person.passkeys
        cookie = await sessions.open_(
            connection,
            held.tenant,
            row,
            cookies.visitor(request.scope),
            method="link",
            limited=limited,
            now_ms=now_ms,
        )
    return await enter(request, cookie)


@post(
    "/v1/invitations/passkey/options",
    operation_id="beginJoiningByPasskey",
    tags=["session"],
    responses=PROBLEMS,
    security=[{}],
    status_code=200,
    guards=[own_page, only_json],
)
async def begin_joining_by_passkey(
    data: JSONBody[Knock], request: Request[Any, Any, Any]
) -> Ceremony:
    """Begin to join by a passkey."""
    hub, now_ms = hub_of(request), hub_of(request).clock()
    async with hub.connection() as connection:
        held = await invitations.find(connection, data.token, now_ms)
        options = await passkeys.offer(
            connection, held.tenant, held.row, origin_of(request), now_ms, held.id.bytes
        )
    return Ceremony(options=options)


@post(
    "/v1/invitations/passkey",
    operation_id="joinByPasskey",
    tags=["session"],
    responses=PROBLEMS,
    security=[{}],
    guards=[own_page, only_json],
    request_max_body_size=ORDER_BODY_BYTES,
)
async def join_by_passkey(
    data: JSONBody[PasskeyJoining], request: Request[Any, Any, Any]
) -> Response[Session]:
    """Join, or come back in, with a new passkey."""
    hub, now_ms = hub_of(request), hub_of(request).clock()
    async with hub.connection() as connection:
        held = await invitations.find(connection, data.token, now_ms)
        challenge = await passkeys.spend(
            connection, held.tenant, "register", data.credential, now_ms, held.id.bytes
        )
        who = (held.tenant, held.row.id, held.actor)
        async with passkey_owners.telling(connection, *who), connection.transaction():
            row = await invitations.use(connection, held, "passkey", now_ms)
            row = await passkeys.register(
                connection,
                held.tenant,
                row,
                origin_of(request),
                data.credential,
                challenge,
                data.name,
                held.actor,
            )
            cookie = await sessions.open_(
                connection,
                held.tenant,
                row,
                cookies.visitor(request.scope),
                method="passkey",
                limited=False,
                now_ms=now_ms,
            )
    return await enter(request, cookie)


ROUTES: Final = [
    look_at_invitation,
    join_by_password,
    begin_joining_by_passkey,
    join_by_passkey,
]
