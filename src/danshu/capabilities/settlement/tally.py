"""Where an order's money stands, and what each fact moves: pure steps over a tally.

Money that came in stands as a prepayment until what it was paid for has left, or arrived; what the
order no longer costs is owed back. Of a line of q units that cost p, n units are worth p * n // q,
so that shares add up exactly however they are cut. Amounts are minor units.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.capabilities.settlement import accounts as a
from danshu.capabilities.settlement.goods import Goods
from danshu.capabilities.settlement.said import (
    Amended,
    Amount,
    Exchanged,
    Moves,
    Nothing,
    Paid,
    Part,
    Refunded,
    Revenue,
    Shares,
    move,
)
from danshu.capabilities.settlement.taxes import Taxes

if TYPE_CHECKING:
    from collections.abc import Sequence


class Line(Struct):
    """A line: units ordered, what they cost; units earned and given up, and what was booked."""

    quantity: int
    paid: int
    earned: int = 0
    cancelled: int = 0
    booked: int = 0

    def worth(self, units: int) -> int:
        """Give what the first `units` of it are worth."""
        return self.paid * units // self.quantity if self.quantity else 0

    @property
    def kept(self) -> int:
        """Units that were not given up."""
        return max(0, self.quantity - self.cancelled)

    @property
    def due(self) -> int:
        """What is still to be earned of it."""
        return self.worth(self.kept) - self.booked


class Tally(Struct):
    """Where an order's money stands, as its facts so far give it. Minor units.

    `rest` is what it costs beside its lines (postage), booked with the first unit. `owed` came
    about by a cancellation or an amendment and no fact has said it yet.
    """

    order: str
    channel: str
    shop: str
    currency: str
    earned_at: Revenue
    lines: dict[int, Line]
    rest: int
    rest_booked: int = 0
    prepaid: int = 0
    deposits: int = 0
    payable: int = 0
    owed: int = 0
    earned: int = 0
    begun: bool = False
    taxes: Taxes | None = None
    goods: Goods | None = None

    @property
    def rest_due(self) -> int:
        """What is still to be earned beside the lines."""
        is_kept = self.begun or any(n.kept for n in self.lines.values())
        return self.rest - self.rest_booked if is_kept else 0

    @property
    def due(self) -> int:
        """What is still to be earned of what the order is by now."""
        return sum(n.due for n in self.lines.values()) + self.rest_due


def _sell(tally: Tally, moves: Moves, line: int, value: int, account: int) -> None:
    """Credit what a line earned, or (below 0) debit what it gave up, apart from the tax in it."""
    tally.earned += value
    tax = tally.taxes.book(line, value) if tally.taxes else 0
    move(moves, account, tax - value)
    if tally.taxes:
        move(moves, tally.taxes.account, -tax)


def _free(tally: Tally, moves: Moves) -> None:
    """Owe back what was paid and the order no longer costs."""
    over = max(0, tally.prepaid - tally.due)
    tally.prepaid -= over
    tally.payable += over
    tally.owed += over
    move(moves, a.PREPAID, over)
    move(moves, a.REFUNDS, -over)


def pay(tally: Tally, data: Paid) -> Moves:
    """Money came in: a deposit stands as one until its tail is paid."""
    moves: Moves = {}
    move(moves, a.PLATFORM, data.amount)
    if data.stage == "deposit":
        tally.deposits += data.amount
        move(moves, a.DEPOSITS, -data.amount)
        return moves
    settled = tally.deposits if data.stage == "tail" else 0
    tally.deposits -= settled
    tally.prepaid += data.amount + settled
    move(moves, a.DEPOSITS, settled)
    move(moves, a.PREPAID, -data.amount - settled)
    if not tally.due:  # given up meanwhile: it goes back
        _free(tally, moves)
    return moves


def _earn(tally: Tally, data: Shares) -> Moves:
    tally.begun = True
    parts = [(0, tally.rest_due)]
    tally.rest_booked = tally.rest
    for share in data.shares:
        line = tally.lines.get(share.line)
        if line is None:
            continue
        line.earned = min(line.earned + share.quantity, line.kept)
        worth = line.worth(line.earned)
        parts.append((share.line, worth - line.booked))
        line.booked = worth
    value = sum(part for _, part in parts)
    tally.prepaid -= value
    moves: Moves = {}
    move(moves, a.PREPAID, value)
    for no, part in parts:
        _sell(tally, moves, no, part, a.SALES)
    return moves


def ship(tally: Tally, data: Shares) -> Moves:
    """Goods left."""
    return _earn(tally, data) if tally.earned_at == "shipment" else {}


def deliver(tally: Tally, data: Shares) -> Moves:
    """Goods arrived."""
    return _earn(tally, data) if tally.earned_at == "delivery" else {}


def cancel(tally: Tally, data: Shares) -> Moves:
    """Units were given up."""
    for share in data.shares:
        line = tally.lines.get(share.line)
        if line is not None:
            line.cancelled = min(line.cancelled + share.quantity, line.quantity - line.earned)
    moves: Moves = {}
    _free(tally, moves)
    return moves


def amend(tally: Tally, data: Amended) -> Moves:
    """The order is another: what was paid too much is owed back."""
    for told in data.lines:
        line = tally.lines.setdefault(told.line, Line(0, 0))
        line.quantity, line.paid = told.now.quantity, told.now.paid
    if data.now is not None:
        tally.rest = data.now.total - sum(n.paid for n in tally.lines.values())
    moves: Moves = {}
    for no, line in tally.lines.items():
        over = max(0, -line.due)  # it was earned already, and costs less now
        line.booked -= over
        tally.payable += over
        tally.owed += over
        _sell(tally, moves, no, -over, a.RETURNS)
        move(moves, a.REFUNDS, -over)
    _free(tally, moves)
    return moves


def exchange(tally: Tally, data: Exchanged) -> Moves:
    """Goods came back, and what they were worth pays for others that are still to be earned."""
    moves: Moves = {}
    line = tally.lines.get(data.line)
    if line is not None:
        line.paid -= data.moved
        unearned = min(data.moved, line.booked)
        line.booked -= unearned
        tally.prepaid += unearned
        _sell(tally, moves, data.line, -unearned, a.RETURNS)
        move(moves, a.PREPAID, -unearned)
    for new in data.lines:
        tally.lines[new.no] = Line(new.quantity, new.paid)
    return moves


def _take(
    tally: Tally, amount: int, names: Sequence[str], moves: Moves, parts: Sequence[Part] = ()
) -> int:
    """Debit an amount to what the order stands in, one after the other; gives what is left."""
    for name in names:
        part = min(amount, max(0, getattr(tally, name)))
        setattr(tally, name, getattr(tally, name) - part)
        amount -= part
        if name == "earned" and tally.taxes:
            tax = tally.taxes.give_up(part, [(p.line, p.amount) for p in parts])
            move(moves, tally.taxes.account, tax)
            part -= tax
        move(moves, _STANDS_IN[name], part)
    return amount


_STANDS_IN: Final = {
    "prepaid": a.PREPAID,
    "deposits": a.DEPOSITS,
    "payable": a.REFUNDS,
    "earned": a.RETURNS,
}


def owe(tally: Tally, data: Amount) -> Moves:
    """So much is owed back, whether or not it follows from what was said before."""
    known = min(data.amount, tally.owed)
    tally.owed -= known
    amount = data.amount - known
    moves: Moves = {}
    left = _take(tally, amount, ("deposits", "prepaid", "earned"), moves)
    tally.payable += amount - left
    move(moves, a.REFUNDS, left - amount)
    return moves


def refund(tally: Tally, data: Refunded) -> Moves:
    """Money went back."""
    moves: Moves = {}
    names = ("payable", "earned", "prepaid", "deposits")
    left = _take(tally, data.amount, names, moves, data.shares)
    tally.owed = min(tally.owed, tally.payable)
    move(moves, a.SUSPENSE, left)  # more than ever came in: somebody has to look at it
    move(moves, a.PLATFORM, -data.amount)
    return moves


def forfeit(tally: Tally, data: Amount) -> Moves:
    """A deposit is kept."""
    moves: Moves = {}
    left = _take(tally, data.amount, ("deposits", "prepaid", "payable"), moves)
    tally.owed = min(tally.owed, tally.payable)
    move(moves, a.SUSPENSE, left)
    move(moves, a.FORFEITS, -data.amount)
    return moves


def compensate(tally: Tally, data: Amount) -> Moves:
    """A breach was paid for."""
    return {a.COMPENSATION: data.amount, a.PAYOUT: -data.amount}


def claim(tally: Tally, data: Amount) -> Moves:
    """A carrier owes what it agreed to."""
    return {a.CLAIMS: data.amount, a.CLAIMED: -data.amount}


def stand(tally: Tally, data: Shares) -> Moves:
    """Goods moved, and no money."""
    del tally, data
    return {}


def complete(tally: Tally, data: Nothing) -> Moves:
    """The order is over: what is left of the prepayment nobody has explained."""
    left, tally.prepaid = tally.prepaid, 0
    moves: Moves = {}
    move(moves, a.PREPAID, left)
    move(moves, a.SUSPENSE, -left)
    return moves
