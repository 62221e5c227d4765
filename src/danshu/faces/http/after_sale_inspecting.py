"""Goods that came back, over HTTP 验货: the parcel scanned, its photos, what is signed of it."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, Literal

from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.capabilities.after_sales.model import Inspected
from danshu.faces.http.acting import by_of, claimed_ms
from danshu.faces.http.after_sale_views import CaseAct, CaseShown
from danshu.faces.http.after_sales import read_case
from danshu.faces.http.entering import origin_of
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
    raw_body,
    respond,
)
from danshu.faces.http.placing import PLAIN, Instant
from danshu.faces.http.problems import of
from danshu.hub import (
    acts,
    after_sales_goods,
    after_sales_inspecting,
    after_sales_photos,
    after_sales_rows,
    signing,
    stating,
)
from danshu.hub import performing_rows as rows
from danshu.hub.after_sales import Doing
from danshu.hub.after_sales_rows import Row
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import FLOOR_CODE_CHARS, FLOOR_PHOTO_BYTES, ORDER_BODY_BYTES

Ask = Request[Any, Any, Any]
Deed = Callable[[Doing], Awaitable[Row | Refusal]]
_IMAGES: Final = ("image/jpeg", "image/png")


class ParcelScanned(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The code that a scanner read off the parcel, or a person typed; `device_at` is claimed."""

    code: Annotated[str, Meta(min_length=1, max_length=FLOOR_CODE_CHARS, pattern=PLAIN)]
    device_at: Instant | None = None


class ParcelOpened(Struct, frozen=True, kw_only=True):
    """The inspection has begun. `act` is the signed act under way, "" where this person's is the
    merchant's word alone; `grade` what its end asks for: A = a passkey's signature.
    """

    act: str
    grade: str


class ShowInspection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """In which language the statement is shown."""

    lang: Literal["zh", "en"] = "zh"


async def inspection(request: Ask, case_id: uuid.UUID, data: CaseAct) -> Deed:
    """Give what an inspection does once order and case are locked: the signed act, then the case.

    The challenge of a signature is used up here, outside of any transaction.
    """
    hub, held = hub_of(request), held_of(request)
    by, origin, now_ms = by_of(held), origin_of(request), hub.clock()
    device_ms = claimed_ms(data.device_at, now_ms)
    is_fresh = False
    if data.credential is not None:
        async with hub.connection() as connection:
            bound = await after_sales_inspecting.challenged(
                connection, held.tenant, case_id, by, now_ms
            )
            is_fresh = await signing.spend(connection, held.tenant, data.credential, bound, now_ms)
    found = tuple(
        Inspected(grade=n.grade, line=n.line, outcome=n.outcome, quantity=n.quantity, sku=n.sku)
        for n in data.found
    )

    async def inspect(doing: Doing) -> Row | Refusal:
        refusal = after_sales_goods.why_not(doing.case, found)
        if refusal is not None:
            return refusal
        done = None
        if data.performance is None:
            done = await after_sales_inspecting.perform(
                doing,
                origin,
                by,
                credential=data.credential,
                is_fresh=is_fresh,
                device_ms=device_ms,
                lang=data.lang,
            )
        if isinstance(done, Refusal):
            return done
        performance = done.act if done is not None else data.performance
        return await after_sales_goods.inspect(
            doing, found, data.note, performance, is_heard=done is not None
        )

    return inspect


