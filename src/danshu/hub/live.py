"""The live stream: what every console of a merchant hears, made once a second and node.

While somebody listens, one task a merchant follows the board's cursor, and what follows from it is
encoded once for each set of rights; every listener's queue gets the same bytes. A listener that
does not keep up hears `reload` and is let go: its browser comes back and asks afresh. Messages are
states that replace the one before, but for `orders`, which tells what is new since the last.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Final

import msgspec
import psycopg
from msgspec import Struct

from danshu.hub import live_sources
from danshu.kernel.errors import DanshuError
from danshu.kernel.limits import (
    LIVE_CHECK_S,
    LIVE_FIGURES_S,
    LIVE_KEPT,
    LIVE_LISTENERS,
    LIVE_QUEUE,
    LIVE_TICK_MS,
)

if TYPE_CHECKING:
    from danshu.hub.board_views import Boards
    from danshu.hub.compose import Hub

RELOAD: Final = b"event: reload\ndata: {}\n\n"
RIGHTS: Final = {  # what a listener must be allowed to hear a topic
    "orders": "order.read",
    "figures": "board.read",
    "trust": "board.read",
    "jobs": "board.read",
    "twin": "signal.read",
    "findings": "finding.read",
    "health": "health.read",
    "agent": "agent.read",
}
_encode: Final = msgspec.json.Encoder().encode
_log = logging.getLogger("danshu.live")


class Listener:
    """One open stream. `topics` it may hear; `person` is whom personal messages are for; `token`
    is the session or key by which it was let in.
    """

    def __init__(self, topics: frozenset[str], person: str, token: live_sources.Token) -> None:
        self.topics = topics
        self.person = person
        self.token = token
        self.queue: asyncio.Queue[bytes | None] = asyncio.Queue(LIVE_QUEUE)
        self.is_open = True

    def put(self, chunk: bytes) -> None:
        """Hand over bytes; a full queue ends the stream."""
        if not self.is_open:
            return
        if self.queue.qsize() >= LIVE_QUEUE - 2:
            self.close(RELOAD)
        else:
            self.queue.put_nowait(chunk)

    def close(self, last: bytes = b"") -> None:
        """End the stream after what is queued, or instead of it with a last word."""
        if not self.is_open:
            return
        self.is_open = False
        if last:
            while not self.queue.empty():
                self.queue.get_nowait()
            self.queue.put_nowait(last)
        self.queue.put_nowait(None)


class _Said(Struct, frozen=True):
    """A message: its number, topic, bytes, and the person that it is for, "" = all."""

    no: int
    topic: str
    chunk: bytes
    person: str


class _Room:
    """The listeners of one merchant, and what was said to them last."""

    def __init__(self) -> None:
        self.listeners: set[Listener] = set()
        self.kept: deque[_Said] = deque(maxlen=LIVE_KEPT)
        self.states: dict[str, _Said] = {}
        self.task: asyncio.Task[None] | None = None
        self.no = 0


class Live:
    """The live streams of this process."""

    def __init__(self, hub: Hub, boards: Boards) -> None:
        self._hub, self._boards = hub, boards
        self._rooms: dict[int, _Room] = {}
        self._boot = f"{os.getpid():x}.{time.time_ns() // 1_000_000:x}"
        self.listeners = 0
        self.closing = False

    @property
    def is_full(self) -> bool:
        """Tell whether this process has as many listeners as it takes, or is ending."""
        return self.closing or self.listeners >= LIVE_LISTENERS

    def open(self, tenant: int, listener: Listener, last_id: str = "") -> None:
        """Let somebody listen, after `last_id` if this process knows it; who is one too many hears
        `reload` and the end.
        """
        if self.is_full:
            listener.close(RELOAD)
            return
        room = self._rooms.setdefault(tenant, _Room())
        if last_id:
            self._resume(room, listener, last_id)
        for said in room.states.values():
            if said.topic in listener.topics:
                listener.put(said.chunk)
        room.listeners.add(listener)
        self.listeners += 1
        if room.task is None:
            room.task = asyncio.create_task(self._follow(tenant, room))

    def leave(self, tenant: int, listener: Listener) -> None:
        """Let a listener go."""
        room = self._rooms.get(tenant)
        if room is not None and listener in room.listeners:
            room.listeners.discard(listener)
            self.listeners -= 1

    async def stop(self) -> None:
        """End every stream: the server is ending."""
        self.closing = True
        tasks = [room.task for room in self._rooms.values() if room.task is not None]
        for room in self._rooms.values():
            for listener in room.listeners:
                listener.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def publish(self, tenant: int, topic: str, payload: Any, person: str | None = None) -> None:
        """Say something to those who listen at this node: all of a merchant who may hear the
        topic, or one person.
        """
        room = self._rooms.get(tenant)
        if room is not None and room.listeners:
            self._say(room, topic, payload, person or "")

    def _resume(self, room: _Room, listener: Listener, last_id: str) -> None:
        boot, _, no = last_id.rpartition("-")
        known = [s.no for s in room.kept]
        if boot != self._boot or not no.isdigit() or not known or int(no) < known[0] - 1:
            listener.put(RELOAD)
            return
        for said in room.kept:
            if said.no > int(no) and said.topic == "orders" and said.topic in listener.topics:
                listener.put(said.chunk)

    def _say(self, room: _Room, topic: str, payload: Any, person: str = "") -> None:
        said = self._write(room, topic, payload, person)
        for listener in room.listeners:
            if topic in listener.topics and (not person or listener.person == person):
                listener.put(said.chunk)

    def _write(self, room: _Room, topic: str, payload: Any, person: str = "") -> _Said:
        room.no += 1
        chunk = b"id: %b-%d\nevent: %b\ndata: %b\n\n" % (
            self._boot.encode(),
            room.no,
            topic.encode(),
            _encode(payload),
        )
        said = _Said(room.no, topic, chunk, person)
        room.kept.append(said)
        if topic in ("figures", "trust", "findings"):
            room.states[topic] = said
        return said

    async def _follow(self, tenant: int, room: _Room) -> None:
        """Tick while somebody listens."""
        source = live_sources.Source(tenant)
        checked_s = figures_s = time.monotonic()
        try:
            while room.listeners and not self.closing:
                began_s = time.monotonic()
                try:
                    async with self._hub.connection() as connection:
                        seen = await source.look(connection, self._hub.clock())
                        if began_s - checked_s > LIVE_CHECK_S:
                            checked_s = began_s
                            await self._check(connection, tenant, room)
                    told = [self._write(room, topic, payload) for topic, payload in seen.messages]
                    if seen.has_moved or began_s - figures_s > LIVE_FIGURES_S:
                        figures_s = began_s
                        board = await self._boards.read(tenant)
                        payload = {"as_of": board.as_of, "figures": board.figures}
                        told.append(self._write(room, "figures", payload))
                    self._hand_out(room, told)
                    for person, job in seen.personal:
                        self._say(room, "jobs", job, person)
                except (DanshuError, psycopg.Error, OSError) as error:
                    # no pulse: the consoles see that their figures are old
                    _log.warning("live: %s", error)
                rest_s = LIVE_TICK_MS / 1000 - (time.monotonic() - began_s)
                await asyncio.sleep(max(0.05, rest_s))
        finally:
            room.task = None
            for listener in room.listeners:  # only when the server ends
                listener.close()
            if not room.listeners:
                self._rooms.pop(tenant, None)

    def _hand_out(self, room: _Room, told: list[_Said]) -> None:
        """Give each listener one chunk: the same bytes to all who may hear the same topics."""
        pulse = b'event: pulse\ndata: {"at":%d}\n\n' % self._hub.clock()
        chunks: dict[frozenset[str], bytes] = {}
        for listener in room.listeners:
            chunk = chunks.get(listener.topics)
            if chunk is None:
                chunk = pulse + b"".join([s.chunk for s in told if s.topic in listener.topics])
                chunks[listener.topics] = chunk
            listener.put(chunk)

    async def _check(
        self, connection: psycopg.AsyncConnection[Any], tenant: int, room: _Room
    ) -> None:
        """Let go whose session or key has ended."""
        tokens = {listener.token for listener in room.listeners}
        valid = await live_sources.valid_tokens(connection, tenant, tokens, self._hub.clock())
        for listener in room.listeners:
            if listener.token not in valid:
                listener.close()
