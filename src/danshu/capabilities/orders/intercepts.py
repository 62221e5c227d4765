"""Intercepts 截单: an order that is picked or on its way is asked back; somebody answers.

The floor answers for what it has picked, the carrier for what it carries. While the floor is asked,
nothing of the order moves on. When the last answer is there, what was stopped is cancelled in the
same commit; what was too late goes on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.capabilities.orders import parcel_facts
from danshu.capabilities.orders.commands import Command, Done, conclude
from danshu.capabilities.orders.facts import OrderCancelled, OrderRecalled, Planned
from danshu.capabilities.orders.machines import FULFILMENT
from danshu.capabilities.orders.model import Fulfilment, Order, Share
from danshu.capabilities.orders.parcel_edges import INTERCEPT
from danshu.capabilities.orders.parcels import ENDED, find
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import INTERCEPT_CARRIER_MS, INTERCEPT_FLOOR_MS

if TYPE_CHECKING:
    from msgspec import Struct

FLOOR: Final = "floor"
CARRIER: Final = "carrier"
STOPPED: Final = "stopped"
TOO_LATE: Final = "too_late"
ANSWERS: Final = {STOPPED: "stop", TOO_LATE: "miss"}
_NO_CARRIER: Final = Refusal(
    code="no_carrier",
    reason="没有承运商或运单号,无处可截",
    reason_en="No carrier or waybill is on record: nobody can be asked",
    clause="intercept.carrier",
)


def ask(order: Order, command: Command, now_ms: int) -> Done | Refusal:
    """Ask the floor for what is picked, or else the carrier for what is on its way.

    `fulfilment` 0 = all of them. The floor comes first: what it stops need not be fetched back.
    """
    if order.cancelled or order.completed:
        return ENDED
    named = [find(order, command.fulfilment)] if command.fulfilment else list(order.fulfilments)
    able = [f for f in named if not isinstance(FULFILMENT.step(f.state, "intercept"), Refusal)]
    inside = [f for f in able if f.state != "shipped"]
    targets = inside or able
    if not targets:
        answer = FULFILMENT.step(named[0].state, "intercept") if named else ENDED
        return answer if isinstance(answer, Refusal) else ENDED
    steps = [INTERCEPT.step(_state(f), "ask") for f in targets]
    free = [f for f, s in zip(targets, steps, strict=True) if not isinstance(s, Refusal)]
    if not free:
        return next(s for s in steps if isinstance(s, Refusal))
    datas: list[Struct] = []
    for f in free:
        is_inside = f.state != "shipped"
        if not is_inside and not (f.carrier and f.waybill):
            return _NO_CARRIER
        wait_ms = INTERCEPT_FLOOR_MS if is_inside else INTERCEPT_CARRIER_MS
        datas.append(
            parcel_facts.InterceptRequested(
                by=FLOOR if is_inside else CARRIER,
                carrier="" if is_inside else f.carrier,
                due=rfc3339(now_ms + wait_ms),
                fulfilment=f.no,
                reason=command.reason or "unstated",
                waybill="" if is_inside else f.waybill,
            )
        )
    return conclude(order, datas, command.occurred_ms)


def answer(
    order: Order, no: int, told: str, now_ms: int, *, by: str, detail: str = "", receipt: str = ""
) -> Done | Refusal:
    """Take an answer; `told` is stopped or too_late, `by` who gives it.

    What the floor stopped goes back into its bin; with the last answer all that need not be sent is
    cancelled. What a carrier stopped comes back later (shipment.returned).
    """
    if told not in ANSWERS:
        raise InputError("unknown_answer", f"no answer {told!r}", "/answer")
    part = find(order, no)
    refusal = INTERCEPT.step(_state(part), ANSWERS[told])
    if isinstance(refusal, Refusal):
        return refusal
    asked = part.intercept
    assert asked is not None
    datas: list[Struct] = [
        parcel_facts.InterceptAnswered(
            answer=told, by=by, detail=detail, fulfilment=no, receipt=receipt
        )
    ]
    if told == STOPPED and part.state in ("picked", "packed"):
        datas.append(OrderRecalled(fulfilment=no, warehouse=part.warehouse, shares=part.shares))
    done = conclude(order, datas, 0)
    if asked.by != FLOOR or any(_state(f) == "asked" for f in done.order.fulfilments):
        return done
    given_up = _give_up(done.order, asked.reason)
    if given_up is None:
        return done
    ended = conclude(done.order, [given_up], 0, at_ms=now_ms)
    whole = all(n.cancelled == n.quantity for n in ended.order.lines)
    heard = (("order.cancelled", now_ms),) if whole else ()
    return Done(order=ended.order, said=(*done.said, *ended.said), heard=heard)


def _state(part: Fulfilment) -> str:
    return part.intercept.state if part.intercept else INTERCEPT.initial


def _give_up(order: Order, reason: str) -> OrderCancelled | None:
    """Cancel all that has not begun, or was stopped; None when nothing is left to cancel."""
    going: dict[int, int] = {}
    for f in order.fulfilments:
        if f.state in ("picked", "packed"):
            for s in f.shares:
                going[s.line] = going.get(s.line, 0) + s.quantity
    left = [(n, n.quantity - n.cancelled - n.shipped - going.get(n.no, 0)) for n in order.lines]
    shares = tuple(Share(line=n.no, sku=n.sku, quantity=q) for n, q in left if q > 0)
    if not shares:
        return None
    freed = [f for f in order.fulfilments if f.state in ("allocated", "released")]
    return OrderCancelled(
        reason=reason,
        freed=tuple(Planned(no=f.no, warehouse=f.warehouse, shares=f.shares) for f in freed),
        shares=shares,
    )
