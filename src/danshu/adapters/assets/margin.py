"""毛利分析: what goods brought and cost, by day, channel and SKU; for finance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.adapters.assets import _columns as c
from danshu.adapters.assets import _figures as f
from danshu.adapters.assets import _tables, _times
from danshu.ports.asset import Chart, Check, Title

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.ports.asset import Table, Value


_FIGURES: Final = ("units", "revenue", "refunded")
_NEVER_LEFT: Final = ("cancelled", "amended", "owed")
_FOREVER: Final = 2**53


class Margin:
    """One row of detail is units of a line that left, came back to stock, or were paid back.

    Orders in yuan only, as costs are in yuan. Costs are master data (`costs`), the one input that
    the log does not hold: what a unit cost on the day it left, as master data says it now. Units
    without a cost count in `uncosted`, and neither they nor what they brought are in the margin.
    """

    name: Final = "margin"
    title: Final = Title(zh="毛利分析", en="Margin")
    about: Final = Title(
        zh="每天各渠道各商品发出的货收入多少、成本多少、退了多少，毛利和毛利率。",
        en="Revenue, cost, refunds, margin and its share of what was shipped, by day, channel and"
        " SKU.",
    )
    version: Final = 1
    owner: Final = "finance"
    purpose: Final = "finance"
    refresh_s: Final = 86_400
    sources: Final = (
        "orders", "lines", "line_changes", "shipped_lines", "returned_lines", "returns",
        "refund_lines", "costs",
    )  # fmt: skip
    columns: Final = (
        c.DAY,
        c.CHANNEL,
        c.SKU,
        c.measure("units", "发出件数", "Units shipped", "销量", unit="units", level=3),
        c.measure("revenue", "收入", "Revenue", "营收", "销售额", "营业额", unit="fen", level=3),
        c.measure("refunded", "退款", "Refunded", "退款额", unit="fen", level=3),
        c.measure("cost", "成本", "Cost", "进价", "货品成本", unit="fen", level=3),
        c.measure("margin", "毛利", "Margin", "利润", "赚了多少", "毛利额", unit="fen", level=3),
        c.measure(
            "margin_share", "毛利率", "Margin share", "利润率", "毛利率低", unit="thousandths",
            level=3,
        ),
        c.measure("uncosted", "未知成本件数", "Units without a cost", unit="units", level=3),
        c.OCCURRED,
    )  # fmt: skip
    checks: Final = (
        Check(code="unique"),
        Check(code="complete", column="sku"),
        Check(code="between", column="uncosted", low=0, high=0),
        Check(code="fresh"),
    )
    chart: Final = Chart(drawn="lines", x="day", value="margin", split="channel")
    words: Final = (
        "毛利", "利润", "毛利率", "赚钱", "亏本", "成本", "收入", "营收", "盈利", "哪个渠道赚钱",
        "margin", "profit", "cost", "revenue",
    )  # fmt: skip

    def rows(self, sources: Mapping[str, Table]) -> Table:
        """Give one row for units that left, came back or were paid back."""
        price = _prices(sources)
        sent, back = sources["shipped_lines"], sources["returned_lines"]
        paid = _tables.beside(_refunds(sources), price, ("stream", "line"))
        back = back.filter(back.outcome == "restock")
        sent = _tables.beside(sent, price, ("stream", "line"))
        revenue = sent.paid * sent.units // sent.quantity.nullif(0)
        t = _rows(sent, units=sent.units, revenue=revenue.fill_null(0)).union(
            _rows(back, units=-back.units), _rows(paid, refunded=paid.amount)
        )
        orders = sources["orders"].filter(lambda o: o.currency == "CNY")
        each = orders.select("channel", of=orders.stream)
        t = t.join(each, t.stream == each.of)
        costs = _spans(sources["costs"])
        t = t.left_join(
            costs,
            [t.sku == costs.of_sku, t.occurred >= costs.since, t.occurred < costs.until],
        )
        own = ("channel", "sku", "units", "revenue", "refunded", "unit_cost")
        return t.select(*_tables.facts(t), *own, day=_times.day(t.occurred))

    def measures(self, rows: Table) -> Mapping[str, Value]:
        """Add up money; the margin is of lines whose cost is known."""
        known = rows.unit_cost.notnull()
        cost = f.total(known.ifelse(rows.units * rows.unit_cost, 0))
        earned = f.total(known.ifelse(rows.revenue - rows.refunded, 0))
        return {
            "units": f.total((rows.units > 0).ifelse(rows.units, 0)),
            "revenue": f.total(rows.revenue),
            "refunded": f.total(rows.refunded),
            "cost": cost,
            "margin": earned - cost,
            "margin_share": f.share(earned - cost, earned),
            "uncosted": f.total(((rows.units > 0) & ~known).ifelse(rows.units, 0)),
        }

    def finish(self, cells: Table) -> Table:
        """Add nothing."""
        return cells


def _prices(sources: Mapping[str, Table]) -> Table:
    """Give what each line says by now: `sku`, `quantity`, `paid` for all of it, once a line."""
    lines, changes = sources["lines"], sources["line_changes"]
    said = lines.select("stream", "seq", "line", "sku", "quantity", "paid").union(
        changes.select(
            "stream", "seq", "line", "sku", quantity=changes.now_quantity, paid=changes.now_paid
        )
    )
    return said.group_by(["stream", "line"]).agg(
        sku=said.sku.max(),  # a change says it of new lines alone
        quantity=said.quantity.argmax(said.seq),
        paid=said.paid.argmax(said.seq),
    )


def _refunds(sources: Mapping[str, Table]) -> Table:
    """Give what was paid back of goods that had left: what never left brought no revenue."""
    never = sources["returns"].filter(lambda t: t.reason.isin(_NEVER_LEFT))
    paid = sources["refund_lines"]
    return paid.anti_join(never, paid.case == never.stream)


def _rows(table: Table, **figures: Value) -> Table:
    """Give rows of the figures, 0 where one is not named."""
    there = {name: figures.get(name, _tables.constant(0)) for name in _FIGURES}
    return table.select(*_tables.facts(table), sku=table.sku.fill_null(_tables.NONE), **there)


def _spans(costs: Table) -> Table:
    """Give each cost with the time until which it holds."""
    each = costs.select("since", of_sku=costs.sku, unit_cost=costs.cost)
    each = each.group_by("of_sku").order_by("since").mutate(until=lambda t: t.since.lead())
    return each.mutate(until=each.until.fill_null(_tables.constant(_FOREVER)))
