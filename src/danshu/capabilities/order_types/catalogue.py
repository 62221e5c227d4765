"""What a stage may open: acts of the order's machine, and what brings an order into a stage."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from danshu.capabilities.order_types.model import TypeTexts


class Act(Struct, frozen=True, kw_only=True):
    """An act that a type may leave open; `paid`: the machine knows it after the last payment
    only.
    """

    words: TypeTexts
    paid: bool = False


ACTS: Final[dict[str, Act]] = {
    "pay": Act(words=TypeTexts(zh="付款", en="pay")),
    "confirm": Act(words=TypeTexts(zh="确认", en="confirm")),
    "cancel": Act(words=TypeTexts(zh="取消", en="cancel")),
    "hold": Act(words=TypeTexts(zh="挂起", en="hold")),
    "unhold": Act(words=TypeTexts(zh="解除挂起", en="unhold")),
    "allocate": Act(words=TypeTexts(zh="分仓", en="allocate")),
    "reroute": Act(words=TypeTexts(zh="改派", en="re-route")),
    "amend": Act(words=TypeTexts(zh="改单", en="amend")),
    "release": Act(words=TypeTexts(zh="下发", en="release"), paid=True),
    "pick": Act(words=TypeTexts(zh="拣货", en="pick"), paid=True),
    "pack": Act(words=TypeTexts(zh="打包", en="pack"), paid=True),
    "recall": Act(words=TypeTexts(zh="撤回拣货", en="recall"), paid=True),
    "ship": Act(words=TypeTexts(zh="揽收", en="ship"), paid=True),
    "deliver": Act(words=TypeTexts(zh="签收", en="deliver"), paid=True),
    "complete": Act(words=TypeTexts(zh="完成", en="complete"), paid=True),
}
DISPATCH: Final = ("release", "pick", "pack", "recall", "ship", "deliver", "complete")
ENTRIES: Final[dict[str, TypeTexts]] = {
    "placed": TypeTexts(zh="下单", en="the order is placed"),
    "deposit.paid": TypeTexts(zh="定金付清", en="the deposit is paid"),
    "group.formed": TypeTexts(zh="成团", en="the group is formed"),
    "tail.opened": TypeTexts(zh="尾款开付", en="the balance becomes payable"),
    "tail.paid": TypeTexts(zh="尾款付清", en="the balance is paid"),
    "whole.paid": TypeTexts(zh="全款付清", en="it is paid in full"),
}
PAYMENTS: Final[dict[str, TypeTexts]] = {
    "deposit": TypeTexts(zh="定金", en="deposit"),
    "tail": TypeTexts(zh="尾款", en="balance"),
    "whole": TypeTexts(zh="全款", en="full payment"),
}
