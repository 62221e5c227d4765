"""What a case pays: between the order's arithmetic and the case's own words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from danshu.capabilities.after_sales.model import (
    COMPENSATION,
    REASONS,
    Case,
    CaseLine,
    CaseShare,
    Sum,
)
from danshu.capabilities.orders import refunding
from danshu.capabilities.orders.model import Order, RefundShare
from danshu.capabilities.orders.refund_facts import RefundPaid, RefundReserved
from danshu.kernel.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

MORE_THAN_PAID = Refusal(
    code="more_than_paid",
    reason="超过这张订单剩余可退的金额或件数",
    reason_en="More than is left of what was paid, or of the units",
    clause="refund.left",
)
NOTHING_LEFT = Refusal(
    code="nothing_left",
    reason="这些件的款项已退完,没有可退的金额",
    reason_en="Nothing is left to be paid back for this",
    clause="refund.left",
)


def propose(
    order: Order, kind: str, reason: str, lines: Sequence[CaseLine], leave: str = "", over: int = 0
) -> Sum:
    """Give what the arithmetic says that a case pays; the postage where it is owed.

    The postage goes back with the last unit that was paid for, unless the buyer has changed their
    mind (消费者权益保护法 25: they bear the postage of the return; what the parcel had cost to
    send stays with the merchant only where goods had left).
    """
    if kind == COMPENSATION:
        return Sum()
    held = refunding.money(order, leave)
    units = {n.line: n.quantity for n in lines if n.quantity}
    lowered = {n.line: n.lowered for n in lines if n.lowered and not n.quantity}
    refund = refunding.price(held, units, lowered, over=over)
    has_left = any(n.shipped for n in order.lines)
    if refund.shares and refunding.is_whole(held, refund):
        postage = REASONS[reason] != "buyer" or not has_left
        refund = refunding.price(held, units, lowered, postage=postage, over=over)
    return as_sum(refund)


def accepted(case: Case) -> tuple[CaseLine, ...]:
    """Give what a case is about by now: what was asked, or the units that came and stay here."""
    if not case.found:
        return case.lines
    units: dict[int, int] = {}
    for n in case.found:
        if n.outcome != "send_back":
            units[n.line] = units.get(n.line, 0) + n.quantity
    return tuple(replace(n, quantity=units[n.line]) for n in case.lines if units.get(n.line))


def due(order: Order, case: Case, id_: str) -> Sum:
    """Give what a case pays by the arithmetic of now; what was agreed without postage stays so."""
    pays = propose(order, case.kind, case.reason, accepted(case), id_, over=case.sum.over)
    return replace(pays, postage=0) if case.found and not case.sum.postage else pays


def as_sum(refund: refunding.Refund) -> Sum:
    """Give a refund in the words of a case."""
    shares = tuple(
        CaseShare(amount=s.amount, line=s.line, quantity=s.quantity) for s in refund.shares
    )
    return Sum(over=refund.over, postage=refund.postage, shares=shares)


def as_refund(pays: Sum) -> refunding.Refund:
    """Give what a case pays in the words of the order."""
    shares = tuple(
        RefundShare(amount=s.amount, line=s.line, quantity=s.quantity) for s in pays.shares
    )
    return refunding.Refund(over=pays.over, postage=pays.postage, shares=shares)


def check(order: Order, pays: Sum, leave: str = "") -> Refusal | None:
    """Refuse what was never paid, or is spoken for; lines are named once each."""
    refund = as_refund(pays)
    if len({s.line for s in refund.shares}) != len(refund.shares):
        return MORE_THAN_PAID
    if refunding.exceeds(refunding.money(order, leave), refund):
        return MORE_THAN_PAID
    return None


def reserve(order: Order, id_: str, case: Case, pays: Sum) -> RefundReserved:
    """Say on the order's stream what a case speaks for, and what it keeps back of the goods."""
    refund = refunding.withhold(refunding.money(order, id_), as_refund(pays))
    return RefundReserved(
        amount=refund.amount,
        case=id_,
        over=refund.over,
        postage=refund.postage,
        reason=case.reason,
        shares=refund.shares,
    )


def paid(order: Order, id_: str, case: Case, pays: Sum, receipt: str) -> RefundPaid:
    """Say on the order's stream what a case has paid, and what it has kept back of the goods."""
    refund = as_refund(pays)
    reserved = next((r for r in order.reserves if r.case == id_), None)
    if reserved is not None:  # as it was set aside: the arithmetic may be another by now
        refund = replace(refund, shares=reserved.shares)
    return RefundPaid(
        amount=refund.amount,
        case=id_,
        over=refund.over,
        postage=refund.postage,
        reason=case.reason,
        receipt=receipt,
        shares=refund.shares,
    )
