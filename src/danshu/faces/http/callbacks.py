"""The doors of far sides: POST /v1/connectors/{id}/callbacks, proved by their own signature."""

from __future__ import annotations

import uuid
from typing import Any, Final
from urllib.parse import parse_qsl

from litestar import Request, Response, post
from litestar.params import FromPath

from danshu.faces.http.framework import PROBLEMS, hub_of, raw_body
from danshu.hub import connector_callbacks
from danshu.hub.compose import now_ms
from danshu.kernel.errors import InputError
from danshu.kernel.limits import CALLBACK_BYTES
from danshu.ports.connector import Hearing

_QUERY_FIELDS: Final = 100


@post(
    "/v1/connectors/{connector_id:uuid}/callbacks",
    operation_id="takeCallback",
    tags=["connectors"],
    responses={n: PROBLEMS[n] for n in (400, 404, 413, 503)},
    status_code=200,
    request_max_body_size=CALLBACK_BYTES,
    operation_class=raw_body(
        "What a far side says, in its own form and signed in its own way; it is answered in its own"
        " form too: 401 where the signature is not its own",
        "application/json",
        "application/x-www-form-urlencoded",
        "text/xml",
    ),
)
async def take_callback(
    connector_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]
) -> Response[bytes]:
    """Take what a far side says of a call, or of its own accord. No key: its signature is proved
    by the connector. Repeated, it does nothing again; what can't be read is kept in the inbox.
    """
    try:
        text = request.scope["query_string"].decode("ascii")
        query = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_QUERY_FIELDS))
    except ValueError as error:
        raise InputError("bad_filter", "the query cannot be read") from error
    heard = Hearing(body=await request.body(), headers=dict(request.headers), query=query)
    told = await connector_callbacks.take(hub_of(request), connector_id, heard, now_ms())
    status, kind, body = told
    return Response(body, status_code=status, media_type=kind)


ROUTES: Final = [take_callback]
