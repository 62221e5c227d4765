"""Evidence of an act over HTTP: readings, files, and reading them again by their digest."""

from __future__ import annotations

import datetime
import uuid
from typing import Annotated, Any, Final, Literal

from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from danshu.faces.http.acting import ACT, At, Number, by_of, claimed_ms, once, open_act, writing
from danshu.faces.http.auth import Held
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    raw_body,
)
from danshu.faces.http.orders import IdempotencyKey
from danshu.faces.http.placing import PLAIN, Instant, Word
from danshu.hub import act_evidence, acting_views
from danshu.hub import performing_rows as rows
from danshu.hub.acting_views import ItemShown
from danshu.hub.evidence_files import MEDIA
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import ACTION_FILE_BYTES, FLOOR_CODE_CHARS
from danshu.ledger import blobs

_Code = Annotated[str, Meta(max_length=FLOOR_CODE_CHARS)]  # GS1 codes hold FNC1 (ASCII 29)
_Day = Annotated[str, Meta(pattern=r"^(\d{4}-\d{2}-\d{2})?$", description="YYYY-MM-DD, or empty")]


class ReadingGiven(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was scanned or typed. A GS1 code names goods, lot and expiry itself.

    `by` is who or what read it, as the caller says; `device_at` the device's own clock, claimed.
    """

    kind: Literal[
        "scan", "expiry_scan", "handover_scan", "waybill_no", "payment_receipt", "carrier_trace"
    ]
    code: _Code = ""
    sku: Word = ""
    line: Number = 0
    lot: Word = ""
    expiry: _Day = ""
    value: Word = ""
    by: Literal["", "person", "device", "system"] = ""
    source: Word = ""
    device_at: Instant | None = None


@post(**writing(ACT + "/evidence", "addActReading"))
async def add_reading(
    order_id: FromPath[uuid.UUID],
    act_id: FromPath[uuid.UUID],
    data: JSONBody[ReadingGiven],
    request: Request[Any, Any, Any],
    idempotency_key: IdempotencyKey = None,
) -> Response[ItemShown]:
    """Hand in what was scanned or typed; a statement that was shown before holds no longer."""
    held = held_of(request)
    by = by_of(held)

    async def deed(at: At) -> ItemShown | Refusal:
        act = await open_act(at, order_id, act_id)
        if isinstance(act, Refusal):
            return act
        given = act_evidence.Reading(
            **{name: getattr(data, name) for name in act_evidence.Reading.__struct_fields__}
        )
        how = _collected(held, data.by, data.source, data.device_at, at.now_ms)
        told = await act_evidence.add_reading(at.connection, at.world, act, given, how, at.now_ms)
        return told if isinstance(told, Refusal) else acting_views.show_item(told)

    return await once(request, order_id, idempotency_key, by, deed)


def _collected(
    held: Held, by: str, source: str, device_at: datetime.datetime | None, now_ms: int
) -> act_evidence.Collected:
    """Say by whom a piece was collected. A person's client speaks of persons and their scanners;
    systems show a key.
    """
    if held.session is not None and (by == "system" or source):
        raise InputError("bad_evidence", "what a system collects is handed in by its key", "/by")
    return act_evidence.Collected(
        by=by or ("person" if held.session else "system"),
        source=source,
        device_ms=claimed_ms(device_at, now_ms),
    )


@post(
    ACT + "/files",
    operation_id="addActFile",
    tags=["actions"],
    responses=PROBLEMS,
    guards=[may("action.perform")],
    status_code=200,
    request_max_body_size=ACTION_FILE_BYTES,
    operation_class=raw_body(
        f"a file of at most {ACTION_FILE_BYTES} bytes",
        *sorted({media for kinds in MEDIA.values() for media in kinds}),
    ),
)
async def add_file(
    order_id: FromPath[uuid.UUID],
    act_id: FromPath[uuid.UUID],
    request: Request[Any, Any, Any],
    kind: Annotated[str, QueryParameter(max_length=64, pattern=PLAIN)],
    sku: Annotated[str, QueryParameter(max_length=64, pattern=PLAIN)] = "",
    lot: Annotated[str, QueryParameter(max_length=64, pattern=PLAIN)] = "",
    value: Annotated[str, QueryParameter(max_length=64, pattern=PLAIN)] = "",
    by: Annotated[Literal["", "person", "device", "system"], QueryParameter()] = "",
    source: Annotated[str, QueryParameter(max_length=64, pattern=PLAIN)] = "",
    device_at: Annotated[datetime.datetime | None, QueryParameter()] = None,
    idempotency_key: IdempotencyKey = None,
) -> Response[ItemShown]:
    """Hand in a photo, clip, drawing, series, document or sample; kept as it is under its digest.

    What it is, its first bytes say. A person hands in what persons collect; devices show a key.
    """
    held = held_of(request)
    if held.session is not None and by == "device":
        raise InputError("bad_evidence", "what a device records is handed in by its key", "/by")
    asked = by_of(held)
    body = await request.body()

    async def deed(at: At) -> ItemShown | Refusal:
        act = await open_act(at, order_id, act_id)
        if isinstance(act, Refusal):
            return act
        how = _collected(held, by, source, device_at, at.now_ms)
        told = await act_evidence.add_file(
            at.connection,
            at.world.tenant,
            act,
            kind,
            body,
            how,
            at.now_ms,
            sku=sku,
            lot=lot,
            value=value,
        )
        return told if isinstance(told, Refusal) else acting_views.show_item(told)

    return await once(request, order_id, idempotency_key, asked, deed)


@get(
    "/v1/orders/{order_id:uuid}/blobs/{digest:str}",
    operation_id="readEvidenceFile",
    tags=["actions"],
    responses=READ_PROBLEMS,
    guards=[may("action.evidence")],
    media_type="application/octet-stream",
)
async def read_file(
    order_id: FromPath[uuid.UUID], digest: FromPath[str], request: Request[Any, Any, Any]
) -> Response[bytes]:
    """Read evidence, a statement or a signature of an order by the digest that a fact names."""
    held, hub = held_of(request), hub_of(request)
    found = None
    if len(digest) == 64 and set(digest) <= set("0123456789abcdef"):
        async with hub.connection() as connection:
            raw = bytes.fromhex(digest)
            if await rows.owns(connection, held.tenant, order_id, raw):
                found = await blobs.read(connection, held.tenant, raw)
    if found is None:
        raise InputError("not_found", "there is no such evidence, or it was erased")
    media, body = found
    inline = media.startswith(("image/", "video/", "audio/")) or media == "application/json"
    headers = {
        "cache-control": "private, max-age=3600",
        "content-disposition": "inline" if inline else f'attachment; filename="{digest[:16]}"',
        "content-security-policy": "default-src 'none'; sandbox",
        "x-content-type-options": "nosniff",
    }
    return Response(body, media_type=media, headers=headers)


ROUTES: Final = [add_reading, add_file, read_file]
