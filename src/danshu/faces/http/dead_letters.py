"""Dead letters over HTTP: what was given up, delivered again or dropped."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final, Literal

from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from danshu.faces.http import jobs as job_pages
from danshu.faces.http.framework import (
    READ_PROBLEMS,
    declare_read,
    declare_write,
    held_of,
    hub_of,
    may,
)
from danshu.faces.http.jobs import JobView
from danshu.faces.http.questions import Cursor, Limit, read_place, write_place
from danshu.hub import dead_letters, event_forms
from danshu.hub.dead_letters import DeadLetter, Question, Reason, Which
from danshu.hub.fields import PLAIN
from danshu.kernel.errors import InputError
from danshu.kernel.limits import DEAD_LETTERS_AT_ONCE

Ask = Request[Any, Any, Any]
Word = Annotated[str, QueryParameter(max_length=128, pattern=PLAIN)]


class DeadLetterPage(Struct, frozen=True, kw_only=True):
    """Dead letters, newest first, and why all that match were given up; `next` "" at the end."""

    items: tuple[DeadLetter, ...]
    reasons: tuple[Reason, ...]
    next: str


class DeadLetterAct(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What becomes of dead letters: `replay` delivers them again, `drop` needs a `reason`. Either
    `ids`, or all that match the other fields, as a job.
    """

    act: Literal["replay", "drop"]
    ids: Annotated[tuple[uuid.UUID, ...], Meta(max_length=DEAD_LETTERS_AT_ONCE)] = ()
    subscription: uuid.UUID | None = None
    type: Annotated[str, Meta(max_length=128, pattern=PLAIN)] = ""
    subject: Annotated[str, Meta(max_length=128, pattern=PLAIN)] = ""
    status: Annotated[int, Meta(ge=0, le=999)] | None = None
    reason: Annotated[str, Meta(max_length=200, pattern=PLAIN)] = ""


class DeadLettersDone(Struct, frozen=True, kw_only=True):
    """How many of the chosen ones it was done with, or the job that does it."""

    done: int
    job: JobView | None = None


@get("/v1/dead-letters", **declare_read("listDeadLetters", "events", "subscription.read"))
async def list_dead_letters(
    request: Ask,
    subscription: Annotated[uuid.UUID | None, QueryParameter()] = None,
    type_: Annotated[str, QueryParameter(name="type", max_length=128, pattern=PLAIN)] = "",
    subject: Word = "",
    status: Annotated[
        int | None, QueryParameter(ge=0, le=999, description="of the last answer, 0 for none")
    ] = None,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> DeadLetterPage:
    """List events that were given up, newest first."""
    held = held_of(request)
    which = Which(subscription=subscription, type=type_, subject=subject, status=status)
    before = _uuid(read_place(cursor, str)[0]) if cursor else dead_letters.LAST
    async with hub_of(request).connection() as connection:
        found = await dead_letters.read(connection, held.tenant, which, before, limit + 1)
        reasons = await dead_letters.count(connection, held.tenant, which)
    more = len(found) > limit
    return DeadLetterPage(
        items=tuple(found[:limit]),
        reasons=tuple(reasons),
        next=write_place(str(found[limit - 1].id)) if more else "",
    )


@get(
    "/v1/dead-letters/{id_:uuid}/event",
    operation_id="getDeadLetterEvent",
    tags=["events"],
    responses=READ_PROBLEMS,
    guards=[may("subscription.read")],
    media_type=event_forms.STRUCTURED,
)
async def get_event(id_: FromPath[uuid.UUID], request: Ask) -> Response[bytes]:
    """Read a dead letter's event, made again from its leaf in the log."""
    async with hub_of(request).connection() as connection:
        body = await dead_letters.read_event(connection, held_of(request).tenant, id_)
    return Response(body, media_type=event_forms.STRUCTURED)


@post(
    "/v1/dead-letters/acts",
    **declare_write("actOnDeadLetters", "events", "subscription.write"),
    status_code=200,
)
async def act_on_dead_letters(data: JSONBody[DeadLetterAct], request: Ask) -> DeadLettersDone:
    """Deliver dead letters again, or drop them for a reason: the chosen ones now, all that match
    as a job.
    """
    hub, held = hub_of(request), held_of(request)
    if data.act == "drop" and not data.reason.strip():
        raise InputError("no_reason", "what is dropped is dropped for a reason", "/reason")
    if data.ids:
        async with hub.connection() as connection:
            done = await dead_letters.act_chosen(
                connection,
                held.tenant,
                held.actor,
                (data.act, data.reason),
                data.ids,
                hub.clock(),
            )
        return DeadLettersDone(done=done)
    which = Which(
        subscription=data.subscription, type=data.type, subject=data.subject, status=data.status
    )
    async with hub.connection() as connection:
        newest = await dead_letters.read(connection, held.tenant, which, dead_letters.LAST, 1)
        reasons = await dead_letters.count(connection, held.tenant, which)
    if not newest:
        return DeadLettersDone(done=0)
    upto = uuid.UUID(int=newest[0].id.int + 1)
    question = Question(act=data.act, which=which, upto=upto, reason=data.reason)
    total = sum([reason.count for reason in reasons])
    job = await job_pages.begin(
        request, dead_letters.KIND, dead_letters.encode(question), total, exact=len(reasons) < 50
    )
    return DeadLettersDone(done=0, job=job)


def _uuid(text: int | str) -> uuid.UUID:
    try:
        return uuid.UUID(str(text))
    except ValueError as error:
        raise InputError("bad_cursor", "the cursor is not one of ours") from error


ROUTES: Final = [list_dead_letters, get_event, act_on_dead_letters]
