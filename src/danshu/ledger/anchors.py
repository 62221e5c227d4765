"""What evidence platforms took in of a book: receipts, and what exactly they are receipts for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.kernel import canonical

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.AsyncConnection[Any]

FORMAT: Final = "danshu/anchor/1"
_READ: Final = (
    "select a.period, b.size, a.adapter, a.digest, a.manifest, a.evidence_no, a.tx,"
    " a.signed,"
    " coalesce(extract(epoch from a.at) * 1000, 0)::int8 from anchored_books b join anchors a"
    " on a.tenant=b.tenant and a.period=b.period where b.tenant=%s and b.half=%s"
    " and a.evidence_no <> ''"
)
_BEFORE: Final = _READ + " and b.size <= %s order by b.size desc, a.period limit 1"
_AFTER: Final = _READ + " and b.size > %s order by b.size, a.period limit 1"


class Covered(Struct, frozen=True, kw_only=True):
    """A checkpoint that a deposit stands for: origin, root in hex, size in leaves."""

    origin: str
    root: str
    size: int


class Anchored(Struct, frozen=True, kw_only=True):
    """A deposit that covers a book at `size` leaves. `digest` is the SHA-256 of `manifest`, whose
    canonical JSON names the checkpoints of all books; `tx` is "" while no chain holds it.
    `at_ms` is the platform's time; `signed` its receipt as a JWS, b"" where it signs none.
    """

    period: str
    size: int
    adapter: str
    digest: bytes
    manifest: bytes
    evidence_no: str
    tx: str
    signed: bytes
    at_ms: int


def encode_manifest(period: str, books: list[Covered]) -> bytes:
    """Write what a deposit stands for; its SHA-256 is what is deposited."""
    listed = [msgspec.to_builtins(book) for book in sorted(books, key=lambda book: book.origin)]
    return canonical.encode({"checkpoints": listed, "format": FORMAT, "period": period})


async def read_anchors(
    connection: Connection, tenant: int, half: str, size: int
) -> tuple[Anchored, ...]:
    """Read the deposits that speak for a book at `size` leaves, the earlier first.

    At most two: the newest over a checkpoint that is not larger (every leaf below that size existed
    then; a consistency proof leads from it to `size`), and the first over a larger one.
    """
    found = []
    for sql in (_BEFORE, _AFTER):
        row = await (await connection.execute(sql, (tenant, half, size))).fetchone()
        if row is not None:
            period, of, adapter, digest, manifest, evidence_no, tx, signed, at_ms = row
            found.append(
                Anchored(
                    period=period,
                    size=of,
                    adapter=adapter,
                    digest=bytes(digest),
                    manifest=bytes(manifest),
                    evidence_no=evidence_no,
                    tx=tx,
                    signed=bytes(signed),
                    at_ms=at_ms,
                )
            )
    return tuple(found)
