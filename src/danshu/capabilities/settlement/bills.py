"""From lines of bills to entries of the journal: which accounts a movement of money stands on.

What a platform takes in for the merchant settles what it owes for orders; what it pays back is owed
by it no more. A payout is on its way between two books until the other book's bill holds it too.
"""

from __future__ import annotations

import datetime
import uuid
from typing import Final

from msgspec import Struct

from danshu.capabilities.settlement import accounts as a
from danshu.capabilities.settlement.journal import Slip

SOURCE: Final = "bill.line"
_WALLETS: Final = {
    "alipay": a.ALIPAY,
    "wechat-pay": a.WECHAT,
    "jd": a.JD_WALLET,
    "pdd": a.PDD_WALLET,
    "douyin": a.DOUYIN_WALLET,
    "bank": a.BANK,
}
_AGAINST: Final = {
    "sale": a.PLATFORM,
    "subsidy": a.PLATFORM,
    "refund": a.PLATFORM,
    "commission": a.PLATFORM_FEES,
    "payment_fee": a.PAYMENT_FEES,
    "freight": a.CARRIER_FEES,
    "insurance": a.PLATFORM_FEES,
    "penalty": a.COMPENSATION,
    "payout": a.SUSPENSE,
    "transfer": a.SUSPENSE,
    "other": a.SUSPENSE,
}


class Movement(Struct, frozen=True):
    """A line of a bill as the journal sees it; `amount` in 分 is what the merchant has more."""

    id: uuid.UUID
    book: str
    channel: str
    kind: str
    amount: int
    day: datetime.date


def draw(line: Movement, currency: str) -> Slip:
    """Give the entry of a line as it is written: one account against another, keyed by the line's
    own name. It is balanced and within bounds by its making, so nothing is checked.

    A book without a wallet of its own is a carrier's: what it charges is owed to it.
    """
    mine, other = _WALLETS.get(line.book, a.CARRIERS), _AGAINST[line.kind]
    accounts = (mine, other) if line.amount > 0 else (other, mine)
    amount, id_ = abs(line.amount), str(line.id)
    return Slip(
        f"bill/{id_}",
        line.day.isoformat(),
        currency,
        SOURCE,
        "",
        line.channel,
        "",
        accounts,
        (amount, -amount),
        id_,
    )
