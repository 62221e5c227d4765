"""What a carrier owes for a parcel by its terms 承运商赔付标准."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

if TYPE_CHECKING:
    from danshu.capabilities.orders.model import Order
    from danshu.hub.world import World

Connection = psycopg.AsyncConnection[Any]
_SHANGHAI: Final = datetime.timezone(datetime.timedelta(hours=8))
_TERMS: Final = """
select multiple, cap_fen, source from carrier_terms
where tenant=%s and carrier=%s and begins<=%s order by begins desc limit 1
"""
_FREIGHT: Final = """
select l.first_kg_fen from lanes l join regions r on r.tenant=l.tenant and r.no=l.region
where l.tenant=%s and l.wh=%s and r.code=%s
"""


class Owed(Struct, frozen=True, kw_only=True):
    """What a carrier owes by its terms, in minor units, and how that was reckoned."""

    amount: int
    value: int
    freight: int
    multiple: int
    cap: int
    source: str


async def reckon(
    connection: Connection, world: World, order: Order, fulfilment: int, carrier: str, now_ms: int
) -> Owed:
    """Reckon what a carrier owes for a parcel: what the goods in it were worth to the buyer, at
    most so many times the freight where its terms say so, and their cap.

    Without terms it is the value of the goods: the carrier says what it owes by law.
    """
    part = next((f for f in order.fulfilments if f.no == fulfilment), None)
    paid = {n.no: (n.paid, n.quantity) for n in order.lines}
    value = 0
    for share in part.shares if part else ():
        base, units = paid[share.line]
        value += base * share.quantity // units if units else 0
    warehouse = world.warehouse_no.get(part.warehouse, -1) if part else -1
    found = await connection.execute(_FREIGHT, (world.tenant, warehouse, order.region))
    row = await found.fetchone()
    freight = int(row[0]) if row else 0
    day = datetime.datetime.fromtimestamp(now_ms / 1000, _SHANGHAI).date()
    terms = await (await connection.execute(_TERMS, (world.tenant, carrier, day))).fetchone()
    multiple, cap, source = terms or (0, 0, "")
    amount = min(value, freight * multiple) if multiple and freight else value
    amount = min(amount, cap) if cap else amount
    return Owed(
        amount=amount, value=value, freight=freight, multiple=multiple, cap=cap, source=source
    )
