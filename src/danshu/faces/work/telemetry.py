"""The room `telemetry`: readings that come over NATS, and over MQTT by the NATS server's listener.

Subjects are `danshu.signals.MERCHANT.FEED[.…]`; as an MQTT topic the same with slashes. The stream
keeps a message until it is acknowledged, which happens after the commit of its readings, so that a
killed worker loses none; one that comes again is the same reading. What cannot be read is ended and
named in the log of the worker; what finds the door full stays with NATS.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Final

from danshu.hub import signal_feeds
from danshu.hub.readings import Readings
from danshu.hub.worlds import Worlds, now_ms
from danshu.kernel.errors import DanshuError, InputError, NotAvailable
from danshu.kernel.limits import NATS_BYTES, NATS_FETCH, RETRY_AFTER_S, SIGNAL_BODY_BYTES
from danshu.ports.signal import Message

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    import psycopg
    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.js import JetStreamContext

VARIABLE: Final = "DANSHU_NATS_URL"
STREAM: Final = "danshu-signals"
SUBJECTS: Final = "danshu.signals.>"
DURABLE: Final = "danshu"
_WORDS: Final = 4  # danshu.signals.MERCHANT.FEED
_FETCH_S: Final = 0.5
_ACK_WAIT_S: Final = 30
_CONNECT_S: Final = 5
_FIND: Final = "select id from tenants where code=%s"
_log = logging.getLogger("danshu.telemetry")


def begin(url: str) -> Callable[[psycopg.AsyncConnection[Any]], Awaitable[int]]:
    """Make the step of the room; without DANSHU_NATS_URL there is nothing to do."""
    return pull(lambda servers: Consumer(url, servers))


def pull(
    make: Callable[[str], Puller],
) -> Callable[[psycopg.AsyncConnection[Any]], Awaitable[int]]:
    """Make the step of a room that takes messages from the NATS servers that are set, if any."""
    servers = os.environ.get(VARIABLE, "")
    consumer = make(servers) if servers else None

    async def step(connection: psycopg.AsyncConnection[Any]) -> int:
        if consumer is None:
            return 0
        try:
            return await consumer.step(connection)
        except BaseException:
            await consumer.close()
            raise

    return step


class Puller(ABC):
    """A durable consumer: every worker of the room takes a share of the messages.

    A message is acknowledged after the commit of what it says; one that can't be read is ended and
    named in the log, what finds the door full stays with NATS.
    """

    stream: str
    subjects: str  # danshu.KIND.>
    message_bytes: int

    def __init__(self, servers: str) -> None:
        self._servers = servers.split(",")
        self._client: Client | None = None
        self._pull: JetStreamContext.PullSubscription | None = None
        self._tenants: dict[str, int] = {}
        self._alone = asyncio.Lock()

    async def close(self) -> None:
        """Let go of NATS and the door; what was not acknowledged comes again."""
        client, self._client, self._pull = self._client, None, None
        if client is not None:
            with contextlib.suppress(Exception):
                await client.close()

    async def step(self, connection: psycopg.AsyncConnection[Any]) -> int:
        """Take the messages that are there, at most NATS_FETCH; gives how many were settled.

        Raises NotAvailable when NATS does not answer.
        """
        pull = self._pull or await self._connect()
        from nats.errors import Error
        from nats.errors import TimeoutError as NothingThere

        try:
            messages = await pull.fetch(NATS_FETCH, timeout=_FETCH_S)
        except (NothingThere, TimeoutError):
            return 0
        except Error as error:
            raise NotAvailable(f"NATS: {error}", RETRY_AFTER_S) from error
        settled = await asyncio.gather(*(self._settle(connection, m) for m in messages))
        return sum(settled)

    async def _connect(self) -> JetStreamContext.PullSubscription:
        import nats
        from nats.errors import Error
        from nats.js.api import (
            ConsumerConfig,
            DiscardPolicy,
            RetentionPolicy,
            StreamConfig,
        )
        from nats.js.errors import NotFoundError

        try:
            self._client = await nats.connect(
                servers=self._servers,
                connect_timeout=_CONNECT_S,
                max_reconnect_attempts=1,
                reconnect_time_wait=0.1,
            )
            stream = self._client.jetstream()
            try:
                await stream.stream_info(self.stream)
            except NotFoundError:
                await stream.add_stream(
                    StreamConfig(
                        name=self.stream,
                        subjects=[self.subjects],
                        # it holds what nobody acknowledged; a full one refuses the newest
                        retention=RetentionPolicy.WORK_QUEUE,
                        discard=DiscardPolicy.NEW,
                        max_bytes=NATS_BYTES,
                        max_msg_size=self.message_bytes,
                    )
                )
            self._pull = await stream.pull_subscribe(
                self.subjects,
                durable=DURABLE,
                stream=self.stream,
                config=ConsumerConfig(ack_wait=_ACK_WAIT_S, max_ack_pending=NATS_FETCH * 4),
            )
        except (Error, OSError, TimeoutError) as error:
            raise NotAvailable(f"NATS does not answer: {error}", RETRY_AFTER_S) from error
        return self._pull

    async def _settle(self, connection: psycopg.AsyncConnection[Any], msg: Msg) -> int:
        """Commit one message and acknowledge it; 0 when it stays with NATS."""
        try:
            words = msg.subject.split(".")
            if len(words) < _WORDS:
                raise InputError("subject", f"a subject is {self.subjects[:-1]}MERCHANT.NAME")
            faults = await self.take(connection, await self._find(connection, words[2]), words, msg)
        except InputError as error:
            _log.warning("%s cannot be read: %s", msg.subject, error)
            await msg.term()
            return 1
        except DanshuError as error:
            _log.warning("%s stays with NATS: %s", msg.subject, error)
            await msg.nak(delay=RETRY_AFTER_S)
            return 0
        for fault in faults:
            _log.warning("%s %s", msg.subject, fault)
        await msg.ack()
        return 1

    @abstractmethod
    async def take(
        self, connection: psycopg.AsyncConnection[Any], tenant: int, words: list[str], msg: Msg
    ) -> list[str]:
        """Commit what a message says; gives what of it is wrong beside the rest. `words` are those
        of its subject. Raises InputError for one that can't be read, else it comes again.
        """

    async def _find(self, connection: psycopg.AsyncConnection[Any], code: str) -> int:
        if code not in self._tenants:
            async with self.lend(connection) as lent:
                row = await (await lent.execute(_FIND, (code,))).fetchone()
            if row is None:
                raise InputError("no_tenant", f"no merchant is called {code}")
            self._tenants[code] = int(row[0])
        return self._tenants[code]

    @contextlib.asynccontextmanager
    async def lend(
        self, connection: psycopg.AsyncConnection[Any]
    ) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        """Lend the room's one connection to one message after the other."""
        async with self._alone:
            yield connection


class Consumer(Puller):
    """Takes readings."""

    stream, subjects, message_bytes = STREAM, SUBJECTS, SIGNAL_BODY_BYTES

    def __init__(self, url: str, servers: str) -> None:
        super().__init__(servers)
        self._door = Readings(url, Worlds(url), now_ms)

    async def close(self) -> None:
        """Let go of NATS and the door."""
        await super().close()
        await self._door.close()

    async def take(
        self, connection: psycopg.AsyncConnection[Any], tenant: int, words: list[str], msg: Msg
    ) -> list[str]:
        """Commit the readings of a message."""
        message = Message(
            body=msg.data,
            # when NATS had it: the same however often it comes
            received_ms=int(msg.metadata.timestamp.timestamp() * 1000),
            headers={name.lower(): value for name, value in (msg.header or {}).items()},
            topic=".".join(words[_WORDS:]),
            place=(msg.header or {}).get("Danshu-Place", ""),
        )
        taken = await signal_feeds.take(
            lambda: self.lend(connection), self._door, tenant, words[3], message
        )
        return [f"{fault.at}: {fault.code} {fault.detail}" for fault in taken.faults]
