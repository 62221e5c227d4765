"""Port `anchor`: an evidence platform that takes digests in and puts them on a judicial chain.

An adapter knows the platform's words and signatures and nothing of the network: it is lent `Send`.
One deposit a period stands for all that was signed until then, so what it costs does not depend on
how many orders there are. Only a receipt with a transaction id may be called 区块链存证.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from msgspec import Struct

Send = Callable[[str, str, Mapping[str, str], bytes], Awaitable[tuple[int, bytes]]]
"""Sends (method, URL, headers, body); gives status and body. Raises NotAvailable."""


class Account(Struct, frozen=True, kw_only=True):
    """A merchant's account with a platform: base URL, public name of the key, secret."""

    url: str
    key: str
    secret: str


class Receipt(Struct, frozen=True, kw_only=True):
    """What a platform answers. `evidence_no` names the deposit there; `tx` is the transaction id
    on its chain, "" while it has none; `time` is the platform's (RFC 3339).

    `signed` is the receipt as the platform signed it, for whoever checks it offline: a compact JWS
    (RFC 7515), alg ES256, RS256 or SM2, certificates in `x5c`, payload {alg, digest, evidence_no,
    time, tx}. b"" = the platform signs none, or not yet.
    """

    evidence_no: str
    tx: str
    time: str
    signed: bytes = b""


class Deposits(Protocol):
    """An account that is open."""

    async def deposit(self, digest: bytes, alg: str, meta: Mapping[str, str]) -> Receipt:
        """Deposit a digest; `alg` is sha256 or sm3. `meta["biz_no"]` makes it idempotent: asked
        again, the same receipt comes, with its transaction once there is one.

        Raises NotAvailable when it may be tried again, InputError `anchor_refused` when not.
        """

    async def certificate(self, evidence_no: str) -> bytes:
        """Fetch the platform's certificate of a deposit, as it issues it."""

    async def verify(self, digest: bytes, tx: str) -> bool:
        """Ask the platform whether the transaction holds the digest."""


class Anchor(Protocol):
    """An adapter to one kind of platform."""

    def open(self, account: Account, send: Send, now_ms: int) -> Deposits:
        """Open an account; `now_ms` is the time that requests are signed with."""
