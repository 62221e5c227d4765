"""New addresses of a bulk change 批量改址, kept until each order has its own.

A batch is one table or one selection. An address lies here by the order that it is for, goes with
the order's amendment or its erasure, and at the latest READDRESS_DAYS after it came.
"""

from __future__ import annotations

import os
import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg

from danshu.kernel import ids
from danshu.kernel.errors import InputError
from danshu.kernel.limits import READDRESS_DAYS
from danshu.ledger import write
from danshu.ports.channel import Receiver

if TYPE_CHECKING:
    from collections.abc import Mapping

Connection = psycopg.AsyncConnection[Any]
NO_BATCH: Final = InputError("no_batch", "there are no such addresses, or they were let go")
_DAY_MS: Final = 86_400_000
_PUT: Final = """
insert into readdresses(tenant,batch,oid,person) select %s,%s,* from unnest(%s::uuid[],%s::bytea[])
"""
_READ: Final = "select person from readdresses where tenant=%s and batch=%s and oid=%s"
_ORDERS: Final = "select oid from readdresses where tenant=%s and batch=%s order by oid"
_DROP: Final = "delete from readdresses where tenant=%s and batch=%s and oid=%s"
_ERASE: Final = "delete from readdresses where tenant=%s and oid=%s"
_OLD: Final = "delete from readdresses where batch < %s"
_encode: Final = msgspec.json.Encoder(order="sorted").encode
_decode: Final = msgspec.json.Decoder(Receiver).decode


async def put(
    connection: Connection, tenant: int, to: Mapping[uuid.UUID, Receiver], now_ms: int
) -> uuid.UUID:
    """Keep where orders are to go; gives the batch."""
    batch = ids.uuid7(now_ms, os.urandom(10))
    people = write.byteas([_encode(one) for one in to.values()])
    await connection.execute(_PUT, (tenant, batch, write.uuids(list(to)), people), binary=True)
    return batch


async def read(
    connection: Connection, tenant: int, batch: uuid.UUID, order: uuid.UUID
) -> Receiver | None:
    """Read where a batch wants an order to go; None once that is done or let go."""
    row = await (await connection.execute(_READ, (tenant, batch, order))).fetchone()
    return _decode(bytes(row[0])) if row else None


async def orders(connection: Connection, tenant: int, batch: uuid.UUID) -> tuple[uuid.UUID, ...]:
    """Give the orders of a batch. Raises InputError `no_batch`."""
    rows = await (await connection.execute(_ORDERS, (tenant, batch))).fetchall()
    if not rows:
        raise NO_BATCH
    return tuple([row[0] for row in rows])


async def drop(connection: Connection, tenant: int, batch: uuid.UUID, order: uuid.UUID) -> None:
    """Let an address go, in the commit that made it the order's."""
    await connection.execute(_DROP, (tenant, batch, order))


async def erase(connection: Connection, tenant: int, order: uuid.UUID) -> int:
    """Erase what lies here of an order, in the caller's transaction; gives how many."""
    return (await connection.execute(_ERASE, (tenant, order))).rowcount


async def forget_old(connection: Connection, now_ms: int) -> None:
    """Let go of batches that came READDRESS_DAYS ago."""
    before = uuid.UUID(int=max(0, now_ms - READDRESS_DAYS * _DAY_MS) << 80)
    await connection.execute(_OLD, (before,))
