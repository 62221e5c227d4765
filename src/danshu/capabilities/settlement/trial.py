"""The trial balance 试算平衡表, its digest, and the checks that close a period."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

from danshu.capabilities.settlement.accounts import ROUNDING, SUSPENSE
from danshu.kernel import canonical

if TYPE_CHECKING:
    from collections.abc import Sequence

Code = Literal[
    "ended", "in_order", "read", "vouchers", "balanced", "gapless", "suspense", "differences"
]
EXPLAINABLE: Final = frozenset({"suspense", "differences"})
"""What may stay as it is, when somebody says why."""


class Balance(Struct, frozen=True, kw_only=True):
    """An account in one currency: balance before the period, turnover in it, balance after; minor
    units, debits positive.
    """

    account: int
    currency: str
    opening: int
    debit: int
    credit: int
    closing: int


class PeriodCheck(Struct, frozen=True, kw_only=True):
    """A check: passed, or not; `count` and `amount` say how far it is off. One that is
    `explainable` passes with a reason.
    """

    code: Code
    passed: bool
    count: int = 0
    amount: int = 0
    explainable: bool = False


class Asked(Struct, frozen=True, kw_only=True):
    """What the checks look at: whether the period is over, earlier ones still open, facts not
    entered yet, vouchers by hand that wait for a second person, vouchers missing, differences
    open, what may stand in suspense.
    """

    is_over: bool
    earlier_open: int
    behind: int
    waiting: int
    missing: int
    differences: int
    suspense: int
    balances: tuple[Balance, ...]


def judge(asked: Asked) -> tuple[PeriodCheck, ...]:
    """Give the checks of a period, in the order of the walk."""
    off = sum(abs(n) for n in by_currency(asked.balances).values())
    doubtful = sum(abs(b.closing) for b in asked.balances if b.account in (SUSPENSE, ROUNDING))
    return (
        PeriodCheck(code="ended", passed=asked.is_over),
        PeriodCheck(code="in_order", passed=not asked.earlier_open, count=asked.earlier_open),
        PeriodCheck(code="read", passed=not asked.behind, count=asked.behind),
        PeriodCheck(code="vouchers", passed=not asked.waiting, count=asked.waiting),
        PeriodCheck(code="balanced", passed=not off, amount=off),
        PeriodCheck(code="gapless", passed=not asked.missing, count=asked.missing),
        PeriodCheck(
            code="suspense",
            passed=doubtful <= asked.suspense,
            amount=doubtful,
            explainable=True,
        ),
        PeriodCheck(
            code="differences",
            passed=not asked.differences,
            count=asked.differences,
            explainable=True,
        ),
    )


def by_currency(balances: Sequence[Balance]) -> dict[str, int]:
    """Add up each currency: nothing but zeros where every entry is balanced."""
    sums: dict[str, int] = {}
    for b in balances:
        sums[b.currency] = sums.get(b.currency, 0) + b.closing
    return sums


def digest(totals: Sequence[tuple[str, int, int, int]]) -> str:
    """Give the digest (SHA-256, hex) of totals from the beginning: currency, account, debits,
    credits; accounts without any are left out.
    """
    rows = [list(row) for row in sorted(totals) if row[2] or row[3]]
    return hashlib.sha256(canonical.encode(rows)).hexdigest()
