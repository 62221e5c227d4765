"""The statement of a month 月结单: what was used of a licence, and what is due for it."""

from __future__ import annotations

import calendar
import datetime
from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable

    from danshu.capabilities.licensing.model import LicenceTerms, Usage

Charge = Literal["period", "delivery", "thousand_rows", "query"]
_THOUSAND: Final = 1_000


class LicenceBillLine(Struct, frozen=True, kw_only=True):
    """A line: how many, at which price each (分), what it comes to."""

    charge: Charge
    quantity: int
    each_fen: int
    amount_fen: int


class LicenceBill(Struct, frozen=True, kw_only=True):
    """What is due for a month under one licence; `tax_fen` is contained in `due_fen`."""

    month: str
    rows: int
    deliveries: int
    queries: int
    lines: tuple[LicenceBillLine, ...]
    due_fen: int
    tax_fen: int


def months_of(terms: LicenceTerms, until: datetime.date) -> list[datetime.date]:
    """Give the first days of the months that a licence runs in, up to a day."""
    last = min(terms.until, until)
    month, found = terms.since.replace(day=1), []
    while month <= last:
        found.append(month)
        month = (month + datetime.timedelta(days=31)).replace(day=1)
    return found


def bill(
    terms: LicenceTerms,
    month: datetime.date,
    used: Iterable[Usage],
    ended: datetime.date | None = None,
) -> LicenceBill:
    """Make the statement of a month (any day of it). A month that the licence ran in, on however
    few days, is charged whole; one price `once` falls in its first month. `ended` is the day on
    which it was ended early: later months cost nothing.
    """
    first = month.replace(day=1)
    last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
    end = min(terms.until, ended) if ended else terms.until
    within = [one for one in used if first <= one.day <= last]
    deliveries = sum(one.kind == "delivery" for one in within)
    queries = sum(one.kind == "query" for one in within)
    rows = sum(one.rows for one in within if one.kind == "delivery")
    runs = terms.since <= last and end >= first
    is_first = first <= terms.since <= last
    periods = int(runs if terms.price.period == "month" else is_first and runs)
    price = terms.price
    told: tuple[tuple[Charge, int, int], ...] = (
        ("period", periods, price.period_fen),
        ("delivery", deliveries, price.delivery_fen),
        ("thousand_rows", -(-rows // _THOUSAND), price.thousand_rows_fen),
        ("query", queries, price.query_fen),
    )
    lines = tuple(
        [
            LicenceBillLine(
                charge=charge, quantity=quantity, each_fen=each, amount_fen=quantity * each
            )
            for charge, quantity, each in told
            if quantity and each
        ]
    )
    due = sum(line.amount_fen for line in lines)
    return LicenceBill(
        month=f"{first:%Y-%m}",
        rows=rows,
        deliveries=deliveries,
        queries=queries,
        lines=lines,
        due_fen=due,
        tax_fen=contained_tax(due, price.tax),
    )


def contained_tax(amount_fen: int, rate: int) -> int:
    """Give the tax contained in an amount at a rate in thousandths, rounded half up to the fen."""
    return (2 * amount_fen * rate + _THOUSAND + rate) // (2 * (_THOUSAND + rate))


def nothing(month: datetime.date) -> LicenceBill:
    """Give the statement of a month in which the licence was not in force."""
    return LicenceBill(
        month=f"{month:%Y-%m}", rows=0, deliveries=0, queries=0, lines=(), due_fen=0, tax_fen=0
    )
