"""Work on the floor over HTTP: scans, photos, what was done, what went wrong."""

from __future__ import annotations

import datetime
import hashlib
import uuid
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Request, Response, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.capabilities.floor.model import Work
from danshu.faces.http import placing, problems
from danshu.faces.http.acting import by_of
from danshu.faces.http.auth import Held
from danshu.faces.http.entering import origin_of
from danshu.faces.http.floor import TASK, WorkWord, offered, worker_of, world_of
from danshu.faces.http.floor_views import Scanned, Worked, show_scanned
from danshu.faces.http.framework import (
    PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
)
from danshu.faces.http.orders import IdempotencyKey
from danshu.faces.http.placing import PLAIN, Instant, Word
from danshu.hub import floor, floor_acts, floor_reviews, floor_tasks, replies, signing
from danshu.hub.completing import Performed
from danshu.hub.stating import Prepared
from danshu.hub.trusted_time import require_token
from danshu.hub.world import World
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import Actor, rfc3339
from danshu.kernel.limits import (
    EARLIEST_MS,
    FLOOR_CODE_CHARS,
    LATEST_MS,
    LINE_QUANTITY,
    ORDER_BODY_BYTES,
)

# What a scanner gives: no control characters but FNC1 (ASCII 29), which parts GS1 codes.
_SCANNED: Final = r"^[^\x00-\x1c\x1e\x1f\x7f]*(?![\s\S])"
_Code = Annotated[str, Meta(min_length=1, max_length=FLOOR_CODE_CHARS, pattern=_SCANNED)]
_Day = Annotated[str, Meta(pattern=r"^(\d{4}-\d{2}-\d{2})?$", description="YYYY-MM-DD, or empty")]
_encode: Final = msgspec.json.Encoder().encode


