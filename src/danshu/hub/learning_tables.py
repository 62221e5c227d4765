"""Lanes and buyers' habits: tables that are worked out anew with each look, and read by pages."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from danshu.capabilities.learning import habits, lanes
from danshu.capabilities.learning.model import Habits, Lane
from danshu.kernel.limits import (
    LEARNING_BUYER_ORDERS,
    LEARNING_BUYERS,
    LEARNING_LANES,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.hub.learning_frames import Frames

Connection = Any
_CLEAR_LANES: Final = "delete from learning_lanes where tenant=%s"
_PUT_LANE: Final = "insert into learning_lanes(tenant,no,body) values (%s,%s,%s::jsonb)"
_LANES: Final = """
select no, body::text from learning_lanes where tenant=%s and no > %s order by no limit %s
"""
_CLEAR_BUYERS: Final = "delete from learning_buyers where tenant=%s"
_PUT_BUYER: Final = "insert into learning_buyers(tenant,buyer,body) values (%s,%s,%s::jsonb)"
_BUYERS: Final = """
select body::text from learning_buyers where tenant=%s and buyer > %s order by buyer limit %s
"""
_lane = msgspec.json.Decoder(Lane).decode
_habits = msgspec.json.Decoder(Habits).decode


def describe_lanes(frames: Frames) -> list[Lane]:
    """Describe the lanes of a merchant, the late ones first."""
    found = []
    for key, rows in itertools.groupby(frames.lanes(), key=lambda row: row[:3]):
        parcels = list(rows)
        shipped = np.array([row[3] for row in parcels], np.int64)
        arrived = np.array([row[4] for row in parcels], np.int64)
        lane = lanes.describe(
            (str(key[0]), str(key[1]), str(key[2])), shipped, arrived,
            [str(row[5]) for row in parcels], frames.now_ms,
        )  # fmt: skip
        if lane is not None:
            found.append(lane)
    return lanes.call_late(found)[:LEARNING_LANES]


def describe_buyers(frames: Frames) -> list[Habits]:
    """Describe buyers of LEARNING_BUYER_ORDERS orders and more, by pseudonym."""
    return [
        habits.describe(
            buyer, orders,
            ("" if band is None else f"{band:02d}-{band + 3:02d}", times, total),
            (carrier, carried, parcels), (splits, regretted),
        )
        for buyer, orders, band, times, total, carrier, carried, parcels, splits, regretted in (
            frames.habits(LEARNING_BUYER_ORDERS, LEARNING_BUYERS)
        )
    ]  # fmt: skip


async def write_tables(connection: Connection, tenant: int, frames: Frames) -> None:
    """Work both tables out, and write them in place of what was there."""
    told = await asyncio.to_thread(describe_lanes, frames)
    known = await asyncio.to_thread(describe_buyers, frames)
    async with connection.transaction(), connection.cursor() as cursor:
        await cursor.execute(_CLEAR_LANES, (tenant,))
        if told:
            rows = [(tenant, no, _spell(lane)) for no, lane in enumerate(told, 1)]
            await cursor.executemany(_PUT_LANE, rows)
        await cursor.execute(_CLEAR_BUYERS, (tenant,))
        if known:
            buyers = [(tenant, each.buyer, _spell(each)) for each in known]
            await cursor.executemany(_PUT_BUYER, buyers)


def _spell(value: Lane | Habits) -> str:
    return msgspec.json.encode(value).decode()


async def list_lanes(
    connection: Connection, tenant: int, after: int, limit: int
) -> Sequence[tuple[int, Lane]]:
    """List lanes with their places, the late ones first, behind a place."""
    rows = await (await connection.execute(_LANES, (tenant, after, limit))).fetchall()
    return [(no, _lane(body)) for no, body in rows]


async def list_buyers(
    connection: Connection, tenant: int, after: str, limit: int
) -> Sequence[Habits]:
    """List buyers' habits by pseudonym, behind one."""
    rows = await (await connection.execute(_BUYERS, (tenant, after, limit))).fetchall()
    return [_habits(body) for (body,) in rows]
