"""What the facts of a review on payment bring about, in their own commit: calls to undo, timers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg

from danshu.capabilities.orders import model, reviews
from danshu.capabilities.orders.review_facts import UndoAsked
from danshu.hub import connecting
from danshu.ledger import write
from danshu.ports.asks.paid import TakenBack

if TYPE_CHECKING:
    from danshu.hub.changes import Change, Held
    from danshu.hub.world import World

Connection = psycopg.AsyncConnection[Any]
TIMER_REVIEW: Final = 47
UNDO: Final = "paid_review_undo"
"""Whose answers are told to paid_reviews.py."""
_ADD_TIMER: Final = (
    "insert into timers(tenant,due,id,kind) values(%s,%s,%s,%s) on conflict do nothing"
)
_WENT: Final = "select connector from connector_calls where tenant=%s and key=%s"


async def follow(
    connection: Connection, world: World, held: Held, decided: Change, now_ms: int
) -> None:
    """Put calls into the outbox that take back what was agreed to, and set the next timer."""
    order = decided.order
    for said in decided.said:
        if isinstance(said.data, UndoAsked):
            await _undo(connection, world.tenant, held, decided, said.data, now_ms)
    next_ms = reviews.next_ms(order)
    if next_ms and next_ms != reviews.next_ms(held.order):
        due = write.instant(next_ms * 1000)
        await connection.execute(_ADD_TIMER, (world.tenant, due, held.id, TIMER_REVIEW))


async def _undo(
    connection: Connection, tenant: int, held: Held, decided: Change, data: UndoAsked, now_ms: int
) -> None:
    """Ask the far side that agreed, whatever the routes say by now."""
    order, review = decided.order, decided.order.review
    assert review is not None
    party = next(p for p in review.parties if p.name == data.party)
    row = await (await connection.execute(_WENT, (tenant, party.key))).fetchone()
    body = TakenBack(key=party.key, reference=party.reference, reason=review.reason or "refused")
    await connecting.ask(
        connection,
        tenant,
        capability=party.name,
        operation="undo",
        key=data.key,
        subject=str(held.id),
        body=msgspec.json.encode(body),
        at_ms=now_ms,
        context=connecting.Context(
            purpose=UNDO,
            data=party.name.encode(),
            warehouse=model.first_warehouse(order),
            channel=order.channel,
            connector=row[0] if row else None,
        ),
    )
