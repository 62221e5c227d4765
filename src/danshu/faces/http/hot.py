"""The two intake routes as plain ASGI, before the framework: bytes in, outcome out, nothing in
between. Orders usually do without ASGI, too (wire.py), by the same steps.

Litestar holds the same routes as typed handlers (orders.py, channels.py): they document these, and
a test
keeps the two equal.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Any, Final

import msgspec
import psycopg

from danshu.faces.http import placing, problems
from danshu.faces.http.auth import Held, Keyring, key_of, require
from danshu.faces.http.channels import Doors
from danshu.faces.http.headers import Header, said
from danshu.hub.compose import Hub
from danshu.hub.requests import Answer, Outcome
from danshu.kernel.errors import DanshuError, InputError, NotAvailable
from danshu.kernel.limits import CHANNEL_BODY_BYTES, ORDER_BODY_BYTES, RETRY_AFTER_S
from danshu.ports.channel import Acknowledgement

ORDERS: Final = "/v1/orders"
CHANNELS: Final = "/v1/channels/"
_JSON: Final = (b"content-type", b"application/json")
_PROBLEM: Final = (b"content-type", problems.PROBLEM_JSON.encode())
_encode: Final = msgspec.json.Encoder().encode
_log = logging.getLogger("danshu.http")


class Disconnected(Exception):
    """The caller went away before the body was whole."""


async def read_body(receive: Any, headers: Any, limit: int) -> bytes:
    """Read a body of at most `limit` bytes. Raises InputError `too_large`, Disconnected."""
    for name, value in headers:
        if name == b"content-length" and (
            len(value) > 12 or not value.isdigit() or int(value) > limit
        ):
            raise InputError("too_large", f"the body is at most {limit} bytes")
    message = await receive()
    body: bytes = message.get("body", b"")
    if message.get("more_body", False):
        parts, size = [body], len(body)
        while message.get("more_body", False):
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > limit:
                raise InputError("too_large", f"the body is at most {limit} bytes")
        body = b"".join(parts)
    elif message["type"] == "http.disconnect":
        raise Disconnected
    if len(body) > limit:
        raise InputError("too_large", f"the body is at most {limit} bytes")
    return body


def answer(outcome: Outcome) -> tuple[int, bytes, problems.Problem | None]:
    """Give status and body of an outcome: 201 placed, 200 known, else a problem."""
    if isinstance(outcome, Answer):
        return (200 if outcome.existing else 201), _encode(outcome), None
    problem = problems.of(outcome)
    return problem.status, _encode(problem), problem


def refuse(error: Exception) -> tuple[int, bytes, problems.Problem | None]:
    """Give status and body of what went wrong."""
    problem = explain(error)
    return problem.status, _encode(problem), problem


class Hot:
    """The raw routes over one hub."""

    def __init__(self, hub: Hub, keyring: Keyring, doors: Doors) -> None:
        self._hub, self._keyring, self._doors = hub, keyring, doors
        self.draining = False  # then each answer closes its connection, by uvicorn's own way
        self._is_https = keyring.origin.startswith("https://")

    def recognise(self, headers: Iterable[Header]) -> Held | None:
        """Give a remembered caller who may place any order; None when more must be asked."""
        held = self._keyring.recall(key_of(headers))
        return held if held is not None and "order.place" in held.rights else None

    def submit(self, held: Held, headers: Iterable[Header], body: bytes) -> asyncio.Future[Outcome]:
        """Take up an order; the future gives its outcome after its commit. Raises DanshuError."""
        return self._submit(held, _read_headers(headers), body)

    def _submit(self, held: Held, key: bytes | None, body: bytes) -> asyncio.Future[Outcome]:
        request = placing.request(held, key, body, placing.read(body))
        return self._hub.batch.submit(request)

    def common(self, scope: Any) -> tuple[Header, ...]:
        """Give the headers that every answer to such a request has."""
        return said(scope, self._is_https)

    async def place(self, scope: Any, receive: Any, send: Any) -> None:
        """POST /v1/orders."""
        try:
            status, out, problem = await self._place(scope, receive)
        except Disconnected:
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, it is answered
            status, out, problem = refuse(error)
        await _send(send, status, out, head(status, out, problem, self.common(scope)))

    async def _place(self, scope: Any, receive: Any) -> tuple[int, bytes, problems.Problem | None]:
        headers = scope["headers"]
        held = self._keyring.recall(key_of(headers)) or await self._keyring.identify(scope)
        require(held, "order.place")
        key = _read_headers(headers)
        body = await read_body(receive, headers, ORDER_BODY_BYTES)
        return answer(await self._submit(held, key, body))

    async def channel(self, scope: Any, receive: Any, send: Any) -> None:
        """POST /v1/channels/{channel}."""
        try:
            body = await read_body(receive, scope["headers"], CHANNEL_BODY_BYTES)
            done = await self._doors.knock(
                scope["path"][len(CHANNELS) :],
                scope["query_string"],
                {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]},
                body,
            )
        except Disconnected:
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, it is answered
            status, out, problem = refuse(error)
            await _send(send, status, out, head(status, out, problem, self.common(scope)))
            return
        await _acknowledge(send, done, self.common(scope))


def _read_headers(headers: Iterable[Header]) -> bytes | None:
    """Give the idempotency key, if there is one. Raises InputError for another content type."""
    key = None
    for name, value in headers:
        if name == b"idempotency-key":
            key = value
        elif name == b"content-type":
            check_json(value)
    return key


def check_json(content_type: bytes) -> None:
    """Raise InputError `content_type` for anything but JSON."""
    if content_type == b"application/json":
        return
    kind = content_type.partition(b";")[0].strip().lower()
    if kind != b"application/json":
        raise InputError("content_type", "send application/json")


def explain(error: Exception) -> problems.Problem:
    """Give the problem of any exception; an unexpected one is written down."""
    if isinstance(error, DanshuError):
        return problems.of(error)
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        _log.error("the database: %s", error)
        return problems.of(NotAvailable("the database does not answer", RETRY_AFTER_S))
    _log.error("unexpected", exc_info=error)
    return problems.make("program", "the hub made a mistake; it has been written down")


def head(
    status: int, out: bytes, problem: problems.Problem | None, common: tuple[Header, ...]
) -> list[Header]:
    """Give the headers of an answer."""
    headers = [_JSON, *common, (b"content-length", b"%d" % len(out))]
    if problem is not None:
        headers[0] = _PROBLEM
        if problem.retry_after_s:
            headers.append((b"retry-after", b"%d" % problem.retry_after_s))
        if status == 401:
            headers.append((b"www-authenticate", b"Bearer"))
    return headers


async def _send(send: Any, status: int, out: bytes, headers: list[Header]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": out})


async def _acknowledge(send: Any, done: Acknowledgement, common: tuple[Header, ...]) -> None:
    kind = (b"content-type", done.content_type.encode("latin-1"))
    size = (b"content-length", b"%d" % len(done.body))
    await _send(send, done.status, done.body, [kind, size, *common])
