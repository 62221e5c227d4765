"""Acts on fulfilment orders 履约单: how goods leave the warehouse and reach the receiver."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.capabilities.orders import facts, parcels
from danshu.capabilities.orders.commands import Command, Done, conclude
from danshu.capabilities.orders.machines import FULFILMENT, HOLD, ORDER
from danshu.capabilities.orders.model import Fulfilment, Order, stage
from danshu.kernel.errors import InputError, Refusal

if TYPE_CHECKING:
    from msgspec import Struct

PART: Final = "shipment.partial"
MOVES: dict[str, tuple[type[facts.OfFulfilment], str]] = {
    "release": (facts.OrderReleased, ""),
    "pick": (facts.OrderPicked, ""),
    "pack": (facts.OrderPacked, ""),
    "recall": (facts.OrderRecalled, ""),
    "ship": (facts.OrderShipped, "carrier.accepted"),
    "deliver": (facts.OrderDelivered, "shipment.delivered"),
}


def _targets(order: Order, command: Command) -> list[Fulfilment] | Refusal:
    """Pick the fulfilment orders that the event is for, or say why there is none."""
    if command.fulfilment:
        found = [f for f in order.fulfilments if f.no == command.fulfilment]
        if not found:
            raise InputError(
                "no_fulfilment", f"no fulfilment order {command.fulfilment}", "/fulfilment"
            )
        answer = FULFILMENT.step(found[0].state, command.event)
        return answer if isinstance(answer, Refusal) else found
    able = [
        f
        for f in order.fulfilments
        if not isinstance(FULFILMENT.step(f.state, command.event), Refusal)
    ]
    if able:
        return able
    answer = ORDER.step(stage(order).word, command.event)
    return answer if isinstance(answer, Refusal) else FULFILMENT.refusals["*", command.event]


def move(order: Order, command: Command, now_ms: int) -> Done | Refusal:
    """Decide release to deliver, or a recall; promises hear of it once all lines are there, and of
    a part that leaves without the rest.
    """
    if order.holds and command.event in ("release", "pick", "pack", "ship"):
        answer = HOLD.step("held", command.event)
        if isinstance(answer, Refusal):
            return answer
    if command.event == "release" and not (order.paid_ms or order.paid >= order.total):
        return ORDER.refusals["placed", "release"]
    targets = _targets(order, command)
    if isinstance(targets, Refusal):
        return targets
    stopped = parcels.why_stopped(order, command, targets)
    if stopped is not None:
        return stopped
    kind, heard = MOVES[command.event]
    extra = (
        {
            "carrier": command.carrier,
            "waybill": command.waybill,
            "equipment": command.equipment,
        }
        if command.event == "ship"
        else {}
    )
    datas: list[Struct] = [
        kind(fulfilment=f.no, warehouse=f.warehouse, shares=f.shares, **extra) for f in targets
    ]
    at_ms = command.occurred_ms or now_ms
    done = conclude(order, datas, command.occurred_ms)
    counter = {"ship": "shipped", "deliver": "delivered"}.get(command.event)
    whole = counter and all(
        getattr(n, counter) >= n.quantity - n.cancelled for n in done.order.lines
    )
    event = heard if whole else PART if command.event == "ship" else ""
    return Done(order=done.order, said=done.said, heard=((event, at_ms),) if event else ())


def record_waybill(order: Order, command: Command, now_ms: int) -> Done | Refusal:
    """Note a waybill number: a number in a system, not yet a parcel in a carrier's hands."""
    if not command.waybill:
        raise InputError("no_waybill", "the waybill number is missing", "/waybill")
    found = [
        f for f in order.fulfilments if f.no == (command.fulfilment or 1) and f.state != "cancelled"
    ]
    if not found:
        return ORDER.refusals["paid", "release"]
    data = facts.WaybillRecorded(
        fulfilment=found[0].no, carrier=command.carrier, waybill=command.waybill
    )
    at_ms = command.occurred_ms or now_ms
    return conclude(order, [data], command.occurred_ms, "waybill.created", at_ms=at_ms)
