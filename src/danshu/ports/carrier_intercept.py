"""Port `carrier_intercept`: a carrier that is asked to stop a parcel and bring it back 拦截退回.

An adapter knows the carrier's words and nothing of the network: it is lent `Send`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from msgspec import Struct

Send = Callable[[str, str, Mapping[str, str], bytes], Awaitable[tuple[int, bytes]]]
"""Sends (method, URL, headers, body); gives status and body. Raises NotAvailable."""


class Account(Struct, frozen=True, kw_only=True):
    """A merchant's account with a carrier: URL, and what the adapter needs (never to be shown)."""

    url: str
    options: Mapping[str, str]


class Ask(Struct, frozen=True, kw_only=True):
    """Stop the parcel of a waybill; `key` names this request, `reason` says why."""

    key: str
    waybill: str
    reason: str


class Verdict(Struct, frozen=True, kw_only=True):
    """What the carrier says: it is `stopped` and comes back, or it is too late, and why."""

    stopped: bool
    detail: str = ""
    receipt: str = ""


class CarrierIntercept(Protocol):
    """An adapter to one carrier."""

    needs: tuple[str, ...]
    """The options without which it can't ask."""

    async def intercept(self, account: Account, send: Send, ask: Ask, at_ms: int) -> Verdict:
        """Ask to stop a parcel; asked again of the same waybill, the answer is the same.

        Raises NotAvailable when it may be tried again, InputError `intercept_refused` where the
        request itself was not understood, so that a person must look at it.
        """
