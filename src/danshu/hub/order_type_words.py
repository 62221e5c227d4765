"""The timeline's words for orders that follow a type: icon, title zh and en, sentence zh and en."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.hub.figures import Names, Told, instant, money, text
from danshu.kernel.machine import Words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

STAGED: Final[dict[str, tuple[str, str, str, str, str]]] = {
    "stage.entered": (
        "branches",
        "进入阶段",
        "Stage entered",
        "{by},进入「{stage}」",
        "{by}: now in stage {stage}",
    ),
    "stage.entered/until": (
        "branches",
        "进入阶段",
        "Stage entered",
        "{by},进入「{stage}」,{until} 前有效",
        "{by}: now in stage {stage}, open until {until}",
    ),
    "deposit.forfeited": (
        "wallet",
        "定金不退",
        "Deposit kept",
        "定金 {amount} 归商家,原因:{reason}",
        "{amount} of the deposit is kept: {reason}",
    ),
    "refund.owed": (
        "wallet",
        "应退款",
        "Refund owed",
        "应退买家 {amount},原因:{reason}",
        "{amount} is owed back to the buyer: {reason}",
    ),
}
BY: Final = {
    "placed": Words(zh="已下单", en="Placed"),
    "deposit.paid": Words(zh="定金已付", en="Deposit paid"),
    "group.formed": Words(zh="已成团", en="Group formed"),
    "tail.opened": Words(zh="尾款开付", en="Balance payable"),
    "tail.paid": Words(zh="尾款已付", en="Balance paid"),
    "whole.paid": Words(zh="全款已付", en="Paid in full"),
}
WHY: Final = {
    "deposit_missed": Words(zh="未按时付定金", en="deposit not paid in time"),
    "tail_missed": Words(zh="未按时付尾款", en="balance not paid in time"),
    "whole_missed": Words(zh="未按时付款", en="not paid in time"),
    "group_failed": Words(zh="未成团", en="the group was not formed"),
    "buyer_regret": Words(zh="买家取消", en="cancelled by the buyer"),
    "merchant": Words(zh="商家取消", en="cancelled by the merchant"),
}


def _entered(datas: Sequence[Any], names: Names) -> Told:
    d = datas[-1]
    figures = [
        text("by", names.word(BY, d.by)),
        text("stage", names.stages.get(d.stage, d.stage)),
        instant("until", d.until),
    ]
    return ("until" if d.until else ""), figures


def _money(datas: Sequence[Any], names: Names) -> Told:
    figures = [
        money("amount", sum(d.amount for d in datas), names.currency),
        text("reason", names.word(WHY, datas[-1].reason)),
    ]
    return "", figures


TELLERS: Final[dict[str, Callable[[Sequence[Any], Names], Told]]] = {
    "stage.entered": _entered,
    "deposit.forfeited": _money,
    "refund.owed": _money,
}
