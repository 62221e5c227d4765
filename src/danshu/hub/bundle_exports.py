"""举证与导出: each bundle that leaves the hub is a fact of its own, and a row to find it by."""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

from danshu.hub import merchants
from danshu.hub.facts import BundleExported
from danshu.kernel.fact import rfc3339

if TYPE_CHECKING:
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
_INSERT: Final = (
    "insert into bundle_exports(tenant,id,oid,at,sub,role,purpose,digest,size,facts,disclosed)"
    " values (%s,%s,%s,now(),%s,%s,%s,%s,%s,%s,%s)"
)
_LIST: Final = (
    "select e.id, e.oid, coalesce(o.okey, ''), e.at, e.sub, coalesce(p.number, e.sub),"
    " e.role, e.purpose, e.digest, e.size, e.facts, e.disclosed from bundle_exports e"
    " left join orders o on o.tenant=e.tenant and o.id=e.oid"
    " left join people p on p.tenant=e.tenant and 'person:' || p.id::text = e.sub"
    " where e.tenant=%(tenant)s and e.id < %(before)s"
    " and (%(order)s::uuid is null or e.oid=%(order)s) order by e.id desc limit %(limit)s"
)


class Exported(Struct, frozen=True, kw_only=True):
    """One bundle that left: `id` is the stream of its fact, `digest` that of the file (SHA-256).

    `disclosed`: the raw message and the receiver lay in it in clear, unless erased.
    `who` is the number of a person, else the name of the key.
    """

    id: uuid.UUID
    order: uuid.UUID
    number: str
    at: str
    sub: str
    who: str
    role: str
    purpose: str
    digest: str
    size: int
    facts: int
    disclosed: bool


async def record(
    connection: Connection,
    tenant: int,
    actor: Actor,
    order: uuid.UUID,
    bundle: bytes,
    *,
    facts: int,
    purpose: str,
    disclosed: bool = True,
) -> str:
    """Write that a bundle leaves, in one commit; on a stream of its own, so that the order's bundle
    stays the same. Gives the file's digest (hex).
    """
    digest = hashlib.sha256(bundle)
    said = BundleExported(
        digest=digest.hexdigest(),
        disclosed=disclosed,
        facts=facts,
        order=str(order),
        purpose=purpose,
        size=len(bundle),
    )
    async with connection.transaction():
        stream = await merchants.say(connection, tenant, actor, said)
        row = (tenant, stream, order, actor.sub, actor.role, purpose, digest.digest())
        await connection.execute(_INSERT, (*row, len(bundle), facts, disclosed))
    return digest.hexdigest()


async def read(
    connection: Connection, tenant: int, order: uuid.UUID | None, before: uuid.UUID, limit: int
) -> list[Exported]:
    """List bundles that left, the newest first, those before `before`; of one order or of all."""
    asked = {"tenant": tenant, "order": order, "before": before, "limit": limit}
    cursor = await connection.execute(_LIST, asked)
    return [
        Exported(
            id=id_,
            order=of,
            number=key.rpartition("/")[2],
            at=rfc3339(round(at.timestamp() * 1000)),
            sub=sub,
            who=who,
            role=role,
            purpose=purpose,
            digest=bytes(digest).hex(),
            size=size,
            facts=facts,
            disclosed=disclosed,
        )
        for id_, of, key, at, sub, who, role, purpose, digest, size, facts, disclosed in (
            await cursor.fetchall()
        )
    ]
