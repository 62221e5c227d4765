"""The inbox: messages that were believed and not (yet) turned into an act, kept whole, with the
reason.

A message has one row however often it comes: its id follows from its bytes.
"""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import psycopg

UNREADABLE: Final = "unreadable"  # verified, and the adapter could not parse it
REFUSED: Final = "refused"  # parsed, and the numbers cannot be true
NEWS: Final = "news"  # another message about an order that is known; what followed is in its facts
CANCEL_OF_UNKNOWN: Final = "cancel_of_unknown"
CANCEL_REFUSED: Final = "cancel_refused"

_KEEP: Final = """
insert into inbox(tenant,id,channel,account,reason,detail,body) values(%b,%b,%b,%b,%b,%b,%b)
on conflict (tenant,id) do nothing
"""


async def keep(
    connection: psycopg.AsyncConnection[Any],
    tenant: int,
    *,
    channel: str,
    account: str,
    reason: str,
    detail: str,
    body: bytes,
) -> uuid.UUID:
    """Keep a message; gives its id."""
    seal = hashlib.sha256(f"{channel}\0{account}\0{reason}\0".encode() + body).digest()
    id_ = _uuid8(seal)
    detail = detail.replace("\0", "�")[:2000]
    await connection.execute(
        _KEEP, (tenant, id_, channel, account, reason, detail, body), binary=True
    )
    return id_


def _uuid8(digest: bytes) -> uuid.UUID:
    """Make a UUIDv8 (RFC 9562 §5.8) of a digest's first bits."""
    bits = int.from_bytes(digest[:16], "big")
    return uuid.UUID(int=bits & ~(0xF << 76) & ~(3 << 62) | 8 << 76 | 2 << 62)
