"""A merchant's network as it is set: read, set with a fact that names it by digest, audited."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.network.facts import NetworkConfigured
from danshu.capabilities.network.model import SHIPPED, NetworkSettings
from danshu.hub import merchants
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import NETWORK_SETTINGS_BYTES

if TYPE_CHECKING:
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
_READ: Final = "select version, body from network_settings where tenant=%s"
_LOCK: Final = "select 1 from tenants where id=%s for no key update"
_PUT: Final = """
insert into network_settings(tenant,version,digest,body) values(%s,%s,%s,%s)
on conflict (tenant) do update set version=excluded.version, digest=excluded.digest,
body=excluded.body
"""
MOVED: Final = Refusal(
    code="settings_moved",
    reason="参数已被他人改过，先看新的",
    reason_en="Somebody else has changed the settings: look at them first",
    clause="network.settings",
)
SHARES: Final = InputError("bad_shares", "A ends before B", "/share_b")
TWICE: Final = InputError("twice", "a truck, lane, supplier or SKU is named twice")
_encode: Final = msgspec.json.Encoder(order="sorted").encode
_decode: Final = msgspec.json.Decoder(NetworkSettings).decode


class Kept(Struct, frozen=True, kw_only=True):
    """Settings with their version; 0 is what holds where nothing was set."""

    version: int
    settings: NetworkSettings


async def read(connection: Connection, tenant: int) -> Kept:
    """Read a merchant's settings, or those that ship."""
    row = await (await connection.execute(_READ, (tenant,))).fetchone()
    if row is None:
        return Kept(version=0, settings=SHIPPED)
    return Kept(version=row[0], settings=_decode(bytes(row[1])))


async def put(
    connection: Connection, tenant: int, version: int, settings: NetworkSettings, actor: Actor
) -> Kept | Refusal:
    """Set what `version` is followed by. Raises InputError `bad_shares`, `twice`, `too_large`."""
    check(settings)
    body = _encode(settings)
    if len(body) > NETWORK_SETTINGS_BYTES:
        raise InputError("too_large", f"at most {NETWORK_SETTINGS_BYTES} bytes of settings")
    digest = hashlib.sha256(body).digest()
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        now = await read(connection, tenant)
        if now.version != version:
            return MOVED
        await connection.execute(_PUT, (tenant, version + 1, digest, body))
        said = NetworkConfigured(digest=digest.hex(), version=version + 1)
        await merchants.say(connection, tenant, actor, said)
    return Kept(version=version + 1, settings=settings)


def check(settings: NetworkSettings) -> None:
    """Refuse what contradicts itself."""
    if settings.share_a > settings.share_b:
        raise SHARES
    named = (
        [t.code for t in settings.trucks],
        [(one.from_warehouse, one.to_warehouse) for one in settings.lanes],
        [one.warehouse for one in settings.suppliers],
        [one.sku for one in settings.skus],
    )
    if any(len(set(each)) != len(each) for each in named):
        raise TWICE
