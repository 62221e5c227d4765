"""The demo's floors: some warehouses of the demo merchant tell what their devices would tell.

Runs only while `danshu demo` stays up. One cold zone's unit is failing, two probes of another are
silent; the hour before is told first, so that there is something to replay.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final

import httpx

from danshu.testing import merchant
from danshu.testing.floors import Simulated

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

WAREHOUSES: Final = 8
SEED: Final = 1
EVERY_S: Final = 20
_COLD: Final = 2 | 4
_BEFORE_MIN: Final = 60
_BATCH: Final = 4_000
_DEADLINE_S: Final = 30.0


def make() -> list[Simulated]:
    """Make the floors: those of the first warehouses that keep cold goods."""
    cold = [w for w in merchant.warehouses() if w.storage_bits & _COLD][:WAREHOUSES]
    troubles: dict[int, dict[str, Any]] = {1: {"weak": ("B",)}, 2: {"mute": ("B/s1", "B/s2")}}
    return [
        Simulated(w.code, w.storage_bits, SEED, **troubles.get(n, {})) for n, w in enumerate(cold)
    ]


async def feed(
    client: Callable[[], Any],
    floors: list[Simulated],
    *,
    beats: int = -1,
    before: int = _BEFORE_MIN,
) -> int:
    """Tell the hour before, then the present every EVERY_S until cancelled (or `beats` times);
    gives how many readings were taken. A hub that cannot be reached is asked again.
    """
    taken = 0
    async with client() as hub:
        now_ms = time.time_ns() // 1_000_000
        told: list[dict[str, Any]] = []
        for minute in range(before, 0, -1):
            for floor in floors:
                told += floor.tell_readings(now_ms - minute * 60_000, 1.0)
                await _tell_frame(hub, floor, now_ms - minute * 60_000)
        for first in range(0, len(told), _BATCH):
            taken += await _tell(hub, told[first : first + _BATCH])
        async for at_ms in _beats(beats):
            now = [r for floor in floors for r in floor.tell_readings(at_ms, EVERY_S / 60)]
            try:
                taken += await _tell(hub, now)
                for floor in floors:
                    await _tell_frame(hub, floor, at_ms)
            except httpx.HTTPError:
                continue
    return taken


async def _beats(beats: int) -> AsyncIterator[int]:
    while beats:
        yield time.time_ns() // 1_000_000
        beats -= 1
        if beats:
            await asyncio.sleep(EVERY_S)


async def _tell(hub: httpx.AsyncClient, readings: list[dict[str, Any]]) -> int:
    answer = await hub.post(
        "/v1/signals/telemetry", json={"readings": readings}, timeout=_DEADLINE_S
    )
    answer.raise_for_status()
    return int(answer.json()["accepted"])


async def _tell_frame(hub: httpx.AsyncClient, floor: Simulated, at_ms: int) -> None:
    path = f"/v1/twin/{floor.warehouse}/frames"
    answer = await hub.post(path, json=floor.tell_frame(at_ms), timeout=_DEADLINE_S)
    answer.raise_for_status()
