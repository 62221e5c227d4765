"""承诺兑现: what became of every promise, by its code, channel, warehouse and day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.adapters.assets import _columns as c
from danshu.adapters.assets import _figures as f
from danshu.adapters.assets import _promises, _tables, _times
from danshu.ports.asset import Chart, Check, Title

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.ports.asset import Table, Value


class PromisesKept:
    """One row of detail is a promise of an order; the latest verdict counts.

    Its day is that on which the order was placed, its warehouse the first of several by code.
    """

    name: Final = "promises-kept"
    title: Final = Title(zh="承诺兑现", en="Promises kept")
    about: Final = Title(
        zh="每条承诺在各渠道、各仓、各天立了多少，兑现、违约、逾期各多少，离期限差多少分钟。",
        en="How many promises were made, kept, broken or late by code, channel, warehouse and"
        " day, and by how many minutes.",
    )
    version: Final = 1
    owner: Final = "legal"
    purpose: Final = "service"
    refresh_s: Final = 900
    sources: Final = ("promises", "orders", "allocations")
    columns: Final = (
        c.grain("code", "承诺", "Promise", "承诺条款", "时效承诺", "promise", "SLA"),
        c.CHANNEL,
        c.WAREHOUSE,
        c.DAY,
        c.measure("made", "立约", "Made", "承诺数", "承诺总数", "promises made"),
        c.measure("kept", "兑现", "Kept", "按时", "达成", "守约", "kept"),
        c.measure("broken", "违约", "Broken", "未兑现", "超时", "失约", "没做到", "broken"),
        c.measure("late", "逾期履行", "Late", "晚到", "发货超时", "迟", "late"),
        c.measure("borderline", "临界", "Borderline", "待人判定", "borderline"),
        c.measure("open", "未到期", "Open", "进行中", "在途承诺", "open"),
        c.measure(
            "kept_share",
            "兑现率",
            "Share kept",
            "达成率",
            "履约率",
            "守约率",
            "准时率",
            "fulfilment rate",
            unit="thousandths",
        ),
        c.measure("gap_p50", "离期限中位", "Median gap", "提前多少", "差距", "gap", unit="minutes"),
        c.measure("gap_p90", "离期限 P90", "P90 gap", "最晚", unit="minutes"),
        c.OCCURRED,
    )
    checks: Final = (
        Check(code="unique"),
        Check(code="complete", column="code"),
        Check(code="adds_up", column="made"),
        Check(code="fresh"),
    )
    chart: Final = Chart(drawn="bars", x="code", value="kept_share", split="channel")
    words: Final = (
        "承诺",
        "违约",
        "超时",
        "赔付原因",
        "时效达成",
        "投诉",
        "履约环节",
        "发货超时",
        "末端派送",
        "没按时",
        "promise",
        "SLA",
        "breach",
        "complaints",
    )

    def rows(self, sources: Mapping[str, Table]) -> Table:
        """Give one row a promise."""
        orders = sources["orders"].select("stream", "channel", "created")
        t = _promises.verdicts(sources["promises"]).join(orders, "stream")
        t = _tables.beside(t, _tables.warehouses(sources["allocations"]))
        return t.select(
            *_tables.facts(t),
            code=t.code,
            channel=t.channel,
            warehouse=t.warehouse.fill_null(_tables.NONE),
            day=_times.day(t.created),
            verdict=t.verdict,
            gap_minutes=t["gap"] // _times.MINUTE_MS,
        )

    def measures(self, rows: Table) -> Mapping[str, Value]:
        """Count verdicts: broken has what was done late in it, as it was not kept."""
        kept, missed = (
            f.count_if(rows.verdict.isin(of)) for of in (_promises.KEPT, _promises.MISSED)
        )
        return {
            "made": rows.count(),
            "kept": kept,
            "broken": missed,
            "late": f.count_if(rows.verdict == "late"),
            "borderline": f.count_if(rows.verdict == "borderline"),
            "open": f.count_if(rows.verdict == "open"),
            "kept_share": f.share(kept, kept + missed),
            "gap_p50": f.percentile(rows.gap_minutes, 5),
            "gap_p90": f.percentile(rows.gap_minutes, 9),
        }

    def finish(self, cells: Table) -> Table:
        """Add nothing."""
        return cells
