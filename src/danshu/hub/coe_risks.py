"""What may go wrong next, as a review tells it: promises that fall due, orders and lanes that are
likely to be late, goods that will be short; read as they stand now.
"""

from __future__ import annotations

from typing import Any, Final

from danshu.capabilities.coe.weekly import Ahead, CoeCite
from danshu.capabilities.coe.weeks import WEEK_MS
from danshu.hub import learning_reading
from danshu.ledger import write

Connection = Any
MOST: Final = 3
"""Risks of each kind that are told, the gravest."""
_LIKELY: Final = 300
"""Chances in thousandths from which an order or a stock-out is told."""
_DUE: Final = """
select coalesce(w.code, ''), count(*), count(*) filter (where t.due <= %(now)s), min(t.id::text)
from ticking t left join warehouses w on w.tenant=t.tenant and w.no=t.wh
where t.tenant=%(t)s and t.due < %(end)s group by 1 order by 2 desc, 1 limit %(most)s
"""
_SHORT: Final = """
select r.wh, r.sku, r.c7, coalesce(r.out_day::text, ''), h.run::text
from network_heads h join network_rows r on r.tenant=h.tenant and r.run=h.no
where h.tenant=%(t)s and r.c7 >= %(likely)s order by r.c7 desc, r.no limit %(most)s
"""


async def read(connection: Connection, tenant: int, now_ms: int) -> tuple[Ahead, ...]:
    """Read what lies ahead of a merchant, the most urgent first."""
    asked = {
        "t": tenant,
        "now": write.instant(now_ms * 1000),
        "end": write.instant((now_ms + WEEK_MS) * 1000),
        "likely": _LIKELY,
        "most": MOST,
    }
    return (
        *await _orders(connection, tenant, now_ms),
        *await _lanes(connection, tenant, now_ms),
        *await _short(connection, asked),
        *await _due(connection, asked),
    )


async def _orders(connection: Connection, tenant: int, now_ms: int) -> list[Ahead]:
    found = await learning_reading.order_risks(connection, None, tenant, now_ms, MOST)
    return [
        Ahead(
            key=f"risk:order:{one.order}",
            zh=f"订单 {one.number}（仓 {one.warehouse}）违约的可能 {one.chance / 10:.0f}%。",
            en=f"Order {one.number} (warehouse {one.warehouse}) may break its promise:"
            f" {one.chance / 10:.0f}%.",
            cites=(CoeCite(kind="order", ref=one.order, label=one.number),),
        )
        for one in found
        if one.chance >= _LIKELY
    ]


async def _lanes(connection: Connection, tenant: int, now_ms: int) -> list[Ahead]:
    found = await learning_reading.late_lanes(connection, None, tenant, now_ms, MOST)
    return [
        Ahead(
            key=f"risk:lane:{one.carrier}:{one.from_warehouse}:{one.to_region}",
            zh=f"承运商 {one.carrier} 从 {one.from_warehouse} 到 {one.to_region} 近来迟到"
            f" {one.late / 10:.0f}%，往常 {one.usual / 10:.0f}%，在途 {len(one.parcels)} 单。",
            en=f"Carrier {one.carrier} from {one.from_warehouse} to {one.to_region} is late"
            f" {one.late / 10:.0f}% of late, {one.usual / 10:.0f}% usually;"
            f" {len(one.parcels)} orders are on the way.",
            cites=tuple(CoeCite(kind="order", ref=order) for order in one.parcels[:MOST]),
        )
        for one in found
        if one.parcels
    ]


async def _short(connection: Connection, asked: dict[str, Any]) -> list[Ahead]:
    rows = await (await connection.execute(_SHORT, asked)).fetchall()
    return [
        Ahead(
            key=f"risk:stock:{wh}:{sku}",
            zh=f"仓 {wh} 的 {sku} 七天内缺货的可能 {chance / 10:.0f}%"
            f"{f'，最可能在 {day}' if day else ''}。",
            en=f"{sku} in warehouse {wh} may run out within seven days: {chance / 10:.0f}%"
            f"{f', most likely on {day}' if day else ''}.",
            cites=(CoeCite(kind="stock", ref=run, label=f"{sku}@{wh}"),),
        )
        for wh, sku, chance, day, run in rows
    ]


async def _due(connection: Connection, asked: dict[str, Any]) -> list[Ahead]:
    rows = await (await connection.execute(_DUE, asked)).fetchall()
    return [
        Ahead(
            key=f"risk:due:{code}",
            zh=f"仓 {code or '（未分仓）'}：七天内到期的承诺 {n} 条，其中已过期未判 {over} 条。",
            en=f"Warehouse {code or '(none yet)'}: {n} promises fall due within seven days,"
            f" {over} of them past due and not judged.",
            cites=(CoeCite(kind="order", ref=order),),
        )
        for code, n, over, order in rows
    ]
