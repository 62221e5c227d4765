"""Port `notice`: a service that tells people what a breach means for them, and of incidents.

An adapter knows the service's words and nothing of the network or the clock: it is lent `Send`, and
is told when it speaks. A notice has a key; sent again with the same key it is the same notice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from msgspec import Struct

Send = Callable[[str, str, Mapping[str, str], bytes], Awaitable[tuple[int, bytes]]]
"""Sends (method, URL, headers, body); gives status and body. Raises NotAvailable."""


class Account(Struct, frozen=True, kw_only=True):
    """A merchant's account with a service: its URL and the shared secret."""

    url: str
    secret: str


class Notice(Struct, frozen=True, kw_only=True):
    """What is to be told, without anybody's personal data: the service knows the people.

    `to` is the party or role (buyer, finance, …); `number`, `channel` and `shop` name the order as
    its platform does; `clause` is the promise's text as shown, `breach` what a breach of it means,
    both in the order's language; `due` is the deadline that passed, `made` when the notice came
    about (RFC 3339, UTC). `parcel` is "1/2" where a part of the order left: this parcel of so many,
    the rest by `due`; "" for a breach. `campaign` is the id of the one that a reminder or
    coupon comes of: its text is `name`, which holds until `due`; `clause`, `breach` are "" then.
    """

    key: str
    to: str
    code: str
    name: str
    clause: str
    breach: str
    lang: str
    channel: str
    shop: str
    number: str
    due: str
    made: str
    parcel: str = ""
    campaign: str = ""


class Incident(Struct, frozen=True, kw_only=True):
    """What stopped by itself or came out otherwise: `detail` names it, `advice` says what to do,
    in Chinese and English; `made` is RFC 3339, UTC.
    """

    key: str
    code: str
    name: str
    name_en: str
    advice: str
    advice_en: str
    detail: str
    made: str


class Messenger(Protocol):
    """An adapter to one kind of service."""

    async def send(self, account: Account, send: Send, notice: Notice, at_ms: int) -> str:
        """Hand a notice over at `at_ms` (epoch ms); gives the service's number of it, or "".

        Raises NotAvailable when it may be tried again with the same key, InputError
        `notice_refused` when the service will not take it.
        """

    async def alarm(self, account: Account, send: Send, incident: Incident, at_ms: int) -> str:
        """Hand an incident over at `at_ms`, as `send` does a notice; raises the same."""
