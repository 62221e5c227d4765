"""What a far side's stock query answers, laid beside our own rows 库存对比.

Nothing is taken over here: who wants theirs sends the differences as a movement (`POST
/v1/stock/movements`), which is a fact with a reason and never takes below what is reserved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.AsyncConnection[Any]
FIELD: Final = "stock"
"""The list of a stock query's answer; its rows have sku, on_hand and, it may be, warehouse."""
_OURS: Final = """
select a.wh, a.sku, s.on_hand, s.reserved, k.no is not null and w.no is not null
from unnest(%s::text[], %s::text[]) a(wh,sku)
left join warehouses w on w.tenant=%s and w.code=a.wh
left join skus k on k.tenant=w.tenant and k.code=a.sku
left join stock s on s.tenant=w.tenant and s.wh=w.no and s.sku=k.no
"""


class StockCompared(Struct, frozen=True, kw_only=True):
    """One SKU in a warehouse: theirs and ours on hand. `known`: our master data has both;
    `reserved` units belong to orders, so that less than these can't be taken over.
    """

    warehouse: str
    sku: str
    theirs: int
    ours: int
    reserved: int
    known: bool


async def compare(
    connection: Connection, tenant: int, question: dict[str, Any], answer: dict[str, Any]
) -> tuple[StockCompared, ...]:
    """Compare the rows of an answer; one that names no warehouse is about the question's."""
    asked = str(question.get("warehouse", ""))
    theirs: dict[tuple[str, str], int] = {}
    for row in answer.get(FIELD, []):
        if isinstance(row, dict) and isinstance(row.get("on_hand"), int) and row.get("sku"):
            theirs[str(row.get("warehouse", asked)), str(row["sku"])] = row["on_hand"]
    keys = sorted(theirs)
    told = ([wh for wh, _ in keys], [sku for _, sku in keys], tenant)
    rows = await (await connection.execute(_OURS, told)).fetchall()
    return tuple(
        [
            StockCompared(
                warehouse=wh,
                sku=sku,
                theirs=theirs[wh, sku],
                ours=on_hand or 0,
                reserved=reserved or 0,
                known=known,
            )
            for wh, sku, on_hand, reserved, known in sorted(rows)
        ]
    )
