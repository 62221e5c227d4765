"""What is asked when an order is paid 已付款协同: its parties, and how far each has come."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

WAIT: Final = "wait"
HOLD: Final = "hold"
PASS: Final = "pass"
OTHERWISE: Final = (WAIT, HOLD, PASS)
"""What happens where a party has not answered in time: it is waited for, a person is asked, or the
order goes on without it."""


class Party(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A party of a review. `key` is that of its call; `state` asked, agreed, refused, undoing (what
    it agreed to is being taken back), undone, or stuck (it would not; it is asked again at
    `again_ms`). `due_ms` is when its answer is due, 0 once that has passed or where nothing is;
    `late` says that it has passed. `undos` counts how often it was asked to take back.
    """

    again_ms: int = 0
    due_ms: int = 0
    key: str
    late: bool = False
    name: str
    otherwise: str = WAIT
    reason: str = ""
    reference: str = ""
    required: bool = True
    score: int = 0
    state: str = "asked"
    undos: int = 0


class Review(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was asked of whom when an order was paid. `outcome` is "" while it is open, then agreed,
    refused or cancelled, by `by`; `no` counts the reviews of the order.
    """

    asked_ms: int
    by: str = ""
    no: int = 1
    outcome: str = ""
    parties: tuple[Party, ...]
    reason: str = ""
