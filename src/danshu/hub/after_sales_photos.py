"""Photos of goods, as their buyers show them and as they came back, kept under their digests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.hub import after_sales
from danshu.hub.floor_acts import PHOTO_TYPES
from danshu.kernel.errors import InputError
from danshu.kernel.limits import CASE_PHOTOS
from danshu.ledger import blobs

if TYPE_CHECKING:
    from danshu.hub.after_sales_rows import Row

Connection = psycopg.AsyncConnection[Any]
NO_PHOTO: Final = InputError("not_found", "the case has no such photo")
_OWNED: Final = (
    "insert into order_blobs(tenant,oid,digest,kind) values(%s,%s,%s,%s) on conflict do nothing"
)
_ADD: Final = (
    "update after_sales set photos = array_append(photos, %s) where tenant=%s and id=%s"
    " and not %s = any(photos)"
)


async def keep(connection: Connection, tenant: int, row: Row, body: bytes) -> str:
    """Keep a photo of a case that waits for its inspection; gives its digest (hex).

    Raises InputError `bad_photo`, `not_now`, `too_many`.
    """
    kind = next((t for start, t in PHOTO_TYPES.items() if body.startswith(start)), "")
    if not kind:
        raise InputError("bad_photo", "a photo is JPEG or PNG")
    if after_sales.step(row.case, "inspect") is not None:
        raise InputError("not_now", "photos are of goods that are here and not inspected yet")
    if len(row.photos) >= CASE_PHOTOS:
        raise InputError("too_many", f"at most {CASE_PHOTOS} photos")
    digest = await blobs.put(connection, tenant, kind, body)
    await connection.execute(_OWNED, (tenant, row.order, digest, "photo"))
    await connection.execute(_ADD, (digest.hex(), tenant, row.id, digest.hex()))
    return digest.hex()


async def read(connection: Connection, tenant: int, row: Row, digest: str) -> tuple[str, bytes]:
    """Read a photo of a case: media type and bytes. Raises InputError `not_found`."""
    if digest not in row.photos and digest not in row.case.shown:
        raise NO_PHOTO
    found = await blobs.read(connection, tenant, bytes.fromhex(digest))
    if found is None:
        raise NO_PHOTO
    return found
