"""The fact types of the ledger's own acts."""

from __future__ import annotations

from msgspec import Struct

from danshu.kernel.fact import fact_type


@fact_type("vault.erased")
class VaultErased(Struct, frozen=True, kw_only=True):
    """删除个人信息: the personal data behind a stream was erased by law, and on which basis."""

    basis: str
    requested_by: str
    vault_id: str


@fact_type("key.rotated")
class KeyRotated(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """轮换日志密钥: the log signs by another key from now on. `old` and `new` are public keys
    (Ed25519, hex); the old one signs beside it until `until` (RFC 3339).
    """

    new: str
    old: str = ""
    until: str = ""


@fact_type("key.withdrawn")
class KeyWithdrawn(Struct, frozen=True, kw_only=True):
    """作废日志密钥: a key of the log (public key, hex) signs nothing any more, and why."""

    key: str
    reason: str


@fact_type("log.linked")
class LogLinked(Struct, frozen=True, kw_only=True):
    """日志接续: the first entry of a log that goes on from another: the old log's origin, size and
    root as last signed. `held` leaves of it are still in this database; the others are lost here.
    """

    held: int
    origin: str
    root: str
    size: int


@fact_type("log.forked")
class LogForked(Struct, frozen=True, kw_only=True):
    """见证拒签: a witness found that a checkpoint does not go on from the one that it cosigned.

    `origin`, `size` and `root` are of our checkpoint; `cosigned` is the size that it had seen.
    """

    cosigned: int
    origin: str
    root: str
    size: int
    witness: str


@fact_type("heads.committed")
class HeadsCommitted(Struct, frozen=True, kw_only=True):
    """链头承诺: how far the orders have come that leaves [start, stop) of a book speak of.

    `root` is the RFC 6962 root over the map order -> position and head of its stream, sorted by
    order (kernel/heads.py); `map` its SHA-256; `first` and `last` are its first and last order.
    """

    at: str
    book: str
    count: int
    first: str
    last: str
    map: str
    root: str
    start: int
    stop: int


@fact_type("anchor.deposited")
class AnchorDeposited(Struct, frozen=True, kw_only=True):
    """第三方存证: an evidence platform took a digest over the newest checkpoints in. `tx` is the
    chain's transaction id; without one nothing was put on a chain, and nobody may say so.
    """

    adapter: str
    books: int
    digest: str
    evidence_no: str
    period: str
    time: str
    tx: str


@fact_type("log.configured")
class LogConfigured(Struct, frozen=True, kw_only=True):
    """对外日志设置: who may see the merchant's log from now on: `public` or not, the vkeys of its
    witnesses, the kind of evidence platform that it deposits with ("" for none).
    """

    anchor: str
    public: bool
    witnesses: tuple[str, ...]
