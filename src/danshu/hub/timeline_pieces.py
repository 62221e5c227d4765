"""The bytes that facts name by digest: what an entry of the timeline shows as tiles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.kernel.fact import Fact

Connection = psycopg.AsyncConnection[Any]
SIGNS: Final = ("statement", "signature")
_BLOBS: Final = (
    "select digest, kind, octet_length(body) from blobs where tenant=%s and digest = any(%s)"
)


class Piece(Struct, frozen=True, kw_only=True):
    """Bytes that a fact names by digest: evidence, a statement, a signature. `media` is "" once
    they were erased, or where they are not kept.
    """

    kind: str
    digest: str
    size: int
    media: str


async def read_media(
    connection: Connection, tenant: int, facts: Sequence[Fact]
) -> dict[str, tuple[str, int]]:
    """Give media type and size of the bytes that facts name, by digest."""
    named = {d for each in facts for _, d, _ in of(each)}
    raw = [bytes.fromhex(d) for d in named if len(d) == 64]
    if not raw:
        return {}
    cursor = await connection.execute(_BLOBS, (tenant, raw), binary=True)
    return {bytes(d).hex(): (media, size) for d, media, size in await cursor.fetchall()}


def of(read_fact: Fact) -> list[tuple[str, str, int]]:
    """Give kind, digest and size of what a fact names; the size of a statement it does not say."""
    found = [(e.kind, e.digest, e.size) for e in read_fact.evidence if not e.salted]
    if read_fact.type == "action.performed":
        for name in SIGNS:
            digest = getattr(read_fact.data, name)
            found += [(name, digest, 0)] if digest else []
    return found
