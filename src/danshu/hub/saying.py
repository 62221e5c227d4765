"""The next facts of a stream that has its own row: said in the commit that changes the row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

from danshu.kernel.fact import Actor, Said, pack
from danshu.ledger import write

if TYPE_CHECKING:
    import uuid

    from msgspec import Struct

Connection = psycopg.AsyncConnection[Any]


async def say_next(
    connection: Connection,
    tenant: int,
    stream: uuid.UUID,
    end: tuple[int, bytes],
    actor: Actor,
    now_ms: int,
    *datas: Struct,
) -> tuple[int, bytes]:
    """Write facts after the `end` (position and head) of a stream; gives the end after them.

    Inside the caller's transaction, the row that keeps the end being locked.
    """
    seq, head = end
    packed = pack(
        [Said(data=data) for data in datas],
        stream=stream,
        seq=seq,
        head=head,
        actor=actor,
        now_ms=now_ms,
        tenant=tenant,
    )
    await write.add_facts(connection, tenant, packed)
    return seq + packed.count, packed.head
