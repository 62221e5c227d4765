"""What the votes of a decision do to an order besides its route: a person looks at it.

The order is placed, decided and reserved; its machine lets no warehouse begin. After
ESCALATION_WAIT_MIN it goes on by itself (escalating.py) with the plan that it has, which kept every
hard constraint: that is the default. Cold goods have none, they wait for a person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.capabilities.orders import decide as orders
from danshu.capabilities.routing.score import CHILLED, FROZEN
from danshu.kernel.errors import Refusal
from danshu.kernel.limits import ESCALATION_WAIT_MIN

if TYPE_CHECKING:
    from danshu.capabilities.orders.model import Order
    from danshu.capabilities.routing.scorers.vote import Votes
    from danshu.kernel.fact import Said

TIMER_ESCALATION: Final = 4
COLD: Final = 1 << CHILLED | 1 << FROZEN


def heed(
    order: Order, votes: Votes | None, classes: int, now_ms: int
) -> tuple[Order, list[Said], int]:
    """Hold an order where its votes say so: the order, what is to be said, when it goes on by
    default (epoch ms, 0 = never). `classes` are the storage bits of its goods.
    """
    if votes is None or not votes.escalates or votes.reason in order.holds:
        return order, [], 0
    done = orders.act(order, orders.Command(event="hold", reason=votes.reason), 0)
    if isinstance(done, Refusal):
        return order, [], 0
    due_ms = 0 if classes & COLD else now_ms + ESCALATION_WAIT_MIN * 60_000
    return done.order, list(done.said), due_ms
