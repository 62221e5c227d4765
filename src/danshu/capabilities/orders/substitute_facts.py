"""Substitutes 替代 that need the buyer's word: offered, answered by whoever holds the order's link,
ended without an answer. All stand on the order's stream; `no` counts an order's offers from 1.
"""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("substitute.offered")
class SubstituteOffered(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """征询替代: `quantity` units of `sku` would stand in for as many of a line that is short, and
    the buyer would have paid `paid` for them, at most what was paid for the units replaced (minor
    units, of one `price`). The offer stands until `until` (RFC 3339, UTC).
    """

    by: str
    line: int
    no: int
    paid: int
    price: int
    quantity: int
    sku: str
    title: str = ""
    until: str


@fact_type("substitute.accepted")
class SubstituteAccepted(Struct, frozen=True, kw_only=True):
    """同意替代: the buyer's own word, a third party's (grade D); the amendment is in the same
    commit and names this fact as its consent.
    """

    by: str
    no: int


@fact_type("substitute.declined")
class SubstituteDeclined(Struct, frozen=True, kw_only=True):
    """不同意替代: the buyer would rather wait; the line is as it was."""

    by: str
    no: int


@fact_type("substitute.ended")
class SubstituteEnded(Struct, frozen=True, kw_only=True):
    """征询结束: nobody answered in time (`expired`), or the merchant took it back (`withdrawn`)."""

    no: int
    reason: str
