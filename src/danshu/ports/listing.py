"""Port `listing`: a platform lists the orders of a time window, so that none is missed.

An adapter knows the platform's calls, its windows and its paging, and nothing of the network or the
clock: it is lent `Send`, and is told when it speaks. What it gives for an order is a body that the
channel of the same name can parse.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from msgspec import Struct

Send = Callable[[str, str, Mapping[str, str], bytes], Awaitable[tuple[int, bytes]]]
"""Sends (method, URL, headers, body); gives status and body. Raises NotAvailable."""


class Account(Struct, frozen=True, kw_only=True):
    """A shop's access to its platform: gateway, app key, app secret, the shop's access token."""

    url: str
    key: str
    secret: str
    token: str


class Listed(Struct, frozen=True, kw_only=True):
    """One order as it was listed: its number, and a body that the channel can parse."""

    number: str
    body: bytes


class Field(Struct, frozen=True, kw_only=True):
    """What a platform asks for, as its own console calls it: a member of `Account`, a label in
    both languages, and whether it is never shown again.
    """

    code: str
    label: str
    label_en: str
    is_secret: bool = True


class Listing(Protocol):
    """A platform that lists orders by when they changed.

    `title` and `title_en` name it, `url` is its public gateway, `fields` are what a shop must give.
    `window_ms` is the widest window it takes, `lag_ms` how far its end must lie in the past.
    """

    name: str
    title: str
    title_en: str
    url: str
    fields: tuple[Field, ...]
    window_ms: int
    lag_ms: int

    async def list_window(
        self, account: Account, send: Send, begin_ms: int, end_ms: int, at_ms: int
    ) -> tuple[Listed, ...]:
        """List what changed in [begin, end), all pages, at `at_ms` (epoch ms).

        Raises NotAvailable when it may be asked again, InputError `listing_refused` when not.
        """

    async def fetch(self, account: Account, send: Send, number: str, at_ms: int) -> bytes:
        """Give one order as the channel can parse it, b"" when the platform has no such order.

        Raises as `list_window` does.
        """
