"""What an intercept set would have done to the orders of past days: stopped, of them good ones."""

from __future__ import annotations

from typing import Final, Literal

import msgspec
from msgspec import Struct

Fate = Literal["good", "bad", "open"]
FATES: Final[tuple[Fate, ...]] = ("good", "bad", "open")


class RuleFigures(Struct, kw_only=True):
    """Orders that one rule would have stopped, by what became of them."""

    rule: str
    stopped: int = 0
    good: int = 0
    bad: int = 0


class StopFigures(Struct, kw_only=True):
    """Orders looked at, those that would have been stopped by effect, and what became of these:
    `good` were received without a dispute, refund or return, or let go by a person: false alarms;
    `bad` were cancelled, returned or refunded; `open` are on their way.
    """

    orders: int = 0
    stopped: int = 0
    hold: int = 0
    review: int = 0
    reject: int = 0
    good: int = 0
    bad: int = 0
    open: int = 0
    value_fen: int = 0
    rules: list[RuleFigures] = []

    def add(self, effect: str, rules: tuple[str, ...], fate: Fate, value_fen: int) -> None:
        """Count an order that would have been stopped."""
        self.stopped += 1
        self.value_fen += value_fen
        setattr(self, effect, getattr(self, effect) + 1)
        setattr(self, fate, getattr(self, fate) + 1)
        known = {each.rule: each for each in self.rules}
        for rule in rules:
            row = known.get(rule)
            if row is None:
                row = RuleFigures(rule=rule)
                self.rules.append(row)
            row.stopped += 1
            row.good += fate == "good"
            row.bad += fate == "bad"


def read(raw: bytes) -> StopFigures:
    """Read stored figures; none yet are zeros."""
    return msgspec.json.decode(raw, type=StopFigures) if raw else StopFigures()
