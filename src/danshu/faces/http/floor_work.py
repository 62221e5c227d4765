"""Work on the floor over HTTP: scans, photos, what was done, what went wrong."""

from __future__ import annotations

import datetime
import hashlib
import uuid
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.capabilities.floor.model import Work
from danshu.faces.http import placing, problems
from danshu.faces.http.auth import Held
from danshu.faces.http.floor import TASK, WorkWord, offered, worker_of, world_of
from danshu.faces.http.floor_views import FloorPhoto, Scanned, Worked, show_scanned
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
    raw_body,
)
from danshu.faces.http.orders import IdempotencyKey
from danshu.faces.http.placing import PLAIN, Instant, Word
from danshu.hub import floor, floor_acts, floor_tasks, replies
from danshu.hub.world import World
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import Actor, rfc3339
from danshu.kernel.limits import (
    EARLIEST_MS,
    FLOOR_CODE_CHARS,
    FLOOR_PHOTO_BYTES,
    LATEST_MS,
    LINE_QUANTITY,
    ORDER_BODY_BYTES,
)
from danshu.ledger import blobs

_Code = Annotated[str, Meta(min_length=1, max_length=FLOOR_CODE_CHARS, pattern=PLAIN)]
_IMAGES: Final = ("image/jpeg", "image/png", "image/webp")
_encode: Final = msgspec.json.Encoder().encode


