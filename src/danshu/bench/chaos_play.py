"""The sides of a run of `bench chaos`, and what recovering means: an order that was acknowledged
after a fault, and all before it, have come to every side.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import TYPE_CHECKING, Any, Final, Protocol

from danshu.bench import rig as rigs
from danshu.bench.chaos_sides import Buyers, Inbox

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.bench.load import Plan
    from danshu.bench.rig import Rig
    from danshu.testing.bad_line import Line
    from danshu.testing.event_receivers import Receiver
    from danshu.testing.nats_nodes import Nodes
    from danshu.testing.paid_parties import Party

ROOMS: Final = "sequence,seal,timers,relay,events,paid,connectors"
_PATIENCE_S: Final = 120.0
_LOOK_S: Final = 0.05


class Fault(Protocol):
    """One fault."""

    @property
    def name(self) -> str:
        """Its name in the report."""
        ...

    async def play(self, play: Play, hold_s: float) -> float:
        """Break it, and give for how long it was broken: 0 for a kill, which is over at once."""
        ...

    async def mend(self, play: Play) -> None:
        """Bring back what is still missing."""
        ...


class Play:
    """All sides of a run."""

    def __init__(self, rig: Rig, nodes: Nodes, plan: Plan) -> None:
        self.rig, self.nodes = rig, nodes
        self.buyers = Buyers(plan, rig.ports)
        self.inbox = Inbox(nodes.url)
        self.receiver: Receiver | None = None
        self.parties: dict[str, Party] = {}
        self.lines: dict[str, Line] = {}
        self.desks: dict[str, str] = {}  # party -> id of its connector
        self.called_back: set[str] = set()  # orders whose answers came by two callbacks

    def start_worker(self, name: str) -> None:
        """Start a worker of all rooms that the run needs."""
        self.rig.processes[name] = rigs.start_process(self.rig.url, "work", "--only", ROOMS)

    async def run(self, faults: Sequence[Fault], hold_s: float) -> dict[str, Any]:
        """Break one thing after the other; what was seen of each."""
        buying = asyncio.create_task(self.buyers.run())
        reading = asyncio.create_task(self.inbox.run())
        told: dict[str, Any] = {"none": {"held_s": 0.0} | await self._recover()}
        try:
            for fault in faults:
                held_s = await fault.play(self, hold_s)
                told[fault.name] = {"held_s": round(held_s, 1)} | await self._recover()
                await fault.mend(self)
                sys.stderr.write(f"{fault.name}: {told[fault.name]}\n")
        finally:
            self.buyers.stop()
            await buying
        told["end"] = {"held_s": 0.0} | await self._recover(mark=False)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        return told

    async def _recover(self, *, mark: bool = True) -> dict[str, float]:
        """Wait until an order that is acknowledged from now on, and all before it, have come to
        every side; seconds of each side, infinite where they never did.
        """
        began_s = time.monotonic()
        known = len(self.buyers.acknowledged)
        while mark and len(self.buyers.acknowledged) == known:
            await asyncio.sleep(_LOOK_S)
        left = {side: set(self.buyers.acknowledged.values()) for side in self.sides()}
        took = dict.fromkeys(left, float("inf"))
        while left and (past_s := time.monotonic() - began_s) < _PATIENCE_S:
            for side in list(left):
                left[side] -= self.read(side)
                if not left[side]:
                    took[side] = round(past_s, 1)
                    del left[side]
            await asyncio.sleep(_LOOK_S)
        return {"seconds": max(took.values())} | took

    def sides(self) -> list[str]:
        """Name all that an acknowledged order comes to."""
        return ["stream", "webhook", *self.parties]

    def read(self, side: str) -> set[str]:
        """Give the orders that have come to a side."""
        if side == "stream":
            return self.inbox.placed
        if side == "webhook":
            assert self.receiver is not None
            placed = (id_.partition("/") for id_ in list(self.receiver.came))
            return {order for order, _, nth in placed if nth == "1"}
        return {thing.subject for thing in list(self.parties[side].books.values())}
