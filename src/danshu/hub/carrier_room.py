"""The room `carriers`: asks carriers to stop parcels, and says what they answered.

A lost answer is asked for again: of one waybill a carrier's answer is the same. Where a merchant
has no service with a carrier, a person asks it and answers on the order's page.
"""

from __future__ import annotations

import logging
import uuid
from typing import TYPE_CHECKING, Any, Final, cast

import psycopg
from msgspec import Struct

from danshu.capabilities.orders.intercepts import STOPPED, TOO_LATE
from danshu.hub import acts, carrier_desks, outside, parcels
from danshu.hub.compose import now_ms
from danshu.hub.worlds import Worlds
from danshu.kernel.errors import InputError, NotAvailable
from danshu.kernel.fact import Actor
from danshu.kernel.limits import (
    INTERCEPT_BYTES,
    INTERCEPT_RETRY_MAX_S,
    INTERCEPT_RETRY_S,
    INTERCEPT_TIMEOUT_S,
    INTERCEPTS_AT_ONCE,
)
from danshu.ledger import write
from danshu.ports import registry
from danshu.ports.carrier_intercept import Account, Ask

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import httpx

    from danshu.ports.carrier_intercept import CarrierIntercept, Verdict

Connection = psycopg.AsyncConnection[Any]
_REACH: Final = outside.Reach(INTERCEPT_TIMEOUT_S, INTERCEPT_BYTES, INTERCEPT_RETRY_S)
_log = logging.getLogger("danshu.carriers")
CARRIERS: Final = Actor(sub="carriers", role="system", grade="C")
NO_SERVICE: Final = "no_service"
# Taken up for as long as a try may take: a node that dies leaves it to the next.
_TAKE: Final = """
update carrier_intercepts c set tries=c.tries+1, next_try=%s from (
  select tenant, id, fulfilment from carrier_intercepts where next_try<=%s
  order by next_try limit %s for update skip locked) d
where c.tenant=d.tenant and c.id=d.id and c.fulfilment=d.fulfilment
returning c.tenant, c.id, c.fulfilment, c.carrier, c.waybill, c.tries
"""
_LEAVE: Final = (
    "update carrier_intercepts set next_try=%s, trouble=%s"
    " where tenant=%s and id=%s and fulfilment=%s"
)


class Taken(Struct, frozen=True, kw_only=True):
    """A parcel that a carrier is asked to stop now; `tries` counts this one."""

    tenant: int
    id: uuid.UUID
    fulfilment: int
    carrier: str
    waybill: str
    tries: int


def begin(url: str) -> Callable[[Connection], Awaitable[int]]:
    """Give the step of the room; it tells how many it took up."""
    worlds = Worlds(url)

    async def step(connection: Connection) -> int:
        return await ask_due(connection, worlds, now_ms())

    return step


async def ask_due(connection: Connection, worlds: Worlds, at_ms: int) -> int:
    """Ask what is due; tells how many were taken up."""
    until = write.instant((at_ms + 2 * INTERCEPT_TIMEOUT_S * 1000) * 1000)
    given = (until, write.instant(at_ms * 1000), INTERCEPTS_AT_ONCE)
    rows = await (await connection.execute(_TAKE, given)).fetchall()
    if not rows:
        return 0
    async with outside.client() as web:
        for tenant, id_, no, carrier, waybill, tries in rows:
            taken = Taken(
                tenant=tenant, id=id_, fulfilment=no, carrier=carrier, waybill=waybill, tries=tries
            )
            await _ask(connection, worlds, web, taken, at_ms)
    return len(rows)


async def _ask(
    connection: Connection, worlds: Worlds, web: httpx.AsyncClient, taken: Taken, at_ms: int
) -> None:
    wait_s = min(INTERCEPT_RETRY_MAX_S, INTERCEPT_RETRY_S << min(taken.tries - 1, 20))
    try:
        told = await _hear(connection, web, taken, at_ms)
        if told is None:
            await _leave(connection, taken, 0, NO_SERVICE)
            return
        world = await worlds.ensure(taken.tenant)
        decide = parcels.answer(
            taken.fulfilment,
            STOPPED if told.stopped else TOO_LATE,
            taken.carrier,
            told.detail,
            told.receipt,
        )
        # A no means that a person, or another node, has said so already: the row is gone with it.
        await acts.change(connection, world, taken.id, CARRIERS, at_ms, decide)
    except (NotAvailable, write.GuardFailed) as error:
        await _leave(connection, taken, at_ms + wait_s * 1000, str(error))
    except InputError as error:
        await _leave(connection, taken, 0, error.detail)  # a person looks at it
    except (psycopg.OperationalError, psycopg.InterfaceError):
        raise
    except Exception:  # noqa: BLE001 - logged; one parcel must not stop the others
        _log.exception("the intercept of %s cannot be asked", taken.waybill)
        await _leave(connection, taken, at_ms + wait_s * 1000, "program")


async def _hear(
    connection: Connection, web: httpx.AsyncClient, taken: Taken, at_ms: int
) -> Verdict | None:
    """Ask the carrier's service; None while the merchant has none."""
    desk = (await carrier_desks.read(connection, taken.tenant)).get(taken.carrier)
    if desk is None:
        return None
    service = cast("CarrierIntercept", registry.load(carrier_desks.PORT, desk.adapter))
    account = Account(url=desk.url, options=desk.options)
    ask = Ask(key=f"{taken.id.hex}{taken.fulfilment}", waybill=taken.waybill, reason="intercept")
    return await service.intercept(account, outside.sender(web, "the carrier", _REACH), ask, at_ms)


async def _leave(connection: Connection, taken: Taken, next_ms: int, trouble: str) -> None:
    again = write.instant(next_ms * 1000) if next_ms else None
    place = (taken.tenant, taken.id, taken.fulfilment)
    await connection.execute(_LEAVE, (again, trouble[:500], *place))
