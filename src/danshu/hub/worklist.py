"""The worklist: a narrow row an order, by which the workbench finds and sorts.

It lags behind the order's own row as the log does. What is shown of an order is read from its own
row; this one only leads there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.capabilities.contract import standing
from danshu.capabilities.orders.model import State
from danshu.ledger import write

if TYPE_CHECKING:
    from collections.abc import Sequence

    import psycopg

    from danshu.hub.order_rows import Document, OrderRow

ENDED: Final = frozenset({State.CANCELLED, State.COMPLETED, State.RETURN_REQUESTED})
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


async def follow(
    connection: psycopg.AsyncConnection[Any], tenant: int, rows: Sequence[OrderRow]
) -> None:
    """Write the narrow rows of orders as these are now."""
    dues: list[int] = []
    promises: list[int] = []
    shorts: list[int] = []
    for row in rows:
        seen = standing.look(row.terms)
        is_over = row.state in ENDED
        dues.append(0 if is_over else seen.due_ms * 1000)
        promises.append(int(seen.standing))
        shorts.append(int(not is_over and _is_short(row.doc)))
    written = (
        tenant,
        write.uuid_bytes([r.id for r in rows]),
        write.texts([r.channel for r in rows]),
        write.int2s([r.state for r in rows]),
        write.int4s([r.wh for r in rows]),
        write.texts([r.region for r in rows]),
        write.int8s([r.total for r in rows]),
        write.texts([r.currency for r in rows]),
        write.times_or_null(dues),
        write.int2s(promises),
        write.int2s(shorts),
        write.texts([_REASONS.join(r.doc.holds) for r in rows]),
    )
    await connection.execute(_WRITE, written, binary=True)


def _is_short(order: Document) -> bool:
    """Tell whether some units have no warehouse yet."""
    return order.kind == "order" and any(n.open_units > 0 for n in order.lines)
