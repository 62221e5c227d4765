"""路由质量: what the router decided, at which cost, how often it was overruled, what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.adapters.assets import _columns as c
from danshu.adapters.assets import _figures as f
from danshu.adapters.assets import _promises, _tables, _times
from danshu.ports.asset import Chart, Check, Title

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.ports.asset import Table, Value


class RoutingQuality:
    """One row of detail is a decision, an override by a person, or a decision taken again.

    Costs are what the router expected, not bills. A decision over several warehouses counts with
    the first by its code. `lead` is what the second plan would have cost more, where there was one.
    """

    name: Final = "routing-quality"
    title: Final = Title(zh="路由质量", en="Routing quality")
    about: Final = Title(
        zh="每天每仓的分仓决定：预计成本、拆单、人工改仓、信号改派、比次优方案省多少，以及事后准时率。",
        en="Decisions by day and warehouse: expected cost, splits, overrides, decisions taken"
        " again, lead over the second plan, and the share on time.",
    )
    version: Final = 1
    owner: Final = "policy"
    purpose: Final = "operations"
    refresh_s: Final = 3_600
    sources: Final = ("routes", "promises")
    columns: Final = (
        c.DAY,
        c.WAREHOUSE,
        c.measure("decisions", "决定数", "Decisions", "分仓次数", "路由次数", "decisions"),
        c.measure("cost", "预计成本", "Expected cost", "运费", "履约成本", "cost", unit="fen"),
        c.measure(
            "cost_mean", "单均成本", "Cost a decision", "平均成本", "每单成本", unit="fen"
        ),
        c.measure("split", "拆单", "Split", "多仓发货", "拆包", "split"),
        c.measure("unplaced", "未能分仓", "Not placed", "缺货", "分不出仓", "unplaced"),
        c.measure("overridden", "人工改仓", "Overridden", "人工指定仓", "推翻", "override"),
        c.measure(
            "override_cost", "人工改仓多花", "Cost of overrides", "改仓成本", unit="fen"
        ),
        c.measure("redecided", "信号改派", "Decided again", "改派", "重新分仓", "reroute"),
        c.measure(
            "lead", "领先次优", "Lead over the second", "与最优差距", "方案差距", "lead", unit="fen"
        ),
        c.measure("judged", "有判定的订单", "Orders judged", "judged"),
        c.measure(
            "on_time", "准时率", "On time", "按时率", "事后准时", "on-time rate",
            unit="thousandths",
        ),
        c.OCCURRED,
    )  # fmt: skip
    checks: Final = (
        Check(code="unique"),
        Check(code="complete", column="day"),
        Check(code="adds_up", column="decisions"),
        Check(code="fresh"),
    )
    chart: Final = Chart(drawn="lines", x="day", value="cost_mean", split="warehouse")
    words: Final = (
        "路由", "分仓", "派单", "拆单", "改仓", "改派", "履约成本", "策略效果", "选仓", "最优",
        "routing", "allocation", "splits", "overrides",
    )  # fmt: skip

    def rows(self, sources: Mapping[str, Table]) -> Table:
        """Give one row an act of routing; what came of an order counts with its decisions."""
        routes = sources["routes"]
        t = _tables.beside(routes, _promises.punctuality(sources["promises"]))
        decided = t.act == "decided"
        return t.select(
            *_tables.facts(t),
            day=_times.day(t.occurred),
            warehouse=(t.warehouses == "").ifelse(
                _tables.NONE, t.warehouses.re_extract(r"^[^+]*", 0)
            ),
            act=t.act,
            cost=t.cost,
            parcels=t.parcels,
            unplaced=t.unplaced,
            lead=(decided & (t.other > 0)).ifelse(t.margin, None),
            extra=(t.act == "overridden").ifelse(t.margin, 0),
            missed=decided.ifelse(t.missed, None),
        )

    def measures(self, rows: Table) -> Mapping[str, Value]:
        """Count acts, add up costs and say how many were on time."""
        decided = rows.act == "decided"
        judged, decisions = rows.missed.count(), f.count_if(decided)
        cost = f.total(decided.ifelse(rows.cost, 0))
        return {
            "decisions": decisions,
            "cost": cost,
            "cost_mean": f.mean(cost, decisions),
            "split": f.count_if(decided & (rows.parcels > 1)),
            "unplaced": f.count_if(decided & (rows.unplaced > 0)),
            "overridden": f.count_if(rows.act == "overridden"),
            "override_cost": f.total(rows.extra),
            "redecided": f.count_if(rows.act == "redecided"),
            "lead": f.mean(f.total(rows.lead), rows.lead.count()),
            "judged": judged,
            "on_time": f.share(f.count_if(rows.missed == 0), judged),
        }

    def finish(self, cells: Table) -> Table:
        """Add nothing."""
        return cells
