"""Handing events over to one receiver: what is posted, in which order, and what its answers mean.

Events of one subject go one after the other. What a receiver says of itself (no connection, 429,
503) holds everything; what it says of an event holds that event's subject; 422 is final. A batch is
taken whole or not at all: one that is not taken is halved until the event stands alone.

Nothing here touches the database: what became of each event is read off when it is over.
"""

from __future__ import annotations

import asyncio
import datetime
import email.utils
import time
from enum import Enum
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.capabilities.weave import backoff, breaker
from danshu.capabilities.weave.breaker import Breaker, Phase, Rules
from danshu.hub import event_forms, outside, tracing, wires
from danshu.kernel import webhooks
from danshu.kernel.errors import InputError, NotAvailable
from danshu.kernel.limits import (
    EVENT_ANSWER_BYTES,
    EVENT_BATCH_BYTES,
    EVENT_RETRY_MAX_MS,
    EVENT_RETRY_MS,
    REASON_CHARS,
)
from danshu.ports.connector import NotTaken

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import aiohttp

    from danshu.hub.event_forms import Event

RULES: Final = Rules()
STRUCTURED: Final = "structured"
BINARY: Final = "binary"
BATCH: Final = "batch"
MODES: Final = (STRUCTURED, BINARY, BATCH)
_WEAK: Final = 0.9  # of a timeout: an answer that took longer is no sign of room for more


class Fate(Enum):
    """What became of an event."""

    UNTRIED = 0
    TAKEN = 1
    FAILED = 2
    REFUSED = 3


class Meaning(Enum):
    """What an answer says: of the events, or of the receiver."""

    TAKEN = 0
    FAILED = 1
    REFUSED = 2
    BUSY = 3
    GONE = 4


Shared = dict[tuple[int, int], "int | bytes"]
"""Of one list of events: ends of batches by (begin, -size), their bodies by (begin, count)."""


class Outlet(Struct, frozen=True, kw_only=True, eq=False):
    """Where events go: `keys` sign, `batch` events a POST, `width` POSTs at once."""

    name: str
    url: str
    keys: tuple[bytes, ...]
    mode: str
    batch: int
    width: int
    timeout_s: int


class Attempt(Struct, frozen=True, kw_only=True):
    """A POST and its answer: which events by index, status (0 = none), what it took and why not."""

    first: int
    last: int
    events: int
    status: int
    ms: int
    bytes: int
    trouble: str
    meaning: Meaning
    retry_ms: int = 0


def read_answer(status: int) -> Meaning:
    """Tell what a status means."""
    if 200 <= status < 300:
        return Meaning.TAKEN
    if status in (429, 503):
        return Meaning.BUSY
    if status == 410:
        return Meaning.GONE
    return Meaning.REFUSED if status in (413, 422) else Meaning.FAILED


