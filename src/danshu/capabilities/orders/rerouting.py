"""Taking back what was allocated and has not begun, so that it can be decided again 改派."""

from __future__ import annotations

from typing import TYPE_CHECKING

from danshu.capabilities.orders import decide, facts
from danshu.capabilities.orders.commands import Done, conclude
from danshu.capabilities.orders.machines import FULFILMENT
from danshu.kernel.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from danshu.capabilities.orders.model import Order, Share


def withdraw(
    order: Order, reason: str, excluded: Sequence[str], only: Container[int] | None = None
) -> Done | Refusal:
    """Take back the fulfilment orders that no warehouse has begun; their units are open again.

    Where nothing is allocated there is nothing to take back: nothing is said. Refused when all of
    it has begun. `only` leaves those of other numbers where they are.
    """
    if order.kind == "return":
        return decide.RETURN
    if order.cancelled or order.completed:
        return decide.ENDED
    live = [
        f for f in order.fulfilments if f.state != "cancelled" and (only is None or f.no in only)
    ]
    steps = [(f, FULFILMENT.step(f.state, "reroute")) for f in live]
    free = [f for f, step in steps if not isinstance(step, Refusal)]
    if not free and not any(decide.open_units(n) for n in order.lines):
        return next((s for _, s in steps if isinstance(s, Refusal)), decide.ENDED)
    if not free:
        return Done(order=order, said=())
    data = facts.OrderWithdrawn(
        excluded=tuple(excluded),
        freed=tuple(facts.Planned(no=f.no, warehouse=f.warehouse, shares=f.shares) for f in free),
        reason=reason,
    )
    return conclude(order, [data], 0)


def freed(withdrawn: Done) -> Iterator[tuple[str, tuple[Share, ...]]]:
    """Give what was taken back: warehouse and shares of each fulfilment order."""
    for said in withdrawn.said:
        if isinstance(said.data, facts.OrderWithdrawn):
            for part in said.data.freed:
                yield part.warehouse, part.shares
