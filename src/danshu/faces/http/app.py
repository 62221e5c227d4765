"""The application: two raw routes, Litestar for all others, and one life for hub and server."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import SwaggerRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

from danshu.faces.http import (
    access,
    health,
    masters,
    orders,
    promises,
    proofs,
    receiving,
    stock,
    transitions,
)
from danshu.faces.http.auth import Keyring
from danshu.faces.http.channels import Doors
from danshu.faces.http.framework import Strict, StrictStructs, on_error
from danshu.faces.http.hot import CHANNELS, ORDERS, Hot
from danshu.hub.compose import Hub
from danshu.kernel.limits import BATCH_BODY_BYTES
from danshu.ledger.prove import Prover

_ROUTES: Final = [
    *orders.ROUTES,
    *transitions.ROUTES,
    *proofs.ROUTES,
    *receiving.ROUTES,
    *stock.ROUTES,
    *masters.ROUTES,
    *promises.ROUTES,
    *access.ROUTES,
]
ASGI = Callable[[Any, Any, Any], Awaitable[None]]
_OPENAPI: Final = OpenAPIConfig(
    title="Danshu 单枢",
    version="1",
    description="Orders are decided, promised, reserved, made durable and provable.",
    path="/docs",
    render_plugins=[SwaggerRenderPlugin()],
    components=Components(
        security_schemes={
            "key": SecurityScheme(type="http", scheme="bearer", description="dsk_…"),
        }
    ),
    security=[{"key": []}],
)


def build(hub: Hub, *, owns: bool = True) -> ASGI:
    """Make the application over a hub; with `owns` its life is the server's (start and close)."""
    keyring, doors, streams = Keyring(hub), Doors(hub), proofs.Streams()

    @contextlib.asynccontextmanager
    async def live(app: Litestar) -> AsyncIterator[None]:
        if owns:
            await hub.start()
        try:
            yield
        finally:
            if owns:
                await hub.close()

    rest = Litestar(
        [
            *health.ROUTES,
            Router("/", route_handlers=_ROUTES, dto=Strict, return_dto=None),
        ],
        plugins=[StrictStructs()],
        openapi_config=_OPENAPI,
        exception_handlers={Exception: on_error},
        lifespan=[live],
        logging_config=None,
        state=State(
            {
                "hub": hub,
                "keyring": keyring,
                "doors": doors,
                "streams": streams,
                "prover": Prover(),
            }
        ),
        request_max_body_size=BATCH_BODY_BYTES,
    )
    hot = Hot(hub, keyring, doors)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["method"] == "POST":
            path = scope["path"]
            if path == ORDERS:
                return await hot.place(scope, receive, send)
            if path.startswith(CHANNELS):
                return await hot.channel(scope, receive, send)
        await rest(scope, receive, send)

    return app
