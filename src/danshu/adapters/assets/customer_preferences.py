"""客户履约偏好矩阵: what groups of buyers choose, and never what one buyer does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.adapters.assets import _columns as c
from danshu.adapters.assets import _figures as f
from danshu.adapters.assets import _tables, _times
from danshu.kernel.limits import CELL_PEOPLE
from danshu.ports.asset import Chart, Check, Title

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.ports.asset import Table, Value


class CustomerPreferences:
    """One row of detail is a choice of an order: when it was placed, who carries it, what changed.

    A segment is how often its buyers bought (1, 2-3, 4+ orders at the shop). Orders whose buyer
    the platform does not tell are left out.
    """

    name: Final = "customer-preferences"
    title: Final = Title(zh="客户履约偏好矩阵", en="Fulfilment preferences")
    about: Final = Title(
        zh="按购买频次和大区分的买家群体，爱在什么时段、星期几下单，用哪家快递，约什么时间送，改单和替代怎么选。",
        en="When groups of buyers (by how often they buy, and area) order, who carries it,"
        " which windows they choose, what they amend, whether they take substitutes.",
    )
    version: Final = 1
    owner: Final = "service"
    purpose: Final = "service"
    refresh_s: Final = 86_400
    sources: Final = ("orders", "steps", "arrangements", "amendments", "substitutes")
    columns: Final = (
        c.grain(
            "segment", "购买频次", "Buys", "客群", "人群", "老客", "新客", "客户分层", "segment",
            level=3,
        ),
        c.grain("area", "大区", "Area", "地区", "区域", "华东", "华南", "华北", "area", level=3),
        c.grain("preference", "偏好", "Preference", "习惯", "喜好", "preference", level=3),
        c.grain("choice", "选择", "Choice", "选项", "choice", level=3),
        c.measure("orders", "订单数", "Orders", "单量", level=3),
        c.measure("customers", "买家数", "Buyers", "人数", "客户数", unit="customers", level=3),
        c.measure("share", "占比", "Share", "比例", "多少人选", unit="thousandths", level=3),
        c.OCCURRED,
    )  # fmt: skip
    checks: Final = (
        Check(code="unique"),
        Check(code="between", column="customers", low=CELL_PEOPLE, high=2**53),
        Check(code="between", column="share", low=0, high=1_000),
        Check(code="fresh"),
    )
    chart: Final = Chart(drawn="matrix", x="choice", y="segment", value="share", split="preference")
    words: Final = (
        "偏好", "客户偏好", "下单时段", "收货时间", "代收", "改地址", "改约", "客户画像", "习惯",
        "preferences", "habits", "segments", "delivery windows",
    )  # fmt: skip

    def rows(self, sources: Mapping[str, Table]) -> Table:
        """Give one row for each choice."""
        orders = sources["orders"].filter(lambda t: t.buyer != "")
        often = orders.group_by("buyer").agg(often=lambda t: t.count())
        each = orders.join(often, "buyer")
        band = (each.often >= 4).ifelse("4+", (each.often >= 2).ifelse("2-3", "1"))
        each = each.select("buyer", of=each.stream, area=_times.area(each.region), segment=band)
        first, *more = (
            table.mutate(preference=_tables.constant(preference))
            for preference, table in _choices(sources).items()
        )
        t = first.union(*more).join(each, "of")
        own = ("segment", "area", "preference", "choice", "buyer")
        return t.select(*_tables.facts(t), *own)

    def measures(self, rows: Table) -> Mapping[str, Value]:
        """Count orders and buyers."""
        return {"orders": rows.count(), "customers": rows.buyer.nunique()}

    def finish(self, cells: Table) -> Table:
        """Leave out small cells, then add each choice's share of its group and preference."""
        t = cells.filter(cells.customers >= CELL_PEOPLE)
        whole = t.orders.sum()
        t = _tables.within(t, ("segment", "area", "preference"), whole=whole)
        return t.mutate(share=f.share(t.orders, t.whole)).drop("whole")


def _choices(sources: Mapping[str, Table]) -> dict[str, Table]:
    """Give a table a preference: provenance, `of` (the order's stream) and `choice`."""
    orders, steps = sources["orders"], sources["steps"]
    carried = steps.filter((steps.step == "shipped") & (steps.carrier != ""))
    window = sources["arrangements"].filter(lambda t: (t.start > 0) & (t.until > 0))
    opens, closes = _times.hour(window.start), _times.hour(window.until)
    changed = sources["amendments"]
    where = ((changed.is_receiver > 0) | (changed.region != "")).ifelse("receiver", "")
    when = (changed.wanted != "").ifelse("day", (changed.lines > 0).ifelse("goods", "other"))
    answered = sources["substitutes"].filter(lambda t: t.event.isin(("accepted", "declined")))
    return {
        "hour": _choice(orders, _two(_times.hour(orders.created))),
        "weekday": _choice(orders, _times.weekday(orders.created).cast("string")),
        "carrier": _choice(carried, carried.carrier),
        "window": _choice(window, _two(opens).concat("-", _two(closes))),
        "amended": _choice(changed, (where == "").ifelse(when, where)),
        "substitute": _choice(answered, answered.event),
    }


def _choice(table: Table, choice: Value) -> Table:
    return table.select(*_tables.facts(table), of=table.stream, choice=choice)


def _two(hour: Value) -> Value:
    """Give an hour as two digits, so that text sorts as numbers do."""
    return (hour + 100).cast("string").substr(1, 2)
