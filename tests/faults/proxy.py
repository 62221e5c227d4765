"""A proxy between a hub and PostgreSQL that knows the protocol well enough to fail on purpose.

It counts the statements of each transaction as they pass (the Execute and Query messages between
`begin` and `commit`), and cuts the connection at the one it was told of: before the statement
reaches the server (failed, not persisted), or after the server has done it and before anyone hears
(failed, but persisted). Just before the cut it can do something worse: kill a process, say.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import quote

from msgspec import Struct
from psycopg.conninfo import conninfo_to_dict

COMMIT = -1
_HEAD = struct.Struct("!cI")


class Fault(Struct, kw_only=True, eq=False):
    """What to do, once: at statement `step` (1 = begin, COMMIT = commit) of a transaction.

    `skip` transactions pass first. `persisted`: the server does the statement, the client never
    hears. `action` runs just before the cut: it kills a process, say.
    """

    step: int
    persisted: bool = False
    skip: int = 0
    action: Callable[[], Awaitable[None]] | None = None
    fired: bool = False


class Proxy:
    """One listening socket; `url` is for the hub, `seen` the statements by transaction."""

    def __init__(self, url: str, folder: Path) -> None:
        target = conninfo_to_dict(url)
        self._target = f"{target['host']}/.s.PGSQL.{target['port']}"
        self._path = folder / ".s.PGSQL.5432"
        host = quote(str(folder), safe="")
        self.url = f"postgresql://{target['user']}@/{target['dbname']}?host={host}&port=5432"
        self.seen: list[list[str]] = []
        self.fault: Fault | None = None
        self.shut = False
        self._open: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Begin to listen."""
        self._server = await asyncio.start_unix_server(self._serve, self._path)

    async def close(self) -> None:
        """Stop listening and cut what is open."""
        if self._server:
            self._server.close()
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    def arm(
        self,
        step: int,
        *,
        persisted: bool = False,
        skip: int = 0,
        action: Callable[[], Awaitable[None]] | None = None,
    ) -> Fault:
        """Fail once, in a transaction that begins after this."""
        self.fault = Fault(step=step, persisted=persisted, skip=skip, action=action)
        return self.fault

    async def _serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        to_server: asyncio.StreamWriter | None = None
        try:
            if self.shut:
                return
            server, to_server = await asyncio.open_unix_connection(self._target)
            wire = _Wire(self, client, to_client, server, to_server)
            await wire.run()
        except (OSError, EOFError, asyncio.CancelledError):
            return
        finally:
            for writer in (to_client, to_server):
                if writer is not None:
                    writer.transport.abort()
            self._open.discard(task)


class _Wire:
    """One connection: what the client prepared, and where its transaction stands."""

    def __init__(
        self,
        proxy: Proxy,
        client: asyncio.StreamReader,
        to_client: asyncio.StreamWriter,
        server: asyncio.StreamReader,
        to_server: asyncio.StreamWriter,
    ) -> None:
        self.proxy = proxy
        self.client, self.to_client = client, to_client
        self.server, self.to_server = server, to_server
        self.prepared: dict[bytes, str] = {}
        self.bound = ""
        self.steps: list[str] | None = None
        self.fault: Fault | None = None
        self.deaf = False

    async def run(self) -> None:
        """Pass messages both ways until one side ends or a fault cuts."""
        ends = [asyncio.create_task(self._up()), asyncio.create_task(self._down())]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()
            await asyncio.gather(*ends, return_exceptions=True)

    async def _up(self) -> None:
        head = await self.client.readexactly(4)
        self.to_server.write(head + await self.client.readexactly(struct.unpack("!I", head)[0] - 4))
        while True:
            head = await self.client.readexactly(5)
            kind, size = _HEAD.unpack(head)
            body = await self.client.readexactly(size - 4)
            sql = self._read(kind, body)
            if sql is not None and not await self._pass(sql):
                return
            self.to_server.write(head + body)
            await self.to_server.drain()

    async def _down(self) -> None:
        while True:
            head = await self.server.readexactly(5)
            kind, size = _HEAD.unpack(head)
            body = await self.server.readexactly(size - 4)
            if self.deaf:
                if kind == b"Z":  # the server has done it, and nobody heard
                    if self.fault and self.fault.action:
                        await self.fault.action()
                    return
                continue
            self.to_client.write(head + body)
            await self.to_client.drain()

    def _read(self, kind: bytes, body: bytes) -> str | None:
        """Give the SQL that this message makes the server run, if it does."""
        if kind == b"P":
            name, sql, _ = body.split(b"\0", 2)
            self.prepared[name] = sql.decode()
        elif kind == b"B":
            _, name, _ = body.split(b"\0", 2)
            self.bound = self.prepared.get(name, "?")
        elif kind == b"E":
            return self.bound
        elif kind == b"Q":
            return body.rstrip(b"\0").decode()
        return None

    async def _pass(self, sql: str) -> bool:
        """Count a statement; False when the connection must end before it."""
        word = sql.split(None, 1)[0].lower().rstrip(";") if sql.strip() else ""
        if word == "begin":
            self.steps = []
            self.proxy.seen.append(self.steps)
            fault = self.proxy.fault
            if fault and not fault.fired:
                if fault.skip:
                    fault.skip -= 1
                else:
                    self.fault = fault
        if self.steps is None:
            return True
        self.steps.append(" ".join(sql.split())[:60])
        number = len(self.steps)
        if word in ("commit", "rollback"):
            self.steps = None
        fault = self.fault
        if fault is None or fault.fired:
            return True
        if not (fault.step == number or (fault.step == COMMIT and word == "commit")):
            return True
        fault.fired = True
        if fault.persisted:
            self.deaf = True
            return True
        if fault.action:
            await fault.action()
        return False


@contextlib.asynccontextmanager
async def open_proxy(url: str) -> AsyncIterator[Proxy]:
    """Stand between a hub and the database of `url`."""
    with tempfile.TemporaryDirectory(prefix="danshu-proxy-") as folder:
        proxy = Proxy(url, Path(folder))
        await proxy.start()
        try:
            yield proxy
        finally:
            await proxy.close()
