"""What is read of one order: its row, its facts, its decisions explained."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.contract import terms
from danshu.capabilities.contract.model import Promise
from danshu.capabilities.orders import model
from danshu.capabilities.orders import tables as order_tables
from danshu.capabilities.routing import tables as routing_tables
from danshu.capabilities.routing.decide import Decision
from danshu.capabilities.routing.explain import Explanation, explain
from danshu.capabilities.routing.snapshot import load_snapshot
from danshu.kernel import fact
from danshu.kernel.errors import InputError, ProgramError
from danshu.ledger import archived

if TYPE_CHECKING:
    from danshu.hub.compose import Hub

Connection = psycopg.AsyncConnection[Any]
NO_ORDER: Final = InputError("no_order", "there is no such order")
_FACTS: Final = """
select v,n,body from facts where tenant=%b and stream=%b and v+n-1>%b order by v limit %b
"""
_HAS: Final = "select seq from orders where tenant=%b and id=%b"
_decode_order = msgspec.json.Decoder(model.Order).decode


class Seen(Struct, frozen=True, kw_only=True):
    """An order's row with its promises; `seq` is the position of its newest fact."""

    id: uuid.UUID
    order: model.Order
    promises: tuple[Promise, ...]
    seq: int


class Numbered(Struct, frozen=True):
    """A fact's position in its stream, and its stored bytes."""

    seq: int
    body: bytes


class Recorded(Struct, frozen=True, kw_only=True):
    """A decision as the facts hold it, and what it says in words. None = its snapshot is not
    kept.
    """

    fact: str
    decision: Decision
    explanation: Explanation | None


async def read_promises(hub: Hub, tenant: int, raw: bytes) -> tuple[Promise, ...]:
    """Read the promises of a row; clauses that were defined a moment ago are looked up again."""
    world = await hub.worlds.ensure(tenant)
    try:
        return terms.load(raw, world.book)
    except ProgramError:
        hub.worlds.forget(tenant)
        return terms.load(raw, (await hub.worlds.ensure(tenant)).book)


async def read_order(hub: Hub, tenant: int, id_: uuid.UUID) -> Seen:
    """Read one order. Raises InputError `no_order`."""
    async with hub.connection() as connection:
        cursor = await connection.execute(order_tables.READ, (tenant, id_), binary=True)
        row = await cursor.fetchone()
    if row is None:
        raise NO_ORDER
    promises = await read_promises(hub, tenant, bytes(row[12]))
    return Seen(id=id_, order=_decode_order(row[11]), promises=promises, seq=row[9])


async def has_order(connection: Connection, tenant: int, id_: uuid.UUID) -> int:
    """Give the position of an order's newest fact. Raises InputError `no_order`."""
    cursor = await connection.execute(_HAS, (tenant, id_), binary=True)
    row = await cursor.fetchone()
    if row is None:
        raise NO_ORDER
    return int(row[0])


async def read_facts(
    connection: Connection, tenant: int, id_: uuid.UUID, after: int, limit: int
) -> list[Numbered]:
    """Read the facts of a stream after position `after`, oldest first; `limit` commits at most."""
    await archived.recall(connection, tenant, [id_])
    cursor = await connection.execute(_FACTS, (tenant, id_, after, limit), binary=True)
    return [
        Numbered(first + i, bytes(body))
        for first, _, packed in await cursor.fetchall()
        for i, body in enumerate(fact.unpack(bytes(packed)))
        if first + i > after
    ]


async def read_decisions(
    connection: Connection, tenant: int, id_: uuid.UUID, limit: int
) -> list[Recorded]:
    """Read the routing decisions of an order, oldest first, each explained on the snapshot that it
    names.
    """
    out = []
    for numbered in await read_facts(connection, tenant, id_, 0, limit):
        if b'"type":"route.decided"' not in numbered.body:
            continue
        read = fact.read(numbered.body)
        if isinstance(read.data, Decision):
            out.append(
                Recorded(
                    fact=read.id,
                    decision=read.data,
                    explanation=await _explain(connection, tenant, read.data),
                )
            )
    return out


async def _explain(connection: Connection, tenant: int, decision: Decision) -> Explanation | None:
    cursor = await connection.execute(
        routing_tables.READ_SNAPSHOT, (tenant, bytes.fromhex(decision.snapshot)), binary=True
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    return explain(decision, load_snapshot(bytes(row[0]), decision.snapshot))