class ScanCode(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A scanned code that stands for so many units; `device_at` is the device's own clock."""

    code: _Code
    quantity: Annotated[int, Meta(ge=1, le=LINE_QUANTITY)] = 1
    device_at: Instant | None = None


class FinishTask(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The work is done; `carrier` names who took the parcel over."""

    carrier: Word = ""
    device_at: Instant | None = None


class StopTask(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The work cannot go on: `short` and `damaged` name the goods and the whole units found."""

    kind: Literal["short", "damaged", "help"]
    sku: Word = ""
    found: Annotated[int, Meta(ge=0, le=LINE_QUANTITY)] = 0
    detail: Annotated[str, Meta(max_length=200, pattern=PLAIN)] = ""
    device_at: Instant | None = None


class _Asked(Struct, frozen=True, eq=False):
    """A write on a task: who asks, for which, and the key under which its answer is kept."""

    request: Request[Any, Any, Any]
    held: Held
    order: uuid.UUID
    fulfilment: int
    work: Work
    key: str | None


def _asked(
    request: Request[Any, Any, Any], order: uuid.UUID, fulfilment: int, work: str, key: str | None
) -> _Asked:
    held = offered(held_of(request), f"floor.{work}")
    return _Asked(request, held, order, fulfilment, Work(work), key)


class At(Struct, frozen=True, eq=False):
    """Where a deed works: the transaction, the merchant's world, the worker, the locked task."""

    connection: replies.Connection
    world: World
    worker: floor.Worker
    task: floor_tasks.Task
    actor: Actor
    now_ms: int


Deed = Callable[[At], Awaitable[Struct | Refusal]]


async def _once(asked: _Asked, deed: Deed) -> Response[Any]:
    """Do it once under its key in one commit, and answer; what comes again hears the same."""
    hub, held = hub_of(asked.request), asked.held
    key = ""
    if asked.key is not None:
        key = "floor/" + placing.read_key(asked.key.encode("latin-1", "replace"))
    body = await asked.request.body()
    digest = hashlib.sha256(asked.request.scope["path"].encode() + b"\0" + body).digest()
    world = await world_of(hub, held)
    worker = worker_of(held, world, "", f"floor.{asked.work.value}")

    async def do(connection: replies.Connection) -> replies.Reply:
        task = await floor_tasks.open_task(
            connection, world, worker, asked.work, asked.order, asked.fulfilment, locked=True
        )
        told = await deed(At(connection, world, worker, task, held.actor, hub.clock()))
        return _refuse(told) if isinstance(told, Refusal) else (200, _encode(told))

    done = await replies.once(hub, held.tenant, key, digest, do)
    status, content = done if not isinstance(done, Refusal) else _refuse(done)
    kind = "application/json" if status < 300 else problems.PROBLEM_JSON
    return Response(content, status_code=status, media_type=kind)


def _refuse(refusal: Refusal) -> replies.Reply:
    problem = problems.of(refusal)
    return problem.status, _encode(problem)


def _claimed_ms(moment: datetime.datetime | None) -> int:
    """Read what a device says of its own clock: any instant that can be, 0 for none."""
    if moment is None:
        return 0
    ms = int(moment.timestamp() * 1000)
    if not EARLIEST_MS <= ms <= LATEST_MS:
        raise InputError("time", "device_at is between 2000 and 2100", "/device_at")
    return ms


def _write(path: str, operation_id: str) -> dict[str, Any]:
    return {
        "path": TASK + path,
        "operation_id": operation_id,
        "tags": ["floor"],
        "responses": PROBLEMS,
        "guards": [may("floor.read"), only_json],
        "status_code": 200,
        "request_max_body_size": ORDER_BODY_BYTES,
    }


@post(**_write("/scan", "scanFloorTask"))
async def scan_task(
    order_id: FromPath[uuid.UUID],
    fulfilment: FromPath[int],
    work: FromPath[WorkWord],
    data: JSONBody[ScanCode],
    request: Request[Any, Any, Any],
    idempotency_key: IdempotencyKey = None,
) -> Response[Scanned]:
    """Count a scan; a wrong code or one unit too many is 409 and says what was expected."""
    asked = _asked(request, order_id, fulfilment, work, idempotency_key)
    device_ms = _claimed_ms(data.device_at)

    async def deed(at: At) -> Scanned | Refusal:
        told = await floor_acts.scan(
            at.connection,
            at.world,
            at.worker,
            at.task,
            code=data.code.strip(),
            quantity=data.quantity,
            now_ms=at.now_ms,
            device_ms=device_ms,
        )
        return told if isinstance(told, Refusal) else show_scanned(told, at.now_ms)

    return await _once(asked, deed)


@post(**_write("/done", "finishFloorTask"))
async def finish_task(
    order_id: FromPath[uuid.UUID],
    fulfilment: FromPath[int],
    work: FromPath[WorkWord],
    data: JSONBody[FinishTask],
    request: Request[Any, Any, Any],
    idempotency_key: IdempotencyKey = None,
) -> Response[Worked]:
    """Finish a task whose goods are all scanned: the order moves on, and the fact says who scanned
    what, with the list of scans and the photos as evidence.
    """
    asked = _asked(request, order_id, fulfilment, work, idempotency_key)
    device_ms = _claimed_ms(data.device_at)

    async def deed(at: At) -> Worked | Refusal:
        refusal = await floor_acts.finish(
            at.connection,
            at.world,
            at.worker,
            at.task,
            at.actor,
            carrier=data.carrier,
            now_ms=at.now_ms,
            device_ms=device_ms,
        )
        return refusal or Worked(order=order_id, fulfilment=fulfilment, at=rfc3339(at.now_ms))

    return await _once(asked, deed)


@post(**_write("/stop", "stopFloorTask"))
async def stop_task(
    order_id: FromPath[uuid.UUID],
    fulfilment: FromPath[int],
    work: FromPath[WorkWord],
    data: JSONBody[StopTask],
    request: Request[Any, Any, Any],
    idempotency_key: IdempotencyKey = None,
) -> Response[Worked]:
    """Say that the task cannot go on. `short` and `damaged` hold the order and free the claim;
    `help` calls the lead and leaves it with this person.
    """
    asked = _asked(request, order_id, fulfilment, work, idempotency_key)
    device_ms = _claimed_ms(data.device_at)

    async def deed(at: At) -> Worked | Refusal:
        refusal = await floor_acts.stop(
            at.connection,
            at.world,
            at.worker,
            at.task,
            at.actor,
            kind=data.kind,
            sku=data.sku,
            found=data.found,
            detail=data.detail,
            now_ms=at.now_ms,
            device_ms=device_ms,
        )
        return refusal or Worked(order=order_id, fulfilment=fulfilment, at=rfc3339(at.now_ms))

    return await _once(asked, deed)


@post(**_write("/return", "returnFloorTask"))
async def return_task(
    order_id: FromPath[uuid.UUID],
    fulfilment: FromPath[int],
    work: FromPath[WorkWord],
    request: Request[Any, Any, Any],
    idempotency_key: IdempotencyKey = None,
) -> Response[Worked]:
    """Give a task back: it is free for the next person, who begins anew."""
    asked = _asked(request, order_id, fulfilment, work, idempotency_key)

    async def deed(at: At) -> Worked | Refusal:
        if at.task.row.is_taken(at.worker.id, at.now_ms):
            return floor.why_not(at.task.row, at.worker, at.task.work, at.now_ms) or floor.HELD
        await floor.give_back(at.connection, at.world.tenant, order_id, fulfilment)
        return Worked(order=order_id, fulfilment=fulfilment, at=rfc3339(at.now_ms))

    return await _once(asked, deed)


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
    asked = _asked(request, order_id, fulfilment, work, idempotency_key)
    body = await request.body()

    async def deed(at: At) -> FloorPhoto | Refusal:
        told = await floor_acts.keep_photo(
            at.connection, at.world, at.worker, at.task, body, at.now_ms
        )
        if isinstance(told, Refusal):
            return told
        return FloorPhoto(digest=told.hex(), size=len(body))

    return await _once(asked, deed)


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


ROUTES: Final = [scan_task, finish_task, stop_task, return_task, add_photo, read_photo]
