"""Orders that are held now, and since when: the one thing that an order's row does not say.

Followed by the board for the orders that it counts. Few orders are held, so their documents and
facts may be read.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.orders import facts, model
from danshu.capabilities.orders.evolve import evolve, place
from danshu.hub.board_marks import CURRENCY
from danshu.kernel import fact
from danshu.kernel.fact import epoch_ms
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Sequence

Connection = psycopg.AsyncConnection[Any]
_ROWS: Final = """
select o.id, o.channel, o.wh, o.total, o.currency, o.doc from unnest(%b::uuid[]) w(id)
join orders o on o.tenant=%b and o.id=w.id and o.id>=%b::uuid and o.id<=%b::uuid
"""
_FACTS: Final = """
select f.stream, f.v, f.body from unnest(%b::uuid[]) w(id)
join facts f on f.tenant=%b and f.stream=w.id and f.stream>=%b::uuid and f.stream<=%b::uuid
"""
_HOLD: Final = """
insert into board_holds(tenant,id,since,reason,channel,wh,amount)
select %b, * from unnest(%b::uuid[],%b::timestamptz[],%b::text[],%b::text[],%b::int4[],%b::int8[])
on conflict (tenant,id) do update set since=excluded.since, reason=excluded.reason,
wh=excluded.wh, amount=excluded.amount
"""
_FREE: Final = "delete from board_holds where tenant=%b and id = any(%b::uuid[])"
_NEWEST: Final = """
select id, since, reason, channel, wh, amount from board_holds where tenant=%(tenant)s
and (%(channel)s='' or channel=%(channel)s) and (%(wh)s::int4 is null or wh=%(wh)s)
order by since desc limit %(limit)s
"""
_decode_order = msgspec.json.Decoder(model.Order).decode


class Hold(Struct, frozen=True, kw_only=True):
    """An order that is held: since when (epoch ms), the first reason, its amount in 分 (CNY)."""

    id: uuid.UUID
    since_ms: int
    reason: str
    channel: str
    wh: int
    amount: int


async def follow(
    connection: Connection, tenant: int, held: Sequence[bytes], freed: Sequence[bytes]
) -> None:
    """Note orders that are held and forget those that are no longer, in the caller's commit."""
    if freed:
        await connection.execute(_FREE, (tenant, write.uuid_bytes(freed)), binary=True)
    if not held:
        return
    asked = (write.uuid_bytes(held), tenant, min(held).hex(), max(held).hex())
    cursor = await connection.execute(_FACTS, asked, binary=True)
    streams: dict[uuid.UUID, list[tuple[int, bytes]]] = {}
    for stream, v, body in await cursor.fetchall():
        streams.setdefault(stream, []).append((v, bytes(body)))
    cursor = await connection.execute(_ROWS, asked, binary=True)
    holds = []
    for id_, channel, wh, total, currency, doc in await cursor.fetchall():
        order = _decode_order(bytes(doc))
        since_ms = _since_ms([body for _, body in sorted(streams.get(id_, ()))])
        holds.append(
            Hold(
                id=id_,
                since_ms=since_ms or order.placed_ms,
                reason=order.holds[0] if order.holds else "",
                channel=channel,
                wh=wh,
                amount=total if currency == CURRENCY else 0,
            )
        )
    await connection.execute(
        _HOLD,
        (
            tenant,
            write.uuids([h.id for h in holds]),
            write.times([h.since_ms * 1000 for h in holds]),
            write.texts([h.reason for h in holds]),
            write.texts([h.channel for h in holds]),
            write.int4s([h.wh for h in holds]),
            write.int8s([h.amount for h in holds]),
        ),
        binary=True,
    )


async def newest(
    connection: Connection, tenant: int, channel: str, wh: int | None, limit: int
) -> list[Hold]:
    """Read the orders that were held last; "" and None ask for every channel and warehouse."""
    asked = {"tenant": tenant, "channel": channel, "wh": wh, "limit": limit}
    cursor = await connection.execute(_NEWEST, asked, binary=True)
    return [
        Hold(
            id=r[0],
            since_ms=round(r[1].timestamp() * 1000),
            reason=r[2],
            channel=r[3],
            wh=r[4],
            amount=r[5],
        )
        for r in await cursor.fetchall()
    ]


def _since_ms(bodies: Sequence[bytes]) -> int:
    """Tell since when a stream has had a hold without a break; 0 when it has none."""
    order: model.Order | None = None
    since_ms = 0
    for body in bodies:
        for one in fact.unpack(body):
            read = fact.read(one)
            if isinstance(read.data, facts.OrderPlaced):
                order = place(read.data, epoch_ms(read.time))
            elif order is not None and isinstance(read.data, Struct):
                order = evolve(order, read.data)
            if order is None or not order.holds:
                since_ms = 0
            elif not since_ms:
                since_ms = epoch_ms(read.time)
    return since_ms
