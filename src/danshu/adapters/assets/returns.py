"""退货原因: why goods go back, by reason, goods, channel and month."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.adapters.assets import _columns as c
from danshu.adapters.assets import _figures as f
from danshu.adapters.assets import _tables, _times
from danshu.ports.asset import Chart, Check, Title

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.ports.asset import Table, Value

_KINDS: Final = ("return", "exchange", "refund_only")
_NOBODY_ASKED: Final = ("cancelled", "amended", "owed")  # the hub opens these by itself


class Returns:
    """One row of detail is a line of an after-sales case, or a case that names none.

    The reason is the steward's vocabulary's where what the buyer wrote was normalised to it, else
    the code that the case was opened with.
    """

    name: Final = "returns"
    title: Final = Title(zh="退货原因", en="Return reasons")
    about: Final = Title(
        zh="退货、换货和仅退款各为什么，落在哪些商品、渠道和月份，退了多少件、多少钱。",
        en="Why goods are returned, exchanged or refunded, by goods, channel and month, with units"
        " and money.",
    )
    version: Final = 1
    owner: Final = "service"
    purpose: Final = "service"
    refresh_s: Final = 3_600
    sources: Final = ("returns", "return_lines", "reason_codes", "refund_lines", "orders")
    columns: Final = (
        c.grain(
            "reason", "原因", "Reason", "退货原因", "为什么退", "退款理由", "投诉原因", "why",
            "reason",
        ),
        c.grain("kind", "售后类型", "Kind", "退货", "换货", "仅退款", "kind"),
        c.CHANNEL,
        c.SKU,
        c.MONTH,
        c.measure("cases", "售后单数", "Cases", "退货单", "投诉量", "多少单", "cases"),
        c.measure("coded", "已归一", "Normalised", "归一", "coded"),
        c.measure("units", "件数", "Units", "退了多少件", "退货件数", unit="units"),
        c.measure(
            "refunded", "已退款（人民币）", "Refunded (CNY)", "退款金额", "退了多少钱", "refunds",
            unit="fen",
        ),
        c.measure("share", "占比", "Share", "比例", "最多的原因", unit="thousandths"),
        c.OCCURRED,
    )  # fmt: skip
    checks: Final = (
        Check(code="unique"),
        Check(code="complete", column="reason"),
        Check(code="between", column="share", low=0, high=1_000),
        Check(code="fresh"),
    )
    chart: Final = Chart(drawn="bars", x="reason", value="cases", split="channel")
    words: Final = (
        "退货", "退款", "换货", "售后", "尺码不合适", "质量问题", "破损", "错发", "漏发",
        "退货率", "客诉", "returns", "refunds", "complaints", "after-sales",
    )  # fmt: skip

    def rows(self, sources: Mapping[str, Table]) -> Table:
        """Give one row for each line of a case."""
        cases = sources["returns"].filter(
            lambda t: t.kind.isin(_KINDS) & t.reason.notin(_NOBODY_ASKED)
        )
        lines = sources["return_lines"].select("stream", "line", "sku", "quantity")
        given = sources["reason_codes"]
        coded = given.group_by("case").agg(code=given.code.argmax(given.recorded).nullif(""))
        paid = sources["refund_lines"].group_by(["case", "line"])
        paid = paid.agg(refunded=lambda t: t.amount.sum().cast("int64"))
        channels = sources["orders"].select("channel", of=sources["orders"].stream)
        t = cases.mutate(case=cases.stream, of=cases["order"])
        t = _tables.beside(_tables.beside(t, lines), coded, ("case",))
        t = _tables.beside(_tables.beside(t, paid, ("case", "line")), channels, ("of",))
        yuan = (t.currency == "CNY").ifelse(t.refunded.fill_null(0), 0)
        return t.select(
            *_tables.facts(t),
            reason=t.code.fill_null(t.reason),
            kind=t.kind,
            channel=t.channel.fill_null(_tables.NONE),
            sku=t.sku.fill_null(_tables.NONE),
            month=_times.month(t.occurred),
            is_coded=t.code.notnull(),
            units=t.quantity.fill_null(0),
            refunded=yuan,
        )

    def measures(self, rows: Table) -> Mapping[str, Value]:
        """Count cases once, however many lines they have."""
        return {
            "cases": rows.stream.nunique(),
            "coded": rows.stream.nunique(where=rows.is_coded),
            "units": f.total(rows.units),
            "refunded": f.total(rows.refunded),
        }

    def finish(self, cells: Table) -> Table:
        """Add each reason's share of the cases of the same kind, channel, goods and month."""
        t = _tables.within(cells, ("kind", "channel", "sku", "month"), whole=cells.cases.sum())
        return t.mutate(share=f.share(t.cases, t.whole)).drop("whole")
