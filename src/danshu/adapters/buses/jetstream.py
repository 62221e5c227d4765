"""NATS JetStream as the bus: one stream for all merchants, each message acknowledged by most nodes.

A window of messages is published at once, and each names the sequence that the stream must stand
at (`Nats-Expected-Last-Sequence`): where one does not arrive, none behind it is taken, so that the
stream's order is the log's, whatever node dies meanwhile; and of two relays only one gets through.
`Nats-Msg-Id` deduplicates within DUPLICATE_WINDOW_S (NATS by Example; JetStream model deep dive).
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final, TypeVar

import nats
from nats.errors import Error
from nats.js.api import DiscardPolicy, StorageType, StreamConfig
from nats.js.errors import APIError, NotFoundError

from danshu.kernel.errors import NotAvailable
from danshu.kernel.limits import (
    BUS_ACK_S,
    BUS_AGE_S,
    BUS_BYTES,
    BUS_CONNECT_S,
    BUS_DUPLICATES_S,
    BUS_REPLICAS,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine, Sequence
    from typing import Any

    from nats.aio.client import Client
    from nats.js import JetStreamContext
    from nats.js.api import PubAck

    from danshu.ports.bus import Parcel

T = TypeVar("T")
STREAM: Final = "danshu-events"
SUBJECTS: Final = "danshu.events.>"
_ID: Final = "Nats-Msg-Id"
_EXPECTED: Final = "Nats-Expected-Last-Sequence"
_RETRY_S: Final = 2


class JetStream:
    """A connection to NATS; after NotAvailable open another."""

    name: Final = "jetstream"
    title: Final = "NATS JetStream"

    def __init__(self) -> None:
        self._client: Client | None = None
        self._stream: JetStreamContext | None = None
        self._sequence: int | None = None  # the last that the stream has, None: to be asked
        self._lost = asyncio.Event()

    async def open(self, url: str) -> None:
        """Connect, and make the stream where it is not there: on disk, of as many replicas as the
        cluster has nodes, BUS_REPLICAS at most. A stream that is there is left as it is.
        """
        self._lost.clear()
        self._sequence = None
        # a name that cannot be resolved is asked for without end
        async with _asked(), asyncio.timeout(BUS_ACK_S):
            self._client = await nats.connect(
                servers=url.split(","),
                allow_reconnect=False,
                connect_timeout=BUS_CONNECT_S,
                closed_cb=self._note_lost,
                error_cb=_ignore,
            )
            self._stream = self._client.jetstream(timeout=BUS_CONNECT_S)
            try:
                await self._stream.stream_info(STREAM)
            except NotFoundError:
                nodes = len(self._client.server_pool)
                await self._stream.add_stream(_describe(min(nodes, BUS_REPLICAS)))

    async def publish(self, parcels: Sequence[Parcel]) -> int:
        """Publish in order; see the port. What the bus has already is to be asked by `find` before:
        a repeat makes what follows it in this window wait for the next.
        """
        async with _asked():
            acks = await self._while_connected(self._send(parcels))
        return sum(bool(ack.duplicate) for ack in acks)

    async def _send(self, parcels: Sequence[Parcel]) -> list[PubAck]:
        stream = self._opened
        if self._sequence is None:
            self._sequence = (await stream.stream_info(STREAM)).state.last_seq
        at, self._sequence = self._sequence, None  # unknown again unless all is well
        sent = []
        for number, parcel in enumerate(parcels):
            headers = {
                "Content-Type": parcel.content_type,
                _ID: parcel.id,
                _EXPECTED: str(at + number),
            }
            sent.append(await stream.publish_async(parcel.subject, parcel.body, headers=headers))
        acks = await asyncio.gather(*sent)
        if not any(ack.duplicate for ack in acks):
            self._sequence = at + len(acks)
        return acks

    async def find(self, subject: str) -> str:
        """Give the id of the newest message under a subject, which may end in `>`; "" for none."""
        async with _asked():
            try:
                found = await self._opened.get_last_msg(STREAM, subject)
            except NotFoundError:
                return ""
        return str((found.headers or {}).get(_ID, ""))

    async def close(self) -> None:
        """Let go of the connection."""
        client, self._client, self._stream = self._client, None, None
        if client is not None:
            with contextlib.suppress(Error, OSError):
                await client.close()

    @property
    def _opened(self) -> JetStreamContext:
        if self._stream is None:
            raise NotAvailable("NATS is not connected", _RETRY_S)
        return self._stream

    async def _while_connected(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for an answer for as long as the connection stands, BUS_ACK_S at most."""
        answer, lost = asyncio.ensure_future(work), asyncio.ensure_future(self._lost.wait())
        await asyncio.wait((answer, lost), timeout=BUS_ACK_S, return_when="FIRST_COMPLETED")
        lost.cancel()
        if not answer.done():
            answer.cancel()
            raise NotAvailable("NATS did not acknowledge", _RETRY_S)
        return answer.result()

    async def _note_lost(self) -> None:
        self._lost.set()


def _describe(replicas: int) -> StreamConfig:
    """Say how the stream is kept: what is old goes, a full one lets the oldest go."""
    return StreamConfig(
        name=STREAM,
        subjects=[SUBJECTS],
        storage=StorageType.FILE,
        num_replicas=replicas,
        discard=DiscardPolicy.OLD,
        max_age=BUS_AGE_S,
        max_bytes=BUS_BYTES,
        duplicate_window=BUS_DUPLICATES_S,
        allow_direct=False,  # what `find` asks is answered by the leader, who has the newest
    )


@contextlib.asynccontextmanager
async def _asked() -> AsyncIterator[None]:
    """Turn what NATS raises into NotAvailable."""
    try:
        yield
    except (APIError, Error, OSError, TimeoutError) as error:
        why = str(error) or type(error).__name__
        raise NotAvailable(f"NATS: {why}"[:200], _RETRY_S) from error


async def _ignore(error: Exception) -> None:
    """Leave to the caller what the library would print."""
