"""What a stage may open: acts of the order's machine, and what brings an order into a stage."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from danshu.capabilities.order_types.model import Texts


class Act(Struct, frozen=True, kw_only=True):
    """An act that a type may leave open; `paid`: the machine knows it after the last payment
    only.
    """

    words: Texts
    paid: bool = False


ACTS: Final[dict[str, Act]] = {
    "pay": Act(words=Texts(zh="付款", en="pay")),
    "confirm": Act(words=Texts(zh="确认", en="confirm")),
    "cancel": Act(words=Texts(zh="取消", en="cancel")),
    "hold": Act(words=Texts(zh="挂起", en="hold")),
    "unhold": Act(words=Texts(zh="解除挂起", en="unhold")),
    "allocate": Act(words=Texts(zh="分仓", en="allocate")),
    "reroute": Act(words=Texts(zh="改派", en="re-route")),
    "amend": Act(words=Texts(zh="改单", en="amend")),
    "release": Act(words=Texts(zh="下发", en="release"), paid=True),
    "pick": Act(words=Texts(zh="拣货", en="pick"), paid=True),
    "pack": Act(words=Texts(zh="打包", en="pack"), paid=True),
    "recall": Act(words=Texts(zh="撤回拣货", en="recall"), paid=True),
    "ship": Act(words=Texts(zh="揽收", en="ship"), paid=True),
    "deliver": Act(words=Texts(zh="签收", en="deliver"), paid=True),
    "complete": Act(words=Texts(zh="完成", en="complete"), paid=True),
}
DISPATCH: Final = ("release", "pick", "pack", "recall", "ship", "deliver", "complete")
ENTRIES: Final[dict[str, Texts]] = {
    "placed": Texts(zh="下单", en="the order is placed"),
    "deposit.paid": Texts(zh="定金付清", en="the deposit is paid"),
    "group.formed": Texts(zh="成团", en="the group is formed"),
    "tail.opened": Texts(zh="尾款开付", en="the balance becomes payable"),
    "tail.paid": Texts(zh="尾款付清", en="the balance is paid"),
    "whole.paid": Texts(zh="全款付清", en="it is paid in full"),
}
PAYMENTS: Final[dict[str, Texts]] = {
    "deposit": Texts(zh="定金", en="deposit"),
    "tail": Texts(zh="尾款", en="balance"),
    "whole": Texts(zh="全款", en="full payment"),
}
