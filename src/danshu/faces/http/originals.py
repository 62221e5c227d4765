"""Originals over HTTP: sent in as they are, read back with how they were read, answered for."""

from __future__ import annotations

import datetime
import re
import uuid
from typing import Annotated, Any, Final
from urllib.parse import quote

from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from danshu.faces.http import placing, problems
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    declare_read,
    declare_write,
    held_of,
    hub_of,
    may,
    raw_body,
    respond,
)
from danshu.faces.http.orders import IdempotencyKey
from danshu.faces.http.originals_shapes import (
    OriginalAsk,
    OriginalConfirm,
    OriginalPage,
    OriginalReject,
    OriginalView,
    Source,
    read_source,
)
from danshu.faces.http.originals_shapes import OriginalRow as OriginalRow
from danshu.faces.http.originals_shapes import show as show
from danshu.faces.http.questions import Cursor, Limit, Word, read_place, write_place
from danshu.hub import original_reviews, original_rows, originals
from danshu.hub.fields import PLAIN
from danshu.hub.original_rows import Row
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import ORIGINAL_BYTES, ORIGINAL_DRAFT_BYTES, PAGE_ROWS
from danshu.ports.modality import Question

_ANY: Final = "*/*"
_INLINE: Final = frozenset(
    {"image/png", "image/jpeg", "image/webp", "image/gif", "text/plain", "application/json"}
)
_RANGE: Final = re.compile(r"bytes=(\d{0,12})-(\d{0,12})", re.ASCII)
_ID: Final = "/v1/originals/{original:uuid}"


def _read_id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise InputError("bad_cursor", "the cursor is not one of ours") from error


async def _tell(request: Request[Any, Any, Any], row: Row, status: int = 200) -> Response[Any]:
    async with hub_of(request).connection() as connection:
        parsed = await original_rows.read_parsed(connection, held_of(request).tenant, row.id)
    shown = OriginalView(row=show(row), draft=row.draft, parsed=parsed)
    return Response(shown, status_code=status)


@post(
    "/v1/originals",
    operation_id="sendOriginal",
    tags=["originals"],
    responses=PROBLEMS,
    guards=[may("original.write")],
    request_max_body_size=ORIGINAL_BYTES,
    operation_class=raw_body("the original, as it is; its media type by Content-Type", _ANY),
)
async def send_original(
    request: Request[Any, Any, Any],
    modality: Word = "",
    name: Annotated[str, QueryParameter(max_length=200, pattern=PLAIN)] = "",
    source: Source = "",
    idempotency_key: IdempotencyKey = None,
) -> Response[OriginalView]:
    """Send an original: durable when this answers 201. What needs no model is read at once, all
    else by the room `originals`; 200 when the key was known.
    """
    hub, held = hub_of(request), held_of(request)
    key = ""
    if idempotency_key is not None:
        key = "api/" + placing.read_key(idempotency_key.encode("latin-1", "replace"))
    told = {"via": "api", **read_source(source)}
    kind = request.headers.get("content-type", "")
    row = await originals.receive(
        hub,
        held.tenant,
        modality=modality,
        body=await request.body(),
        media_type=kind,
        name=name,
        source=told,
        actor=held.actor,
        key=key,
    )
    if isinstance(row, Refusal):
        return respond(problems.of(row))
    is_new = row.state == "received" and not row.tries
    if is_new:
        row = await originals.read_now(hub, held.tenant, row)
    return await _tell(request, row, 201 if is_new else 200)


@get("/v1/originals", **declare_read("listOriginals", "originals", "original.read"))
async def list_originals(
    request: Request[Any, Any, Any],
    standing: Annotated[
        str,
        QueryParameter(name="state", max_length=64, pattern=PLAIN, description="states, by commas"),
    ] = "",
    modality: Word = "",
    device_class: Word = "",
    device: Word = "",
    store: Word = "",
    cursor: Cursor = "",
    limit: Limit = PAGE_ROWS,
) -> OriginalPage:
    """List originals, the newest first."""
    after = None
    if cursor:
        at_us, id_ = read_place(cursor, int, str)
        epoch = datetime.datetime.fromtimestamp(0, datetime.UTC)
        after = (epoch + datetime.timedelta(microseconds=int(at_us)), _read_id(str(id_)))
    filters = {
        "state": standing,
        "modality": modality,
        "device_class": device_class,
        "device": device,
        "store": store,
    }
    async with hub_of(request).connection() as connection:
        rows = await original_rows.list_rows(
            connection, held_of(request).tenant, filters, after, limit + 1
        )
    following = ""
    if len(rows) > limit:
        last = rows[limit - 1]
        following = write_place(last.received_us, str(last.id))
    return OriginalPage(items=tuple([show(r) for r in rows[:limit]]), next=following)


@get(_ID, **declare_read("readOriginal", "originals", "original.read"))
async def read_original(
    original: FromPath[uuid.UUID], request: Request[Any, Any, Any]
) -> Response[OriginalView]:
    """Read an original: its state, its draft, and all that was read in it."""
    async with hub_of(request).connection() as connection:
        row = await original_rows.find(connection, held_of(request).tenant, original)
    return await _tell(request, row)


