"""Rewinding the relay: the bus lost what it had, or somebody needs it again.

The cursors go back, and the merchant's epoch grows with them: it is part of each message's id, so
that JetStream does not take what is sent again for a repeat. Events keep their own ids, by which
consumers know what they have seen.
"""

from __future__ import annotations

import datetime
import re
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.hub.relay_room import ROOM
from danshu.kernel.errors import InputError
from danshu.ledger import places

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.AsyncConnection[Any]

_PLACE: Final = re.compile(r"(?:([^/]+)/)?(\d+)", re.ASCII)
_BOOKS: Final = """
select b.half, b.size, coalesce(c.position, 0) from books b left join cursors c
on c.name=%s and c.tenant=b.tenant and c.half=b.half where b.tenant=%s order by b.half
"""
_SET: Final = """
insert into cursors(name,tenant,half,position) values(%s,%s,%s,%s)
on conflict (name,tenant,half) do update set position=excluded.position
"""
_AGAIN: Final = """
insert into relays(tenant,epoch) values(%s,1)
on conflict (tenant) do update set epoch=relays.epoch+1 returning epoch
"""


class Rewound(Struct, frozen=True, kw_only=True):
    """A book that will be relayed again: from `position`; the relay stood at `before`."""

    half: str
    position: int
    before: int
    epoch: int


async def rewind(connection: Connection, tenant: int, start: str) -> list[Rewound]:
    """Set the relay of a merchant back to a time (RFC 3339), a place (2026h2/1200), or a position
    of the newest book; gives the books that went back.

    Raises InputError `bad_place`, `no_book`, or `not_relayed` for what lies ahead.
    """
    async with connection.transaction():
        rows = await (await connection.execute(_BOOKS, (ROOM, tenant))).fetchall()
        books = {half: (int(size), int(position)) for half, size, position in rows}
        wanted = await _find(connection, tenant, list(books), start)
        back = {half: at for half, at in wanted.items() if at < books[half][1]}
        if not back:
            raise InputError("not_relayed", f"nothing from {start} on was relayed yet")
        row = await (await connection.execute(_AGAIN, (tenant,))).fetchone()
        assert row is not None
        for half, at in back.items():
            await connection.execute(_SET, (ROOM, tenant, half, at))
    return [
        Rewound(half=half, position=at, before=books[half][1], epoch=row[0])
        for half, at in back.items()
    ]


async def _find(
    connection: Connection, tenant: int, halves: list[str], start: str
) -> dict[str, int]:
    """Tell where to begin in each book from `start` on."""
    if place := _PLACE.fullmatch(start):
        half, position = place[1] or (halves or [""])[-1], int(place[2])
        if half not in halves:
            raise InputError("no_book", f"the merchant's books are: {', '.join(halves) or 'none'}")
        later = halves[halves.index(half) + 1 :]
        return {half: position} | dict.fromkeys(later, 0)
    try:
        at = datetime.datetime.fromisoformat(start)
    except ValueError as error:
        raise InputError("bad_place", "a time (RFC 3339), HALF/POSITION or POSITION") from error
    if at.tzinfo is None:
        raise InputError("bad_place", "a time needs its offset: 2026-11-30T08:00:00+08:00")
    at_ms = int(at.timestamp() * 1000)
    return {half: await places.find_place(connection, tenant, half, at_ms) for half in halves}