@post(
    "/v1/after-sales/{case_id:uuid}/parcel",
    operation_id="scanAfterSaleParcel",
    tags=["after-sales"],
    responses=PROBLEMS,
    guards=[may("after_sale.inspect"), only_json],
    status_code=200,
    request_max_body_size=ORDER_BODY_BYTES,
)
async def scan_parcel(
    case_id: FromPath[uuid.UUID], data: JSONBody[ParcelScanned], request: Ask
) -> Response[ParcelOpened]:
    """Begin the inspection of a received parcel, with its waybill or the order's number."""
    hub, held = hub_of(request), held_of(request)
    world = await hub.worlds.ensure(held.tenant)
    now_ms = hub.clock()
    device_ms = claimed_ms(data.device_at, now_ms)
    async with hub.connection() as connection, connection.transaction():
        row = await after_sales_rows.read(connection, held.tenant, case_id)
        await acts.hold(connection, world, row.order)
        row = await after_sales_rows.read(connection, held.tenant, case_id, locked=True)
        told = await after_sales_inspecting.open_parcel(
            connection, world, row, by_of(held), data.code.strip(), device_ms, now_ms
        )
        grade = ""
        if isinstance(told, rows.Act):
            grade = (await stating.version_of(connection, held.tenant, told)).who.grade
    if isinstance(told, Refusal):
        return respond(of(told))
    return Response(ParcelOpened(act=str(told.id) if told else "", grade=grade))


@post(
    "/v1/after-sales/{case_id:uuid}/statement",
    operation_id="prepareAfterSaleInspection",
    tags=["after-sales"],
    responses=PROBLEMS,
    guards=[may("after_sale.inspect"), only_json],
    status_code=200,
    request_max_body_size=ORDER_BODY_BYTES,
)
async def show_statement(
    case_id: FromPath[uuid.UUID], data: JSONBody[ShowInspection], request: Ask
) -> Response[stating.Prepared]:
    """Show what an inspector signs, once the parcel is scanned and photographed; with it what the
    passkey is asked. The answer goes with `inspect`.
    """
    hub, held = hub_of(request), held_of(request)
    world = await hub.worlds.ensure(held.tenant)
    async with hub.connection() as connection:
        told = await after_sales_inspecting.state(
            connection, world, origin_of(request), case_id, by_of(held), hub.clock(), data.lang
        )
    return respond(of(told)) if isinstance(told, Refusal) else Response(told)


@post(
    "/v1/after-sales/{case_id:uuid}/photos",
    operation_id="addAfterSalePhoto",
    tags=["after-sales"],
    responses=PROBLEMS,
    guards=[may("after_sale.inspect")],
    status_code=200,
    request_max_body_size=FLOOR_PHOTO_BYTES,
    operation_class=raw_body(f"a photo of at most {FLOOR_PHOTO_BYTES} bytes", *_IMAGES),
)
async def add_photo(case_id: FromPath[uuid.UUID], request: Ask) -> CaseShown:
    """Keep a photo of goods that came back under its digest; the inspection names it."""
    hub, held = hub_of(request), held_of(request)
    body = await request.body()
    place = (held.tenant, case_id)
    world = await hub.worlds.ensure(held.tenant)
    async with hub.connection() as connection, connection.transaction():
        row = await after_sales_rows.read(connection, *place)
        await acts.hold(connection, world, row.order)  # before the case, as everywhere
        row = await after_sales_rows.read(connection, *place, locked=True)
        await after_sales_photos.keep(connection, held.tenant, row, body)
        told = await after_sales_inspecting.add_photo(
            connection, held.tenant, row, by_of(held), body, hub.clock()
        )
        if told is not None:
            raise InputError("too_many", told.reason_en)
    return await read_case(hub, held, case_id)


@get(
    "/v1/after-sales/{case_id:uuid}/photos/{digest:str}",
    operation_id="readAfterSalePhoto",
    tags=["after-sales"],
    responses=READ_PROBLEMS,
    guards=[may("after_sale.read")],
    media_type="image/jpeg",
)
async def read_photo(
    case_id: FromPath[uuid.UUID], digest: FromPath[str], request: Ask
) -> Response[bytes]:
    """Read a photo of a case."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        row = await after_sales_rows.read(connection, held.tenant, case_id)
        kind, body = await after_sales_photos.read(connection, held.tenant, row, digest)
    headers = {"cache-control": "private, max-age=3600", "x-content-type-options": "nosniff"}
    return Response(body, media_type=kind, headers=headers)


ROUTES: Final = [scan_parcel, show_statement, add_photo, read_photo]
