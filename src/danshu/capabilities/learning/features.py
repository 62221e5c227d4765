"""What a model may look at: one definition a feature, for learning and for telling alike.

A row is asked about at a moment. Every feature is worked out from what was *recorded* up to then,
however early it happened, so that a model learns from nothing that it won't have when it is asked.
The queries are in hub/learning_frames.py, under the names that stand here.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from danshu.kernel.limits import LEARNING_DAYS

_KEPT_H: Final = 24 * LEARNING_DAYS


class Feature(Struct, frozen=True, kw_only=True):
    """A feature: its name, what it is called, what it is worked out from, and over which time.

    `kind` `value` is one of a few words, `number` is measured. `window_h` 0: as it stands at that
    moment.
    """

    name: str
    zh: str
    en: str
    kind: Literal["number", "value"] = "number"
    window_h: int = 0


def _n(name: str, zh: str, en: str, window_h: int = 0) -> Feature:
    return Feature(name=name, zh=zh, en=en, window_h=window_h)


def _v(name: str, zh: str, en: str) -> Feature:
    return Feature(name=name, zh=zh, en=en, kind="value")


ORDER: Final = (
    _n("hour", "下单时刻", "Hour of ordering"),
    _n("weekday", "下单星期", "Weekday of ordering"),
    _n("holiday", "距最近节日的天数", "Days to the nearest holiday"),
    _n("lines", "行数", "Lines"),
    _n("units", "件数", "Units"),
    _n("weight", "重量", "Weight"),
    _n("amount", "金额", "Amount"),
    _v("channel", "渠道", "Channel"),
    _v("province", "收货省份", "Province"),
    _n("buyer_orders", "买家此前订单数", "Orders of this buyer before", _KEPT_H),
)
"""What an order says itself, and its buyer's past."""

HOUSE: Final = (
    _v("warehouse", "仓库", "Warehouse"),
    _v("carrier", "承运商", "Carrier"),
    _n("distance", "仓到收货地距离", "Distance from warehouse to region"),
    _n("backlog", "仓内待发单数", "Parcels waiting in the warehouse"),
    _n("pressure", "一小时内分到此仓的单数", "Parcels allocated there within the hour", 1),
    _n("house_late", "此仓近七日违约率", "Promises broken there, 7 days", 24 * 7),
    _n("lane_hours", "此承运商到此省近七日平均在途小时", "Hours on the way, 7 days", 24 * 7),
)
"""The state of the house at that moment."""

PROMISE: Final = (
    _v("promise", "承诺", "Promise"),
    _n("left", "距到期的小时数", "Hours until it falls due"),
    _n("age", "下单已过的小时数", "Hours since ordering"),
    _n("stage", "履约环节", "Stage"),
    _n("used", "时限已用的份额", "Share of the time used"),
)
"""The promise that is asked about, and how far the order is."""

LINE: Final = (
    _v("sku", "商品", "SKU"),
    _n("price", "单价", "Price"),
    _n("quantity", "本行件数", "Units of the line"),
    _n("sku_returns", "此商品近 120 天退货率", "Returns of this SKU, 120 days", _KEPT_H),
    _n("buyer_returns", "此买家近 120 天退货数", "Returns of this buyer, 120 days", _KEPT_H),
)
"""A line of an order, and what came back of its goods and from its buyer."""

TARGETS: Final[dict[str, tuple[Feature, ...]]] = {
    "late": (*PROMISE, *ORDER, *HOUSE),
    "hand": (*ORDER, *HOUSE),
    "way": (*ORDER, *HOUSE),
    "return": (*LINE, *ORDER),
}
"""What is learned: P(promise broken), minutes from ordering to handing over, from there to the
door, P(a line comes back); and the features of each.
"""
CHANCES: Final = frozenset({"late", "return"})
"""Targets that are chances; the others are times."""
STAGES: Final = ("placed", "allocated", "released", "picked", "packed", "shipped", "delivered")
KNOWN: Final[dict[str, Feature]] = {f.name: f for each in TARGETS.values() for f in each}
