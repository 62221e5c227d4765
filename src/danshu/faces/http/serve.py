"""The HTTP server: warm before the port opens, drained before it ends."""

from __future__ import annotations

import asyncio
import gc
import signal
import time
from types import FrameType
from typing import Any, Final, cast

import numpy as np
import uvicorn

from danshu.faces.http import app
from danshu.faces.http.wire import Wire
from danshu.hub import settings
from danshu.hub.compose import Hub
from danshu.kernel.limits import SPEECH_STREAM_FRAME_BYTES

_DRAIN_S: Final = 20
_BACKLOG: Final = 2_048
_GC: Final = (
    100_000,
    50,
    1_000,
)  # orders make no cycles; scanning for them cost a tenth of the CPU


def run(url: str, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT: then no new connections, requests in flight are answered, then
    the end. Before it, at SIGTERM, so many seconds as DANSHU_DRAIN_S says in which everything is
    still taken and answered while load balancers learn that this node is not ready.
    """
    warm()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GC)
    chosen = settings.read()
    application = app.build(Hub(url), origin=chosen.origin_at(port))
    config = configure(application, host, port, chosen.proxies)
    _Server(config, application, chosen.drain_s).run()


def configure(application: app.Application, host: str, port: int, proxies: str) -> uvicorn.Config:
    """Give the settings of the server; `proxies` are the addresses whose headers are believed."""
    return uvicorn.Config(
        application,
        host=host,
        port=port,
        loop="uvloop",
        http=Wire,
        ws=cast("type[asyncio.Protocol]", _open_socket),
        ws_max_size=SPEECH_STREAM_FRAME_BYTES,
        ws_per_message_deflate=False,
        lifespan="on",
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies,
        date_header=False,
        backlog=_BACKLOG,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=_DRAIN_S,
    )


def _open_socket(*args: Any, **more: Any) -> asyncio.Protocol:
    """Serve a WebSocket; what speaks it is loaded with the first."""
    from uvicorn.protocols.websockets import websockets_sansio_impl as sockets

    return sockets.WebSocketsSansIOProtocol(*args, **more)


class _Server(uvicorn.Server):
    """Tells the application when it is told to end: open streams would hold it up otherwise. At
    SIGTERM it goes on for `drain_s`; a second signal, or SIGINT, ends that.
    """

    def __init__(
        self, config: uvicorn.Config, application: app.Application, drain_s: float = 0.0
    ) -> None:
        super().__init__(config)
        self._application = application
        self._drain_s = drain_s
        self._end_s: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        was_told = self._end_s is not None
        self._application.drain()
        if sig == signal.SIGTERM and self._drain_s > 0 and not was_told:
            self._end_s = time.monotonic() + self._drain_s
        else:
            super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        if self._end_s is not None and time.monotonic() >= self._end_s:
            return True
        return await super().on_tick(counter)


def warm() -> None:
    """Load the routing engine and the gazetteer, so that no order waits for them."""
    from danshu.capabilities.intake.address import Gazetteer
    from danshu.capabilities.routing import decide, signals
    from danshu.capabilities.routing.batch import NO_PROMISE, Request, RequestLine
    from danshu.capabilities.routing.model import Lane, Region
    from danshu.capabilities.routing.network import Site, build_network
    from danshu.capabilities.routing.scorers.vote import Budget
    from danshu.capabilities.routing.snapshot import Snapshot

    Gazetteer.load()
    lane = Lane(warehouse="W", region="R", transit_min=1, sd_min=1, first_kg_fen=1, extra_kg_fen=1)
    network = build_network([Site("W", 1, 1, 0)], [Region(code="R", name="R")], [lane])
    line = RequestLine("S", 0, 1, 1)
    asked = Request(region="R", promise_min=NO_PROMISE, value_fen=1, lines=(line,))
    decide.decide_batch(
        Snapshot(network, signals.resolve((), network, 0)),
        [asked],
        0,
        np.ones((1, 1), np.int32),
        np.full(1, 9.0),
        budget=Budget(),
    )
