"""The quick way to addresses that a merchant typed in, for what goes out by the hundred a second.

As `outside`: https, public, small, no redirect, no cookie, no proxy; a name is connected to at the
very address that was looked at. One wire keeps its connections open; it costs a tenth of `outside`.
"""

from __future__ import annotations

import asyncio
import ipaddress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from danshu.hub import outside, settings
from danshu.kernel.errors import InputError, NotAvailable
from danshu.ports.connector import Answer, NotTaken

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import aiohttp

    from danshu.ports.connector import Send
    from danshu.ports.perceiver import Talk

_PROTOCOL: Final = "sec-websocket-protocol"
_HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def open_wire() -> aiohttp.ClientSession:
    """Make a client; call it where a loop runs, and close it. Limits on it are the caller's."""
    import aiohttp
    from aiohttp.abc import AbstractResolver, ResolveResult

    class Guarded(AbstractResolver):
        """Gives public addresses alone."""

        def __init__(self) -> None:
            self._inner = aiohttp.ThreadedResolver()

        async def resolve(self, host: str, *more: Any, **named: Any) -> list[ResolveResult]:
            found = await self._inner.resolve(host, *more, **named)
            for each in found:
                check_address(host, each["host"])
            return found

        async def close(self) -> None:
            await self._inner.close()

    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, resolver=Guarded()),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=("accept-encoding", "user-agent"),
    )


def check_address(host: str, address: str) -> None:
    """Raise InputError `provider_fails` for a host whose address is not public."""
    if host in _HERE or host in settings.read().private_hosts:
        return
    try:
        is_public = ipaddress.ip_address(address).is_global
    except ValueError:
        is_public = True  # a name: what it stands for is looked at when it is resolved
    if not is_public:
        raise InputError("provider_fails", f"{host} is not a public address")


def sender(wire: aiohttp.ClientSession, far_side: str, reach: outside.Reach) -> Send:
    """Lend an adapter the way to its far side: at most so many bytes, in so much time.

    What it gives raises NotTaken where nothing left the house, NotAvailable where that is not
    known, with `far_side` in its words, and InputError `bad_url` or `provider_fails`.
    """
    import aiohttp
    from yarl import URL

    timeout = aiohttp.ClientTimeout(total=reach.timeout_s)

    async def send(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        host = urlsplit(outside.check_url(url)).hostname or ""
        check_address(host, host)
        # As it stands: what was signed is what is sent.
        exact = URL(url, encoded=True)
        try:
            async with wire.request(
                method, exact, headers=headers, data=body, allow_redirects=False, timeout=timeout
            ) as answer:
                got = bytearray()
                async for part in answer.content.iter_any():
                    got += part
                    if len(got) > reach.bytes_max:
                        raise NotAvailable(f"{far_side} answers with too much", reach.retry_s)
                told = {name.lower(): value for name, value in answer.headers.items()}
                return Answer(status=answer.status, body=bytes(got), headers=told)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotTaken(f"{far_side} takes no connection", reach.retry_s) from error
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            name = type(error).__name__
            raise NotAvailable(f"{far_side} does not answer: {name}", reach.retry_s) from error

    return send


def talker(wire: aiohttp.ClientSession, far_side: str, reach: outside.Reach) -> Talk:
    """Lend an adapter a WebSocket to its far side (RFC 6455): at most so many bytes that come back,
    in so much time. What it gives raises as what `sender` gives.
    """
    import aiohttp

    async def talk(
        url: str,
        headers: Mapping[str, str],
        messages: tuple[str | bytes, ...],
        is_last: Callable[[str], bool],
    ) -> tuple[str, ...]:
        host = urlsplit(outside.check_url(url)).hostname or ""
        check_address(host, host)
        spoken = [text for name, text in headers.items() if name == _PROTOCOL]
        others = {name: text for name, text in headers.items() if name != _PROTOCOL}
        told: list[str] = []
        room = reach.bytes_max
        try:
            async with (
                asyncio.timeout(reach.timeout_s),
                wire.ws_connect(url, headers=others, protocols=spoken) as socket,
            ):
                for each in messages:
                    if isinstance(each, str):
                        await socket.send_str(each)
                    else:
                        await socket.send_bytes(each)
                async for message in socket:
                    if message.type is not aiohttp.WSMsgType.TEXT:
                        break
                    told.append(message.data)
                    room -= len(message.data)
                    if room < 0:
                        raise NotAvailable(f"{far_side} answers with too much", reach.retry_s)
                    if is_last(message.data):
                        break
        except (aiohttp.ClientConnectorError, aiohttp.WSServerHandshakeError) as error:
            raise NotTaken(f"{far_side} takes no connection", reach.retry_s) from error
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            name = type(error).__name__
            raise NotAvailable(f"{far_side} does not answer: {name}", reach.retry_s) from error
        return tuple(told)

    return talk
