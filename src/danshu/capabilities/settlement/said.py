"""What the journal reads of facts, and the form of what it makes of them: amounts by account."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Revenue = Literal["shipment", "delivery"]
Moves = dict[int, int]
"""Amounts by account, debits positive."""


def move(moves: Moves, account: int, amount: int) -> None:
    """Add an amount to an account, where it is one."""
    if amount:
        moves[account] = moves.get(account, 0) + amount


class PlacedLine(Struct):
    """A line as it was ordered."""

    no: int
    quantity: int
    paid: int
    sku: str = ""


class Placed(Struct):
    """What is read of `order.placed`."""

    channel: str
    currency: str
    lines: list[PlacedLine]
    total: int
    kind: str = "order"
    shop: str = ""


class Start(Struct):
    """What is read of `order.placed` while it is enough that the order was paid whole."""

    channel: str
    currency: str
    total: int
    kind: str = "order"
    shop: str = ""


class Paid(Struct):
    """What is read of `order.paid`."""

    amount: int
    stage: str = ""


class Share(Struct):
    """Units of a line."""

    line: int
    quantity: int
    sku: str = ""


class Shares(Struct):
    """What is read of facts that speak of units."""

    shares: list[Share] = []


class Terms(Struct):
    """What a line says by now."""

    paid: int
    quantity: int


class LineAmended(Struct):
    """A line that was changed, or is new."""

    line: int
    now: Terms
    sku: str = ""


class Sums(Struct):
    """The amount of the whole order by now."""

    total: int


class Amended(Struct):
    """What is read of `order.amended`."""

    lines: list[LineAmended] = []
    now: Sums | None = None


class Exchanged(Struct):
    """What is read of `exchange.arranged`."""

    line: int
    lines: list[PlacedLine]
    moved: int


class Amount(Struct):
    """What is read of facts that speak of an amount."""

    amount: int


class Part(Struct):
    """What of a refund is of a line."""

    line: int
    amount: int = 0


class Refunded(Amount):
    """What is read of `refund.paid`."""

    shares: list[Part] = []


class Returned(Shares):
    """What is read of `goods.returned`."""

    outcome: str = ""


class Reshipped(Shares):
    """What is read of `shipment.reshipped`."""

    cause: str = ""


class Nothing(Struct):
    """What is read where the type says all."""
