"""An after-sales case 售后单: what the buyer or the merchant asks for, and what has come of it."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

RETURN, EXCHANGE, REFUND_ONLY, COMPENSATION, CLAIM = (
    "return",
    "exchange",
    "refund_only",
    "compensation",
    "claim",
)
KINDS: Final = (RETURN, EXCHANGE, REFUND_ONLY, COMPENSATION, CLAIM)
WITH_GOODS: Final = frozenset({RETURN, EXCHANGE})

# Why, and whose fault it is: the merchant's (or its carrier's) fault pays the postage back too.
REASONS: Final[dict[str, str]] = {
    "no_longer_wanted": "buyer",
    "quality": "merchant",
    "damaged": "carrier",
    "wrong_goods": "merchant",
    "missing": "merchant",
    "not_as_described": "merchant",
    "late": "merchant",
    "price": "merchant",
    "refused": "buyer",
    "lost": "carrier",
    "cancelled": "",
    "amended": "",
    "owed": "",
    "other": "",
}
GRADES: Final = ("as_new", "opened", "used", "damaged", "wrong")
OUTCOMES: Final = ("restock", "set_aside", "scrap", "send_back")


class CaseLine(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is asked for a line of the order: units, or `lowered` minor units of its price."""

    line: int
    lowered: int = 0
    quantity: int = 0
    sku: str


class ExchangeGoods(Struct, frozen=True, kw_only=True):
    """What is to be sent in exchange: units of a SKU and what one costs, in minor units."""

    price: int
    quantity: int
    sku: str
    title: str = ""


class Inspected(Struct, frozen=True, kw_only=True):
    """What an inspector found of a line: units, their condition, and what becomes of them."""

    grade: str
    line: int
    outcome: str
    quantity: int
    sku: str


class CaseShare(Struct, frozen=True, kw_only=True):
    """What of the money is for a line, in minor units, and for how many units."""

    amount: int
    line: int
    quantity: int


class Sum(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a case pays, in minor units: shares of lines, postage, what was overpaid, or a sum of
    its own that pays nothing back (a compensation, a carrier's payment).
    """

    own: int = 0
    over: int = 0
    postage: int = 0
    shares: tuple[CaseShare, ...] = ()

    @property
    def amount(self) -> int:
        """All of it."""
        return sum(s.amount for s in self.shares) + self.postage + self.over + self.own


class Case(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A case as its facts say. Times in epoch ms, amounts in minor units of the order's currency.

    `origin` is who opened it: person, buyer, platform, or what happened to the order (cancelled,
    amended, owed, refused, lost). `proposed_by` is the first of two persons. `due_ms` is when the
    next step must have been done by the rule `rule`; 0 once it has ended. `shown` are digests (hex)
    of photos that came with the request.
    """

    kind: str = ""
    state: str = "asked"
    order: str = ""
    number: str = ""
    currency: str = "CNY"
    reason: str = ""
    origin: str = ""
    lines: tuple[CaseLine, ...] = ()
    wanted: tuple[ExchangeGoods, ...] = ()
    shown: tuple[str, ...] = ()
    sum: Sum = Sum()
    asked_ms: int = 0
    due_ms: int = 0
    rule: str = ""
    proposed_by: str = ""
    decided_by: str = ""
    answer: str = ""
    carrier: str = ""
    waybill: str = ""
    fulfilment: int = 0
    warehouse: str = ""
    found: tuple[Inspected, ...] = ()
    receipt: str = ""
    outcome: str = ""
