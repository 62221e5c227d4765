"""Holds with rules 挂起规则: why an order is suspended, what lets it go on, and who may.

A reason of the catalogue brings its rule along; any other is a text of its own that a person lifts.
A hold that `frees` gives what no warehouse has begun back to stock, and nothing is reserved for the
order until the hold is gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.capabilities.orders import facts
from danshu.capabilities.orders.model import HoldRule, Order
from danshu.capabilities.orders.supplements import SUPPLEMENT, due_of
from danshu.kernel.errors import Refusal
from danshu.kernel.fact import rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterable

STOCK: Final = "stock"
PAYMENT: Final = "payment"
AWAITED: Final = (STOCK, PAYMENT)
_CATALOGUE: Final = (
    HoldRule(reason="buyer_asked"),
    HoldRule(reason="stock_awaited", awaits=STOCK, frees=True),
    HoldRule(reason="payment_awaited", awaits=PAYMENT, frees=True),
    HoldRule(reason="address_check"),
    HoldRule(reason="price_check", right="order.pay"),
    HoldRule(reason="fraud_suspected", frees=True, right="order.cancel"),
    HoldRule(reason=SUPPLEMENT, awaits=PAYMENT, right="order.pay"),
)
CATALOGUE: Final[dict[str, HoldRule]] = {rule.reason: rule for rule in _CATALOGUE}
"""Reasons by code: what each awaits, whether it frees, the right that lifts it beside the usual."""
FREED: Final = Refusal(
    code="held_unreserved",
    reason="挂起期间不占库,先解除挂起",
    reason_en="Nothing is reserved for it while it is held: lift the hold first",
    clause="hold.frees",
)
STILL_DUE: Final = Refusal(
    code="supplement_due",
    reason="补款未到,不能放行;免收请改价",
    reason_en="The supplement is not paid: to waive it, amend the price",
    clause="hold.supplement",
)


def held(rule: HoldRule) -> facts.OrderHeld:
    """Say a hold with its rule."""
    return facts.OrderHeld(
        awaits=rule.awaits,
        frees=rule.frees,
        reason=rule.reason,
        right=rule.right,
        until=rfc3339(rule.until_ms) if rule.until_ms else "",
    )


def rule_for(reason: str, told: HoldRule | None) -> HoldRule:
    """Give the rule of a hold: what is told of it, else what the catalogue says of its reason."""
    return told or CATALOGUE.get(reason) or HoldRule(reason=reason)


def frees(order: Order) -> bool:
    """Tell whether nothing may be reserved for the order now."""
    return any(rule.frees for rule in order.rules)


def refuse_unhold(order: Order, reasons: Iterable[str]) -> Refusal | None:
    """Say why a person cannot lift these holds."""
    return STILL_DUE if SUPPLEMENT in reasons and due_of(order) else None


def over(order: Order, now_ms: int) -> list[facts.OrderUnheld]:
    """Give the holds that are over by themselves: their time has come, or the payment has."""
    is_paid = bool(order.paid_ms) and not due_of(order)
    return [
        facts.OrderUnheld(reason=rule.reason)
        for rule in order.rules
        if (rule.until_ms and rule.until_ms <= now_ms) or (rule.awaits == PAYMENT and is_paid)
    ]


def next_ms(order: Order) -> int:
    """Give when the next hold ends by itself, epoch ms; 0 = none does."""
    return min((rule.until_ms for rule in order.rules if rule.until_ms), default=0)
