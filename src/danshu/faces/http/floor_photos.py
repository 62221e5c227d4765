"""Photos of work on the floor over HTTP."""

from __future__ import annotations

import uuid
from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.params import FromPath

from danshu.faces.http.floor import TASK, WorkWord
from danshu.faces.http.floor_views import FloorPhoto
from danshu.faces.http.floor_work import At, asking, once_for
from danshu.faces.http.framework import PROBLEMS, READ_PROBLEMS, held_of, hub_of, may, raw_body
from danshu.faces.http.orders import IdempotencyKey
from danshu.hub import floor_acts
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import FLOOR_PHOTO_BYTES
from danshu.ledger import blobs

_IMAGES: Final = ("image/jpeg", "image/png", "image/webp")


@post(
    TASK + "/photos",
    operation_id="addFloorPhoto",
    tags=["floor"],
    responses=PROBLEMS,
    guards=[may("floor.read")],
    status_code=200,
    request_max_body_size=FLOOR_PHOTO_BYTES,
    operation_class=raw_body(f"a photo of at most {FLOOR_PHOTO_BYTES} bytes", *_IMAGES),
)
async def add_photo(
    order_id: FromPath[uuid.UUID],
    fulfilment: FromPath[int],
    work: FromPath[WorkWord],
    request: Request[Any, Any, Any],
    idempotency_key: IdempotencyKey = None,
) -> Response[FloorPhoto]:
    """Keep a photo of this work under its digest; the fact that ends the work names it."""
    asked = asking(request, order_id, fulfilment, work, idempotency_key)
    body = await request.body()

    async def deed(at: At) -> FloorPhoto | Refusal:
        told = await floor_acts.keep_photo(
            at.connection, at.world, at.worker, at.task, body, at.now_ms
        )
        if isinstance(told, Refusal):
            return told
        return FloorPhoto(digest=told.hex(), size=len(body))

    return await once_for(asked, deed)


@get(
    "/v1/floor/photos/{digest:str}",
    operation_id="readFloorPhoto",
    tags=["floor"],
    responses=READ_PROBLEMS,
    guards=[may("floor.photo")],
    media_type="image/jpeg",
)
async def read_photo(digest: FromPath[str], request: Request[Any, Any, Any]) -> Response[bytes]:
    """Read a photo by the digest that a fact names."""
    held, hub = held_of(request), hub_of(request)
    found = None
    if len(digest) == 64 and set(digest) <= set("0123456789abcdef"):
        async with hub.connection() as connection:
            found = await blobs.read(connection, held.tenant, bytes.fromhex(digest))
    if found is None or found[0] not in _IMAGES:
        raise InputError("not_found", "there is no such photo")
    headers = {"cache-control": "private, max-age=3600", "x-content-type-options": "nosniff"}
    return Response(found[1], media_type=found[0], headers=headers)


ROUTES: Final = [add_photo, read_photo]
