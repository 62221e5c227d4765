"""Is the process alive, is the hub ready? The only routes without a key, beside the document."""

from __future__ import annotations

from typing import Any, Final

import psycopg
from litestar import Request, Response, get
from msgspec import Struct

from danshu.hub import log_state
from danshu.kernel.errors import NotAvailable

DRAINING: Final = "draining"


class Health(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`ok`, or what is wrong. `troubles` are what a person should see to while orders go on:
    a log that is forked, with what to do; whose it is, `/v1/books` says.
    """

    status: str
    troubles: tuple[str, ...] = ()


@get("/health/live", operation_id="live", tags=["health"], sync_to_thread=False, security=[{}])
def live() -> Health:
    """Tell that the process answers."""
    return Health(status="ok")


@get("/health/ready", operation_id="ready", tags=["health"], security=[{}])
async def ready(request: Request[Any, Any, Any]) -> Response[Health]:
    """Tell whether the database answers; 503 while it does not, and once this node is to end."""
    if request.app.state.streams.closing:
        return Response(Health(status=DRAINING), status_code=503)
    try:
        async with request.app.state.hub.connection() as connection:
            troubles = await log_state.find_troubles(connection)
    except (NotAvailable, psycopg.Error):
        return Response(Health(status="the database does not answer"), status_code=503)
    return Response(Health(status="ok", troubles=troubles))


ROUTES: Final = [live, ready]
