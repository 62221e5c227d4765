"""What a list shows of parcels beside the order's stage: split, merged, sent in part, stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from danshu.capabilities.orders.model import Order

SPLIT: Final = "split"  # 拆单
MERGED: Final = "merged"  # 合单
PARTIAL: Final = "partial"  # 部分发货
INTERCEPT: Final = "intercept"  # 截单中
RESHIPPED: Final = "reshipped"  # 补发
LOST: Final = "lost"  # 丢件
REFUSED: Final = "refused"  # 拒收


def flags_of(order: Order) -> tuple[str, ...]:
    """Give the flags of an order's parcels, those first that somebody must act on."""
    if not order.fulfilments:
        return ()
    live = [f for f in order.fulfilments if f.state != "cancelled"]
    states = {f.state for f in live}
    left = any(n.shipped for n in order.lines)
    rest = any(n.shipped < n.quantity - n.cancelled for n in order.lines)
    told = (
        (INTERCEPT, any(f.intercept and f.intercept.state == "asked" for f in live)),
        (LOST, any(f.state == "lost" and not f.sent_again for f in live)),
        (REFUSED, "refused" in states),
        (PARTIAL, left and rest),
        (RESHIPPED, any(f.sent_again for f in live)),
        (MERGED, any(f.group for f in live)),
        (SPLIT, any(f.of for f in live)),
    )
    return tuple(flag for flag, is_so in told if is_so)