def read_retry_after(text: str, now_s: float) -> int:
    """Read Retry-After (RFC 9110, 10.2.3) as ms from now, 0 for none; bounded by an hour."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(int(text[:9]) * 1000, EVENT_RETRY_MAX_MS)
    try:
        at = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return 0
    if at.tzinfo is None:
        at = at.replace(tzinfo=datetime.UTC)
    return min(max(0, int((at.timestamp() - now_s) * 1000)), EVENT_RETRY_MAX_MS)


async def post(
    wire: aiohttp.ClientSession,
    outlet: Outlet,
    told: tuple[str, dict[str, str], bytes],
    span: tuple[int, int, int],
    at_ms: int,
) -> Attempt:
    """Post (id, headers, body), signed; `span` is first and last index and the number of events."""
    id_, headers, body = told
    signed = webhooks.sign(outlet.keys, id_, at_ms // 1000, body)
    send = wires.sender(
        wire, "the receiver", outside.Reach(outlet.timeout_s, EVENT_ANSWER_BYTES, 0)
    )
    began_s = time.monotonic()
    status, retry_ms = 0, 0
    try:
        answer = await send("POST", outlet.url, {**headers, **signed}, body)
        status = answer.status
        meaning = read_answer(status)
        retry_ms = read_retry_after(answer.headers.get("retry-after", ""), at_ms / 1000)
        trouble = "" if meaning is Meaning.TAKEN else f"the receiver answers {status}"
    except NotTaken as error:  # nothing left the house
        meaning, trouble = Meaning.BUSY, error.detail
    except (NotAvailable, InputError) as error:
        meaning = Meaning.BUSY if isinstance(error, InputError) else Meaning.FAILED
        trouble = error.detail
    first, last, count = span
    took_s = time.monotonic() - began_s
    failure = "" if meaning is Meaning.TAKEN else trouble
    tracing.note("webhook.deliver", took_s, trouble=failure, events=count, status=status)
    return Attempt(
        first=first,
        last=last,
        events=count,
        status=status,
        ms=int(took_s * 1000),
        bytes=len(body),
        trouble=trouble[:REASON_CHARS],
        meaning=meaning,
        retry_ms=retry_ms,
    )


class Delivery:
    """One handing over: events in the order of the log, and what becomes of each of them.

    `size` is how many events a batch takes, which a receiver that is overtaxed brings down.
    `shared` is what others who hand over the very same events have cut and joined already.
    """

    def __init__(
        self,
        wire: aiohttp.ClientSession,
        outlet: Outlet,
        events: Sequence[Event],
        state: Breaker,
        clock: Callable[[], int],
        size: int = 0,
        shared: Shared | None = None,
    ) -> None:
        self.outlet: Final = outlet
        self.events: Final = events
        self.fates: Final = [Fate.UNTRIED] * len(events)
        self.why: Final[dict[int, Attempt]] = {}
        self.attempts: Final[list[Attempt]] = []
        self.breaker = state
        self.gone = False
        self.lines_from = 0  # the number of the log before this delivery
        self.size = min(size or outlet.batch, outlet.batch)
        self._wire, self._clock = wire, clock
        self._shared: Final[Shared] = {} if shared is None else shared
        self._stopped: Final[set[str]] = set()  # subjects that wait for an event before them

    @property
    def is_held(self) -> bool:
        """Whether no more may be tried now."""
        return self.gone or self.breaker.phase is not Phase.CLOSED

    async def run(self) -> None:
        """Hand over what there is until it is done or the receiver is to be left alone."""
        if breaker.look(self.breaker, self._clock()) is Phase.HALF_OPEN:
            await self._send([self._choose_probe()])
        if self.outlet.mode == BATCH:
            await self._run_batches()
        else:
            await self._run_lanes()

    def _choose_probe(self) -> int:
        """Give another subject's first event at each opening: the very first may be the cause."""
        heads: dict[str, int] = {}
        for n, event in enumerate(self.events):
            heads.setdefault(event.subject, n)
        return list(heads.values())[max(0, self.breaker.trips - 1) % len(heads)]

    async def _run_batches(self) -> None:
        at = 0
        while at < len(self.events) and not self.is_held:
            end = self._cut(at)
            await self._halve([n for n in range(at, end) if self.fates[n] is Fate.UNTRIED])
            at = end

    def _cut(self, at: int) -> int:
        """Give where the batch ends that begins at an event."""
        key = (at, -self.size)
        known = self._shared.get(key)
        if isinstance(known, int):
            return known
        end, bytes_left = at, EVENT_BATCH_BYTES - 2
        for event in self.events[at : at + self.size]:
            bytes_left -= len(event.body) + 1
            if bytes_left < 0 and end > at:
                break
            end += 1
        self._shared[key] = end
        return end

    def _join(self, chosen: list[int]) -> bytes:
        """Put events together; the same stretch of them once for all."""
        key = (chosen[0], len(chosen))
        if chosen[-1] - chosen[0] + 1 != len(chosen):
            return event_forms.to_batch([self.events[n].body for n in chosen])
        known = self._shared.get(key)
        if not isinstance(known, bytes):
            some = self.events[chosen[0] : chosen[-1] + 1]
            known = event_forms.to_batch([event.body for event in some])
            self._shared[key] = known
        return known

    async def _halve(self, chosen: list[int]) -> None:
        """Send a batch; where it is not taken, its halves."""
        if self._stopped:
            chosen = [n for n in chosen if self.events[n].subject not in self._stopped]
        if not chosen or self.is_held:
            return
        attempt = await self._send(chosen)
        if attempt.meaning is Meaning.TAKEN:
            if attempt.ms < _WEAK * 1000 * self.outlet.timeout_s:
                self.size = min(max(self.size * 2, 1), self.outlet.batch)
        elif attempt.meaning in (Meaning.FAILED, Meaning.REFUSED) and len(chosen) > 1:
            middle = len(chosen) // 2
            self.size = max(1, min(self.size, middle))
            await self._halve(chosen[:middle])
            await self._halve(chosen[middle:])

    async def _run_lanes(self) -> None:
        """Subjects beside one another, the events of each one after the other."""
        lanes: dict[str, list[int]] = {}
        for n, event in enumerate(self.events):
            if self.fates[n] is Fate.UNTRIED and event.subject not in self._stopped:
                lanes.setdefault(event.subject, []).append(n)
        waiting = iter(lanes.values())

        async def walk() -> None:
            for lane in waiting:
                for n in lane:
                    if self.is_held:
                        return
                    await self._send([n])
                    if self.events[n].subject in self._stopped:
                        break

        await asyncio.gather(*[walk() for _ in range(min(self.outlet.width, len(lanes)))])

    async def _send(self, chosen: list[int]) -> Attempt:
        at_ms = self._clock()
        told = self._write(chosen)
        span = (chosen[0], chosen[-1], len(chosen))
        attempt = await post(self._wire, self.outlet, told, span, at_ms)
        self.attempts.append(attempt)
        self._settle(chosen, attempt)
        return attempt

    def _write(self, chosen: list[int]) -> tuple[str, dict[str, str], bytes]:
        """Give id, headers and body; the same for the same events at each try."""
        event = self.events[chosen[0]]
        if self.outlet.mode == BATCH:
            headers = {"content-type": event_forms.BATCHED + "; charset=utf-8"}
            return f"{event.key}+{len(chosen)}", headers, self._join(chosen)
        if self.outlet.mode == BINARY:
            headers, body = event_forms.to_binary(event.body)
            return event.key, headers, body
        headers = {"content-type": event_forms.STRUCTURED + "; charset=utf-8"}
        return event.key, headers, event.body

    def _settle(self, chosen: list[int], attempt: Attempt) -> None:
        now_ms, meaning = self._clock(), attempt.meaning
        is_alone = len(chosen) == 1
        if meaning is Meaning.TAKEN:
            for n in chosen:
                self.fates[n] = Fate.TAKEN
            self.breaker = breaker.record(self.breaker, True, RULES, now_ms)
            return
        for n in chosen:
            self.why[n] = attempt
        if meaning is Meaning.GONE:
            self.gone = True
            return
        if meaning is Meaning.REFUSED:
            if is_alone:  # it was understood and is not wanted: the receiver is well
                self.fates[chosen[0]] = Fate.REFUSED
                self.breaker = breaker.record(self.breaker, True, RULES, now_ms)
            return
        if meaning is Meaning.FAILED and is_alone:
            self.fates[chosen[0]] = Fate.FAILED
            self._stopped.add(self.events[chosen[0]].subject)
        # a batch that failed by its answer says nothing yet: one event in it may be the cause
        if meaning is Meaning.BUSY or is_alone or attempt.status == 0:
            self.breaker = breaker.record(self.breaker, False, RULES, now_ms)
        if meaning is Meaning.BUSY:
            wait_ms = attempt.retry_ms or backoff.wait_ms(
                self.breaker.streak + self.breaker.trips,
                EVENT_RETRY_MS,
                RULES.open_max_ms,
                f"{self.outlet.name}/{now_ms}",
            )
            self.breaker = breaker.hold(self.breaker, now_ms + wait_ms)
