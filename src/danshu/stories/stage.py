"""A stage for a story: HTTP servers and a worker over a database, with a merchant of its own."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import TYPE_CHECKING, Any, Final

import httpx
import psycopg
from msgspec import Struct

from danshu.faces.cli import running
from danshu.hub import compose, settings
from danshu.kernel.errors import NotAvailable
from danshu.ledger import engine

if TYPE_CHECKING:
    import subprocess
    from collections.abc import AsyncIterator, Iterator

START_S: Final = 90  # the first start on a machine compiles the routing engine
HTTP_S: Final = 60
_LOOPBACK: Final = "127.0.0.1"


class Stage(Struct, frozen=True, kw_only=True):
    """Where a story plays: the database and the addresses of its servers (http://host:port)."""

    url: str
    servers: tuple[str, ...]

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        """Lend a connection for what has no public door: founding a merchant."""
        async with await psycopg.AsyncConnection.connect(self.url, autocommit=True) as connection:
            yield connection

    def client(self, key: str, server: int = 0) -> httpx.AsyncClient:
        """Give an HTTP client of one server that shows this API key."""
        return httpx.AsyncClient(
            base_url=self.servers[server],
            headers={"authorization": f"Bearer {key}"} if key else {},
            timeout=HTTP_S,
            limits=httpx.Limits(max_connections=None),
        )


@contextlib.contextmanager
def open_stage(servers: int = 1, url: str = "", port: int = 0) -> Iterator[Stage]:
    """Start servers and a worker over the database at hand, and take them down at the end.

    `url` names a prepared or empty database instead of the one at hand; `port` is the first
    server's, 0 takes a free one. A worker that runs already keeps its rooms; ours stands by.
    """
    with contextlib.ExitStack() as stack:
        if not url:
            store = engine.resolve()
            stack.callback(store.stop)
            url = store.url
        compose.prepare(url)
        ports = [port or free_port(), *(free_port() for _ in range(servers - 1))]
        children = [running.start_child(url, "work")]
        stack.callback(_stop, children)
        children += [
            running.start_child(url, "serve", "--host", _LOOPBACK, "--port", str(p)) for p in ports
        ]
        addresses = tuple(f"http://{_LOOPBACK}:{p}" for p in ports)
        for address, child in zip(addresses, children[1:], strict=True):
            wait_ready(address, child)
        yield Stage(url=url, servers=addresses)


def _stop(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        child.terminate()
    for child in children:
        running.stop(child)


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as s:
        s.bind((_LOOPBACK, 0))
        return int(s.getsockname()[1])


def wait_ready(address: str, child: subprocess.Popen[bytes]) -> None:
    """Wait until a server is ready. Raises NotAvailable when it ended, or did not become ready."""
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        if child.poll() is not None:
            raise NotAvailable(f"the server at {address} ended with {child.returncode}")
        if is_ready(address):
            return
        time.sleep(0.1)
    raise NotAvailable(f"the server at {address} did not become ready in {START_S} s")


def is_ready(address: str) -> bool:
    """Tell whether a hub answers there that it is ready."""
    try:
        return httpx.get(f"{address}/health/ready", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def default_address() -> str:
    """Give the address where `danshu up` listens by its settings."""
    chosen = settings.read()
    return f"http://{chosen.host}:{chosen.port}"
