"""The room `worklist`: a narrow row an order, by which the workbench finds and sorts.

It follows the leaves and reads the orders that they speak of as they are now, so a row is right
whatever the order of the leaves; it lags behind the order's own row as the log does. What is shown
of an order is read from its own row; this one only leads there.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.contract import standing
from danshu.capabilities.orders.model import State
from danshu.hub.compose import now_ms
from danshu.kernel.limits import FOLLOW_LEAVES
from danshu.ledger import write
from danshu.ledger.follow import Follower, Touch, read_touches

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    import psycopg

NAME: Final = "worklist"
ENDED: Final = frozenset({State.CANCELLED, State.COMPLETED, State.RETURN_REQUESTED})
# The range of the ids lets the server leave all other days alone.
_READ: Final = """
select id,channel,state,wh,region,total,currency,doc,terms from orders
where tenant=%b and id = any(%b::uuid[]) and id >= %b and id <= %b
"""
# What has not changed is not written: most facts of an order's life change no column here.
_WRITE: Final = """
insert into worklist as w
  (tenant,id,channel,state,wh,region,total,currency,due,promise,short,holds)
select %b, r.id, r.channel, r.state, r.wh, r.region, r.total, r.currency, r.due, r.promise,
  r.short<>0, nullif(string_to_array(r.holds, E'\\x1f'), '{}')
from unnest(%b::uuid[],%b::text[],%b::int2[],%b::int4[],%b::text[],%b::int8[],%b::text[],
  %b::timestamptz[],%b::int2[],%b::int2[],%b::text[])
  r(id,channel,state,wh,region,total,currency,due,promise,short,holds)
on conflict (tenant,id) do update set state=excluded.state, wh=excluded.wh, region=excluded.region,
  due=excluded.due, promise=excluded.promise, short=excluded.short, holds=excluded.holds
where (w.state,w.wh,w.region,w.due,w.promise,w.short,w.holds) is distinct from
  (excluded.state,excluded.wh,excluded.region,excluded.due,excluded.promise,excluded.short,
  excluded.holds)
"""
_REASONS: Final = "\x1f"  # between reasons; no text of ours holds control characters


class _Line(Struct, frozen=True):
    quantity: int
    cancelled: int = 0
    allocated: int = 0


class _Order(Struct, frozen=True):
    lines: tuple[_Line, ...]
    holds: tuple[str, ...] = ()
    kind: str = "order"


_decode_order = msgspec.json.Decoder(_Order).decode


def begin(url: str) -> Callable[[psycopg.AsyncConnection[Any]], Awaitable[int]]:
    """Give the step of the room: it takes in the orders of new leaves; 1 when more is waiting."""
    del url  # the room's own connection is all it needs
    follower = Follower(NAME, take, read=read_touches)

    async def step(connection: psycopg.AsyncConnection[Any]) -> int:
        done = await follower.step(connection, now_ms())
        return int(done >= FOLLOW_LEAVES)  # one large batch costs less than many small ones

    return step


async def take(connection: psycopg.AsyncConnection[Any], touches: Sequence[Touch]) -> None:
    """Write the rows of the orders that leaves of one book speak of."""
    streams = sorted({t.stream for t in touches})
    await write_rows(connection, touches[0].tenant, [uuid.UUID(bytes=s) for s in streams])


async def write_rows(
    connection: psycopg.AsyncConnection[Any], tenant: int, ids: Sequence[uuid.UUID]
) -> None:
    """Write the rows of orders as these are now; ids that are no orders are passed over."""
    asked = (tenant, write.uuids(ids), min(ids), max(ids))
    cursor = await connection.execute(_READ, asked, binary=True)
    found = await cursor.fetchall()
    if not found:
        return
    dues: list[int] = []
    promises: list[int] = []
    shorts: list[int] = []
    holds: list[str] = []
    for _, _, state, _, _, _, _, doc, terms in found:
        order = _decode_order(doc)
        seen = standing.read(terms)
        is_over = state in ENDED
        dues.append(0 if is_over else seen.due_ms * 1000)
        promises.append(int(seen.standing))
        shorts.append(int(not is_over and _is_short(order)))
        holds.append(_REASONS.join(order.holds))
    rows = (
        tenant,
        write.uuids([r[0] for r in found]),
        write.texts([r[1] for r in found]),
        write.int2s([r[2] for r in found]),
        write.int4s([r[3] for r in found]),
        write.texts([r[4] for r in found]),
        write.int8s([r[5] for r in found]),
        write.texts([r[6] for r in found]),
        write.times_or_null(dues),
        write.int2s(promises),
        write.int2s(shorts),
        write.texts(holds),
    )
    await connection.execute(_WRITE, rows, binary=True)


def _is_short(order: _Order) -> bool:
    """Tell whether some units have no warehouse yet."""
    return order.kind == "order" and any(
        n.quantity > n.cancelled + n.allocated for n in order.lines
    )
