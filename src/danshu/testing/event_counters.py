"""Receivers that only count, in a process of their own, for measuring: events by their place in the
log, so that what is lost or comes twice shows at any rate.

    python -m danshu.testing.event_counters 10

prints the addresses as a JSON list, a JSON list of counts for each line that it reads, and ends
with its input. Signatures are not proved: the receivers' cost is not what is measured.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import json
import re
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import asdict

if TYPE_CHECKING:
    from collections.abc import Iterator

_LEAF: Final = re.compile(rb'"danshuleaf":"(\d+)"')
_TIME: Final = re.compile(rb'"time":"([^"]+)"')
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_HEAD_BYTES: Final = 65_536
_OK: Final = b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n"


class Counted(Struct, kw_only=True):
    """What a receiver had: POSTs, events, how many of them were different, bytes; and of each POST
    how old its first event was, in ms.
    """

    posts: int = 0
    events: int = 0
    distinct: int = 0
    bytes: int = 0
    ages_ms: list[int] = []


class Counter:
    """One receiver."""

    def __init__(self) -> None:
        self.counted = Counted(ages_ms=[])
        self._seen: set[int] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take POSTs of one connection until it ends."""
        ended = (asyncio.IncompleteReadError, asyncio.CancelledError, OSError)
        with contextlib.suppress(*ended):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                found = _LENGTH.search(head)
                body = await reader.readexactly(int(found[1]) if found else 0)
                self._count(body)
                writer.write(_OK)
                await writer.drain()
        writer.close()

    def _count(self, body: bytes) -> None:
        counted = self.counted
        leaves = [int(leaf) for leaf in _LEAF.findall(body)]
        self._seen.update(leaves)
        counted.posts += 1
        counted.events += len(leaves)
        counted.distinct = len(self._seen)
        counted.bytes += len(body)
        found = _TIME.search(body)
        if found:
            said = datetime.datetime.fromisoformat(found[1].decode())
            counted.ages_ms.append(int((time.time() - said.timestamp()) * 1000))


class Farm:
    """Counting receivers in a child process, as their parent sees them."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.pid = process.pid
        self.urls: list[str] = self._read()

    def count(self) -> list[Counted]:
        """Ask what each has had so far."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()
        return [Counted(**each) for each in self._read()]

    def _read(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


@contextlib.contextmanager
def serve(count: int) -> Iterator[Farm]:
    """Serve so many receivers from a child process, which ends with this block or this process."""
    command = [sys.executable, "-m", __name__, str(count)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield Farm(process)
        assert process.stdin is not None
        process.stdin.close()


async def _run(count: int) -> None:
    counters = [Counter() for _ in range(count)]
    servers = [
        await asyncio.start_server(each.serve, "127.0.0.1", 0, limit=_HEAD_BYTES)
        for each in counters
    ]
    ports = [server.sockets[0].getsockname()[1] for server in servers]
    _tell([f"http://127.0.0.1:{port}/events" for port in ports])
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while await lines.readline():
        _tell([asdict(each.counted) for each in counters])


def _tell(told: Any) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_run(int(sys.argv[1])))
