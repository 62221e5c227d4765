"""渠道转化漏斗: how far the orders of a day and channel came, from placing to buying again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.adapters.assets import _columns as c
from danshu.adapters.assets import _figures as f
from danshu.adapters.assets import _tables, _times
from danshu.ports.asset import Chart, Check, Title

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.ports.asset import Table, Value

AGAIN_MS: Final = 90 * _times.DAY_MS
_STEPS: Final = {"released": "3_released", "shipped": "4_shipped", "delivered": "5_delivered"}
_BACK: Final = ("return", "exchange")


class ChannelFunnel:
    """One row of detail is an order that reached a stage, with the fact that says so.

    A stage begins with its place. What the hub does not see (exposure, clicks) is no stage;
    `8_viewed` are orders whose evidence page was opened, where links were given out.
    """

    name: Final = "channel-funnel"
    title: Final = Title(zh="渠道转化漏斗", en="Channel funnel")
    about: Final = Title(
        zh="各渠道每天下的单，有多少付了款、下发、发出、签收、没有退货，九十天内又来买的有多少。",
        en="Of each channel's orders of a day, how many were paid, released, shipped, delivered,"
        " kept, and followed by another within 90 days.",
    )
    version: Final = 1
    owner: Final = "steward"
    purpose: Final = "marketing"
    refresh_s: Final = 3_600
    sources: Final = ("orders", "payments", "steps", "returns", "links")
    columns: Final = (
        c.CHANNEL,
        c.DAY,
        c.grain("stage", "环节", "Stage", "阶段", "漏斗层级", "转化环节", "stage", "step"),
        c.measure("orders", "订单数", "Orders", "单量", "多少单", "orders"),
        c.measure(
            "amount", "金额（人民币）", "Amount (CNY)", "成交额", "GMV", "销售额", "amount",
            unit="fen",
        ),
        c.measure(
            "reached", "到达率", "Share that came so far", "转化率", "付款率", "复购率", "留存",
            "conversion", unit="thousandths",
        ),
        c.OCCURRED,
    )  # fmt: skip
    checks: Final = (
        Check(code="unique"),
        Check(code="complete", column="channel"),
        Check(code="fresh"),
    )
    chart: Final = Chart(drawn="funnel", x="stage", value="orders", split="channel")
    words: Final = (
        "漏斗", "转化", "转化率", "复购", "复购率", "付款率", "流失", "回头客", "成交",
        "funnel", "conversion", "repurchase", "drop-off",
    )  # fmt: skip

    def rows(self, sources: Mapping[str, Table]) -> Table:
        """Give one row for each stage that an order reached."""
        orders, steps = sources["orders"], sources["steps"]
        back = sources["returns"].filter(lambda t: t.kind.isin(_BACK))
        viewed = sources["links"].filter(lambda t: t.event == "viewed")
        delivered = steps.filter(steps.step == "delivered")
        stages = {
            "1_placed": _reached(orders),
            "2_paid": _reached(sources["payments"]),
            **{stage: _reached(steps.filter(steps.step == s)) for s, stage in _STEPS.items()},
            "6_kept": _reached(delivered.anti_join(back, delivered.stream == back["order"])),
            "7_again": _reached(_followed(orders)),
            "8_viewed": _reached(viewed, "order"),
        }
        first, *more = (
            rows.mutate(stage=_tables.constant(stage)) for stage, rows in stages.items()
        )
        reached = first.union(*more)
        yuan = (orders.currency == "CNY").ifelse(orders.total, 0)
        each = orders.select("channel", of=orders.stream, day=_times.day(orders.created), yuan=yuan)
        t = reached.join(each, "of")
        return t.select(
            *_tables.facts(t), channel=t.channel, day=t.day, stage=t.stage, amount=t.yuan
        )

    def measures(self, rows: Table) -> Mapping[str, Value]:
        """Count orders and add up what they cost."""
        return {"orders": rows.count(), "amount": f.total(rows.amount)}

    def finish(self, cells: Table) -> Table:
        """Add the share of the orders placed: of the same day and channel."""
        if "stage" not in cells.columns:
            return cells.mutate(reached=cells.orders.nullif(cells.orders))
        placed = cells.orders.max(where=cells.stage == "1_placed")
        t = _tables.within(cells, ("channel", "day"), placed=placed)
        return t.mutate(reached=f.share(t.orders, t.placed)).drop("placed")


def _reached(table: Table, of: str = "stream") -> Table:
    """Give each order's first fact that says so: `of` is the order's stream."""
    first = _tables.earliest(table, of)
    return first.select(*_tables.facts(first), of=first[of])


def _followed(orders: Table) -> Table:
    """Give the orders whose buyer placed another at the shop within 90 days."""
    known = orders.filter(orders.buyer != "")
    each = known.group_by("buyer").order_by(["created", "stream"])
    each = each.mutate(after=lambda t: t.created.lead())
    return each.filter(each.after - each.created <= AGAIN_MS)
