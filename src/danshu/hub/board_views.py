"""The overview: one answer from the counters, made at most once a second for all who ask it."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from typing import TYPE_CHECKING, Any

import msgspec

from danshu.hub import board, board_alerts, board_figures, board_queries
from danshu.hub import board_model as model
from danshu.hub.board_frame import RANGES, Frame
from danshu.kernel.errors import InputError
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import BOARD_FRESH_MS, BOARDS_KEPT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from danshu.capabilities.contract.model import Clause
    from danshu.capabilities.stock.model import Warehouse
    from danshu.hub.compose import Hub
    from danshu.hub.world import World

_Key = tuple[int, str, str, str]


class Boards:
    """Overviews of this process, kept for a moment: many consoles ask for the same one."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._node = f"{socket.gethostname()}/{os.getpid()}"
        self._kept: dict[_Key, tuple[float, asyncio.Task[model.Overview]]] = {}

    async def read(
        self, tenant: int, channel: str = "", warehouse: str = "", range_: str = "today"
    ) -> model.Overview:
        """Give an overview. Raises InputError `bad_filter` for an unknown warehouse."""
        if range_ not in RANGES:
            raise InputError("bad_filter", f"the range is one of {', '.join(RANGES)}", "/range")
        key = (tenant, channel, warehouse, range_)
        now_s = time.monotonic()
        kept = self._kept.get(key)
        if kept is None or now_s - kept[0] > BOARD_FRESH_MS / 1000 or _has_failed(kept[1]):
            if len(self._kept) >= BOARDS_KEPT:
                self._kept.clear()
            kept = self._kept[key] = (now_s, asyncio.ensure_future(self._make(key)))
        # shielded: who asked first may go away, and others wait for the same answer
        return await asyncio.shield(kept[1])

    async def _make(self, key: _Key) -> model.Overview:
        tenant, channel, warehouse, range_ = key
        world = await self._world(tenant)
        numbers = world.warehouse_no if world else {}
        if warehouse and warehouse not in numbers:
            raise InputError("bad_filter", f"no warehouse {warehouse!r}", "/warehouse")
        frame = Frame(
            tenant=tenant,
            channel=channel,
            warehouse=warehouse,
            wh=numbers[warehouse] if warehouse else None,
            range=range_,
            now_ms=self._hub.clock(),
        )
        async with self._hub.connection() as connection:
            raw = await board_queries.ask(connection, frame)
            behind = await board.read_behind(connection, tenant)
            rebuilding = await board.is_rebuilding(connection, tenant)
        names = {c.code: c for c in sorted(world.book.values(), key=_version)} if world else {}
        made = self._overview(frame, raw, names, world.warehouses if world else ())
        return msgspec.structs.replace(made, behind=behind, rebuilding=rebuilding)

    async def _world(self, tenant: int) -> World | None:
        try:
            return await self._hub.worlds.ensure(tenant)
        except InputError as error:
            if error.code != "no_network":  # without warehouses there never was an order
                raise
            return None

    def _overview(
        self,
        frame: Frame,
        raw: board_queries.Raw,
        names: Mapping[str, Clause],
        warehouses: Sequence[Warehouse],
    ) -> model.Overview:
        ((shipped, took_s),) = raw.shipped
        return model.Overview(
            as_of=rfc3339(frame.now_ms),
            range=frame.range,
            channel=frame.channel,
            warehouse=frame.warehouse,
            behind=0,
            rebuilding=False,
            figures=model.Figures(
                orders=board_figures.orders(raw, frame),
                promises=board_figures.promises(raw, frame),
                due=board_figures.due(raw, frame),
                exceptions=board_figures.exceptions(raw, frame),
                latency=board_figures.latency(self._hub.batch.latency, self._node),
            ),
            pace=board_figures.pace(raw, frame),
            channels=board_figures.channels(raw, frame),
            promises=board_figures.promise_lines(raw, frame, names),
            warehouses=board_figures.nodes(raw, warehouses, frame),
            alerts=board_alerts.alerts(raw, frame, names),
            stages=board_figures.stages(raw, frame),
            shipped=shipped,
            shipped_mean_s=round(took_s / shipped) if shipped else None,
        )


def _has_failed(task: asyncio.Task[Any]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)


def _version(clause: Clause) -> int:
    return clause.version
