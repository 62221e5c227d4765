"""The channels' route as the document shows it; requests are answered by the raw route (hot.py)."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Request, Response, post
from litestar.params import FromPath, QueryParameter

from danshu.faces.http.channels import Doors
from danshu.faces.http.framework import PROBLEMS, raw_body
from danshu.kernel.limits import CHANNEL_BODY_BYTES


@post(
    "/v1/channels/{channel:str}",
    operation_id="receiveMessage",
    tags=["channels"],
    responses={n: PROBLEMS[n] for n in (400, 404, 413, 429, 503)},
    status_code=200,
    security=[{}],
    request_max_body_size=CHANNEL_BODY_BYTES,
    operation_class=raw_body("The platform's message, signed as the platform signs", "*/*"),
)
async def receive_message(
    channel: FromPath[str],
    request: Request[Any, Any, Any],
    account: Annotated[str, QueryParameter(description="<tenant>.<account>")] = "",
) -> Response[bytes]:
    """Take a platform's message and answer in the platform's form; a wrong signature is 401 in that
    form.
    """
    doors: Doors = request.app.state.doors
    done = await doors.knock(
        channel,
        request.scope["query_string"],
        {k.decode("latin-1"): v.decode("latin-1") for k, v in request.scope["headers"]},
        await request.body(),
    )
    return Response(done.body, status_code=done.status, media_type=done.content_type)


ROUTES: Final = [receive_message]
