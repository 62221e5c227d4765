"""The inbox: messages that were believed and not (yet) turned into an act, kept whole, with the
reason.

A message has one row however often it comes: its id follows from its bytes. States: `open` waits
for a person, `told` is news whose effect is in its order's facts, `done` was taken after all,
`moved` failed anew for another reason (which has its own row), `dismissed` needs no act, `erased`.
"""

from __future__ import annotations

import datetime
import hashlib
import uuid
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    import psycopg

    Connection = psycopg.AsyncConnection[Any]

UNREADABLE: Final = "unreadable"  # verified, and the adapter could not parse it
REFUSED: Final = "refused"  # parsed, and the numbers cannot be true
NEWS: Final = "news"  # another message about an order that is known; what followed is in its facts
CANCEL_OF_UNKNOWN: Final = "cancel_of_unknown"
CANCEL_REFUSED: Final = "cancel_refused"
OPEN: Final = "open"
TOLD: Final = "told"
NO_MESSAGE: Final = InputError("not_found", "there is no such message")

_KEEP: Final = """
insert into inbox(tenant,id,channel,account,reason,detail,body,state,oid)
values(%b,%b,%b,%b,%b,%b,%b,%b,%b) on conflict (tenant,id) do nothing
"""
_COLUMNS: Final = "id,channel,account,reason,detail,body,made,state,oid,note"
_READ: Final = f"select {_COLUMNS} from inbox where tenant=%s and id=%s"
_PAGE: Final = f"""
select {_COLUMNS} from inbox where tenant=%(tenant)s and state=%(state)s
and (%(channel)s='' or channel=%(channel)s) and (made,id) < (%(made)s,%(id)s)
order by made desc, id desc limit %(limit)s
"""
_CLOSE: Final = "update inbox set state=%s, note=%s where tenant=%s and id=%s and state='open'"
_ERASE: Final = (
    "update inbox set body='', detail='', note='', state='erased'"
    " where tenant=%s and oid=%s and state<>'erased'"
)


class Row(Struct, frozen=True, kw_only=True):
    """A message as kept."""

    id: uuid.UUID
    channel: str
    account: str
    reason: str
    detail: str
    body: bytes
    made: datetime.datetime
    state: str
    order: uuid.UUID | None
    note: str


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
    """Keep a message; gives its id. For NEWS and CANCEL_REFUSED `detail` begins with the order."""
    seal = hashlib.sha256(f"{channel}\0{account}\0{reason}\0".encode() + body).digest()
    id_ = _uuid8(seal)
    detail = detail.replace("\0", "�")[:2000]
    order = uuid.UUID(detail[:36]) if reason in (NEWS, CANCEL_REFUSED) else None
    state = TOLD if reason == NEWS else OPEN
    await connection.execute(
        _KEEP,
        (tenant, id_, channel, account, reason, detail, body, state, order),
        binary=True,
    )
    return id_


async def page(
    connection: Connection,
    tenant: int,
    *,
    state: str,
    channel: str,
    before: tuple[datetime.datetime, uuid.UUID],
    limit: int,
) -> list[Row]:
    """Read messages in a state, newest first, before a place (made, id); "" is every channel."""
    cursor = await connection.execute(
        _PAGE,
        {
            "tenant": tenant,
            "state": state,
            "channel": channel,
            "made": before[0],
            "id": before[1],
            "limit": limit,
        },
        binary=True,
    )
    return [_row(row) for row in await cursor.fetchall()]


async def find(connection: Connection, tenant: int, id_: uuid.UUID, *, lock: bool = False) -> Row:
    """Read a message. Raises InputError `not_found`."""
    query = _READ + (" for update" if lock else "")
    row = await (await connection.execute(query, (tenant, id_), binary=True)).fetchone()
    if row is None:
        raise NO_MESSAGE
    return _row(row)


async def close(connection: Connection, tenant: int, id_: uuid.UUID, state: str, note: str) -> bool:
    """Bring an open message into another state; False when it is open no longer."""
    cursor = await connection.execute(_CLOSE, (state, note, tenant, id_))
    return cursor.rowcount == 1


async def erase_order(connection: Connection, tenant: int, order: uuid.UUID) -> int:
    """Erase the messages about an order in the caller's commit; tells how many."""
    return (await connection.execute(_ERASE, (tenant, order))).rowcount


def _row(row: tuple[Any, ...]) -> Row:
    id_, channel, account, reason, detail, body, made, state, order, note = row
    return Row(
        id=id_,
        channel=channel,
        account=account,
        reason=reason,
        detail=detail,
        body=bytes(body),
        made=made,
        state=state,
        order=order,
        note=note,
    )


def _uuid8(digest: bytes) -> uuid.UUID:
    """Make a UUIDv8 (RFC 9562 §5.8) of a digest's first bits."""
    bits = int.from_bytes(digest[:16], "big")
    return uuid.UUID(int=bits & ~(0xF << 76) & ~(3 << 62) | 8 << 76 | 2 << 62)
