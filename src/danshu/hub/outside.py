"""Fetching from addresses that a merchant typed in: https, public, small and quick, or not at all.

Plain http and private addresses are for this machine alone (a provider under test); an OpenID
provider inside a company's own network is named in DANSHU_PRIVATE_HOSTS.
"""

from __future__ import annotations

import asyncio
import functools
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import httpx
from msgspec import Struct

from danshu.hub import mailing, settings
from danshu.kernel.errors import InputError, NotAvailable
from danshu.kernel.limits import OIDC_BYTES, OIDC_TIMEOUT_S

if TYPE_CHECKING:
    import ssl

Send = Callable[[str, str, Mapping[str, str], bytes], Awaitable[tuple[int, bytes]]]
_HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class Reach(Struct, frozen=True):
    """How far a request may go: time, bytes that come back, and when to try again."""

    timeout_s: float
    bytes_max: int
    retry_s: int


def check_url(url: str) -> str:
    """Give a URL that may be fetched. Raises InputError `bad_url`."""
    parts = urlsplit(url)
    is_here = parts.hostname in _HERE
    is_plain = parts.scheme == "https" or (parts.scheme == "http" and is_here)
    if not is_plain or not parts.hostname or parts.username or parts.fragment:
        raise InputError("bad_url", f"not an https address: {url[:200]}")
    return url


def client() -> httpx.AsyncClient:
    """Make a client that follows no redirect and connects to nothing that is not public."""
    return httpx.AsyncClient(
        transport=_Guarded(verify=_trust()),
        timeout=OIDC_TIMEOUT_S,
        follow_redirects=False,
        trust_env=False,
    )


@functools.cache
def _trust() -> ssl.SSLContext:
    """Give the authorities that are trusted, read once: to read them takes 40 ms."""
    return httpx.create_ssl_context()


async def fetch(web: httpx.AsyncClient, method: str, url: str, **more: Any) -> bytes:
    """Fetch at most OIDC_BYTES within OIDC_TIMEOUT_S. Raises InputError `provider_fails`."""
    try:
        async with (
            asyncio.timeout(OIDC_TIMEOUT_S),
            web.stream(method, check_url(url), **more) as answer,
        ):
            body = b""
            async for part in answer.aiter_bytes():
                body += part
                if len(body) > OIDC_BYTES:
                    raise InputError("provider_fails", f"{url} answers with too much")
            if answer.status_code != 200:
                raise InputError("provider_fails", f"{url} answers {answer.status_code}")
            return body
    except (httpx.HTTPError, TimeoutError, OSError) as error:
        raise InputError("provider_fails", f"{url} does not answer") from error


def sender(web: httpx.AsyncClient, far_side: str, limits: Reach) -> Send:
    """Lend an adapter the way to its far side: at most so many bytes, in so much time.

    What it gives raises NotAvailable, with `far_side` in its words, and InputError `bad_url`,
    `bad_call` for headers that can't be sent. An address of a mail server is spoken to as such: its
    status is the server's last code.
    """

    async def send(
        method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, bytes]:
        if urlsplit(url).scheme in mailing.SCHEMES:
            return await mailing.send(url, headers, body, limits.timeout_s, limits.retry_s)
        try:
            async with web.stream(
                method,
                check_url(url),
                headers=dict(headers),
                content=body,
                timeout=limits.timeout_s,
            ) as answer:
                got = b""
                async for part in answer.aiter_bytes():
                    got += part
                    if len(got) > limits.bytes_max:
                        raise NotAvailable(f"{far_side} answers with too much", limits.retry_s)
                return answer.status_code, got
        except (httpx.HTTPError, OSError) as error:
            told = f"{far_side} does not answer: {type(error).__name__}"
            raise NotAvailable(told, limits.retry_s) from error
        except (httpx.InvalidURL, UnicodeError) as error:  # no trial would go better
            raise InputError("bad_call", f"{far_side} can't be called so: {error}") from error

    return send


class _Guarded(httpx.AsyncHTTPTransport):
    """Connects to the very address that it looked at, so that a name can't change in between."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request to the checked address of its host. Raises InputError."""
        host = request.url.host
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, request.url.port or 443, type=socket.SOCK_STREAM)
        addresses = [str(entry[4][0]) for entry in found]
        if host not in _HERE and host not in settings.read().private_hosts:
            for address in addresses:
                if not ipaddress.ip_address(address).is_global:
                    raise InputError("provider_fails", f"{host} is not a public address")
        request.extensions = {**request.extensions, "sni_hostname": host}
        request.url = request.url.copy_with(host=addresses[0])
        return await super().handle_async_request(request)
