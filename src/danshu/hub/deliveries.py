"""Deliveries of a merchant as scorers learn from them: the newest parcels, read from the facts of
their orders, beside the snapshots that they were decided on.
"""

from __future__ import annotations

import asyncio
import hashlib
import uuid
import zlib
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.capabilities.orders.facts import OrderDelivered
from danshu.capabilities.orders.model import State
from danshu.capabilities.routing import tables
from danshu.capabilities.routing.decide import Decision
from danshu.capabilities.routing.scorers.history import History, Parcel, gather, join
from danshu.capabilities.routing.snapshot import load_snapshot
from danshu.kernel import fact
from danshu.kernel.errors import InputError
from danshu.kernel.fact import epoch_ms
from danshu.kernel.limits import FIT_ORDERS, FIT_SNAPSHOTS, LANE_MIN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.capabilities.routing.network import Network

Connection = Any
_DELIVERED: Final = """
select id from orders where tenant=%s and state = any(%s) order by id desc limit %s
"""
_FACTS: Final = """
select stream, v, body from facts where tenant=%s and stream = any(%s)
and stream between %s and %s order by stream, v
"""
_STATES: Final = [int(State.DELIVERED), int(State.COMPLETED)]
_CHUNK: Final = 250
_UTC8_MS: Final = 8 * 3_600_000
_DAY_MS: Final = 86_400_000
_TOLD: Final = (b'"type":"route.decided"', b'"type":"order.delivered"')


class Delivered(Struct, frozen=True):
    """The newest delivered orders of a merchant; `digest` names them."""

    ids: tuple[uuid.UUID, ...]
    digest: bytes


async def find(connection: Connection, tenant: int) -> Delivered:
    """Find the newest delivered orders."""
    cursor = await connection.execute(_DELIVERED, (tenant, _STATES, FIT_ORDERS))
    ids = tuple(row[0] for row in await cursor.fetchall())
    return Delivered(ids, hashlib.sha256(b"".join(id_.bytes for id_ in ids)).digest())


async def read(
    connection: Connection, tenant: int, network: Network, found: Delivered, same_city_min: int
) -> History:
    """Read the parcels of these orders, on the FIT_SNAPSHOTS snapshots with the most of them."""
    by_snapshot: dict[str, list[Parcel]] = defaultdict(list)
    for start in range(0, len(found.ids), _CHUNK):
        ids = list(found.ids[start : start + _CHUNK])
        cursor = await connection.execute(_FACTS, (tenant, ids, min(ids), max(ids)))
        rows = await cursor.fetchall()
        for digest, parcel in await asyncio.to_thread(_read_rows, rows):
            by_snapshot[digest].append(parcel)
    most = sorted(by_snapshot, key=lambda digest: (-len(by_snapshot[digest]), digest))
    parts = [gather(network, [], same_city_min)]
    for digest in most[:FIT_SNAPSHOTS]:
        asked = (tenant, bytes.fromhex(digest))
        row = await (await connection.execute(tables.READ_SNAPSHOT, asked, binary=True)).fetchone()
        if row is not None:
            parcels = by_snapshot[digest]
            parts.append(
                await asyncio.to_thread(
                    _gather, network, bytes(row[0]), digest, parcels, same_city_min
                )
            )
    return join(parts)


def _gather(
    network: Network, raw: bytes, digest: str, parcels: list[Parcel], same_city_min: int
) -> History:
    try:
        told = [(load_snapshot(raw, digest), parcels)]
    except (InputError, zlib.error):
        told = []
    return gather(network, told, same_city_min)


def _read_rows(rows: Sequence[tuple[uuid.UUID, int, bytes]]) -> list[tuple[str, Parcel]]:
    streams: dict[uuid.UUID, list[bytes]] = defaultdict(list)
    for stream, _, body in rows:
        if any(told in bytes(body) for told in _TOLD):
            streams[stream].append(bytes(body))
    return [parcel for bodies in streams.values() for parcel in read_order(bodies)]


def read_order(bodies: Sequence[bytes]) -> list[tuple[str, Parcel]]:
    """Read the delivered parcels of one order's facts, each with its decision's snapshot.

    A parcel belongs to the last decision before it that chose its warehouse.
    """
    decided: list[tuple[int, Decision]] = []
    parcels = []
    for body in bodies:
        for one in fact.unpack(body):
            if not any(told in one for told in _TOLD):
                continue
            read = fact.read(one)
            if isinstance(read.data, Decision):
                decided.append((epoch_ms(read.time), read.data))
            elif isinstance(read.data, OrderDelivered):
                at_ms = epoch_ms(read.occurred)
                parcel = _parcel(decided, read.data.warehouse, at_ms)
                if parcel is not None:
                    parcels.append(parcel)
    return parcels


def _parcel(
    decided: Sequence[tuple[int, Decision]], warehouse: str, at_ms: int
) -> tuple[str, Parcel] | None:
    for decided_ms, decision in reversed(decided):
        lines = [no for no, code in decision.plan if code == warehouse]
        taken_min = (at_ms - decided_ms) // 60_000
        if not lines or not 0 < taken_min <= LANE_MIN:
            continue
        storage = 0
        for no in lines:
            storage |= decision.lines[no - 1].storage
        return decision.snapshot, Parcel(
            day=(decided_ms + _UTC8_MS) // _DAY_MS,
            minute=decision.minute,
            region=decision.region,
            warehouse=warehouse,
            storage=min(max(storage.bit_length() - 1, 0), 4),
            promise_min=decision.promise_min,
            value_fen=decision.value_fen,
            margin_fen=decision.margin_fen,
            taken_min=taken_min,
        )
    return None
