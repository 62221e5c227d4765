"""Who leaves a warehouse whose work a day was cut below what is allocated there today 产能骤降."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from danshu.capabilities.orders import model
from danshu.kernel import ids
from danshu.ledger import write

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable, Mapping

Connection = Any
REASON: Final = "capacity"  # of reasons.py
_NUMBERS: Final = "select no from warehouses where tenant=%b and code=any(%b::text[])"
# The order's row names its first warehouse; what has a second fulfilment order is looked at too.
_TODAY: Final = """
select o.id, o.due, o.doc from orders o where o.tenant=%b and o.id >= %b
and (o.wh=any(%b::int4[]) or position(%b::bytea in o.doc) > 0)
"""
_SECOND: Final = b'"no":2,"warehouse"'
_NEVER: Final = datetime.datetime.max.replace(tzinfo=datetime.UTC)
_decode = msgspec.json.Decoder(model.Order).decode


async def choose(
    connection: Connection, tenant: int, cuts: Mapping[str, int], at_ms: int
) -> dict[str, list[uuid.UUID]]:
    """Choose the orders that are beyond what the warehouses of `cuts` (work units a day) may do.

    Gives them by warehouse; warehouses that can do what is theirs are left out.
    """
    if not cuts:
        return {}
    cursor = await connection.execute(_NUMBERS, (tenant, write.texts([*cuts])), binary=True)
    numbers = write.int4s([row[0] for row in await cursor.fetchall()])
    date = datetime.datetime.fromtimestamp(at_ms / 1000, datetime.UTC).date()
    midnight, _ = ids.day_bounds(date)
    cursor = await connection.execute(_TODAY, (tenant, midnight, numbers, _SECOND), binary=True)
    rows = [(id_, due, _decode(bytes(doc))) for id_, due, doc in await cursor.fetchall()]
    found = {code: find_leaving(rows, code, units) for code, units in cuts.items()}
    return {code: leaving for code, leaving in found.items() if leaving}


def find_leaving(
    rows: Iterable[tuple[uuid.UUID, datetime.datetime | None, model.Order]],
    warehouse: str,
    units: int,
) -> list[uuid.UUID]:
    """Find who leaves, so that the work of today's orders (one unit a parcel, half a line) fits.

    Latest due first, then the newest; what has no due time can wait longest. What a warehouse has
    begun and what a person pinned stays, and counts.
    """
    work = 0.0
    free: list[tuple[datetime.datetime, uuid.UUID, float]] = []
    for id_, due, order in rows:
        here = [f for f in order.fulfilments if f.warehouse == warehouse and f.state != "cancelled"]
        work += sum(1.0 + 0.5 * len(f.shares) for f in here)
        movable = [f for f in here if f.state == "allocated" and not f.pinned]
        if movable and not order.completed:
            free.append((due or _NEVER, id_, sum(1.0 + 0.5 * len(f.shares) for f in movable)))
    leaving = []
    for _, id_, gone in sorted(free, reverse=True):
        if work <= units:
            break
        work -= gone
        leaving.append(id_)
    return leaving
