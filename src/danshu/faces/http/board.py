"""The board: the overview in one answer, how far the log is sealed, and the live stream."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final, Literal

from litestar import Request, Response, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import HeaderParameter, QueryParameter
from litestar.response import Stream

from danshu.faces.http.auth import Held
from danshu.faces.http.framework import READ_PROBLEMS, held_of, hub_of, may
from danshu.faces.http.questions import Word
from danshu.hub import live, trust
from danshu.hub.board_model import Overview
from danshu.hub.board_views import Boards
from danshu.hub.live import Listener, Live
from danshu.hub.trust import Trustworthiness
from danshu.kernel.errors import Busy
from danshu.kernel.limits import LIVE_S, RETRY_AFTER_S

Range = Annotated[Literal["today", "7d"], QueryParameter(name="range")]
_EVENT_STREAM: Final = "text/event-stream"
_RETRY: Final = b"retry: 2000\n\n"


@get(
    "/v1/board/overview",
    operation_id="getOverview",
    tags=["board"],
    responses=READ_PROBLEMS,
    guards=[may("board.read")],
)
async def get_overview(
    request: Request[Any, Any, Any],
    channel: Word = "",
    warehouse: Word = "",
    range_: Range = "today",
) -> Response[Overview]:
    """Read the overview from the board's counters; the same answer for all who ask in a second.

    Days are those of Asia/Shanghai.
    """
    boards: Boards = request.app.state.boards
    return Response(await boards.read(held_of(request).tenant, channel, warehouse, range_))


@get(
    "/v1/board/trust",
    operation_id="getTrustworthiness",
    tags=["board"],
    responses=READ_PROBLEMS,
    guards=[may("board.read")],
)
async def get_trustworthiness(request: Request[Any, Any, Any]) -> Trustworthiness:
    """Read how far the log is sealed, and what is known of the clock."""
    hub = hub_of(request)
    async with hub.connection() as connection:
        return await trust.read(connection, held_of(request).tenant, hub.clock())


@get(
    "/v1/console/live",
    operation_id="listenLive",
    tags=["board"],
    responses={
        **READ_PROBLEMS,
        200: ResponseSpec(
            bytes,
            media_type=_EVENT_STREAM,
            description="Server-sent events, see the reference",
            generate_examples=False,
        ),
    },
    guards=[may("board.read")],
    media_type=_EVENT_STREAM,
)
async def listen_live(
    request: Request[Any, Any, Any],
    last_event_id: Annotated[
        str | None,
        HeaderParameter(
            name="Last-Event-ID", max_length=64, description="resume after this message"
        ),
    ] = None,
) -> Stream:
    """Listen to what happens, once a second (SSE): `pulse`, `orders`, `figures`, `trust`, `jobs`.

    One stream a browser. `reload` says that messages were missed: ask afresh.
    """
    held = held_of(request)
    room: Live = request.app.state.live
    if room.is_full:
        raise Busy("too many consoles listen", RETRY_AFTER_S)
    return Stream(
        _chunks(room, held.tenant, _listener(held), last_event_id or ""),
        media_type=_EVENT_STREAM,
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


def _listener(held: Held) -> Listener:
    topics = frozenset([topic for topic, right in live.RIGHTS.items() if right in held.possible])
    if held.session is None:
        return Listener(topics, held.caller.key, ("key", held.caller.key))
    return Listener(topics, str(held.session.row.id), ("session", str(held.session.id)))


async def _chunks(
    room: Live, tenant: int, listener: Listener, last_id: str
) -> AsyncIterator[bytes]:
    end_s = time.monotonic() + LIVE_S
    room.open(tenant, listener, last_id)
    try:
        yield _RETRY
        while time.monotonic() < end_s:
            chunk = await listener.queue.get()
            if chunk is None:
                return
            yield chunk
    finally:
        room.leave(tenant, listener)


ROUTES: Final = [get_overview, get_trustworthiness, listen_live]
