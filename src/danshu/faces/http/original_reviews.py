"""Reviews of originals 人工复核 over HTTP: the queue, one original beside its fields, decisions."""

from __future__ import annotations

import datetime
import uuid
from typing import Annotated, Any, Final, Literal

from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.faces.http import problems
from danshu.faces.http.framework import (
    PROBLEMS,
    declare_read,
    declare_write,
    held_of,
    hub_of,
    may,
    respond,
)
from danshu.faces.http.questions import Cursor, Limit, Word, read_place, write_place
from danshu.hub import original_reviews, review_views
from danshu.hub.fields import PLAIN
from danshu.hub.original_reviews import Claim
from danshu.hub.review_views import ModalityCount, Review, ReviewPace, ReviewWaiting
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import PAGE_ROWS
from danshu.ports.modality import Draft, Question

_ONE: Final = "/v1/reviews/{original_id:uuid}"
_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
Note = Annotated[str, Meta(max_length=500, pattern=PLAIN)]


class ReviewQueue(Struct, frozen=True, kw_only=True):
    """What waits for a person, the oldest first; `counts` by modality of all that does, `next` is
    "" at the end.
    """

    items: tuple[ReviewWaiting, ...]
    counts: tuple[ModalityCount, ...]
    pace: ReviewPace
    next: str


class ReviewConfirm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The draft as it is right: what differs from how it was read is a correction."""

    draft: Draft


class ReviewReject(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why nothing is ordered: `not_an_order` and `wrongly_read` say that it was read wrongly."""

    reason: Literal["not_an_order", "wrongly_read", "duplicate", "not_wanted", "test"]
    note: Note = ""


class ReviewAsk(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question to who sent it: its code, and the field that it is about."""

    code: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[a-z][a-z_]*(?![\s\S])")]
    path: Annotated[str, Meta(max_length=200, pattern=PLAIN)] = ""
    said: Note = ""


class ReviewDisown(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was read wrongly of an original that was ordered already."""

    note: Annotated[str, Meta(min_length=1, max_length=500, pattern=PLAIN)]


class ReviewDecided(Struct, frozen=True, kw_only=True):
    """How the original stands, and what became of it ("" = nothing)."""

    id: uuid.UUID
    state: str
    order: str
    repair: str


@get("/v1/reviews", **declare_read("listReviews", "reviews", "review.read"))
async def list_reviews(
    request: Request[Any, Any, Any],
    modality: Word = "",
    cursor: Cursor = "",
    limit: Limit = PAGE_ROWS,
) -> ReviewQueue:
    """List originals that wait for a review, with exact counts and the pace of the last hour."""
    after = _read_cursor(cursor) if cursor else review_views.BEGINNING
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        rows = await review_views.list_waiting(
            connection, held.tenant, held.actor, modality, after, limit + 1
        )
        counts = await review_views.count_waiting(connection, held.tenant, held.actor)
        pace = await review_views.read_pace(connection, held.tenant)
    more = len(rows) > limit
    return ReviewQueue(
        items=tuple([row for row, _ in rows[:limit]]),
        counts=tuple(counts),
        pace=pace,
        next=_write_cursor(*rows[limit - 1]) if more else "",
    )


def _write_cursor(row: ReviewWaiting, received: datetime.datetime) -> str:
    micros = (received - _EPOCH) // datetime.timedelta(microseconds=1)
    return write_place(row.turn, micros, str(row.id))


def _read_cursor(cursor: str) -> tuple[int, datetime.datetime, uuid.UUID]:
    turn, micros, id_ = read_place(cursor, int, int, str)
    try:
        at = _EPOCH + datetime.timedelta(microseconds=int(micros))
        return int(turn), at, uuid.UUID(str(id_))
    except (ValueError, OverflowError) as error:
        raise InputError("bad_cursor", "the cursor is not one of ours") from error


@get(_ONE, **declare_read("getReview", "reviews", "review.read"))
async def get_review(original_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]) -> Review:
    """Read an original beside how it was read, why it waits and how far trust has come."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        return await review_views.read(connection, held.tenant, original_id, held.actor)


@post(
    _ONE + "/claim",
    operation_id="claimReview",
    tags=["reviews"],
    responses=PROBLEMS,
    guards=[may("review.decide")],
    status_code=200,
)
async def claim_review(
    original_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]
) -> Response[Claim]:
    """Take an original for review, or keep it longer; 409 while another has it."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        done = await original_reviews.claim(connection, held.tenant, original_id, held.actor)
    return respond(problems.of(done)) if isinstance(done, Refusal) else Response(done)


@post(
    _ONE + "/release",
    operation_id="releaseReview",
    tags=["reviews"],
    responses=PROBLEMS,
    guards=[may("review.decide")],
    status_code=204,
)
async def release_review(original_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]) -> None:
    """Give an original back to the queue."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        await original_reviews.release(connection, held.tenant, original_id, held.actor)


@post(
    _ONE + "/confirm", status_code=200, **declare_write("confirmReview", "reviews", "review.decide")
)
async def confirm_review(
    original_id: FromPath[uuid.UUID],
    data: JSONBody[ReviewConfirm],
    request: Request[Any, Any, Any],
) -> Response[ReviewDecided]:
    """Answer for the draft: it is ordered; a second review of what was ordered changes nothing."""
    hub, held = hub_of(request), held_of(request)
    done = await original_reviews.confirm(hub, held.tenant, original_id, data.draft, held.actor)
    return _decide(done)


@post(
    _ONE + "/reject", status_code=200, **declare_write("rejectReview", "reviews", "review.decide")
)
async def reject_review(
    original_id: FromPath[uuid.UUID],
    data: JSONBody[ReviewReject],
    request: Request[Any, Any, Any],
) -> Response[ReviewDecided]:
    """Decide that nothing is ordered."""
    hub, held = hub_of(request), held_of(request)
    done = await original_reviews.reject(
        hub, held.tenant, original_id, data.reason, data.note, held.actor
    )
    return _decide(done)


@post(_ONE + "/ask", status_code=200, **declare_write("askReview", "reviews", "review.decide"))
async def ask_review(
    original_id: FromPath[uuid.UUID],
    data: JSONBody[ReviewAsk],
    request: Request[Any, Any, Any],
) -> Response[ReviewDecided]:
    """Ask who sent it; it waits for their answer."""
    hub, held = hub_of(request), held_of(request)
    asked = Question(code=data.code, path=data.path, said=data.said)
    return _decide(await original_reviews.ask(hub, held.tenant, original_id, asked, held.actor))


@post(
    _ONE + "/misread", status_code=200, **declare_write("disownReview", "reviews", "review.decide")
)
async def disown_review(
    original_id: FromPath[uuid.UUID],
    data: JSONBody[ReviewDisown],
    request: Request[Any, Any, Any],
) -> Response[ReviewDecided]:
    """Say of what was ordered that it was read wrongly: trust in its kind begins anew."""
    hub, held = hub_of(request), held_of(request)
    return _decide(
        await original_reviews.disown(hub, held.tenant, original_id, data.note, held.actor)
    )


def _decide(done: Any) -> Response[ReviewDecided]:
    if isinstance(done, Refusal):
        return respond(problems.of(done))
    return Response(
        ReviewDecided(
            id=done.id,
            state=done.state,
            order=str(done.order or ""),
            repair=str(done.repair or ""),
        )
    )


ROUTES: Final = [
    list_reviews,
    get_review,
    claim_review,
    release_review,
    confirm_review,
    reject_review,
    ask_review,
    disown_review,
]
