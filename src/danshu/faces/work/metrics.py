"""What Prometheus scrapes of a worker: `danshu work --metrics PORT` answers GET /metrics there."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.hub import exposition, scraping, settings
from danshu.kernel.errors import NotAvailable
from danshu.ledger.write import connect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_HEAD_BYTES: Final = 16_384
_PATIENCE_S: Final = 5.0
_log = logging.getLogger("danshu.metrics")


@contextlib.asynccontextmanager
async def serve(url: str, port: int) -> AsyncIterator[int]:
    """Answer scrapes on a port while inside; gives the port (a free one for 0)."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                status, body = await _answer(url, reader, writer)
                head = (
                    f"HTTP/1.1 {status}\r\n"
                    f"content-type: {exposition.CONTENT_TYPE}; charset=utf-8\r\n"
                    f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
                )
                writer.write(head.encode() + body)
                await writer.drain()
        except (TimeoutError, ConnectionError, asyncio.IncompleteReadError) as error:
            _log.debug("a scrape broke off: %s", error)
        finally:
            writer.close()

    server = await asyncio.start_server(answer, settings.read().host, port, limit=_HEAD_BYTES)
    async with server:
        yield int(server.sockets[0].getsockname()[1])


async def _answer(
    url: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> tuple[str, bytes]:
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError:
        return "431 Request Header Fields Too Large", b""
    first, *lines = raw.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    peer: Any = writer.get_extra_info("peername") or ("",)
    method, _, rest = first.partition(" ")
    if not scraping.may_scrape(peer[0], headers):
        return "403 Forbidden", b""
    if method != "GET" or rest.partition(" ")[0].partition("?")[0] != "/metrics":
        return "404 Not Found", b""
    try:
        connection = await connect(url, "danshu metrics")
    except (NotAvailable, psycopg.Error, OSError):
        return "503 Service Unavailable", b""
    try:
        return "200 OK", await exposition.write(connection)
    except psycopg.Error as error:
        _log.warning("a scrape failed: %s", error)
        return "503 Service Unavailable", b""
    finally:
        await connection.close()
