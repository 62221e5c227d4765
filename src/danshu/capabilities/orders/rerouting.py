"""Taking back what was allocated and has not begun, so that it can be decided again 改派."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.capabilities.orders import decide, facts
from danshu.capabilities.orders.commands import Done, conclude
from danshu.capabilities.orders.machines import FULFILMENT
from danshu.kernel.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from danshu.capabilities.orders.model import Order, Share


PINNED: Final = Refusal(
    code="pinned_by_person",
    reason="仓由人工指定并已签名,只能再次人工指定",
    reason_en="A person chose its warehouse and signed for it: only another override moves it",
    clause="routing.override",
)


def withdraw(
    order: Order,
    reason: str,
    excluded: Sequence[str],
    only: Container[int] | None = None,
    *,
    lifts_pins: bool = False,
) -> Done | Refusal:
    """Take back the fulfilment orders that no warehouse has begun; their units are open again.

    Where nothing is allocated there is nothing to take back: nothing is said. Refused when all of
    it has begun, or a person has pinned it (`lifts_pins`: by another override). `only` leaves those
    of other numbers where they are.
    """
    if order.kind == "return":
        return decide.RETURN
    if order.cancelled or order.completed:
        return decide.ENDED
    live = [
        f for f in order.fulfilments if f.state != "cancelled" and (only is None or f.no in only)
    ]
    steps = [(f, FULFILMENT.step(f.state, "reroute")) for f in live]
    movable = [f for f, step in steps if not isinstance(step, Refusal)]
    free = [f for f in movable if lifts_pins or not f.pinned]
    if not free and not any(decide.open_units(n) for n in order.lines):
        if movable:
            return PINNED
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
