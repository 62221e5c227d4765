"""Port `settlement`: a payment service that pays buyers back on the merchant's instruction.

An adapter knows the service's words and nothing of the network: it is lent `Send`. An instruction
has a key; sent again with the same key it is the same payment, and the same receipt comes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from msgspec import Struct

Send = Callable[[str, str, Mapping[str, str], bytes], Awaitable[tuple[int, bytes]]]
"""Sends (method, URL, headers, body); gives status and body. Raises NotAvailable."""


class Account(Struct, frozen=True, kw_only=True):
    """A merchant's account with a service: base URL and secret."""

    url: str
    secret: str


class Instruction(Struct, frozen=True, kw_only=True):
    """Pay `amount` (minor units of `currency`) to the buyer of an order.

    `number`, `channel` and `shop` name the order as its platform does, whose payer is paid back;
    `key` makes it idempotent; `reason` is the clause in words.
    """

    key: str
    amount: int
    currency: str
    channel: str
    shop: str
    number: str
    reason: str


class Receipt(Struct, frozen=True, kw_only=True):
    """What the service answers: its number of the payment, whether the money has moved (else it is
    under way and to be asked again), and when (RFC 3339).
    """

    number: str
    is_paid: bool
    at: str


class Settlement(Protocol):
    """An adapter to one kind of service."""

    async def pay(self, account: Account, send: Send, instruction: Instruction) -> Receipt:
        """Pay, or ask again after a payment.

        Raises NotAvailable when it may be tried again with the same key, InputError
        `payment_refused` when the service will not pay.
        """
