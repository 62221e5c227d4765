"""What Prometheus scrapes of a server; see hub/exposition.py for the series, hub/scraping.py for
who may.
"""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response, get

from danshu.hub import exposition, scraping
from danshu.kernel.errors import InputError


@get("/metrics", include_in_schema=False)
async def scrape(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Give the counters of this process and the figures of the installation."""
    peer = request.client.host if request.client else ""
    if not scraping.may_scrape(peer, {k.lower(): v for k, v in request.headers.items()}):
        raise InputError("forbidden", "metrics are for this machine, or for their token")
    hub = request.app.state.hub
    async with hub.connection() as connection:
        body = await exposition.write(connection, hub.batch)
    return Response(body, media_type=exposition.CONTENT_TYPE)


ROUTES: Final = [scrape]
