"""需求序列: units ordered and cancelled a day, by region and goods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.adapters.assets import _columns as c
from danshu.adapters.assets import _figures as f
from danshu.adapters.assets import _tables, _times
from danshu.ports.asset import Chart, Check, Title

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.ports.asset import Table, Value


class DemandSeries:
    """One row of detail is a line as placed, a change of one, or units given up.

    All of an order counts on the day on which it was placed.
    """

    name: Final = "demand-series"
    title: Final = Title(zh="需求序列", en="Demand series")
    about: Final = Title(
        zh="每天每个地区每个商品订了多少件、取消多少件，并标出节假日、调休和周末。",
        en="Units ordered and cancelled by day, region and SKU, with holidays, makeup days and"
        " weekends marked.",
    )
    version: Final = 1
    owner: Final = "steward"
    purpose: Final = "supply"
    refresh_s: Final = 3_600
    sources: Final = ("orders", "lines", "line_changes", "cancelled_lines")
    columns: Final = (
        c.DAY,
        c.grain("holiday", "日子", "Kind of day", "节假日", "周末", "调休", "大促", "holiday"),
        c.PROVINCE,
        c.REGION,
        c.SKU,
        c.measure("orders", "订单数", "Orders", "单量", "orders"),
        c.measure(
            "ordered", "订购件数", "Units ordered", "需求", "销量", "日销", "卖了多少", "demand",
            unit="units",
        ),
        c.measure("cancelled", "取消件数", "Units cancelled", "取消", "退订", unit="units"),
        c.measure("net", "净需求", "Net demand", "净销量", "net", unit="units"),
        c.OCCURRED,
    )  # fmt: skip
    checks: Final = (
        Check(code="unique"),
        Check(code="complete", column="sku"),
        Check(code="fresh"),
    )
    chart: Final = Chart(drawn="lines", x="day", value="net", split="sku")
    words: Final = (
        "需求", "销量", "日销", "预测", "备货", "热销", "爆款", "节假日", "补货", "卖得最好",
        "demand", "sales", "forecast", "best sellers",
    )  # fmt: skip

    def rows(self, sources: Mapping[str, Table]) -> Table:
        """Give one row for each line and each change of one."""
        orders, given_up = sources["orders"], sources["cancelled_lines"]
        lines = sources["lines"].filter(lambda t: t.origin == "placed")
        skus = lines.select("stream", "line", named=lines.sku)
        changes = _tables.beside(sources["line_changes"], skus, ("stream", "line"))
        sku = (changes.sku == "").ifelse(changes.named.fill_null(_tables.NONE), changes.sku)
        changes = changes.mutate(sku=sku)
        t = _units(lines, lines.quantity, lines.quantity * 0).union(
            _units(changes, changes.now_quantity - changes.was_quantity, changes.line * 0),
            _units(given_up, given_up.line * 0, given_up.units),
        )
        each = orders.select(
            "region",
            of=orders.stream,
            province=_times.province(orders.region),
            day=_times.day(orders.created),
            created=orders.created,
        )
        t = t.join(each, t.stream == each.of)
        holiday = _times.kind_of_day(t.created, t.day)
        own = ("day", "province", "region", "sku", "ordered", "cancelled")
        return t.select(*_tables.facts(t), *own, holiday=holiday)

    def measures(self, rows: Table) -> Mapping[str, Value]:
        """Count orders and units."""
        ordered, cancelled = f.total(rows.ordered), f.total(rows.cancelled)
        return {
            "orders": rows.stream.nunique(),
            "ordered": ordered,
            "cancelled": cancelled,
            "net": ordered - cancelled,
        }

    def finish(self, cells: Table) -> Table:
        """Add nothing."""
        return cells


def _units(table: Table, ordered: Value, cancelled: Value) -> Table:
    return table.select(
        *_tables.facts(table),
        "sku",
        ordered=ordered.cast("int64"),
        cancelled=cancelled.cast("int64"),
    )
