"""Handing a message to a merchant's mail server: SMTP submission with TLS, small and quick, or not
at all.

Without TLS it speaks to this machine alone (a server under test), as plain http does.
"""

from __future__ import annotations

import asyncio
import ipaddress
import smtplib
import socket
import ssl
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from danshu.hub import settings
from danshu.kernel.errors import InputError, NotAvailable

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMES: Final = frozenset({"smtp", "smtps"})
_HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_PORTS: Final = {"smtp": 587, "smtps": 465}


async def send(
    url: str, headers: Mapping[str, str], body: bytes, timeout_s: float, retry_s: int
) -> tuple[int, bytes]:
    """Send a message (`headers`: from, to, password); gives the server's last code and words.

    Raises NotAvailable when there is no answer, InputError `bad_url`.
    """
    try:
        return await asyncio.to_thread(_send, url, headers, body, timeout_s)
    except smtplib.SMTPResponseException as error:
        words = error.smtp_error
        told = words if isinstance(words, bytes) else str(words).encode()
        return error.smtp_code, told[:500]
    except smtplib.SMTPRecipientsRefused as error:
        code, told = next(iter(error.recipients.values()))
        return code, told[:500]
    except (smtplib.SMTPException, OSError) as error:
        told_why = f"the mail server does not answer: {type(error).__name__}"
        raise NotAvailable(told_why, retry_s) from error


def _send(url: str, headers: Mapping[str, str], body: bytes, timeout_s: float) -> tuple[int, bytes]:
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or _PORTS[parts.scheme]
    address = _public(host, port)
    safe = ssl.create_default_context()
    with _connect(parts.scheme, host, address, port, safe, timeout_s) as server:
        if parts.scheme == "smtp" and host not in _HERE:
            server.starttls(context=safe)
        if parts.username:
            server.login(unquote(parts.username), headers["password"])
        server.mail(headers["from"])
        refused = {}
        for person in headers["to"].split(","):
            code, told = server.rcpt(person)
            if code not in (250, 251):
                refused[person] = (code, told)
        if refused:  # all of them are told, or nobody thinks they were
            server.rset()
            raise smtplib.SMTPRecipientsRefused(refused)
        return server.data(body)


def _public(host: str, port: int) -> str:
    """Give the address of a host that may be spoken to. Raises InputError `bad_url`."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    if host not in _HERE and host not in settings.read().private_hosts:
        for address in addresses:
            if not ipaddress.ip_address(address).is_global:
                raise InputError("bad_url", f"{host} is not a public address")
    return addresses[0]


def _connect(
    scheme: str, host: str, address: str, port: int, safe: ssl.SSLContext, timeout_s: float
) -> smtplib.SMTP:
    """Connect to the very address that was looked at; the certificate is for the host's name."""
    server = _SafeSmtp(host, safe, timeout_s) if scheme == "smtps" else _PlainSmtp(host, timeout_s)
    code, told = server.connect(address, port)
    if code != 220:
        raise smtplib.SMTPConnectError(code, told)
    return server


class _PlainSmtp(smtplib.SMTP):
    """Knows the host by its name, whatever address it connects to: STARTTLS asks for it."""

    def __init__(self, host: str, timeout_s: float) -> None:
        super().__init__(timeout=timeout_s)
        self._host = host


class _SafeSmtp(smtplib.SMTP_SSL):
    """As _PlainSmtp, with TLS from the first byte."""

    def __init__(self, host: str, safe: ssl.SSLContext, timeout_s: float) -> None:
        super().__init__(timeout=timeout_s, context=safe)
        self._host = host
