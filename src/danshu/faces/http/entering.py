"""The ways in beside the password: passkeys, and a further proof inside a session."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Request, Response, get, post
from litestar.params import JSONBody, QueryParameter
from msgspec import Meta, Struct

from danshu.faces.http import cookies
from danshu.faces.http.auth import Keyring
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    hub_of,
    only_json,
    own_page,
    session_of,
    signed_in,
)
from danshu.faces.http.sessions import (
    Code,
    MerchantCode,
    Session,
    SessionTenant,
    enter,
    renewed,
)
from danshu.hub import entry, merchant_settings, passkeys, sessions
from danshu.hub.fields import PLAIN
from danshu.hub.passkeys import Origin
from danshu.kernel.errors import InputError
from danshu.kernel.limits import ORDER_BODY_BYTES

PasskeyName = Annotated[str, Meta(min_length=1, max_length=60, pattern=PLAIN)]
Credential = Annotated[
    dict[str, Any], Meta(description="PublicKeyCredential.toJSON() of the browser")
]
Options = Annotated[dict[str, Any], Meta(description="what navigator.credentials is called with")]


class Door(Struct, frozen=True, kw_only=True):
    """How people of a merchant come in. Passkeys work at `origin` alone."""

    tenant: SessionTenant
    origin: str
    provider: bool
    totp: str


class Ceremony(Struct, frozen=True, kw_only=True):
    """The begin of a passkey's ceremony."""

    options: Options


class PasskeyCall(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose people are to sign in."""

    tenant: MerchantCode


class PasskeySignIn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The answer of a passkey."""

    tenant: MerchantCode
    credential: Credential


class StepUp(Struct, frozen=True, kw_only=True):
    """How the person may prove who they are again; `options` when they have a passkey."""

    options: Annotated[
        dict[str, Any] | None, Meta(description="what navigator.credentials is called with")
    ] = None
    password: bool
    totp: bool


class Proof(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A further proof: a passkey's answer, or password and code."""

    credential: dict[str, Any] | None = None
    password: Annotated[str, Meta(max_length=128)] = ""
    code: Code = ""


def origin_of(request: Request[Any, Any, Any]) -> Origin:
    """Give where browsers find this application."""
    keyring: Keyring = request.app.state.keyring
    return Origin(url=cookies.own_origin(request.scope, keyring.origin))


@get("/v1/door", operation_id="readDoor", tags=["session"], responses=READ_PROBLEMS, security=[{}])
async def read_door(
    request: Request[Any, Any, Any],
    tenant: Annotated[
        str, QueryParameter(max_length=64, description="code; may be left out where there is one")
    ] = "",
) -> Door:
    """Tell how people of a merchant come in: what the sign-in page shows."""
    async with hub_of(request).connection() as connection:
        found = await merchant_settings.find_door(connection, tenant)
    return Door(
        tenant=SessionTenant(code=found.code, name=found.name),
        origin=origin_of(request).url,
        provider=found.has_provider,
        totp=found.totp,
    )


@post(
    "/v1/session/passkey/options",
    operation_id="beginPasskeySignIn",
    tags=["session"],
    responses=PROBLEMS,
    security=[{}],
    status_code=200,
    guards=[own_page, only_json],
)
async def begin_passkey_sign_in(
    data: JSONBody[PasskeyCall], request: Request[Any, Any, Any]
) -> Ceremony:
    """Begin to sign in by passkey; any passkey of the merchant's people may answer."""
    hub = hub_of(request)
    async with hub.connection() as connection:
        found = await entry.find_tenant(connection, data.tenant)
        number = found[0] if found else 0
        options = await passkeys.ask(connection, number, origin_of(request), "sign_in", hub.clock())
    return Ceremony(options=options)


@post(
    "/v1/session/passkey",
    operation_id="signInByPasskey",
    tags=["session"],
    responses=PROBLEMS,
    security=[{}],
    guards=[own_page, only_json],
    request_max_body_size=ORDER_BODY_BYTES,
)
async def sign_in_by_passkey(
    data: JSONBody[PasskeySignIn], request: Request[Any, Any, Any]
) -> Response[Session]:
    """Sign in by passkey. 401 `bad_sign_in` whatever is wrong."""
    hub, origin, now_ms = hub_of(request), origin_of(request), hub_of(request).clock()
    number = 0
    try:
        async with hub.connection() as connection:
            found = await entry.find_tenant(connection, data.tenant)
            number = found[0] if found else 0
            challenge = await passkeys.spend(connection, number, "sign_in", data.credential, now_ms)
            async with connection.transaction():
                row = await passkeys.answer(connection, number, origin, data.credential, challenge)
                cookie = await sessions.open_(
                    connection,
                    number,
                    row,
                    cookies.visitor(request.scope),
                    method="passkey",
                    limited=False,
                    now_ms=now_ms,
                )
    except InputError as error:
        await entry.refuse(hub, number, entry.NOBODY, now_ms)
        raise entry.WRONG from error
    return await enter(request, cookie)


@post(
    "/v1/session/step-up/options",
    operation_id="beginStepUp",
    tags=["session"],
    responses=PROBLEMS,
    status_code=200,
    guards=[signed_in],
)
async def begin_step_up(request: Request[Any, Any, Any]) -> StepUp:
    """Begin to prove again who you are."""
    hub, session = hub_of(request), session_of(request)
    options = None
    if session.row.person.passkeys:
        async with hub.connection() as connection:
            options = await passkeys.ask(
                connection,
                session.tenant,
                origin_of(request),
                "step_up",
                hub.clock(),
                session.id.bytes,
                session.row.id,
            )
    return StepUp(
        options=options, password=session.row.person.password, totp=session.row.person.totp
    )


@post(
    "/v1/session/step-up",
    operation_id="stepUp",
    tags=["session"],
    responses=PROBLEMS,
    guards=[signed_in, only_json],
    request_max_body_size=ORDER_BODY_BYTES,
)
async def step_up(data: JSONBody[Proof], request: Request[Any, Any, Any]) -> Response[Session]:
    """Prove again who you are; the session goes on under a new cookie and token."""
    hub, session, now_ms = hub_of(request), session_of(request), hub_of(request).clock()
    if data.credential is None:
        visitor = cookies.visitor(request.scope)
        door = request.app.state.door
        cookie = await entry.prove_password(hub, door, visitor, session, data.password, data.code)
    else:
        async with hub.connection() as connection:
            challenge = await passkeys.spend(
                connection, session.tenant, "step_up", data.credential, now_ms, session.id.bytes
            )
            async with connection.transaction():
                row = await passkeys.answer(
                    connection, session.tenant, origin_of(request), data.credential, challenge
                )
                if row.id != session.row.id:
                    raise passkeys.BAD
                cookie = await sessions.prove(connection, session, row, "passkey", now_ms)
    return await renewed(request, cookie, 200)


ROUTES: Final = [
    read_door,
    begin_passkey_sign_in,
    sign_in_by_passkey,
    begin_step_up,
    step_up,
]
