"""The room `carriers`: asks carriers to stop parcels, and says what they answered.

A lost answer is asked for again: of one waybill a carrier's answer is the same. Where a merchant
has no service with a carrier, a person asks it and answers on the order's page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

import psycopg

from danshu.capabilities.orders.intercepts import STOPPED, TOO_LATE
from danshu.hub import acts, carrier_desks, outside, parcels
from danshu.hub.errands import Errand, Errands, Later
from danshu.kernel.fact import Actor
from danshu.kernel.limits import (
    INTERCEPT_BYTES,
    INTERCEPT_RETRY_MAX_S,
    INTERCEPT_RETRY_S,
    INTERCEPT_TIMEOUT_S,
    INTERCEPTS_AT_ONCE,
)
from danshu.ports import registry
from danshu.ports.carrier_intercept import Account, Ask

if TYPE_CHECKING:
    import uuid

    import httpx

    from danshu.hub.worlds import Worlds
    from danshu.ports.carrier_intercept import CarrierIntercept, Verdict

Connection = psycopg.AsyncConnection[Any]
_REACH: Final = outside.Reach(INTERCEPT_TIMEOUT_S, INTERCEPT_BYTES, INTERCEPT_RETRY_S)
CARRIERS: Final = Actor(sub="carriers", role="system", grade="C")
NO_SERVICE: Final = Later("no_service", 0)
_FIELDS: Final = ("tenant", "id", "fulfilment", "carrier", "waybill", "tries")
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


class Parcel(Errand, frozen=True, kw_only=True):
    """A parcel that a carrier is asked to stop now."""

    id: uuid.UUID
    fulfilment: int
    carrier: str
    waybill: str


async def _ask(
    connection: Connection, worlds: Worlds, web: httpx.AsyncClient, parcel: Parcel, at_ms: int
) -> Later | None:
    told = await _hear(connection, web, parcel, at_ms)
    if told is None:
        return NO_SERVICE
    world = await worlds.ensure(parcel.tenant)
    decide = parcels.answer(
        parcel.fulfilment,
        STOPPED if told.stopped else TOO_LATE,
        parcel.carrier,
        told.detail,
        told.receipt,
    )
    # A no means that a person, or another node, has said so already: the row is gone with it.
    await acts.change(connection, world, parcel.id, CARRIERS, at_ms, decide)
    return None


async def _hear(
    connection: Connection, web: httpx.AsyncClient, parcel: Parcel, at_ms: int
) -> Verdict | None:
    """Ask the carrier's service; None while the merchant has none."""
    desk = (await carrier_desks.read(connection, parcel.tenant)).get(parcel.carrier)
    if desk is None:
        return None
    service = cast("CarrierIntercept", registry.load(carrier_desks.PORT, desk.adapter))
    account = Account(url=desk.url, options=desk.options)
    ask = Ask(key=f"{parcel.id.hex}{parcel.fulfilment}", waybill=parcel.waybill, reason="intercept")
    return await service.intercept(account, outside.sender(web, "the carrier", _REACH), ask, at_ms)


CARRIER_ASKS: Final = Errands(
    name="carriers",
    take=_TAKE,
    leave=_LEAVE,
    at_once=INTERCEPTS_AT_ONCE,
    reach=_REACH,
    retry_max_s=INTERCEPT_RETRY_MAX_S,
    read=lambda row: Parcel(**dict(zip(_FIELDS, row, strict=True))),
    place=lambda parcel: (parcel.tenant, parcel.id, parcel.fulfilment),
    run=_ask,
)
