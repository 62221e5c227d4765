"""Which earlier order "cancel it", "change it" or "the same again" means: that of the same speaker,
else of the same store, within EARLIER_ORDER_H. Two that it could be are a question.
"""

from __future__ import annotations

import datetime
import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec.structs import replace

from danshu.kernel.limits import EARLIER_ORDER_H
from danshu.ports.modality import Candidate, Draft, Intent, Parsed, Question

if TYPE_CHECKING:
    from danshu.hub.original_rows import Row

Connection = Any
_OF_EARLIER: Final = frozenset({Intent.CANCEL, Intent.REPLACE, Intent.REPEAT})
_SHOWN: Final = 4
_EARLIER: Final = """
select r.order_id, o.number, r.draft::text from originals r
join orders o on o.tenant=r.tenant and o.id=r.order_id
where r.tenant=%s and r.{} = %s and r.order_id is not null and r.state='ordered'
and r.received between %s and %s and r.id <> %s order by r.received desc limit %s
"""
_NUMBERED: Final = """
select r.order_id, o.number, r.draft::text from orders o
join originals r on r.tenant=o.tenant and r.order_id=o.id
where o.tenant=%s and o.number=%s limit 2
"""
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
    if parsed.intent is Intent.REPEAT and not draft.lines and earlier:
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
        found: list[tuple[uuid.UUID, str, str | None]] = await (
            await connection.execute(_NUMBERED, (tenant, number))
        ).fetchall()
        return found
    since = row.received - datetime.timedelta(hours=EARLIER_ORDER_H)
    for column in ("speaker", "store"):
        if named := row.source.get(column, ""):
            asked = (tenant, named, since, row.received, row.id, _SHOWN)
            cursor = await connection.execute(_EARLIER.format(column), asked)
            found = await cursor.fetchall()
            return found
    return []


def _is_id(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
