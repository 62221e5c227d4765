"""POST /v1/events: CloudEvents that come in, one or a batch, each done once."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec
from litestar import Request, Response, post
from msgspec import Struct

from danshu.faces.http import problems
from danshu.faces.http.auth import Held, must
from danshu.faces.http.framework import PROBLEMS, held_of, hub_of, may, raw_body, respond
from danshu.hub import hearing
from danshu.hub.compose import Hub, now_ms
from danshu.kernel import consumer
from danshu.kernel.errors import DanshuError, InputError
from danshu.kernel.limits import HEARD_BODY_BYTES, HEARD_EVENT_BYTES, HEARD_EVENTS, HEARD_WIDTH

# Of the hub's events, and of what its connectors were told: nobody else speaks in that name.
_OURS: Final = "danshu/"
_SWEEPER: Final = hearing.Sweeper()
_encode: Final = msgspec.json.Encoder().encode


class Heard(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of an event: `outcome` is accepted, repeated or refused, with its problem."""

    id: str
    source: str
    outcome: str
    status: int
    problem: problems.Problem | None = None


class HeardBatch(Struct, frozen=True, kw_only=True):
    """What became of each event of a batch, in their order."""

    items: tuple[Heard, ...]


@post(
    "/v1/events",
    operation_id="sendEvents",
    tags=["events"],
    responses=PROBLEMS,
    guards=[may("event.send")],
    status_code=200,
    request_max_body_size=HEARD_BODY_BYTES,
    operation_class=raw_body(
        "A CloudEvent 1.0 in structured or binary mode, or a batch of at most"
        f" {HEARD_EVENTS}; the types are at /v1/event-types",
        consumer.STRUCTURED,
    ),
)
async def send_events(request: Request[Any, Any, Any]) -> Response[Heard | HeardBatch]:
    """Tell the hub what happened elsewhere. An event is known by its source and id: a repeat does
    nothing. A batch is answered per event, whatever became of the others.
    """
    held, hub = held_of(request), hub_of(request)
    try:
        is_batch, told = consumer.unwrap(dict(request.headers), await request.body())
    except consumer.BadEvent as error:
        raise InputError(error.code, str(error)) from error
    if not 1 <= len(told) <= HEARD_EVENTS:
        raise InputError("bad_event", f"a batch holds 1 to {HEARD_EVENTS} events")
    await _SWEEPER.sweep(hub)
    heard = await _hear_all(hub, held, told)
    if is_batch:
        return Response(HeardBatch(items=tuple(heard)))
    return respond(heard[0].problem) if heard[0].problem else Response(heard[0])


async def _hear_all(hub: Hub, held: Held, told: list[Any]) -> list[Heard]:
    """Hear events: those of one subject, or of none, one after the other, some subjects at once."""
    lanes: dict[str, list[int]] = {}
    for n, each in enumerate(told):
        subject = each.get("subject") if isinstance(each, dict) else None
        lanes.setdefault(str(subject or ""), []).append(n)
    heard: dict[int, Heard] = {}
    waiting = iter(lanes.values())

    async def walk() -> None:
        for lane in waiting:
            for n in lane:
                heard[n] = await _hear(hub, held, told[n])

    await asyncio.gather(*[walk() for _ in range(min(HEARD_WIDTH, len(lanes)))])
    return [heard[n] for n in range(len(told))]


async def _hear(hub: Hub, held: Held, told: Any) -> Heard:
    """Hear one event; whatever is wrong with it is in what it gives."""
    id_, source = "", ""
    try:
        _check_size(told)
        event = consumer.read_event(told)
        id_, source = event.id, event.source
        if source.startswith(_OURS):
            raise InputError("bad_event", f"a source {_OURS}… is the hub's own", "/source")
        ear = hearing.Ear(
            tenant=held.tenant,
            actor=held.actor,
            name=held.caller.name,
            ask=lambda action, known: must(held, action, known),
        )
        outcome = await hearing.hear(hub, ear, event, now_ms())
    except consumer.BadEvent as error:
        outcome = hearing.Outcome(state="refused", why=InputError(error.code, str(error)))
    except DanshuError as error:
        outcome = hearing.Outcome(state="refused", why=error)
    problem = problems.of(outcome.why) if outcome.why is not None else None
    return Heard(
        id=id_,
        source=source,
        outcome=outcome.state,
        status=problem.status if problem else 200,
        problem=problem,
    )


def _check_size(told: Any) -> None:
    """Raise InputError for an event that is too large, or is no text that can be kept."""
    try:
        size = len(_encode(told))
    except UnicodeEncodeError as error:
        raise InputError("bad_event", "half a surrogate pair is no character") from error
    if size > HEARD_EVENT_BYTES:
        raise InputError("too_large", f"an event is at most {HEARD_EVENT_BYTES} bytes")


ROUTES: Final = [send_events]
