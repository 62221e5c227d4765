"""The rights register 权属登记: whose each asset is, on which basis, by version."""

from __future__ import annotations

import datetime
import hashlib
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.licensing.facts import RightRegistered
from danshu.capabilities.licensing.model import RightEntry
from danshu.hub import merchants
from danshu.kernel.errors import InputError, Refusal
from danshu.ledger import write

if TYPE_CHECKING:
    from danshu.kernel.fact import Actor

Connection = Any
MOVED: Final = Refusal(
    code="right_moved", reason="他人已登记新版本,先看新的",
    reason_en="Somebody else has registered a version: look at it first",
    clause="rights_register.version",
)  # fmt: skip
NO_RIGHT: Final = InputError("no_right", "no right in this asset is registered")
_NEWEST: Final = (
    "select distinct on (asset) asset, version, doc::text, by, at from asset_rights"
    " where tenant=%s and (%s='' or asset=%s) order by asset, version desc"
)
_ADD: Final = (
    "insert into asset_rights(tenant,asset,version,doc,digest,by,at)"
    " values(%s,%s,%s,%s::jsonb,%s,%s,%s)"
)
_LOCK: Final = "select 1 from tenants where id=%s for update"
_decode: Final = msgspec.json.Decoder(RightEntry).decode


class RightVersion(Struct, frozen=True, kw_only=True):
    """A version of the entry of an asset: who registered it when."""

    asset: str
    version: int
    entry: RightEntry
    by: str
    at: datetime.datetime


async def register(
    connection: Connection,
    tenant: int,
    asset: str,
    entry: RightEntry,
    *,
    seen: int,
    actor: Actor,
    now_ms: int,
) -> RightVersion | Refusal:
    """Register the next version of an asset's entry; `seen` is the version looked at, 0 = none."""
    if len(set(entry.rights)) < len(entry.rights):
        raise InputError("twice", "a right is named twice", "/rights")
    body = msgspec.json.encode(entry, order="sorted")
    digest = hashlib.sha256(body)
    async with connection.transaction():
        await connection.execute(_LOCK, (tenant,))
        held = await find(connection, tenant, asset)
        before = held.version if held else 0
        if before != seen:
            return MOVED
        at = write.instant(now_ms * 1000)
        values = (tenant, asset, before + 1, body.decode(), digest.digest(), actor.sub, at)
        await connection.execute(_ADD, values)
        said = RightRegistered(
            asset=asset,
            basis=entry.basis,
            digest=digest.hexdigest(),
            evidence=entry.evidence,
            holder=entry.holder,
            rights=entry.rights,
            source=entry.source,
            until=entry.until.isoformat() if entry.until else "",
            version=before + 1,
        )
        await merchants.say(connection, tenant, actor, said)
    return RightVersion(asset=asset, version=before + 1, entry=entry, by=actor.sub, at=at)


async def list_newest(connection: Connection, tenant: int) -> tuple[RightVersion, ...]:
    """List the newest entry of every asset that has one, by name."""
    found = await (await connection.execute(_NEWEST, (tenant, "", ""))).fetchall()
    return tuple([_version(row) for row in found])


async def find(connection: Connection, tenant: int, asset: str) -> RightVersion | None:
    """Give the newest entry of an asset, None where nothing is registered."""
    row = await (await connection.execute(_NEWEST, (tenant, asset, asset))).fetchone()
    return None if row is None else _version(row)


def _version(row: tuple[Any, ...]) -> RightVersion:
    asset, version, doc, by, at = row
    return RightVersion(asset=asset, version=version, entry=_decode(doc), by=by, at=at)
