"""The decisions of the past as trials and shadow runs read them: in pages, by the orders' ids."""

from __future__ import annotations

import datetime
import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.capabilities.routing import tables as routing_tables
from danshu.capabilities.routing.decide import Decision
from danshu.capabilities.stock import tables as stock_tables
from danshu.hub import pictures, policy_replays
from danshu.kernel import fact
from danshu.kernel.fact import epoch_ms
from danshu.kernel.limits import SNAPSHOTS_KEPT

if TYPE_CHECKING:
    from danshu.capabilities.routing.snapshot import Snapshot
    from danshu.hub.policy_replays import Places

Connection = psycopg.AsyncConnection[Any]
UTC8: Final = datetime.timezone(datetime.timedelta(hours=8))
_DECIDED: Final = b'"type":"route.decided"'
_ORDERS: Final = """
select id, channel, doc from orders where tenant=%b and id > %b and id < %b order by id limit %b
"""
_COUNT: Final = """
select count(*) from (select 1 from orders where tenant=%b and id > %b and id < %b limit %b) o
"""
_FACTS: Final = """
select stream, body from facts where tenant=%b and stream = any(%b::uuid[]) order by stream, v
"""


class Past(Struct, frozen=True, kw_only=True):
    """An order and its newest decision, None where it was never routed."""

    id: uuid.UUID
    number: str
    channel: str
    decided_ms: int = 0
    decision: Decision | None = None


class _Named(Struct, frozen=True):
    number: str = ""


_decode: Final = msgspec.json.Decoder(_Named).decode


def bounds(day: datetime.date) -> tuple[uuid.UUID, uuid.UUID]:
    """Give the half-open range of the ids of the orders of a day of China."""
    midnight = datetime.datetime(day.year, day.month, day.day, tzinfo=UTC8)
    first_ms = int(midnight.timestamp()) * 1000
    return place_of(first_ms), place_of(first_ms + 86_400_000)


def span(day: datetime.date, days: int) -> tuple[uuid.UUID, uuid.UUID]:
    """Give the half-open range of the ids of the orders of `days` days up to a day of China."""
    return bounds(day - datetime.timedelta(days=days - 1))[0], bounds(day)[1]


def place_of(at_ms: int) -> uuid.UUID:
    """Give a place among ids: before all that are made from that millisecond on."""
    return uuid.UUID(int=max(0, at_ms) << 80)


async def count(
    connection: Connection, tenant: int, low: uuid.UUID, high: uuid.UUID, most: int
) -> int:
    """Count the orders in a range, up to `most`."""
    cursor = await connection.execute(_COUNT, (tenant, low, high, most), binary=True)
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def read_page(
    connection: Connection, tenant: int, after: uuid.UUID, high: uuid.UUID, most: int
) -> list[Past]:
    """Read the next orders of a range with the newest decision of each."""
    cursor = await connection.execute(_ORDERS, (tenant, after, high, most), binary=True)
    rows = await cursor.fetchall()
    decided: dict[uuid.UUID, tuple[int, Decision]] = {}
    cursor = await connection.execute(_FACTS, (tenant, [row[0] for row in rows]), binary=True)
    for stream, packed in await cursor.fetchall():
        for body in fact.unpack(bytes(packed)):
            if _DECIDED in body:
                read = fact.read(body)
                if isinstance(read.data, Decision):
                    decided[stream] = (epoch_ms(read.time), read.data)
    out = []
    for id_, channel, doc in rows:
        at_ms, decision = decided.get(id_, (0, None))
        out.append(
            Past(
                id=id_,
                number=_decode(bytes(doc)).number,
                channel=channel,
                decided_ms=at_ms,
                decision=decision,
            )
        )
    return out


class Snapshots:
    """The snapshots that decisions of one merchant name; the last few stay in memory."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, str], Snapshot | None] = {}

    async def read(self, connection: Connection, tenant: int, digest: str) -> Snapshot | None:
        """Give a snapshot, None when it is no longer kept."""
        key = (tenant, digest)
        if key not in self._kept:
            while len(self._kept) >= SNAPSHOTS_KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = await pictures.read_snapshot(connection, tenant, digest)
        return self._kept[key]


async def read_places(connection: Connection, tenant: int) -> Places:
    """Read where warehouses and regions are."""
    cursor = await connection.execute(stock_tables.READ_WAREHOUSES, (tenant,), binary=True)
    warehouses = {row[1]: (row[4], row[5]) for row in await cursor.fetchall()}
    cursor = await connection.execute(routing_tables.READ_REGIONS, (tenant,), binary=True)
    regions = {row[1]: (row[4], row[5]) for row in await cursor.fetchall()}
    return policy_replays.place_all(warehouses, regions)
