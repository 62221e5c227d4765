"""The room `paid`: follows payments of merchants that have others asked, and has them asked.

A payment's event goes into `paid_reviews_due` in the commit that moves the cursor, and out of it in
the commit that asks.
"""

from __future__ import annotations

import logging
import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg

from danshu.capabilities.orders import reviews
from danshu.hub import event_forms, paid_reviews, paid_settings
from danshu.hub.compose import now_ms
from danshu.hub.worlds import Worlds
from danshu.kernel import fact
from danshu.kernel.limits import PAID_AGAIN_S, PAID_AT_ONCE
from danshu.ledger import write
from danshu.ledger.follow import Follower, read_beside

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from danshu.ledger.leaves import Rows

Connection = psycopg.AsyncConnection[Any]
_log = logging.getLogger("danshu.paid")
_PAID: Final = "order.paid"
_MARK: Final = b'"type":"order.paid"'
_TENANTS: Final = "select tenant from paid_review_settings order by 1"
_PUT: Final = """
insert into paid_reviews_due(tenant,id,event,next_try) values (%s,%s,%s,now())
on conflict do nothing
"""
_TAKE: Final = """
delete from paid_reviews_due d using (
  select tenant, id from paid_reviews_due where next_try <= %s
  order by next_try limit %s for update skip locked) n
where d.tenant=n.tenant and d.id=n.id returning d.tenant, d.id, d.event, d.tries
"""
_LATER: Final = """
insert into paid_reviews_due(tenant,id,event,tries,next_try) values (%s,%s,%s,%s,%s)
on conflict do nothing
"""


class _Payment(msgspec.Struct):
    stage: str = ""


class _Fact(msgspec.Struct):
    data: _Payment


_read: Final = msgspec.json.Decoder(_Fact).decode


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Give the step of the room; it tells how many payments it read and asked about."""
    worlds = Worlds(url)
    follower: Follower[Rows] | None = None
    known: list[int] = []

    async def step(connection: Connection) -> int:
        nonlocal follower, known
        rows = await (await connection.execute(_TENANTS)).fetchall()
        tenants = [row[0] for row in rows]
        if not tenants:
            return 0
        if follower is None or tenants != known:
            follower = Follower(paid_settings.FOLLOWER, take, tenants, read=read_beside)
            known = tenants
        at_ms = now_ms()
        return await follower.step(connection, at_ms) + await ask_due(connection, worlds, at_ms)

    return step


async def take(connection: Connection, leaves: Rows) -> None:
    """Put payments among the leaves of one merchant where they are asked about."""
    position = leaves.first
    for _, _, n, packed in leaves.rows:
        if _MARK in packed:
            for at, body in enumerate(fact.unpack(packed), position):
                if event_forms.type_of(body) != _PAID:
                    continue
                if _read(body).data.stage not in reviews.STAGES:
                    continue
                event = event_forms.write(body, leaves.half, at)
                if event is not None:
                    row = (leaves.tenant, uuid.UUID(event.subject), event.body)
                    await connection.execute(_PUT, row)
        position += n


async def ask_due(connection: Connection, worlds: Worlds, at_ms: int) -> int:
    """Ask about payments that are due, at most PAID_AT_ONCE in one commit; tells how many."""
    async with connection.transaction():
        taken = await connection.execute(_TAKE, (write.instant(at_ms * 1000), PAID_AT_ONCE))
        rows = await taken.fetchall()
        # orders are locked in one order, so that two nodes cannot wait for one another
        for tenant, id_, event, tries in sorted(rows):
            try:
                world = await worlds.ensure(tenant)
                async with connection.transaction():
                    await paid_reviews.ask(connection, world, id_, bytes(event), at_ms)
            except (psycopg.OperationalError, psycopg.InterfaceError):
                raise
            except Exception as error:  # noqa: BLE001 - logged; one must not stop the others
                if not isinstance(error, write.GuardFailed):
                    _log.exception("the parties of order %s cannot be asked", id_)
                again = write.instant((at_ms + PAID_AGAIN_S * 1000) * 1000)
                await connection.execute(_LATER, (tenant, id_, event, tries + 1, again))
    return len(rows)
