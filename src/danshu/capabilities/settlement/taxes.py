"""Output VAT 销项税额: what of a price that includes it is tax, to the fen, and whose it is.

Of what an order has earned at one rate, the tax is gross x rate / (1 + rate), rounded half up to
the fen; an entry bears what that differs by from before. So the tax of an order is the tax of its
sum however it was cut into parcels and refunds, and of nothing it is nothing.

Rates: 《中华人民共和国增值税法》 (in force since 2026-01-01) art. 10, small-scale art. 11; the one
per cent of 财政部 税务总局公告2023年第19号 until 2027-12-31.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

from danshu.capabilities.settlement import accounts as a
from danshu.kernel.money import apportion

if TYPE_CHECKING:
    from collections.abc import Sequence

Regime = Literal["off", "general", "small_1", "small_3"]
"""How a merchant is taxed: not by the hub, as a general taxpayer, small-scale at 1 or 3 %."""
TaxClass = Literal["standard", "reduced", "service", "exempt"]
CLASSES: Final[dict[str, int]] = {
    "standard": 130_000,  # 13 %: goods
    "reduced": 90_000,  # 9 %: grain, books, feed and the like
    "service": 60_000,  # 6 %
    "exempt": 0,
}
"""Rates of a general taxpayer's classes, in millionths."""
_SMALL: Final = {"small_1": 10_000, "small_3": 30_000}
_WHOLE: Final = 1_000_000


def rate_of(regime: Regime, tax: str) -> int:
    """Give the rate in millionths; a SKU without a class is `standard`."""
    if regime == "general":
        return CLASSES[tax or "standard"]
    return 0 if tax == "exempt" else _SMALL.get(regime, 0)


def within(gross: int, rate: int) -> int:
    """Tell what of a price that includes it is tax, half up to the fen."""
    whole = _WHOLE + rate
    return (2 * gross * rate + whole) // (2 * whole)


class Taxes(Struct):
    """What an order has earned by rate, tax included, and the rates of its lines.

    Postage and what no line bears goes by the rate of the line that costs most (混合销售 follows
    the goods).
    """

    regime: Regime
    account: int
    rates: dict[int, int]
    rest: int
    gross: dict[int, int] = {}

    def book(self, line: int, value: int) -> int:
        """Take in what a line earned, or (below 0) gave up; gives the tax in it."""
        return self._book(self.rates.get(line, self.rest), value)

    def give_up(self, amount: int, parts: Sequence[tuple[int, int]]) -> int:
        """Take in that so much is not earned any more; gives the tax in it, 0 or more.

        `parts` (line, amount) are taken from their own lines' rates as far as they reach, the rest
        from all rates by what was earned at each.
        """
        tax, left = 0, amount
        for line, part in parts:
            rate = self.rates.get(line, self.rest)
            took = min(part, left, max(0, self.gross.get(rate, 0)))
            tax -= self._book(rate, -took)
            left -= took
        rates = [rate for rate, gross in self.gross.items() if gross > 0]
        weights = [self.gross[rate] for rate in rates]
        if left and sum(weights) >= left:
            for rate, took in zip(rates, apportion(left, weights), strict=True):
                tax -= self._book(rate, -took)
        elif left:
            tax -= self._book(self.rest, -left)
        return tax

    def _book(self, rate: int, value: int) -> int:
        before = self.gross.get(rate, 0)
        self.gross[rate] = before + value
        return within(before + value, rate) - within(before, rate)


def begin(regime: Regime, lines: Sequence[tuple[int, int, str]]) -> Taxes | None:
    """Begin an order's taxes: lines as (number, what it costs, tax class); None where it is off."""
    if regime == "off":
        return None
    rates = {no: rate_of(regime, tax) for no, _, tax in lines}
    dearest = max(lines, key=lambda n: n[1], default=(0, 0, ""))
    account = a.VAT if regime == "general" else a.VAT_SMALL
    return Taxes(regime, account, rates, rates.get(dearest[0], rate_of(regime, "")), {})
