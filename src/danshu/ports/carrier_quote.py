"""Port `carrier_quote`: a service of riders that quotes a delivery, takes the order and cancels it.

An adapter knows the service's words and nothing of the network or the clock: it is lent `Send`, and
is told when it speaks. Whatever changes something has a key; sent again with the same key it is the
same delivery. Money is in minor units, instants are epoch milliseconds.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from msgspec import Struct

Send = Callable[[str, str, Mapping[str, str], bytes], Awaitable[tuple[int, bytes]]]
"""Sends (method, URL, headers, body); gives status and body. Raises NotAvailable."""


class Account(Struct, frozen=True, kw_only=True):
    """A merchant's account with a service: base URL, and what the service calls its parts."""

    url: str
    options: dict[str, str] = {}


class Place(Struct, frozen=True, kw_only=True):
    """An address in plain words with whoever is there; micro-degrees, 0 = not known."""

    name: str
    phone: str
    city: str
    address: str
    lng_udeg: int = 0
    lat_udeg: int = 0


class Call(Struct, frozen=True, kw_only=True):
    """What is to be carried, and by when. `key` names it for good; `value_fen` is its worth."""

    key: str
    pickup: Place
    dropoff: Place
    weight_g: int
    value_fen: int
    start_ms: int
    end_ms: int
    goods: str


class Quote(Struct, frozen=True, kw_only=True):
    """A price that binds until `valid_ms`. `token` is the service's own word for it, "" if none."""

    token: str
    fee_fen: int
    eta_ms: int
    valid_ms: int


class Quoter(Protocol):
    """An adapter to one kind of service.

    Each raises NotAvailable when it may be tried again with the same key, InputError
    `quote_refused` when the service will not. `cancels_by_key`: a delivery can be cancelled by the
    call's key, though its number never came.
    """

    cancels_by_key: bool

    async def quote(self, account: Account, send: Send, call: Call, at_ms: int) -> Quote:
        """Ask for a price; binds nobody but the service."""

    async def order(
        self, account: Account, send: Send, call: Call, quote: Quote, at_ms: int
    ) -> str:
        """Order the delivery at the quoted price; gives the service's number of it."""

    async def cancel(
        self, account: Account, send: Send, call: Call, number: str, at_ms: int
    ) -> None:
        """Cancel a delivery, known by the call's key or by the service's number."""