@get(
    _ID + "/content",
    operation_id="readOriginalContent",
    tags=["originals"],
    responses=READ_PROBLEMS,
    guards=[may("original.read")],
    media_type="application/octet-stream",
)
async def read_content(
    original: FromPath[uuid.UUID], request: Request[Any, Any, Any]
) -> Response[bytes]:
    """Read the bytes of an original, or a range of them (RFC 9110, one range). No browser takes
    them for a page of ours.
    """
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        row = await original_rows.find(connection, tenant, original)
        body = await originals.content(connection, tenant, row)
    if body is None:
        raise InputError("no_original", "the bytes of this original were erased")
    headers = {
        "accept-ranges": "bytes",
        "cache-control": "private, max-age=3600",
        "content-security-policy": "sandbox; default-src 'none'",
        "x-content-type-options": "nosniff",
    }
    is_shown = row.media_type in _INLINE or row.media_type.startswith("audio/")
    named = quote(row.name or f"{row.id}", safe="")
    headers["content-disposition"] = (
        f"{'inline' if is_shown else 'attachment'}; filename*=UTF-8''{named}"
    )
    kind = "text/plain; charset=utf-8" if row.media_type == "text/plain" else row.media_type
    cut = _cut(request.headers.get("range", ""), len(body))
    if cut is None:
        return Response(body, media_type=kind, headers=headers)
    first, end = cut
    if first >= end:
        headers["content-range"] = f"bytes */{len(body)}"
        return Response(b"", media_type=kind, headers=headers, status_code=416)
    headers["content-range"] = f"bytes {first}-{end - 1}/{len(body)}"
    return Response(body[first:end], media_type=kind, headers=headers, status_code=206)


def _cut(asked: str, size: int) -> tuple[int, int] | None:
    """Read a range: from and to (half-open); None where the whole is asked for."""
    found = _RANGE.fullmatch(asked.strip())
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        return max(0, size - int(last)), size
    return int(first), min(int(last) + 1, size) if last else size


@post(
    _ID + "/confirm",
    **declare_write("confirmOriginal", "originals", "review.decide", ORIGINAL_DRAFT_BYTES),
    status_code=200,
)
async def confirm_original(
    original: FromPath[uuid.UUID],
    data: JSONBody[OriginalConfirm],
    request: Request[Any, Any, Any],
) -> Response[OriginalView]:
    """Answer for a draft: it is ordered, or done, when this answers."""
    held = held_of(request)
    row = await original_reviews.confirm(
        hub_of(request), held.tenant, original, data.draft, held.actor
    )
    return respond(problems.of(row)) if isinstance(row, Refusal) else await _tell(request, row)


@post(
    _ID + "/reject",
    **declare_write("rejectOriginal", "originals", "review.decide"),
    status_code=200,
)
async def reject_original(
    original: FromPath[uuid.UUID],
    data: JSONBody[OriginalReject],
    request: Request[Any, Any, Any],
) -> Response[OriginalView]:
    """Decide that nothing is ordered for it."""
    hub, held = hub_of(request), held_of(request)
    row = await original_reviews.reject(
        hub, held.tenant, original, data.reason, data.words, held.actor
    )
    return respond(problems.of(row)) if isinstance(row, Refusal) else await _tell(request, row)


@post(
    _ID + "/ask", **declare_write("askAboutOriginal", "originals", "review.decide"),
    status_code=200,
)  # fmt: skip
async def ask_about(
    original: FromPath[uuid.UUID], data: JSONBody[OriginalAsk], request: Request[Any, Any, Any]
) -> Response[OriginalView]:
    """Put a question to who sent it."""
    hub, held = hub_of(request), held_of(request)
    question = Question(code=data.code, path=data.path, said=data.said, candidates=data.candidates)
    row = await original_reviews.ask(hub, held.tenant, original, question, held.actor)
    return respond(problems.of(row)) if isinstance(row, Refusal) else await _tell(request, row)


@post(
    _ID + "/read-again",
    operation_id="readOriginalAgain",
    tags=["originals"],
    responses=PROBLEMS,
    guards=[may("review.decide")],
    status_code=200,
)
async def read_again(
    original: FromPath[uuid.UUID], request: Request[Any, Any, Any]
) -> Response[OriginalView]:
    """Have it read anew, by what is there now."""
    hub, held = hub_of(request), held_of(request)
    row = await originals.read_again(hub, held.tenant, original, held.actor)
    if isinstance(row, Refusal):
        return respond(problems.of(row))
    return await _tell(request, await originals.read_now(hub, held.tenant, row))


@get(
    "/v1/orders/{order_id:uuid}/originals",
    **declare_read("listOrderOriginals", "originals", "original.read"),
)
async def of_order(
    order_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]
) -> tuple[OriginalRow, ...]:
    """List the originals that an order was placed from."""
    async with hub_of(request).connection() as connection:
        rows = await original_rows.of_order(connection, held_of(request).tenant, order_id)
    return tuple([show(r) for r in rows])


ROUTES: Final = [
    send_original,
    list_originals,
    read_original,
    read_content,
    confirm_original,
    reject_original,
    ask_about,
    read_again,
    of_order,
]
