"""Claims on carriers 承运商理赔: filed with their evidence, then settled or rejected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from danshu.capabilities.after_sales import facts
from danshu.capabilities.orders.refund_facts import ClaimSettled
from danshu.hub import after_sales
from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from danshu.hub.after_sales import Doing
    from danshu.hub.after_sales_rows import Row
    from danshu.kernel.errors import Refusal


async def file(doing: Doing, amount: int, number: str, bundle: str) -> Row | Refusal:
    """Say that the claim was handed to the carrier; `bundle` is its evidence's digest."""
    refusal = after_sales.step(doing.case, "file")
    if refusal is not None:
        return refusal
    if amount <= 0:
        raise InputError("bad_field", "an amount over 0", "/amount_fen")
    return await doing.say(
        facts.AfterSaleFiled(
            amount=amount,
            bundle=bundle,
            carrier=doing.case.carrier,
            number=number,
            **doing.timed("filed"),
        )
    )


async def settle(doing: Doing, amount: int, receipt: str) -> Row | Refusal:
    """Say what the carrier paid, on the order's stream too."""
    refusal = after_sales.step(doing.case, "settle")
    if refusal is not None:
        return refusal
    if amount <= 0:
        raise InputError("bad_field", "an amount over 0", "/amount_fen")
    case = doing.case
    settled = ClaimSettled(
        amount=amount, carrier=case.carrier, case=str(doing.row.id), waybill=case.waybill
    )
    refusal = await doing.tell_order(settled)
    if refusal is not None:
        return refusal
    return await doing.say(facts.AfterSaleClosed(amount=amount, outcome="settled", receipt=receipt))


async def reject(doing: Doing) -> Row | Refusal:
    """Say that the carrier does not pay."""
    refusal = after_sales.step(doing.case, "reject")
    if refusal is not None:
        return refusal
    return await doing.say(facts.AfterSaleClosed(outcome="rejected"))
