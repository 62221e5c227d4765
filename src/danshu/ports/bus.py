"""Port `bus`: where events are relayed to in batches, to be read by many. Never the record.

A message has an id; published again under the same id within the bus's window it is the same
message. What was acknowledged is kept by the bus on most of its nodes, in the order in which it was
published.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence


class Parcel(Struct, frozen=True, kw_only=True):
    """A message for the bus: `subject` in dotted words, `id` for its deduplication."""

    subject: str
    id: str
    content_type: str
    body: bytes


class Bus(Protocol):
    """A connection to a bus, opened from a URL. One program publishes at a time."""

    async def open(self, url: str) -> None:
        """Connect, and make what the bus keeps messages in. Raises NotAvailable."""
        ...

    async def publish(self, parcels: Sequence[Parcel]) -> int:
        """Publish; return when all are acknowledged, with the number that the bus had already.

        The bus keeps them in this order: where one was not taken, none behind it was. Raises
        NotAvailable when any was not; the caller then closes, and asks `find` how far it came.
        """
        ...

    async def find(self, subject: str) -> str:
        """Give the id of the newest message under a subject, `…>` for all below it; "" for none.

        Raises NotAvailable.
        """
        ...

    async def close(self) -> None:
        """Let go of the connection."""
        ...
