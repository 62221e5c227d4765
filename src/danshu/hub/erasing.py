"""The personal bytes of an order beside the vault: statements, signatures, evidence of its acts,
what far sides were asked about it.

A fact names them by digest, and a statement is salted, so erasing the bytes erases what they say
while fact, leaf and proof stay as they were.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from danshu.hub import original_spent, return_reasons
from danshu.kernel.fact import unpack

if TYPE_CHECKING:
    import uuid

    import psycopg

_FACTS: Final = "select body from facts where tenant=%s and stream=%s order by v"
_OWNED: Final = "delete from order_blobs where tenant=%s and oid=%s returning digest"
_ERASE: Final = (
    "delete from blobs b where b.tenant=%s and b.digest = any(%s) and not exists (select 1 from"
    " order_blobs o where o.tenant=b.tenant and o.digest=b.digest) and not exists (select 1 from"
    " originals r where r.tenant=b.tenant and r.digest=b.digest and r.bytes>0)"
)
_ITEMS: Final = (
    "delete from performance_items i using performances p where p.tenant=%s and p.oid=%s"
    " and i.tenant=p.tenant and i.id=p.id"
)
_ACTS: Final = (
    "update performances set statement='', state=case state when 'open' then 'cancelled' else state"
    " end where tenant=%s and oid=%s"
)
_PHOTOS: Final = "delete from floor_photos where tenant=%s and id=%s"
# What far sides were asked and answered of it, once that is over.
_CALLS: Final = (
    "update connector_calls set body='{}', context='', reply=null, reason='' where tenant=%s"
    " and subject=%s and state in ('done','refused')"
)
_NAMED: Final = ("statement", "signature")
_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode


async def erase_evidence(
    connection: psycopg.AsyncConnection[Any], tenant: int, order: uuid.UUID
) -> int:
    """Erase what acts and work on the floor kept of an order, in the caller's transaction; gives
    how many pieces. Bytes that another order's acts name too stay for that one.
    """
    cursor = await connection.execute(_OWNED, (tenant, order), binary=True)
    digests = {bytes(digest) for (digest,) in await cursor.fetchall()}
    cursor = await connection.execute(_FACTS, (tenant, order), binary=True)
    for (body,) in await cursor.fetchall():
        for raw in unpack(bytes(body)):
            digests |= _names(raw)
    await connection.execute(_ITEMS, (tenant, order))
    await connection.execute(_ACTS, (tenant, order))
    await connection.execute(_PHOTOS, (tenant, order))
    await connection.execute(_CALLS, (tenant, str(order)))
    await original_spent.forget_order(connection, tenant, order)
    await return_reasons.forget(connection, tenant, order)
    done = await connection.execute(_ERASE, (tenant, list(digests)))
    return done.rowcount


def _names(raw: bytes) -> set[bytes]:
    """Give the digests of bytes that a fact names; those of the vault are commitments instead."""
    if b'"evidence":' not in raw and b'"statement":' not in raw:
        return set()
    told = _decode(raw)
    found = [e["digest"] for e in told.get("evidence", ()) if not e.get("salted")]
    if told["type"] == "action.performed":
        found += [told["data"].get(name, "") for name in _NAMED]
    return {bytes.fromhex(d) for d in found if len(d) == 64}
