"""Which earlier order "cancel it", "change it" or "the same again" means: that of the same speaker,
else of the same store, within EARLIER_ORDER_H. Two that it could be are a question.
"""

from __future__ import annotations

import datetime
import re
import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec.structs import replace

from danshu.capabilities.orders import tables
from danshu.hub import original_rows
from danshu.kernel.limits import EARLIER_ORDER_H
from danshu.ledger import write
from danshu.ports.modality import Candidate, Draft, Intent, Parsed, Question

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.hub.original_rows import Row

Connection = Any
_OF_EARLIER: Final = frozenset({Intent.CANCEL, Intent.REPLACE, Intent.REPEAT})
_SHOWN: Final = 4
_FOUND: Final = "select order_id, id, received, draft::text from originals where tenant=%s and "
_EARLIER: Final = (
    "{} = %s and order_id is not null and state='ordered' and received between %s and %s"
    " and id <> %s order by received desc limit %s"
)
_NUMBERED: Final = (
    "received >= %s and received < %s and upper(right(replace(id::text,'-',''),10)) = %s"
    " and order_id is not null limit 2"
)
_NUMBER: Final = re.compile(r"ORG-(\d{8})-([0-9A-F]{10})", re.ASCII)
_decode: Final = msgspec.json.Decoder(Draft).decode


async def find(connection: Connection, tenant: int, row: Row, parsed: Parsed) -> Parsed:
    """Put the earlier order that is meant into the draft (`of_order`, its id), or a question; of
    REPEAT its lines too.
    """
    if parsed.intent not in _OF_EARLIER or _is_id(parsed.draft.of_order):
        return parsed
    found = await _look(connection, tenant, row, parsed.draft.of_order)
    if len(found) != 1:
        listed = tuple([Candidate(value=str(i), title=n) for i, n, _ in found])
        asked = Question(code="which_order", path="/of_order", candidates=listed)
        return replace(parsed, questions=(*parsed.questions, asked))
    order, _, earlier = found[0]
    draft = replace(parsed.draft, of_order=str(order))
    if parsed.intent is Intent.REPEAT and not any(n.sku for n in draft.lines) and earlier:
        asked_of = tuple([q for q in parsed.questions if not q.path.startswith("/lines")])
        parsed = replace(parsed, questions=asked_of)
        before = _decode(earlier)
        draft = replace(
            draft,
            lines=before.lines,
            store=draft.store or before.store,
            customer=draft.customer or before.customer,
            address=draft.address or before.address,
            receiver=draft.receiver or before.receiver,
            phone=draft.phone or before.phone,
            requirements=draft.requirements or before.requirements,
        )
    return replace(parsed, draft=draft)


async def _look(
    connection: Connection, tenant: int, row: Row, number: str
) -> list[tuple[uuid.UUID, str, str | None]]:
    """Give the orders that it could be, the newest first."""
    if number:
        return await _look_by_number(connection, tenant, number.strip().upper())
    since = row.received - datetime.timedelta(hours=EARLIER_ORDER_H)
    for column in ("speaker", "store"):
        if named := row.source.get(column, ""):
            asked = (tenant, named, since, row.received, row.id, _SHOWN)
            cursor = await connection.execute(_FOUND + _EARLIER.format(column), asked)
            return [_told(f) for f in await cursor.fetchall()]
    return []


async def _look_by_number(
    connection: Connection, tenant: int, number: str
) -> list[tuple[uuid.UUID, str, str | None]]:
    """Find an order by the number that it was given here, or that came with it by the API."""
    ours = _NUMBER.fullmatch(number)
    if ours is None:
        keys = write.texts([f"api/{number}"])
        cursor = await connection.execute(tables.FIND_KEYS, (tenant, keys), binary=True)
        return [(row[1], number, None) for row in await cursor.fetchall()]
    try:
        day = datetime.datetime.strptime(ours[1], "%Y%m%d").replace(tzinfo=datetime.UTC)
    except ValueError:
        return []
    asked = (tenant, day, day + datetime.timedelta(days=1), ours[2])
    cursor = await connection.execute(_FOUND + _NUMBERED, asked)
    return [_told(f) for f in await cursor.fetchall()]


def _told(found: Sequence[Any]) -> tuple[uuid.UUID, str, str | None]:
    order, id_, received, draft = found
    number = original_rows.number_of(id_, round(received.timestamp() * 1000))
    return order, number, draft


def _is_id(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
