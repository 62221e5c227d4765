"""A reference receiver of published events: takes CloudEvents in any of the three modes, proves
signatures with the kit for receivers, and keeps each event once.

It is told how to fail: `answers` are the statuses of the next POSTs, of which LOSE breaks the
connection before anything is taken and LOSE_ANSWER after it; `refuses` is asked of each event and
gives a status, or 0.
"""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.kernel import consumer
from danshu.testing import far_side
from danshu.testing.far_side import Answer, Asked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from danshu.kernel.consumer import Event

LOSE: Final = 1
LOSE_ANSWER: Final = 2


class Posted(Struct, frozen=True, kw_only=True):
    """A POST as it came: its webhook-id, media type, events by id, how many signatures it bore."""

    id: str
    type: str
    events: tuple[str, ...]
    signatures: int
    status: int


class Receiver:
    """What the receiver knows, and how it fails."""

    def __init__(self) -> None:
        self.url = ""
        self.secrets: list[str] = []
        self.answers: list[int] = []
        self.refuses: Callable[[Event], int] = lambda _: 0
        self.headers: dict[str, str] = {}  # beside the next failing answers
        self.allows = "*"  # of the handshake; "" says nothing
        self.posts: list[Posted] = []
        self.events: list[Event] = []  # each once, in the order in which it came first
        self.came: dict[str, int] = {}
        self._lock = threading.Lock()

    def respond(self, asked: Asked) -> Answer | None:
        """Take a delivery, or fail as told."""
        if asked.method == "OPTIONS":
            allowed = {"webhook-allowed-origin": self.allows} if self.allows else {}
            return Answer(status=200, headers=allowed)
        with self._lock:
            return self._take(asked)

    def _take(self, asked: Asked) -> Answer | None:
        try:
            consumer.verify(asked.headers, asked.body, self.secrets, time.time())
            events = consumer.read(asked.headers, asked.body)
        except consumer.BadSignature:
            return self._note(asked, (), 401)
        except consumer.BadEvent:
            return self._note(asked, (), 400)
        status = self.answers.pop(0) if self.answers else 0
        if status == LOSE:
            self._note(asked, events, LOSE)
            return None
        status = status or next(filter(None, map(self.refuses, events)), 0)
        if status and status != LOSE_ANSWER:
            return self._note(asked, events, status)
        for event in events:
            if event.id not in self.came:
                self.events.append(event)
            self.came[event.id] = self.came.get(event.id, 0) + 1
        told = self._note(asked, events, status or 200)
        return None if status == LOSE_ANSWER else told

    def _note(self, asked: Asked, events: tuple[Event, ...], status: int) -> Answer:
        self.posts.append(
            Posted(
                id=asked.headers.get("webhook-id", ""),
                type=asked.headers.get("content-type", ""),
                events=tuple([event.id for event in events]),
                signatures=len(asked.headers.get("webhook-signature", "").split()),
                status=status,
            )
        )
        return Answer(status=status, headers=self.headers if status >= 400 else {})


@contextlib.contextmanager
def serve() -> Iterator[Receiver]:
    """Serve on a free port of this machine."""
    receiver = Receiver()
    with far_side.serve(receiver.respond) as origin:
        receiver.url = f"{origin}/events"
        yield receiver
