"""Signing in by the merchant's OpenID provider: the browser goes there and comes back."""

from __future__ import annotations

import secrets
from typing import Annotated, Any, Final
from urllib.parse import quote

import msgspec
from litestar import Request, Response, get
from litestar.params import QueryParameter

from danshu.faces.http import cookies
from danshu.faces.http.auth import Keyring
from danshu.faces.http.entering import origin_of
from danshu.faces.http.framework import READ_PROBLEMS, hub_of
from danshu.faces.http.sessions import enter
from danshu.hub import challenges, merchant_settings, oidc, provided
from danshu.kernel.errors import DanshuError, InputError

_BACK: Final = "/v1/session/provider/callback"
_BINDER: Final = "danshu-provider"
NO_PROVIDER: Final = InputError("no_provider", "this merchant has no OpenID provider")


@get(
    "/v1/session/provider",
    operation_id="goToProvider",
    tags=["session"],
    responses=READ_PROBLEMS,
    security=[{}],
    status_code=302,
)
async def go_to_provider(
    request: Request[Any, Any, Any],
    tenant: Annotated[str, QueryParameter(min_length=1, max_length=64)],
    to: Annotated[str, QueryParameter(max_length=500, description="a path of ours")] = "/",
) -> Response[None]:
    """Send the browser to the merchant's provider."""
    hub = hub_of(request)
    client: oidc.Client = request.app.state.provider
    async with hub.connection() as connection:
        door = await merchant_settings.find_door(connection, tenant)
        provider = await merchant_settings.find_provider(connection, door.tenant)
    if provider is None:
        raise NO_PROVIDER
    own = to if to.startswith("/") and not to.startswith(("//", "/\\")) else "/"
    redirect = origin_of(request).url + _BACK
    url, state, begun = await client.begin(provider, redirect, own)
    binder = secrets.token_urlsafe(32)
    async with hub.connection() as connection:
        await challenges.put(
            connection,
            door.tenant,
            "provider",
            state.encode(),
            hub.clock(),
            bound=cookies.digest(binder),
            body=msgspec.json.encode(begun),
        )
    keyring: Keyring = request.app.state.keyring
    bound = cookies.write(
        request.scope, keyring.origin, f"{door.tenant}.{binder}", name=_BINDER, age_s=300
    )
    return Response(None, status_code=302, headers={"location": url, "set-cookie": bound})


@get(
    _BACK,
    operation_id="comeFromProvider",
    tags=["session"],
    responses=READ_PROBLEMS,
    security=[{}],
    status_code=302,
)
async def come_from_provider(
    request: Request[Any, Any, Any],
    callback_state: Annotated[str, QueryParameter(name="state", max_length=200)] = "",
    code: Annotated[str, QueryParameter(max_length=4096)] = "",
    error: Annotated[str, QueryParameter(max_length=200)] = "",
) -> Response[None]:
    """Take the browser back, signed in; or to the sign-in page with the code of what was wrong."""
    try:
        cookie, to = await _come(request, callback_state, code if not error else "")
    except DanshuError as refused:
        code_of = getattr(refused, "code", "program")
        return Response(
            None, status_code=302, headers={"location": f"/sign-in#problem={quote(code_of)}"}
        )
    entered = await enter(request, cookie)
    headers = {"location": to, "set-cookie": entered.headers["set-cookie"]}
    return Response(None, status_code=302, headers=headers)


async def _come(request: Request[Any, Any, Any], state: str, code: str) -> tuple[str, str]:
    hub, now_ms = hub_of(request), hub_of(request).clock()
    client: oidc.Client = request.app.state.provider
    keyring: Keyring = request.app.state.keyring
    told = cookies.read(request.scope, keyring.origin, name=_BINDER)
    number, _, binder = told.partition(".")
    if not number.isdigit() or len(number) > 9 or not code:
        raise oidc.REFUSED
    tenant = int(number)
    async with hub.connection() as connection:
        bound = cookies.digest(binder)
        kept = await challenges.take(
            connection, tenant, "provider", state.encode(), now_ms, bound=bound
        )
        provider = await merchant_settings.find_provider(connection, tenant)
    if kept is None or provider is None:
        raise oidc.REFUSED
    begun = msgspec.json.decode(kept, type=oidc.Begun)
    redirect = origin_of(request).url + _BACK
    identity = await client.finish(provider, redirect, code, begun)
    async with hub.connection() as connection, connection.transaction():
        visitor = cookies.visitor(request.scope)
        cookie = await provided.enter(
            connection, tenant, provider.issuer, identity, visitor, now_ms
        )
    return cookie, begun.to


ROUTES: Final = [go_to_provider, come_from_provider]
