"""Bytes kept under their own digest: photos, lists of scans. What a fact names by digest is here.

The bytes may be erased by law; the fact and its digest stay as they were.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from danshu.kernel.errors import ProgramError

if TYPE_CHECKING:
    import psycopg

_PUT: Final = (
    "insert into blobs(tenant,digest,kind,body) values(%b,%b,%b,%b)"
    " on conflict (tenant,digest) do nothing"
)
_READ: Final = "select kind, body from blobs where tenant=%b and digest=%b"


async def put(
    connection: psycopg.AsyncConnection[Any], tenant: int, kind: str, body: bytes
) -> bytes:
    """Keep bytes in the caller's transaction and give their SHA-256; `kind` is a media type."""
    digest = hashlib.sha256(body).digest()
    await connection.execute(_PUT, (tenant, digest, kind, body), binary=True)
    return digest


async def read(
    connection: psycopg.AsyncConnection[Any], tenant: int, digest: bytes
) -> tuple[str, bytes] | None:
    """Give media type and bytes; None when there are none (any more).

    Raises ProgramError when the stored bytes are not those of the digest.
    """
    row = await (await connection.execute(_READ, (tenant, digest), binary=True)).fetchone()
    if row is None:
        return None
    body = bytes(row[1])
    if hashlib.sha256(body).digest() != digest:
        raise ProgramError(f"the bytes kept under {digest.hex()} are others")
    return row[0], body
