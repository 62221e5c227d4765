"""HTTP/1.1 for POST /v1/orders without the detours of ASGI: no scope, task or messages for an order
that is asked for in the usual way, one write for its answer.

Whatever is unusual about a request (an unknown caller, a long or chunked body, pipelining, a reader
that is slow) goes uvicorn's own way, to the same steps in hot.py. Read beside uvicorn's
HttpToolsProtocol, whose state an exchange keeps as its cycles do.
"""

from __future__ import annotations

import asyncio
import functools
from typing import TYPE_CHECKING, Any, Final

from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from danshu.faces.http import hot
from danshu.kernel.limits import ORDER_BODY_BYTES

if TYPE_CHECKING:
    from danshu.faces.http import problems
    from danshu.faces.http.auth import Held
    from danshu.faces.http.headers import Header
    from danshu.hub.requests import Outcome

_ORDERS: Final = hot.ORDERS.encode()
# A longer body makes uvicorn stop reading until somebody takes what is there.
_BODY_BYTES: Final = min(HIGH_WATER_LIMIT, ORDER_BODY_BYTES)


class _Exchange(RequestResponseCycle):
    """An order and its answer, in the place of a cycle: what the protocol asks of one is here."""

    message_event = asyncio.Event()  # nobody waits for messages

    def __init__(self, held: Held, headers: list[Header], common: tuple[Header, ...]) -> None:
        # none of what a cycle needs for an application
        self.held = held
        self.headers = headers
        self.common = common
        self.body = bytearray()
        self.more_body = True
        self.keep_alive = True
        self.disconnected = False
        self.response_complete = False


class Wire(HttpToolsProtocol):
    """A connection. The application that it serves gives the hot routes."""

    def __init__(self, config: Any, *args: Any, **more: Any) -> None:
        super().__init__(config, *args, **more)
        # behind a proxy the scheme is told by its headers, which a middleware reads
        self._hot: hot.Hot | None = None if config.proxy_headers else config.app.hot

    def on_headers_complete(self) -> None:
        """Begin an exchange, or else a cycle."""
        exchange = self._recognise()
        if exchange is None:
            super().on_headers_complete()
        else:
            self.cycle = exchange

    def _recognise(self) -> _Exchange | None:
        """Give an exchange for a request that needs nothing else."""
        parser, was = self.parser, self.cycle
        if (
            self.url != _ORDERS
            or self._hot is None
            or self._hot.draining
            or parser.get_method() != b"POST"
            or parser.get_http_version() != "1.1"
            or parser.should_upgrade()
            or not parser.should_keep_alive()
            or self.expect_100_continue
            or self.flow.write_paused
            or (was is not None and not was.response_complete)
        ):
            return None
        sizes = [value for name, value in self.headers if name == b"content-length"]
        if len(sizes) != 1 or len(sizes[0]) > 9 or int(sizes[0]) > _BODY_BYTES:
            return None
        held = self._hot.recognise(self.headers)
        if held is None:
            return None
        return _Exchange(held, self.headers, self._hot.common(self.scope))

    def on_message_complete(self) -> None:
        """Take up the order whose body is there."""
        exchange = self.cycle
        if not isinstance(exchange, _Exchange) or self._hot is None:
            super().on_message_complete()
            return
        exchange.more_body = False
        try:
            future = self._hot.submit(exchange.held, exchange.headers, bytes(exchange.body))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is answered
            self._reply(exchange, *hot.refuse(error))
        else:
            future.add_done_callback(functools.partial(self._settle, exchange))

    def _settle(self, exchange: _Exchange, future: asyncio.Future[Outcome]) -> None:
        """Answer after the commit."""
        try:
            said = hot.answer(future.result())
        except Exception as error:  # noqa: BLE001 - whatever it is, it is answered
            said = hot.refuse(error)
        self._reply(exchange, *said)

    def _reply(
        self,
        exchange: _Exchange,
        status: int,
        out: bytes,
        problem: problems.Problem | None,
    ) -> None:
        exchange.response_complete = True
        if exchange.disconnected:
            return
        if problem is None and exchange.keep_alive:
            start = _usual_start(status, exchange.common)
            self.transport.write(b"%b%d\r\n\r\n%b" % (start, len(out), out))
        else:
            headers = hot.head(status, out, problem, exchange.common)
            if not exchange.keep_alive:
                headers.append((b"connection", b"close"))
            self.transport.write(b"%b\r\n%b" % (_start(status, headers), out))
            if not exchange.keep_alive:
                self.transport.close()
        self.on_response_complete()


def _start(status: int, headers: list[Header]) -> bytes:
    return STATUS_LINE[status] + b"".join([b"%b: %b\r\n" % header for header in headers])


@functools.cache
def _usual_start(status: int, common: tuple[Header, ...]) -> bytes:
    """Write the start of an answer that is no problem, up to the length of its body."""
    *headers, _ = hot.head(status, b"", None, common)
    return _start(status, headers) + b"content-length: "
