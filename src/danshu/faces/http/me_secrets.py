"""The own account: password and codes. Each change asks for a fresh proof."""

from __future__ import annotations

import io
from typing import Any, Final

import segno
from litestar import Request, Response, delete, post
from litestar.params import JSONBody
from msgspec import Struct

from danshu.capabilities.people import decide
from danshu.faces.http.framework import PROBLEMS, hub_of, only_json, respond, signed_in
from danshu.faces.http.me import ME, fresh
from danshu.faces.http.problems import of as problem_of
from danshu.faces.http.sessions import Code, Password, Session, renewed
from danshu.hub import challenges, entry, passwords, people, sessions, totp


class TotpOffer(Struct, frozen=True, kw_only=True):
    """A secret for the authenticator app: as URI, as a QR code (SVG), and to be typed."""

    secret: str
    uri: str
    qr_svg: str


class TotpConfirmation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The code that the app shows now."""

    code: Code


class RecoveryCodes(Struct, frozen=True, kw_only=True):
    """Codes that let in once each when the app is lost; shown this once."""

    codes: tuple[str, ...]
    session: Session


class PasswordChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new password. The fresh proof stands for the old one."""

    password: Password


@post(
    f"{ME}/totp/options",
    operation_id="beginTotp",
    tags=["me"],
    responses=PROBLEMS,
    status_code=200,
    guards=[signed_in],
)
async def begin_totp(request: Request[Any, Any, Any]) -> TotpOffer:
    """Make a secret for the authenticator app; it counts once a code of it was given back."""
    hub, session = hub_of(request), fresh(request)
    secret = totp.new_secret()
    async with hub.connection() as connection:
        await challenges.put(
            connection,
            session.tenant,
            "totp",
            session.id.bytes,
            hub.clock(),
            bound=session.row.id.bytes,
            body=secret.encode(),
        )
    uri = totp.uri(secret, session.row.login, session.merchant)
    drawn = io.BytesIO()
    segno.make(uri, error="m").save(drawn, kind="svg", xmldecl=False, scale=4, border=2)
    return TotpOffer(secret=secret, uri=uri, qr_svg=drawn.getvalue().decode())


@post(
    f"{ME}/totp",
    operation_id="enrolTotp",
    tags=["me"],
    responses=PROBLEMS,
    guards=[signed_in, only_json],
)
async def enrol_totp(
    data: JSONBody[TotpConfirmation], request: Request[Any, Any, Any]
) -> Response[RecoveryCodes]:
    """Enrol by the first code; a limited session becomes a whole one, under a new cookie."""
    hub, session, now_ms = hub_of(request), fresh(request), hub_of(request).clock()
    async with hub.connection() as connection, connection.transaction():
        codes = await totp.enrol(
            connection,
            session.tenant,
            await people.lock(connection, session.tenant, session.row.id),
            session,
            data.code,
            now_ms,
        )
        row = await people.lock(connection, session.tenant, session.row.id)
        cookie = await sessions.prove(connection, session, row, "password+totp", now_ms)
    answer = await renewed(request, cookie, 201)
    return Response(
        RecoveryCodes(codes=tuple(codes), session=answer.content),
        status_code=201,
        headers=answer.headers,
    )


@delete(
    f"{ME}/totp",
    operation_id="removeTotp",
    tags=["me"],
    responses=PROBLEMS,
    guards=[signed_in],
    status_code=204,
)
async def remove_totp(request: Request[Any, Any, Any]) -> Response[None]:
    """Stop asking for codes; not where the merchant requires them beside a password."""
    session = fresh(request)
    async with hub_of(request).connection() as connection, connection.transaction():
        row = await people.lock(connection, session.tenant, session.row.id)
        if session.totp == "required" and row.person.password and row.person.totp:
            return respond(problem_of(decide.CODES_REQUIRED))
        if row.person.totp:
            await totp.remove(connection, session.tenant, row, session.actor)
    return Response(None, status_code=204)


@post(
    f"{ME}/password",
    operation_id="changePassword",
    tags=["me"],
    responses=PROBLEMS,
    guards=[signed_in, only_json],
    status_code=204,
)
async def change_password(data: JSONBody[PasswordChange], request: Request[Any, Any, Any]) -> None:
    """Set another password; every other session of the person ends."""
    hub, session = hub_of(request), fresh(request)
    passwords.check_new(data.password, session.row.login, session.row.name, session.code)
    hashed = await request.app.state.door.hasher.hash(data.password)
    async with hub.connection() as connection, connection.transaction():
        row = await people.lock(connection, session.tenant, session.row.id)
        row = await entry.set_password(connection, session.tenant, row, hashed, session.actor)
        await sessions.end(
            connection, session.tenant, row, session.actor, "changed", hub.clock(), but=[session.id]
        )


ROUTES: Final = [begin_totp, enrol_totp, remove_totp, change_password]
