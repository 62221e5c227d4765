"""What the rulings of policy do to an order besides its route: it waits for a person.

A held order is placed, decided and reserved; its machine lets no warehouse begin until somebody
releases it. The reason in words stands in the recorded decision.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.capabilities.orders import decide as orders
from danshu.capabilities.orders.model import INTERCEPT_REJECT
from danshu.kernel.errors import Refusal

if TYPE_CHECKING:
    from danshu.capabilities.orders.model import Order
    from danshu.capabilities.routing.ruling import Ruling
    from danshu.kernel.fact import Said

HOLD: Final = "policy_hold"
REVIEW: Final = "policy_review"
CODES: Final = frozenset({HOLD, REVIEW})
_SHUT: Final = CODES | {INTERCEPT_REJECT}
RELEASED: Final = "policy_released"


def heed(order: Order, ruling: Ruling | None) -> tuple[Order, list[Said]]:
    """Hold an order where its ruling says so; gives the order and what is to be said."""
    said: list[Said] = []
    if ruling is None:
        return order, said
    for code, reason in ((HOLD, ruling.hold), (REVIEW, ruling.review)):
        if not reason or code in order.holds:
            continue
        done = orders.act(order, orders.Command(event="hold", reason=code), 0)
        if not isinstance(done, Refusal):
            order = done.order
            said.extend(done.said)
    return order, said


def is_released(before: Order, after: Order) -> bool:
    """Tell whether a person let an order go on that policy had held."""
    return bool(_SHUT.intersection(before.holds)) and not _SHUT.intersection(after.holds)
