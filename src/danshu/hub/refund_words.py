"""How the timeline tells of what is set aside, paid back, comes back, or a carrier pays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.hub.figures import Names, Told, count, money, text
from danshu.kernel.machine import Words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

OUTCOMES: Final[dict[str, Words]] = {
    "restock": Words(zh="重新上架", en="restocked"),
    "set_aside": Words(zh="留存不售", en="set aside"),
    "scrap": Words(zh="报废", en="scrapped"),
}
REFUNDED: Final[dict[str, tuple[str, str, str, str, str]]] = {
    "refund.reserved": (
        "wallet",
        "应退锁定",
        "Refund set aside",
        "售后单为买家锁定 {amount}",
        "{amount} is set aside for the buyer",
    ),
    "refund.released": (
        "wallet",
        "应退解除",
        "Refund released",
        "原先锁定的款项不再支付",
        "What was set aside is not paid",
    ),
    "refund.paid": (
        "wallet",
        "退款",
        "Refunded",
        "已退买家 {amount},凭证 {receipt}",
        "{amount} went back to the buyer, receipt {receipt}",
    ),
    "goods.returned": (
        "inbox",
        "退货入库",
        "Goods returned",
        "{warehouse} 收到 {units} 件,{outcome}",
        "{units} units at {warehouse}, {outcome}",
    ),
    "exchange.arranged": (
        "swap",
        "换货",
        "Exchange",
        "退回 {units} 件,改发 {sent} 件,请买家补差价 {asked}",
        "{units} units came back, {sent} others are sent; {asked} more is asked for them",
    ),
    "claim.settled": (
        "wallet",
        "承运商赔付",
        "Claim settled",
        "{carrier} 赔付 {amount}",
        "{carrier} paid {amount}",
    ),
}


def _money(datas: Sequence[Any], names: Names) -> Told:
    receipts = [d.receipt for d in datas if hasattr(d, "receipt")]
    return "", [
        money("amount", sum(d.amount for d in datas), names.currency),
        text("receipt", names.join(receipts)),
    ]


def _released(datas: Sequence[Any], names: Names) -> Told:
    return "", []


def _came(datas: Sequence[Any], names: Names) -> Told:
    d = datas[-1]
    units = sum(s.quantity for each in datas for s in each.shares)
    return "", [
        count("units", units),
        text("warehouse", d.warehouse),
        text("outcome", names.word(OUTCOMES, d.outcome)),
    ]


def _exchanged(datas: Sequence[Any], names: Names) -> Told:
    return "", [
        count("units", sum(d.quantity for d in datas)),
        count("sent", sum(n.quantity for d in datas for n in d.lines)),
        money("asked", sum(d.supplement for d in datas), names.currency),
    ]


def _settled(datas: Sequence[Any], names: Names) -> Told:
    d = datas[-1]
    return "", [money("amount", d.amount, names.currency), text("carrier", d.carrier)]


TELLERS: Final[dict[str, Callable[[Sequence[Any], Names], Told]]] = {
    "refund.reserved": _money,
    "refund.released": _released,
    "refund.paid": _money,
    "goods.returned": _came,
    "exchange.arranged": _exchanged,
    "claim.settled": _settled,
}
