"""库存周转: what lay in each warehouse, came and left, and how many days it lasts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.adapters.assets import _columns as c
from danshu.adapters.assets import _figures as f
from danshu.adapters.assets import _tables, _times
from danshu.ports.asset import Chart, Check, Title

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.ports.asset import Table, Value

MONTH_DAYS: Final = 30


class StockTurnover:
    """One row of detail is a change of what is on hand: a receipt, count, parcel or return.

    A month without a change has no row: what was there at its end is the next one's `opening`.
    """

    name: Final = "stock-turnover"
    title: Final = Title(zh="库存周转", en="Stock turnover")
    about: Final = Title(
        zh="每个商品在每个仓每月的期初、入库、出库、期末，周转了几次，按当月的出库还够卖几天。",
        en="Opening, receipts, shipments and closing stock of each SKU, warehouse and month, with"
        " turns and days of cover.",
    )
    version: Final = 1
    owner: Final = "steward"
    purpose: Final = "supply"
    refresh_s: Final = 3_600
    sources: Final = ("stock_moves", "shipped_lines", "returned_lines")
    columns: Final = (
        c.SKU,
        c.WAREHOUSE,
        c.MONTH,
        c.measure("opening", "期初", "Opening", "月初库存", unit="units"),
        c.measure("received", "入库", "Received", "进货", "到货", "收货", unit="units"),
        c.measure("returned", "退货入库", "Returned", "退回", unit="units"),
        c.measure("shipped", "出库", "Shipped", "销量", "发货件数", "卖了多少", unit="units"),
        c.measure("written_off", "盘亏与调减", "Written off", "盘亏", "损耗", unit="units"),
        c.measure("closing", "期末", "Closing", "现有库存", "库存", "剩多少", unit="units"),
        c.measure(
            "turns", "周转次数（千分）", "Turns", "周转率", "周转", "动销", unit="thousandths"
        ),
        c.measure(
            "cover", "可售天数", "Days of cover", "够卖几天", "周转天数", "滞销", unit="days"
        ),
        c.OCCURRED,
    )  # fmt: skip
    checks: Final = (
        Check(code="unique"),
        Check(code="complete", column="sku"),
        Check(code="between", column="closing", low=0, high=2**53),
        Check(code="fresh"),
    )
    chart: Final = Chart(drawn="bars", x="sku", value="shipped", split="warehouse")
    words: Final = (
        "库存", "周转", "周转率", "滞销", "动销", "可售天数", "断货", "积压", "进销存", "库龄",
        "stock", "inventory", "turnover", "days of cover",
    )  # fmt: skip

    def rows(self, sources: Mapping[str, Table]) -> Table:
        """Give one row a change of units on hand."""
        moved = sources["stock_moves"].filter(lambda t: t.on_hand != 0)
        sent = sources["shipped_lines"]
        back = sources["returned_lines"].filter(lambda t: t.outcome == "restock")
        t = _changes(moved, moved.on_hand, "moved").union(
            _changes(sent, -sent.units, "shipped"), _changes(back, back.units, "returned")
        )
        return t.mutate(month=_times.month(t.occurred))

    def measures(self, rows: Table) -> Mapping[str, Value]:
        """Add up what came and went; `closing` is the change of the month until `finish`."""
        moved = rows.why == "moved"
        return {
            "received": f.total((moved & (rows.change > 0)).ifelse(rows.change, 0)),
            "returned": f.total((rows.why == "returned").ifelse(rows.change, 0)),
            "shipped": f.total((rows.why == "shipped").ifelse(-rows.change, 0)),
            "written_off": f.total((moved & (rows.change < 0)).ifelse(-rows.change, 0)),
            "closing": f.total(rows.change),
        }

    def finish(self, cells: Table) -> Table:
        """Carry closings forward, then add turns (shipped by the mean stock) and days of cover."""
        keys = [name for name in ("sku", "warehouse") if name in cells.columns]
        t = cells.mutate(change=cells.closing)
        if "month" in cells.columns:
            t = _tables.running(t, keys, "month", closing="change")
        t = t.mutate(opening=t.closing - t.change)
        return t.mutate(
            turns=f.share(t.shipped * 2, t.opening + t.closing),
            cover=t.closing * MONTH_DAYS // t.shipped.nullif(0),
        ).drop("change")


def _changes(table: Table, change: Value, why: str) -> Table:
    """Give changes of units on hand."""
    return table.select(
        *_tables.facts(table),
        "sku",
        "warehouse",
        change=change.cast("int64"),
        why=_tables.constant(why),
    )
