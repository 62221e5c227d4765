"""The supplement 补款: what an amended order became dearer by, and the payments that cover it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.capabilities.orders import facts
from danshu.capabilities.orders.commands import Done, conclude
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import rfc3339

if TYPE_CHECKING:
    from msgspec import Struct

    from danshu.capabilities.orders.commands import Command
    from danshu.capabilities.orders.model import Order

SUPPLEMENT: Final = "supplement_due"
"""A hold: the order became dearer, and what is due has not been paid yet."""


def due_of(order: Order) -> int:
    """Give what is still to be paid, in minor units: what went back as paid over counts no more.

    Where goods are sent in exchange for cheaper ones it is the difference, and nothing else.
    """
    asked = sum([n.asked for n in order.lines if n.cancelled < n.quantity])
    if asked:
        return asked
    gone = sum([n.asked for n in order.lines])
    return max(0, order.total - gone - (order.paid - order.refunded_over))


def pay(order: Order, command: Command, now_ms: int) -> Done | Refusal:
    """Take a payment of what is due, whole or in parts; the hold ends when it is covered."""
    due = due_of(order)
    if command.amount <= 0:
        raise InputError("amount", "a payment is more than 0", "/amount_fen")
    if command.amount > due:
        return Refusal(
            code="more_than_due",
            reason=f"只差 {due} 分",
            reason_en=f"Only {due} minor units are due",
            clause="payment.supplement",
        )
    at_ms = command.occurred_ms or now_ms
    said: list[Struct] = [
        facts.OrderPaid(amount=command.amount, at=rfc3339(at_ms), stage="supplement")
    ]
    if command.amount == due:
        said.append(facts.OrderUnheld(reason=SUPPLEMENT))
    return conclude(order, said, at_ms)
