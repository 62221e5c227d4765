"""Units of a SKU as orders took them, by time: what acts on stock are measured by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import msgspec
import psycopg
from msgspec import Struct

from danshu.kernel.ids import made_ms
from danshu.kernel.limits import STOCK_SALES_ORDERS

if TYPE_CHECKING:
    from collections.abc import Iterable

Connection = psycopg.AsyncConnection[Any]
_ORDERS: Final = """
select id, channel, doc from orders where tenant=%s and id >= %s and id < %s order by id limit %s
"""
_MOVES: Final = """
select m.id, m.on_hand-m.safety, m.reason from stock_moves m
join warehouses w on w.tenant=m.tenant and w.code=%s
join skus k on k.tenant=m.tenant and k.code=%s
where m.tenant=%s and m.wh=w.no and m.sku=k.no and m.id >= %s order by m.id
"""


class _Share(Struct):
    sku: str
    quantity: int


class _Part(Struct):
    warehouse: str
    shares: tuple[_Share, ...]
    state: str = "allocated"


class _Order(Struct):
    fulfilments: tuple[_Part, ...] = ()


class Sale(Struct, frozen=True):
    """Units that an order took at a moment, epoch ms, on a channel from a warehouse."""

    at_ms: int
    units: int
    channel: str
    warehouse: str


class Inflow(Struct, frozen=True):
    """What came or went at a moment, epoch ms, other than by orders; `moved` between warehouses."""

    at_ms: int
    units: int
    moved: bool


_order = msgspec.json.Decoder(_Order).decode


async def read_sales(
    connection: Connection, tenant: int, sku: str, first_ms: int, end_ms: int
) -> list[Sale]:
    """Read what orders placed within a span took of a SKU, the earliest first; orders that were
    cancelled took nothing. At most STOCK_SALES_ORDERS orders are looked at.
    """
    if end_ms <= first_ms:
        return []
    told = (tenant, UUID(int=first_ms << 80), UUID(int=end_ms << 80), STOCK_SALES_ORDERS)
    sought = sku.encode()
    sales = []
    async for id_, channel, doc in await connection.execute(_ORDERS, told, binary=True):
        if sought not in doc:
            continue
        for part in _order(doc).fulfilments:
            units = sum(s.quantity for s in part.shares if s.sku == sku)
            if units and part.state != "cancelled":
                sales.append(Sale(made_ms(id_), units, channel, part.warehouse))
    return sales


async def read_inflows(
    connection: Connection, tenant: int, warehouse: str, sku: str, first_ms: int
) -> list[Inflow]:
    """Read what else changed what a warehouse may promise of a SKU, the earliest first."""
    told = (warehouse, sku, tenant, UUID(int=first_ms << 80))
    cursor = await connection.execute(_MOVES, told)
    return [
        Inflow(made_ms(id_), int(units), reason == "transfer")
        for id_, units, reason in await cursor.fetchall()
        if units
    ]


def replay_without(had: int, sales: Iterable[Sale], inflows: Iterable[Inflow]) -> int:
    """Play the sales of a warehouse again from `had` units, as if nothing had been moved there;
    gives the units that would have found nothing.
    """
    events = [(one.at_ms, 0, one.units) for one in inflows if not (one.moved and one.units > 0)]
    events += [(one.at_ms, 1, -one.units) for one in sales]
    level, missing = had, 0
    for _, is_sale, units in sorted(events):
        if not is_sale:
            level += units
            continue
        served = min(max(level, 0), -units)
        level -= served
        missing += -units - served
    return missing
