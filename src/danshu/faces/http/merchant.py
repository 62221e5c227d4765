"""The merchant: its name, how its people prove themselves, its OpenID provider."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from litestar import Request, delete, get, patch, put
from litestar.params import JSONBody
from msgspec import Meta, Struct

from danshu.capabilities.people.model import Role
from danshu.faces.http.entering import origin_of
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
)
from danshu.faces.http.provider import NO_PROVIDER
from danshu.hub import merchant_settings, outside
from danshu.hub.fields import PLAIN
from danshu.kernel.errors import InputError
from danshu.kernel.limits import OIDC_DOMAINS, OIDC_MAPPINGS

Url = Annotated[str, Meta(min_length=8, max_length=500, pattern=PLAIN)]
Domain = Annotated[str, Meta(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(?![\s\S])")]
Value = Annotated[str, Meta(min_length=1, max_length=200, pattern=PLAIN)]


class ClaimRoles(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who has this value in the claim acts in these roles."""

    value: Value
    roles: Annotated[tuple[Role, ...], Meta(min_length=1, max_length=9)]


class ProviderItem(Struct, frozen=True, kw_only=True):
    """The OpenID provider; its secret never comes out. `callback` is to be registered there."""

    issuer: str
    client: str
    domains: tuple[str, ...]
    claim: str
    mapping: tuple[ClaimRoles, ...]
    callback: str


class Merchant(Struct, frozen=True, kw_only=True):
    """The merchant's own settings."""

    code: str
    name: str
    totp: Annotated[str, Meta(description="codes beside a password: required or optional")]
    origin: str
    provider: ProviderItem | None


class MerchantPatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What changes; what is left out stays."""

    name: Annotated[str, Meta(min_length=1, max_length=100, pattern=PLAIN)] | None = None
    totp: Literal["required", "optional"] | None = None


class NewProvider(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An OpenID provider. `secret` "" keeps the one that is there. With a mapping, roles follow the
    claim at each sign-in and who has none is refused; without, people are invited first.
    """

    issuer: Url
    client: Annotated[str, Meta(min_length=1, max_length=200, pattern=PLAIN)]
    secret: Annotated[str, Meta(max_length=500, pattern=PLAIN)] = ""
    domains: Annotated[tuple[Domain, ...], Meta(max_length=OIDC_DOMAINS)] = ()
    claim: Annotated[str, Meta(max_length=100, pattern=PLAIN)] = ""
    mapping: Annotated[tuple[ClaimRoles, ...], Meta(max_length=OIDC_MAPPINGS)] = ()


async def _read(request: Request[Any, Any, Any]) -> Merchant:
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        door = await merchant_settings.find_door(connection, held.caller.merchant)
        provider = await merchant_settings.find_provider(connection, held.tenant)
    origin = origin_of(request).url
    shown = None
    if provider is not None:
        roles: dict[str, list[Any]] = dict(provider.mapping)
        shown = ProviderItem(
            issuer=provider.issuer,
            client=provider.client,
            domains=provider.domains,
            claim=provider.claim,
            mapping=tuple([ClaimRoles(value=v, roles=tuple(r)) for v, r in roles.items()]),
            callback=f"{origin}/v1/session/provider/callback",
        )
    return Merchant(code=door.code, name=door.name, totp=door.totp, origin=origin, provider=shown)


@get(
    "/v1/merchant",
    operation_id="readMerchant",
    tags=["merchant"],
    responses=READ_PROBLEMS,
    guards=[may("merchant.read")],
)
async def read_merchant(request: Request[Any, Any, Any]) -> Merchant:
    """Read the merchant's settings."""
    return await _read(request)


@patch(
    "/v1/merchant",
    operation_id="changeMerchant",
    tags=["merchant"],
    responses=PROBLEMS,
    guards=[may("merchant.write"), only_json],
)
async def change_merchant(
    data: JSONBody[MerchantPatch], request: Request[Any, Any, Any]
) -> Merchant:
    """Change the merchant's name, or whether codes are required."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        before = await merchant_settings.find_door(connection, held.caller.merchant)
        await merchant_settings.change(
            connection,
            before,
            held.actor,
            data.name or before.name,
            data.totp or before.totp,
        )
    return await _read(request)


@put(
    "/v1/merchant/provider",
    operation_id="putProvider",
    tags=["merchant"],
    responses=PROBLEMS,
    guards=[may("merchant.write"), only_json],
)
async def put_provider(data: JSONBody[NewProvider], request: Request[Any, Any, Any]) -> Merchant:
    """Take the word of this provider on who somebody is. It is asked first whether it answers."""
    held = held_of(request)
    outside.check_url(data.issuer)
    if data.mapping and not data.claim:
        raise InputError("bad_field", "a mapping goes from the values of a claim", "/claim")
    async with hub_of(request).connection() as connection:
        before = await merchant_settings.find_provider(connection, held.tenant)
    secret = data.secret or (before.secret if before else "")
    if not secret:
        raise InputError("bad_field", "a new provider needs a secret", "/secret")
    provider = merchant_settings.Provider(
        issuer=data.issuer,
        client=data.client,
        secret=secret,
        domains=data.domains,
        claim=data.claim,
        mapping={m.value: list(m.roles) for m in data.mapping},
    )
    await request.app.state.provider.begin(provider, origin_of(request).url, "/")
    async with hub_of(request).connection() as connection:
        await merchant_settings.put_provider(connection, held.tenant, held.actor, provider)
    return await _read(request)


@delete(
    "/v1/merchant/provider",
    operation_id="dropProvider",
    tags=["merchant"],
    responses=PROBLEMS,
    guards=[may("merchant.write")],
    status_code=204,
)
async def drop_provider(request: Request[Any, Any, Any]) -> None:
    """Take nobody's word any more; who came in by it alone needs another way."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        if await merchant_settings.find_provider(connection, held.tenant) is None:
            raise NO_PROVIDER
        await merchant_settings.put_provider(connection, held.tenant, held.actor, None)


ROUTES: Final = [read_merchant, change_merchant, put_provider, drop_provider]
