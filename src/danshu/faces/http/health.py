"""Is the process alive, is the hub ready? The only routes without a key, beside the document."""

from __future__ import annotations

from typing import Any, Final

import psycopg
from litestar import Request, Response, get
from msgspec import Struct

from danshu.kernel.errors import NotAvailable


class Health(Struct, frozen=True, kw_only=True):
    """`ok`, or what is wrong."""

    status: str


@get("/health/live", operation_id="live", tags=["health"], sync_to_thread=False, security=[{}])
def live() -> Health:
    """Tell that the process answers."""
    return Health(status="ok")


@get("/health/ready", operation_id="ready", tags=["health"], security=[{}])
async def ready(request: Request[Any, Any, Any]) -> Response[Health]:
    """Tell whether the database answers; 503 while it does not."""
    try:
        async with request.app.state.hub.connection() as connection:
            await connection.execute("select 1")
    except (NotAvailable, psycopg.Error):
        return Response(Health(status="the database does not answer"), status_code=503)
    return Response(Health(status="ok"))


ROUTES: Final = [live, ready]
