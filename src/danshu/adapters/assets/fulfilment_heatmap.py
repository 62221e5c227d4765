"""履约时效热力图: how long goods take to be picked up and signed for, by region and hour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.adapters.assets import _columns as c
from danshu.adapters.assets import _figures as f
from danshu.adapters.assets import _promises, _tables, _times
from danshu.ports.asset import Chart, Check, Title

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.ports.asset import Table, Value


class FulfilmentHeatmap:
    """One row of detail is an order; minutes run from paying, or placing where nothing was paid."""

    name: Final = "fulfilment-heatmap"
    title: Final = Title(zh="履约时效热力图", en="Fulfilment heat map")
    about: Final = Title(
        zh="各省市、各下单时段的订单，从付款到揽收、到签收要多少分钟，多少按承诺做到。",
        en="Minutes from paying to pickup and to signing, and the share on time, by region and"
        " hour of placing.",
    )
    version: Final = 1
    owner: Final = "steward"
    purpose: Final = "operations"
    refresh_s: Final = 900
    sources: Final = ("orders", "payments", "steps", "promises")
    columns: Final = (
        c.PROVINCE,
        c.REGION,
        c.HOUR,
        c.measure("orders", "订单数", "Orders", "单量", "订单量", "orders"),
        c.measure("picked_up", "已揽收", "Picked up", "揽收单量", "shipped"),
        c.measure("signed", "已签收", "Signed for", "签收单量", "妥投", "delivered"),
        c.measure(
            "pickup_p50",
            "揽收用时中位",
            "Median to pickup",
            "发货时效",
            "揽收时效",
            "出库时效",
            unit="minutes",
        ),
        c.measure(
            "pickup_p90", "揽收用时 P90", "P90 to pickup", "发货慢", "揽收慢", unit="minutes"
        ),
        c.measure(
            "sign_p50",
            "签收用时中位",
            "Median to signing",
            "送达时效",
            "配送时长",
            "多久送到",
            "delivery time",
            unit="minutes",
        ),
        c.measure("sign_p90", "签收用时 P90", "P90 to signing", "送得慢", "最慢", unit="minutes"),
        c.measure("judged", "有判定的订单", "Orders judged", "已判定", "judged"),
        c.measure(
            "on_time",
            "准时率",
            "On time",
            "按时率",
            "及时率",
            "达成率",
            "on-time rate",
            unit="thousandths",
        ),
        c.OCCURRED,
    )
    checks: Final = (
        Check(code="unique"),
        Check(code="complete", column="region"),
        Check(code="between", column="hour", low=0, high=23),
        Check(code="adds_up", column="orders"),
        Check(code="fresh"),
    )
    chart: Final = Chart(drawn="heatmap", x="hour", y="province", value="sign_p50")
    words: Final = (
        "时效",
        "履约时效",
        "配送时效",
        "热力图",
        "哪里慢",
        "送货速度",
        "物流时效",
        "多久到货",
        "delivery speed",
        "lead time",
        "heat map",
        "slow regions",
    )

    def rows(self, sources: Mapping[str, Table]) -> Table:
        """Give one row an order."""
        orders, steps = sources["orders"], sources["steps"]
        paid = sources["payments"].group_by("stream").agg(paid=lambda t: t["at"].min())
        times = steps.group_by("stream").agg(
            picked_up=steps.occurred.min(where=steps.step == "shipped"),
            signed=steps.occurred.max(where=steps.step == "delivered"),
        )
        judged = _promises.punctuality(sources["promises"])
        t = _tables.beside(_tables.beside(_tables.beside(orders, paid), times), judged)
        since = t.paid.fill_null(t.created)
        return t.select(
            *_tables.facts(t),
            province=_times.province(t.region),
            region=t.region,
            hour=_times.hour(t.created),
            to_pickup=_times.minutes(since, t.picked_up),
            to_sign=_times.minutes(since, t.signed),
            missed=t.missed,
        )

    def measures(self, rows: Table) -> Mapping[str, Value]:
        """Give counts, percentiles of minutes and the share without a missed promise."""
        judged = rows.missed.count()
        return {
            "orders": rows.count(),
            "picked_up": rows.to_pickup.count(),
            "signed": rows.to_sign.count(),
            "pickup_p50": f.percentile(rows.to_pickup, 5),
            "pickup_p90": f.percentile(rows.to_pickup, 9),
            "sign_p50": f.percentile(rows.to_sign, 5),
            "sign_p90": f.percentile(rows.to_sign, 9),
            "judged": judged,
            "on_time": f.share(f.count_if(rows.missed == 0), judged),
        }

    def finish(self, cells: Table) -> Table:
        """Add nothing."""
        return cells
