"""How people of a merchant come in: codes required or not, the merchant's OpenID provider."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
import psycopg
from msgspec import Struct

from danshu.hub import merchants
from danshu.hub.facts import MerchantChanged, ProviderChanged
from danshu.kernel import canonical
from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
Totp = Literal["required", "optional"]
NO_TENANT: Final = InputError("no_tenant", "there is no such merchant")
_DOOR: Final = (
    "select t.id, t.code, t.name, coalesce(g.totp,'required'), p.tenant is not null from tenants t"
    " left join merchant_settings g on g.tenant=t.id left join providers p on p.tenant=t.id"
)
_SET: Final = (
    "insert into merchant_settings(tenant,totp) values (%s,%s)"
    " on conflict (tenant) do update set totp=excluded.totp"
)
_NAME: Final = "update tenants set name=%s where id=%s"
_PROVIDER: Final = (
    "select issuer,client,secret,domains,claim,mapping from providers where tenant=%s"
)
_PUT_PROVIDER: Final = (
    "insert into providers(tenant,issuer,client,secret,domains,claim,mapping)"
    " values (%s,%s,%s,%s,%s,%s,%s) on conflict (tenant) do update set issuer=excluded.issuer,"
    " client=excluded.client, secret=excluded.secret, domains=excluded.domains,"
    " claim=excluded.claim, mapping=excluded.mapping"
)
_DROP_PROVIDER: Final = "delete from providers where tenant=%s"
_decode_mapping = msgspec.json.Decoder(dict[str, list[str]]).decode


class Door(Struct, frozen=True, kw_only=True):
    """A merchant as the sign-in page sees it."""

    tenant: int
    code: str
    name: str
    totp: Totp
    has_provider: bool


class Provider(Struct, frozen=True, kw_only=True):
    """An OpenID provider whose word a merchant takes.

    `domains` of e-mail addresses are taken, all when empty. `mapping` goes from values of `claim`
    to roles; without it roles are the hub's own affair and strangers are refused.
    """

    issuer: str
    client: str
    secret: str
    domains: tuple[str, ...] = ()
    claim: str = ""
    mapping: dict[str, list[str]] = {}


async def find_door(connection: Connection, code: str) -> Door:
    """Find a merchant by code, or the only one there is. Raises InputError `no_tenant`."""
    where, given = (" where t.code=%s", (code,)) if code else (" order by t.id limit 2", ())
    rows = await (await connection.execute(_DOOR + where, given)).fetchall()
    if len(rows) != 1:
        raise NO_TENANT
    tenant, found, name, totp, has_provider = rows[0]
    return Door(tenant=tenant, code=found, name=name, totp=totp, has_provider=has_provider)


async def change(connection: Connection, before: Door, by: Actor, name: str, totp: Totp) -> None:
    """Change the merchant's name and whether codes are required."""
    async with connection.transaction():
        await connection.execute(_NAME, (name, before.tenant))
        await connection.execute(_SET, (before.tenant, totp))
        await merchants.say(connection, before.tenant, by, MerchantChanged(name=name, totp=totp))


async def find_provider(connection: Connection, tenant: int) -> Provider | None:
    """Read the merchant's provider with its secret; never to be shown."""
    row = await (await connection.execute(_PROVIDER, (tenant,))).fetchone()
    if row is None:
        return None
    return Provider(
        issuer=row[0],
        client=row[1],
        secret=row[2],
        domains=tuple(row[3]),
        claim=row[4],
        mapping=_decode_mapping(bytes(row[5])),
    )


async def put_provider(
    connection: Connection, tenant: int, by: Actor, provider: Provider | None
) -> None:
    """Take the word of this provider from now on; None = of nobody."""
    async with connection.transaction():
        if provider is None:
            await connection.execute(_DROP_PROVIDER, (tenant,))
            await merchants.say(connection, tenant, by, ProviderChanged(digest="", issuer=""))
            return
        p = provider
        mapping = msgspec.json.encode(p.mapping)
        given = (tenant, p.issuer, p.client, p.secret, list(p.domains), p.claim, mapping)
        await connection.execute(_PUT_PROVIDER, given)
        told = {"claim": p.claim, "client": p.client, "domains": list(p.domains)}
        body = canonical.encode(told | {"mapping": p.mapping})
        digest = hashlib.sha256(body).hexdigest()
        await merchants.say(connection, tenant, by, ProviderChanged(digest=digest, issuer=p.issuer))
