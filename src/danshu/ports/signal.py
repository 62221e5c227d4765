"""Port `signal`: a feed's message becomes readings of the routing variables.

An adapter is one file with one class, reached by the entry point group `danshu.signal`. It knows
the feed's form alone: where a place lies in the merchant's network, the hub finds.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol, runtime_checkable

from msgspec import Struct

GOOD, UNCERTAIN, BAD = 0, 1, 2
"""What a source says of its own reading; a bad one counts as missing."""


class Reading(Struct, frozen=True, kw_only=True):
    """One value of one variable, in its unit (docs/reference/signals.md).

    `subject` is of the network (wh:, rg:, ln:, zn:), or a place that the hub resolves:
    `ad:440300` an administrative code (GB/T 2260), `gh:ws105r` a geohash. `source` names the
    device within the feed, "" where the feed itself is the source. Readings of one message that
    come to lie on one subject are one: their mean by `weight`.
    """

    key: str
    subject: str
    value: float
    observed_ms: int
    source: str = ""
    quality: int = GOOD
    weight: float = 1.0


class AlertState(StrEnum):
    """What a message does to an alert."""

    OPEN = "open"  # issued, or brought up to date
    CLOSED = "closed"  # lifted or cancelled


class Alert(Struct, frozen=True, kw_only=True):
    """A weather warning about a place. `type` 0 = unknown: it counts by its level alone.

    `level` 0 to 4: none, blue, yellow, orange, red. `expires_ms` 0 = until it is closed;
    `supersedes` are the ids that it takes the place of.
    """

    id: str
    place: str
    type: int
    level: int
    issued_ms: int
    expires_ms: int = 0
    state: AlertState = AlertState.OPEN
    supersedes: tuple[str, ...] = ()


class Fault(Struct, frozen=True, kw_only=True):
    """What could not be understood: where (JSON pointer, or line), a code, and the words."""

    at: str
    code: str
    detail: str


class Message(Struct, frozen=True, kw_only=True):
    """What arrived: bytes, headers in lower case, the topic (NATS, MQTT) or "", when.

    `place` is what was asked about, where the answer does not repeat it.
    """

    body: bytes
    received_ms: int
    headers: Mapping[str, str] = {}
    topic: str = ""
    place: str = ""


class Told(Struct, frozen=True, kw_only=True):
    """What a message says. `whole` names the places whose alerts are all here: others are over."""

    readings: tuple[Reading, ...] = ()
    alerts: tuple[Alert, ...] = ()
    whole: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()


class Query(Struct, frozen=True, kw_only=True):
    """A request by GET that fetches a place's present state from the feed."""

    url: str
    headers: Mapping[str, str] = {}


class Signal(Protocol):
    """A way to understand one feed."""

    name: str
    title: str
    keys: tuple[str, ...]  # the variables that it speaks of; () = any

    def parse(self, message: Message) -> Told:
        """Read a message. What is wrong with one reading is a fault beside the others.

        Raises InputError when nothing of the message can be read.
        """
        ...


@runtime_checkable
class Signed(Protocol):
    """A feed whose messages bring their own proof instead of an API key."""

    def verify(self, message: Message, secret: str) -> bool:
        """Tell whether the message was made by somebody who has the secret."""
        ...


@runtime_checkable
class Pulled(Protocol):
    """A feed that is asked instead of speaking."""

    def ask(self, base: str, place: str, key: str, point: tuple[float, float]) -> Query:
        """Give the request about a place, whose (lng, lat) is `point`; its answer goes into
        `parse` with that `place`.

        Raises InputError `place` for one that the feed cannot be asked about.
        """
        ...
