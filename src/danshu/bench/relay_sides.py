"""The far sides of `bench relay`: the floor's publisher, and a consumer of the stream in a process
of its own, which says how late events came.

    python -m danshu.bench.relay_sides URL

answers each line that it reads with what came since the last one, as JSON, and ends with its input.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import re
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

STREAM: Final = "danshu-events"
_EVENT: Final = b'"specversion":"1.0"'
_PLACED: Final = re.compile(rb'"time":"([^"]+)","type":"danshu\.order\.placed"')
_WINDOW: Final = 32


class Came(Struct, kw_only=True):
    """What a consumer had: events, orders placed among them, and how old each of those was, ms."""

    events: int = 0
    ages_ms: list[int] = []


class Consumer:
    """The consumer's process, as its parent sees it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.pid = process.pid

    def ask(self) -> Came:
        """Give what came since it was asked last."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()
        return msgspec.json.decode(self._process.stdout.readline(), type=Came)


@contextlib.contextmanager
def consume(url: str) -> Iterator[Consumer]:
    """Read the stream from now on in a child process, until the end of the block."""
    command = [sys.executable, "-m", __name__, url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield Consumer(process)
        assert process.stdin is not None
        process.stdin.close()


async def count(url: str) -> tuple[int, int]:
    """Count events and messages of the stream."""
    messages = await read(url)
    return sum(body.count(_EVENT) for body in messages), len(messages)


async def read(url: str) -> list[bytes]:
    """Read all messages of the stream."""
    import nats

    client = await nats.connect(url.split(","))
    stream = client.jetstream()
    pull = await stream.pull_subscribe("danshu.events.>", stream=STREAM)
    found: list[bytes] = []
    total = (await stream.stream_info(STREAM)).state.messages
    while len(found) < total:
        with contextlib.suppress(TimeoutError):
            for message in await pull.fetch(_WINDOW, timeout=2):
                found.append(message.data)
                await message.ack()
    await client.close()
    return found


async def pour_plainly(url: str) -> dict[str, float]:
    """Publish the messages of the stream to another one, ready made, all answers awaited."""
    import nats

    bodies = await read(url)
    client = await nats.connect(url.split(","))
    stream = client.jetstream()
    await stream.add_stream(name="floor", subjects=["floor.>"], num_replicas=3)
    await stream.publish("floor.warm", b"")
    began, own = time.perf_counter(), time.process_time()
    for at in range(0, len(bodies), _WINDOW):
        sent = [await stream.publish_async("floor.all", b) for b in bodies[at : at + _WINDOW]]
        await asyncio.gather(*sent)
    wall_s, own_s = time.perf_counter() - began, time.process_time() - own
    await client.close()
    events = sum(body.count(_EVENT) for body in bodies)
    return {
        "events_per_s": round(events / wall_s),
        "relay_us_per_event": round(own_s * 1e6 / events, 2),
    }


async def _run(url: str) -> None:
    import nats

    client = await nats.connect(url.split(","))
    stream = client.jetstream()
    while True:  # the relay makes it
        with contextlib.suppress(nats.js.errors.NotFoundError, TimeoutError):
            pull = await stream.pull_subscribe("danshu.events.>", stream=STREAM)
            break
        await asyncio.sleep(0.2)
    came = Came(ages_ms=[])
    reading = asyncio.create_task(_read_on(pull, came))
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while await lines.readline():
        sys.stdout.buffer.write(msgspec.json.encode(came) + b"\n")
        sys.stdout.buffer.flush()
        came.events, came.ages_ms = 0, []
    reading.cancel()
    with contextlib.suppress(asyncio.CancelledError, nats.errors.Error):  # as the library says it
        await reading
    await client.close()


async def _read_on(pull: Any, came: Came) -> None:
    while True:
        with contextlib.suppress(TimeoutError):
            for message in await pull.fetch(_WINDOW, timeout=1):
                now_s = time.time()
                came.events += message.data.count(_EVENT)
                for said in _PLACED.findall(message.data):
                    at_s = datetime.datetime.fromisoformat(said.decode()).timestamp()
                    came.ages_ms.append(int((now_s - at_s) * 1000))
                await message.ack()


if __name__ == "__main__":
    asyncio.run(_run(sys.argv[1]))
