"""Money and stages of an order that follows a type: deposits kept, money owed back 订单类型的资金.

Invariant, after any sequence: what came in (`order.paid`) = deposits kept + what is owed or was
given back + the value of what the order still is.
"""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("deposit.forfeited")
class DepositForfeited(Struct, frozen=True, kw_only=True):
    """定金没收: the merchant keeps `amount` of the deposit, in minor units of the order's currency.

    Civil Code art. 587: whoever gave a deposit and does not perform may not claim it back. `clause`
    is the digest (hex) of the clause's text as the buyer was shown it.
    """

    amount: int
    clause: str
    reason: str


@fact_type("refund.owed")
class RefundOwed(Struct, frozen=True, kw_only=True):
    """应退款: `amount` of what was paid is owed back to the buyer, in minor units.

    `stage` is the stage of the order's type in which it came about. It is owed, not paid:
    `refund.paid` says when it went back.
    """

    amount: int
    reason: str
    stage: str


@fact_type("stage.entered")
class StageEntered(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """进入阶段: the order is in `stage` of its type from now on; `was` is the one before.

    `by` is what brought it: the name of the event in the type, `at` when. The payment or the stage
    that it waits for comes from `opens` on, and `until` then at the latest: RFC 3339, "" for at
    once and for never.
    """

    at: str
    by: str
    opens: str = ""
    stage: str
    until: str = ""
    was: str = ""
