"""Signals: what feeds and sensors tell about the 17 variables of routing."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Request, Response, post
from litestar.params import FromPath, QueryParameter

from danshu.faces.http.framework import PROBLEMS, held_of, hub_of, may, raw_body
from danshu.hub import signal_feeds
from danshu.hub.fields import PLAIN
from danshu.hub.readings import Taken
from danshu.kernel.errors import InputError
from danshu.kernel.limits import SIGNAL_BODY_BYTES
from danshu.ports.signal import Message

Place = Annotated[
    str,
    QueryParameter(
        max_length=64,
        pattern=PLAIN,
        description="what the message is about, where it does not say so itself: ad:440300",
    ),
]
Topic = Annotated[
    str, QueryParameter(max_length=200, pattern=PLAIN, description="the MQTT or NATS topic it had")
]


@post(
    "/v1/signals/{feed:str}",
    operation_id="tellSignals",
    tags=["signals"],
    responses=PROBLEMS,
    guards=[may("signal.write")],
    status_code=200,
    request_max_body_size=SIGNAL_BODY_BYTES,
    operation_class=raw_body("A message in the feed's own form", "application/json"),
)
async def tell_signals(
    feed: FromPath[str], request: Request[Any, Any, Any], place: Place = "", topic: Topic = ""
) -> Response[Taken]:
    """Take a feed's message. What it says is committed when this answers; what of it could not be
    understood is named, and nothing else is lost by it. The same message again changes nothing.
    """
    hub = hub_of(request)
    body = await request.body()
    if not body:
        raise InputError("empty_body", "the body is empty")
    message = Message(
        body=body,
        received_ms=hub.clock(),
        headers=dict(request.headers),
        topic=topic,
        place=place,
    )
    async with hub.connection() as connection:
        taken = await signal_feeds.take(
            connection, hub.readings, held_of(request).tenant, feed, message
        )
    return Response(taken)


ROUTES: Final = [tell_signals]