class ScanCode(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A scanned code that stands for so many units; `device_at` is the device's own clock.

    `lot` and `expiry` are read off the package where the code does not name them (GS1).
    """

    code: _Code
    quantity: Annotated[int, Meta(ge=1, le=LINE_QUANTITY)] = 1
    lot: Word = ""
    expiry: _Day = ""
    device_at: Instant | None = None


class FinishTask(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The work is done; `carrier` names who took the parcel over, `equipment` is the cold equipment
    that was scanned, for chilled and frozen goods. `credential` is the passkey's
    answer to the statement that was shown, where a review is to be signed.
    """

    carrier: Word = ""
    equipment: Word = ""
    credential: dict[str, Any] | None = None
    device_at: Instant | None = None


class ShowStatement(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """In which language the statement is shown."""

    lang: Literal["zh", "en"] = "zh"


class StopTask(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The work cannot go on: `short` and `damaged` name the goods and the whole units found."""

    kind: Literal["short", "damaged", "help"]
    sku: Word = ""
    found: Annotated[int, Meta(ge=0, le=LINE_QUANTITY)] = 0
    detail: Annotated[str, Meta(max_length=200, pattern=PLAIN)] = ""
    device_at: Instant | None = None


class Asked(Struct, frozen=True, eq=False):
    """A write on a task: who asks, for which, and the key under which its answer is kept."""

    request: Request[Any, Any, Any]
    held: Held
    order: uuid.UUID
    fulfilment: int
    work: Work
    key: str | None


def asking(
    request: Request[Any, Any, Any], order: uuid.UUID, fulfilment: int, work: str, key: str | None
) -> Asked:
    held = offered(held_of(request), f"floor.{work}")
    return Asked(request, held, order, fulfilment, Work(work), key)


class At(Struct, frozen=True, eq=False):
    """Where a deed works: the transaction, the merchant's world, the worker, the locked task."""

    connection: replies.Connection
    world: World
    worker: floor.Worker
    task: floor_tasks.Task
    actor: Actor
    now_ms: int


Deed = Callable[[At], Awaitable[Struct | Refusal]]


async def once_for(asked: Asked, deed: Deed) -> Response[Any]:
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


def claimed_ms(moment: datetime.datetime | None) -> int:
    """Read what a device says of its own clock: any instant that can be, 0 for none."""
    if moment is None:
        return 0
    ms = int(moment.timestamp() * 1000)
    if not EARLIEST_MS <= ms <= LATEST_MS:
        raise InputError("time", "device_at is between 2000 and 2100", "/device_at")
    return ms


def _read_day(text: str) -> str:
    try:
        return datetime.date.fromisoformat(text).isoformat() if text else ""
    except ValueError as error:
        raise InputError("time", f"not a day: {text!r}", "/expiry") from error


def write_task(path: str, operation_id: str) -> dict[str, Any]:
    return {
        "path": TASK + path,
        "operation_id": operation_id,
        "tags": ["floor"],
        "responses": PROBLEMS,
        "guards": [may("floor.read"), only_json],
        "status_code": 200,
        "request_max_body_size": ORDER_BODY_BYTES,
    }


@post(**write_task("/scan", "scanFloorTask"))
async def scan_task(
    order_id: FromPath[uuid.UUID],
    fulfilment: FromPath[int],
    work: FromPath[WorkWord],
    data: JSONBody[ScanCode],
    request: Request[Any, Any, Any],
    idempotency_key: IdempotencyKey = None,
) -> Response[Scanned]:
    """Count a scan; a wrong code or one unit too many is 409 and says what was expected."""
    asked = asking(request, order_id, fulfilment, work, idempotency_key)
    device_ms = claimed_ms(data.device_at)

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
            lot=data.lot.strip(),
            expiry=_read_day(data.expiry),
        )
        return told if isinstance(told, Refusal) else show_scanned(told, at.now_ms)

    return await once_for(asked, deed)


@post(**write_task("/done", "finishFloorTask"))
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
    asked = asking(request, order_id, fulfilment, work, idempotency_key)
    device_ms = claimed_ms(data.device_at)
    proof = floor_acts.Proof(
        by=by_of(asked.held),
        origin=origin_of(request),
        credential=data.credential,
        is_fresh=await _spend(asked, data.credential),
    )
    signed: list[Performed] = []

    async def deed(at: At) -> Worked | Refusal:
        told = await floor_acts.finish(
            at.connection,
            at.world,
            at.worker,
            at.task,
            at.actor,
            taken=(data.carrier, data.equipment),
            now_ms=at.now_ms,
            device_ms=device_ms,
            proof=proof,
        )
        if isinstance(told, Refusal):
            return told
        signed.extend([told] if told else [])
        return Worked(
            order=order_id,
            fulfilment=fulfilment,
            at=rfc3339(at.now_ms),
            fact=told.fact if told else "",
            grade=told.grade if told else "",
        )

    response = await once_for(asked, deed)
    for done in signed:  # while the clock is not trusted, the answer waits for a token
        seq = int(done.fact.rpartition("/")[2])
        await require_token(hub_of(request), asked.held.tenant, order_id, seq)
    return response


async def _spend(asked: Asked, credential: dict[str, Any] | None) -> bool:
    """Use up the challenge of a signature before anything else, so that no rollback revives it."""
    hub, held = hub_of(asked.request), asked.held
    if credential is None or asked.work is not Work.REVIEW:
        return False
    async with hub.connection() as connection:
        act = await floor_reviews.open_act(
            connection, held.tenant, asked.order, asked.fulfilment, by_of(held)
        )
        return act is not None and await signing.spend(
            connection, held.tenant, credential, act.id.bytes, hub.clock()
        )


@post(**write_task("/statement", "prepareFloorReview"))
async def prepare_review(
    order_id: FromPath[uuid.UUID],
    fulfilment: FromPath[int],
    work: FromPath[WorkWord],
    data: JSONBody[ShowStatement],
    request: Request[Any, Any, Any],
) -> Response[Prepared]:
    """Show the statement of a review that is to be signed, once all is scanned and photographed;
    with it what the passkey is asked. The answer goes with `done`.
    """
    asked = asking(request, order_id, fulfilment, work, None)
    by, origin = by_of(asked.held), origin_of(request)

    async def deed(at: At) -> Prepared | Refusal:
        return await floor_acts.state(
            at.connection, at.world, at.worker, at.task, by, origin, at.now_ms, data.lang
        )

    return await once_for(asked, deed)


@post(**write_task("/stop", "stopFloorTask"))
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
    asked = asking(request, order_id, fulfilment, work, idempotency_key)
    device_ms = claimed_ms(data.device_at)

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

    return await once_for(asked, deed)


@post(**write_task("/return", "returnFloorTask"))
async def return_task(
    order_id: FromPath[uuid.UUID],
    fulfilment: FromPath[int],
    work: FromPath[WorkWord],
    request: Request[Any, Any, Any],
    idempotency_key: IdempotencyKey = None,
) -> Response[Worked]:
    """Give a task back: it is free for the next person, who begins anew."""
    asked = asking(request, order_id, fulfilment, work, idempotency_key)

    async def deed(at: At) -> Worked | Refusal:
        if at.task.row.is_taken(at.worker.id, at.now_ms):
            return floor.why_not(at.task.row, at.worker, at.task.work, at.now_ms) or floor.HELD
        await floor.give_back(at.connection, at.world.tenant, order_id, fulfilment)
        return Worked(order=order_id, fulfilment=fulfilment, at=rfc3339(at.now_ms))

    return await once_for(asked, deed)


ROUTES: Final = [scan_task, prepare_review, finish_task, stop_task, return_task]
