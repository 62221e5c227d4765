"""Port `timestamp`: a time-stamping authority says that a digest existed (RFC 3161).

An adapter is one file with one class, reached by the entry point group `danshu.timestamp`.
"""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from danshu.kernel.errors import DanshuError

ALGORITHMS = ("sha256", "sm3")


class StampRefused(DanshuError):
    """The authority did not answer, would not, or answered something that does not verify.

    `code` is stable: unreachable, http_status, too_large, unreadable, rejected, algorithm, imprint,
    nonce, policy, signature, chain, no_roots, no_verifier.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class Authority(Struct, frozen=True, kw_only=True):
    """A time-stamping authority: where it answers, and the root certificates (PEM) that vouch for
    it. `policy` is the OID that is asked for, "" = the authority's own.
    """

    url: str
    roots: bytes
    policy: str = ""


class Stamp(Struct, frozen=True, kw_only=True):
    """A verified answer. `token` is the whole TimeStampResp in DER, what a file .tsr holds;
    `checked` names who verified signature and chain: rfc3161-client, openssl or danshu (SM2).
    """

    algorithm: str
    digest: bytes
    gen_us: int  # epoch microseconds, the authority's clock
    accuracy_us: int | None  # None = the authority does not say
    serial: str  # decimal
    policy: str
    signer: str  # subject of the certificate that signed, "" when the token does not carry it
    checked: str
    token: bytes


class Timestamp(Protocol):
    """A way to reach time-stamping authorities."""

    name: str
    title: str

    def stamp(
        self, authority: Authority, algorithm: str, digest: bytes, nonce: int, timeout_s: float
    ) -> Stamp:
        """Have a digest (`algorithm` of ALGORITHMS) stamped; blocks. Raises StampRefused."""
        ...

    def verify(
        self, token: bytes, algorithm: str, digest: bytes, roots: bytes, nonce: int | None = None
    ) -> Stamp:
        """Verify a stored answer over a digest, with the chain at its genTime; blocks for some
        milliseconds. Raises StampRefused.
        """
        ...
