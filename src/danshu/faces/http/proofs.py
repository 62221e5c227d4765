"""What proves an order: its facts, its decisions explained, its bundle, its facts as they come."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath, HeaderParameter, QueryParameter
from litestar.response import ServerSentEvent, ServerSentEventMessage
from msgspec import Struct

from danshu.faces.http.framework import PROBLEMS, READ_PROBLEMS, held_of, hub_of, may
from danshu.faces.http.questions import Limit
from danshu.hub import bundle_exports, evidence, log_keys, views, witnessing
from danshu.hub.compose import Hub
from danshu.hub.fields import PLAIN
from danshu.kernel.errors import Busy, InputError
from danshu.kernel.limits import PAGE_ROWS, RETRY_AFTER_S, STREAM_FACTS, STREAM_S, STREAMS
from danshu.ledger.prove import Prover

_POLL_S: Final = 1.0
_COMMENT_S: Final = 15.0


class Facts(Struct, frozen=True, kw_only=True):
    """Facts of an order as stored; `next` is `after` of the following page, 0 at the end."""

    order: uuid.UUID
    facts: tuple[msgspec.Raw, ...]
    next: int


class Trust(Struct, frozen=True, kw_only=True):
    """Verification keys of the merchant's books (C2SP vkey), to be handed out apart from any
    bundle; when each key of the log holds; the vkeys of the merchant's witnesses.
    """

    vkeys: tuple[str, ...]
    keys: tuple[log_keys.TrustedKey, ...]
    witnesses: tuple[str, ...]


class Streams:
    """Open streams of this process: bounded, and told to end when the server ends."""

    def __init__(self) -> None:
        self.open = 0
        self.of_tenant: dict[int, int] = {}  # streams of published events
        self.closing = False


@get(
    "/v1/orders/{order_id:uuid}/facts",
    operation_id="listFacts",
    tags=["proof"],
    responses=READ_PROBLEMS,
    guards=[may("order.read")],
)
async def list_facts(
    order_id: FromPath[uuid.UUID],
    request: Request[Any, Any, Any],
    after: Annotated[int, QueryParameter(ge=0, le=STREAM_FACTS)] = 0,
    limit: Limit = PAGE_ROWS,
) -> Response[Facts]:
    """Read the facts of an order, oldest first, in the very bytes that are stored."""
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        seq = await views.has_order(connection, tenant, order_id)
        read = (await views.read_facts(connection, tenant, order_id, after, limit))[:limit]
    last = read[-1].seq if read else seq
    page = Facts(
        order=order_id,
        facts=tuple([msgspec.Raw(f.body) for f in read]),
        next=last if last < seq else 0,
    )
    return Response(page)


@get(
    "/v1/orders/{order_id:uuid}/decisions",
    operation_id="listDecisions",
    tags=["proof"],
    responses=READ_PROBLEMS,
    guards=[may("order.read")],
)
async def list_decisions(
    order_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]
) -> Response[list[views.Recorded]]:
    """Read why each warehouse was chosen, and why each other was not, on the snapshot of that
    moment.
    """
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        await views.has_order(connection, tenant, order_id)
        return Response(await views.read_decisions(connection, tenant, order_id, STREAM_FACTS))


@get(
    "/v1/orders/{order_id:uuid}/evidence",
    operation_id="exportEvidence",
    tags=["proof"],
    responses=PROBLEMS,
    guards=[may("order.evidence")],
    media_type="application/zip",
)
async def export_evidence(
    order_id: FromPath[uuid.UUID],
    request: Request[Any, Any, Any],
    purpose: Annotated[
        str, QueryParameter(max_length=200, pattern=PLAIN, description="what for; in the fact")
    ] = "",
) -> Response[bytes]:
    """Export the bundle `evb/1` of an order, and say so as a fact; 503 until its newest facts are
    sealed.
    """
    prover: Prover = request.app.state.prover
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        facts = await views.has_order(connection, held.tenant, order_id)
        bundle = await evidence.export(connection, prover, held.tenant, order_id)
        await bundle_exports.record(
            connection, held.tenant, held.actor, order_id, bundle, facts=facts, purpose=purpose
        )
    name = f'attachment; filename="{order_id}.evb.zip"'
    return Response(bundle, media_type="application/zip", headers={"content-disposition": name})


@get(
    "/v1/orders/{order_id:uuid}/stream",
    operation_id="streamFacts",
    media_type="text/event-stream",
    tags=["proof"],
    responses=PROBLEMS,
    guards=[may("order.read")],
)
async def stream_facts(
    order_id: FromPath[uuid.UUID],
    request: Request[Any, Any, Any],
    last_event_id: Annotated[
        str | None, HeaderParameter(name="Last-Event-ID", description="resume after this fact")
    ] = None,
    since: Annotated[
        int, QueryParameter(ge=0, le=STREAM_FACTS, description="where the header can't be given")
    ] = 0,
    typed: Annotated[
        bool, QueryParameter(description="false: every event is called `fact`")
    ] = True,
) -> ServerSentEvent:
    """Follow the facts of an order (SSE): event = type of the fact, id = its position."""
    last = last_event_id or str(since)
    if not (last.isascii() and last.isdigit() and len(last) < 10):
        raise InputError("bad_event_id", "Last-Event-ID is the number of a fact")
    streams: Streams = request.app.state.streams
    hub, tenant = hub_of(request), held_of(request).tenant
    async with hub.connection() as connection:
        await views.has_order(connection, tenant, order_id)
    if streams.open >= STREAMS:
        raise Busy("too many streams are open", RETRY_AFTER_S)
    return ServerSentEvent(_follow(streams, hub, tenant, order_id, int(last), typed))


class _Kind(Struct, frozen=True):
    type: str


_decode_kind: Final = msgspec.json.Decoder(_Kind).decode


async def _follow(
    streams: Streams, hub: Hub, tenant: int, order_id: uuid.UUID, after: int, typed: bool
) -> AsyncIterator[ServerSentEventMessage]:
    end_s = time.monotonic() + STREAM_S
    quiet_s = 0.0
    streams.open += 1
    try:
        while not streams.closing and time.monotonic() < end_s:
            async with hub.connection() as connection:
                read = await views.read_facts(connection, tenant, order_id, after, PAGE_ROWS)
            for numbered in read:
                after = numbered.seq
                yield ServerSentEventMessage(
                    id=str(after),
                    event=_decode_kind(numbered.body).type if typed else "fact",
                    data=numbered.body.decode(),
                )
            quiet_s = 0.0 if read else quiet_s + _POLL_S
            if quiet_s >= _COMMENT_S:
                quiet_s = 0.0
                yield ServerSentEventMessage(comment="still here")
            await asyncio.sleep(_POLL_S)
    finally:
        streams.open -= 1


@get(
    "/v1/trust",
    operation_id="getTrust",
    tags=["proof"],
    responses=READ_PROBLEMS,
    guards=[may("trust.read")],
)
async def get_trust(request: Request[Any, Any, Any]) -> Trust:
    """Read the verification keys of the merchant's books."""
    async with hub_of(request).connection() as connection:
        vkeys = await evidence.read_trust(connection, held_of(request).tenant)
        keys = await log_keys.read(connection)
        witnesses = await witnessing.read(connection, held_of(request).tenant)
    return Trust(vkeys=tuple(vkeys), keys=tuple(keys), witnesses=tuple([w.vkey for w in witnesses]))


ROUTES: Final = [
    list_facts,
    list_decisions,
    export_evidence,
    stream_facts,
    get_trust,
]
