"""购物篮: which goods are bought together in one order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.adapters.assets import _columns as c
from danshu.adapters.assets import _figures as f
from danshu.adapters.assets import _tables
from danshu.kernel.limits import BASKET_SKUS
from danshu.ports.asset import Chart, Check, Title

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.ports.asset import Table, Value


class Baskets:
    """One row of detail is a pair of SKUs in one order, the first by its code on the left.

    Gifts are left out: nobody chose them; so are orders of more than BASKET_SKUS SKUs, in which a
    business restocks.
    """

    name: Final = "baskets"
    title: Final = Title(zh="购物篮", en="Baskets")
    about: Final = Title(
        zh="哪些商品在一张订单里一起买：一起出现的订单数、支持度、置信度和提升度。",
        en="Which goods are bought in one order: orders of both, support, confidence and lift.",
    )
    version: Final = 1
    owner: Final = "steward"
    purpose: Final = "marketing"
    refresh_s: Final = 86_400
    sources: Final = ("lines",)
    columns: Final = (
        c.grain("sku", "商品", "Goods", "买了", "主品", "sku"),
        c.grain("with_sku", "一起买的", "Bought with", "搭配", "连带", "also bought"),
        c.measure("orders", "一起出现的订单", "Orders of both", "同单", "一起买", "both"),
        c.measure("sku_orders", "有商品的订单", "Orders of the goods", "orders of left"),
        c.measure("with_orders", "有另一件的订单", "Orders of the other", "orders of right"),
        c.measure("all_orders", "全部订单", "All orders", "总单数", "all orders"),
        c.measure("support", "支持度", "Support", "support", unit="thousandths"),
        c.measure("confidence", "置信度", "Confidence", "confidence", unit="thousandths"),
        c.measure("lift", "提升度", "Lift", "关联强度", "lift", unit="thousandths"),
        c.OCCURRED,
    )  # fmt: skip
    checks: Final = (
        Check(code="unique"),
        Check(code="between", column="confidence", low=0, high=1_000),
        Check(code="fresh"),
    )
    chart: Final = Chart(drawn="matrix", x="sku", y="with_sku", value="lift")
    words: Final = (
        "购物篮", "关联", "搭配", "一起买", "连带率", "凑单", "组合", "推荐", "捆绑",
        "basket", "association", "cross-sell", "bought together",
    )  # fmt: skip

    def rows(self, sources: Mapping[str, Table]) -> Table:
        """Give one row for each pair in an order."""
        lines = sources["lines"].filter(lambda t: (t.origin == "placed") & (t.gift == ""))
        bought = lines.select(*_tables.PROVENANCE, "sku").distinct()
        size = bought.group_by("stream").agg(skus=lambda t: t.count())
        bought = bought.semi_join(size.filter(size.skus <= BASKET_SKUS), "stream")
        count = bought.group_by("sku").agg(n=lambda t: t.count())
        left = bought.join(count, "sku").rename(sku_orders="n")
        right = bought.join(count, "sku").select("stream", with_sku="sku", with_orders="n")
        pairs = left.join(right, [left.stream == right.stream, left.sku < right.with_sku])
        own = ("sku", "with_sku", "sku_orders", "with_orders")
        return pairs.select(
            *_tables.facts(pairs), *own, all_orders=bought.stream.nunique().as_scalar()
        )

    def measures(self, rows: Table) -> Mapping[str, Value]:
        """Count orders; what each row of a pair says alike is taken once."""
        both = rows.count()
        one, other = rows.sku_orders.max(), rows.with_orders.max()
        whole = rows.all_orders.max()
        return {
            "orders": both,
            "sku_orders": one,
            "with_orders": other,
            "all_orders": whole,
            "support": f.share(both, whole),
            "confidence": f.share(both, one),
            "lift": f.share(both * whole, one * other),
        }

    def finish(self, cells: Table) -> Table:
        """Add nothing."""
        return cells
