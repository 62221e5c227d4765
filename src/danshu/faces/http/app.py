"""The application: two raw routes, Litestar for all others, and one life for hub and server."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from typing import Any, Final

from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme

from danshu.faces.http import customer, headers, health, metrics, proofs, reference, riders, traced
from danshu.faces.http.auth import Keyring
from danshu.faces.http.channels import Doors
from danshu.faces.http.console import Console
from danshu.faces.http.framework import Strict, StrictStructs, on_error, recall
from danshu.faces.http.hot import CHANNELS, ORDERS, Hot, explain
from danshu.faces.http.routes import ROUTES
from danshu.faces.mcp import door
from danshu.hub import entry, measuring, oidc, tracing
from danshu.hub.board_views import Boards
from danshu.hub.compose import Hub
from danshu.hub.job_runner import Runner
from danshu.hub.live import Live
from danshu.hub.view_counts import ViewCounts
from danshu.kernel.limits import BATCH_BODY_BYTES
from danshu.ledger.engine import home
from danshu.ledger.prove import Prover

_READING: Final = frozenset({"GET", "HEAD"})
_OPENAPI: Final = OpenAPIConfig(
    title="Danshu 单枢",
    version="1",
    description="Orders are decided, promised, reserved, made durable and provable.",
    path="/docs",
    render_plugins=[reference.Page(), reference.Style()],
    components=Components(
        security_schemes={
            "key": SecurityScheme(type="http", scheme="bearer", description="dsk_…"),
            "session": SecurityScheme(
                type="apiKey",
                name="danshu",
                security_scheme_in="cookie",
                description="of the console; by https __Host-danshu",
            ),
        }
    ),
    security=[{"key": []}, {"session": []}],
)


class Application:
    """The outer ASGI function. With `raw` False even the intake routes go through the framework.

    `ended` is an application whose life is over: its routes and files are taken over, as laying
    out the routes takes longer than everything else together.
    """

    def __init__(
        self, hub: Hub, *, raw: bool = True, origin: str = "", ended: Application | None = None
    ) -> None:
        self.streams = proofs.Streams()
        keyring, doors = Keyring(hub, origin), Doors(hub)
        boards = Boards(hub)
        self.live = Live(hub, boards)
        self.hot = Hot(hub, keyring, doors) if raw else None
        self._rest: Litestar = ended._rest if ended else _frame()
        provider = oidc.Client()
        self.tools = door.Door(hub, keyring, provider, self._rest, explain)
        self._rest.state.clear()
        self._rest.state.update(
            {
                "hub": hub,
                "boards": boards,
                "live": self.live,
                "counts": ViewCounts(hub),
                "runner": Runner(hub, home(os.environ) / "exports"),
                "keyring": keyring,
                "door": entry.open_door(),
                "provider": provider,
                "tools": self.tools,
                "doors": doors,
                "streams": self.streams,
                "prover": Prover(),
                "doorstep": customer.Doorstep(hub),
                "riders": riders.RiderDoor(hub),
            }
        )
        self._console: Console = ended._console if ended else Console()
        # The first words of the API's paths; all others are pages of the console.
        self._claimed = {route.path[1:].partition("/")[0] for route in self._rest.routes}
        self._is_https = origin.startswith("https://")

    def describe(self) -> bytes:
        """Give the OpenAPI document of the routes."""
        return reference.document(self._rest)

    def drain(self) -> None:
        """Go on answering, but be ready no more: streams end, and each answer closes its
        connection, so that callers come back by another node.
        """
        self.streams.closing = True
        self.live.closing = True
        if self.hot is not None:
            self.hot.draining = True

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one connection."""
        if scope["type"] == "http":
            if self.streams.closing:
                send = headers.closing(send)
            path, method = scope["path"], scope["method"]
            if self.hot is not None and method == "POST":
                if path == ORDERS:
                    return await self.hot.place(scope, receive, send)
                if path.startswith(CHANNELS):
                    return await self.hot.channel(scope, receive, send)
            if method in _READING and not self._claims(path):
                return await self._console(scope, send, self._is_https)
            send = headers.sending(scope, send, self._is_https)
            if path.startswith(door.PATHS):
                return await self.tools(scope, receive, send)
            if tracing.is_on():
                return await traced.answer(self._rest, scope, receive, send)
        await self._rest(scope, receive, send)

    def _claims(self, path: str) -> bool:
        """Tell whether a path is the API's or the tools'; others are pages of the console."""
        return path[1:].partition("/")[0] in self._claimed or path.startswith(door.PATHS)


def build(
    hub: Hub, *, raw: bool = True, origin: str = "", ended: Application | None = None
) -> Application:
    """Make the application over a hub, whose life is the server's: it starts and closes with it.

    `origin` is where browsers find it (https://host): what passkeys and cookies are bound to.
    """
    return Application(hub, raw=raw, origin=origin, ended=ended)


@contextlib.asynccontextmanager
async def _live(frame: Litestar) -> AsyncIterator[None]:
    hub, runner, live, tools = (frame.state[n] for n in ("hub", "runner", "live", "tools"))
    tracing.begin("danshu serve")
    await hub.start()
    running = asyncio.create_task(runner.run())
    publishing = asyncio.create_task(measuring.publish(hub))
    try:
        yield
    finally:
        running.cancel()
        publishing.cancel()
        await asyncio.gather(running, publishing, return_exceptions=True)
        await live.stop()
        await tools.close()
        await hub.close()
        tracing.end()


def _frame() -> Litestar:
    return Litestar(
        [
            *health.ROUTES,
            *metrics.ROUTES,
            Router("/", route_handlers=ROUTES, dto=Strict, return_dto=None, before_request=recall),
        ],
        plugins=[StrictStructs()],
        openapi_config=_OPENAPI,
        exception_handlers={Exception: on_error},
        lifespan=[_live],
        logging_config=None,
        state=State(),
        request_max_body_size=BATCH_BODY_BYTES,
    )
