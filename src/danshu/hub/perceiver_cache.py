"""What was perceived is kept for some days, so that reading an original again asks nobody.

The key holds all that an answer hangs on: the bytes, who was asked and as what revision, and the
hints. What is kept holds words of people: `forget` takes away what came of an erased original.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg

from danshu.kernel.limits import PERCEPTION_KEEP_DAYS, PERCEPTIONS_SWEPT
from danshu.ports.perceiver import Perception

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping

    from danshu.hub.perceivers import Perceiving
    from danshu.ports.modality import Original

Connection = psycopg.AsyncConnection[Any]
_READ: Final = "select body from perceptions where tenant=%s and key=%s"
_PUT: Final = """
insert into perceptions(tenant,key,digest,body) values(%s,%s,%s,%s)
on conflict (tenant,key) do update set body=excluded.body, at=now()
"""
_FORGET: Final = "delete from perceptions where tenant=%s and digest=%s"
_FORGET_ORDER: Final = """
delete from perceptions p using originals o where o.tenant=%s and o.order_id=%s
  and p.tenant=o.tenant and p.digest=encode(o.digest,'hex')
"""
_OLD: Final = """
delete from perceptions p using (select tenant, key from perceptions
  where at < now() - make_interval(days=>%s) limit %s) o where p.tenant=o.tenant and p.key=o.key
"""
_decode: Final = msgspec.json.Decoder(Perception).decode
_encode: Final = msgspec.json.Encoder(order="deterministic").encode


def key(service: Perceiving, original: Original, hints: Mapping[str, object]) -> bytes:
    """Give the SHA-256 of all that an answer hangs on."""
    told = (
        service.kind,
        service.adapter,
        str(service.id),
        service.revision,
        original.digest,
        original.media_type,
        hints,
    )
    return hashlib.sha256(_encode(told)).digest()


async def read(connection: Connection, tenant: int, key_: bytes) -> Perception | None:
    """Give what was perceived before; None where nothing is kept."""
    row = await (await connection.execute(_READ, (tenant, key_))).fetchone()
    return None if row is None else _decode(bytes(row[0]))


async def write(
    connection: Connection, tenant: int, key_: bytes, digest: str, seen: Perception
) -> None:
    """Keep a perception; one time in 256 what is old is thrown away."""
    await connection.execute(_PUT, (tenant, key_, digest, _encode(seen)))
    if key_[0] == 0:
        await connection.execute(_OLD, (PERCEPTION_KEEP_DAYS, PERCEPTIONS_SWEPT))


async def forget(connection: Connection, tenant: int, digest: str) -> None:
    """Throw away what came of an original, by the digest (hex) of its bytes."""
    await connection.execute(_FORGET, (tenant, digest))


async def forget_order(connection: Connection, tenant: int, order: uuid.UUID) -> None:
    """Throw away what came of the originals that an order was placed from."""
    await connection.execute(_FORGET_ORDER, (tenant, order))
