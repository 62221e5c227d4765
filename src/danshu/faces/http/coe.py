"""周会 weekly reviews: written from the log, read, proven, talked about, decided about."""

from __future__ import annotations

from typing import Annotated, Any, Final

from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from danshu.capabilities.coe import review as reviews
from danshu.capabilities.coe import weeks
from danshu.capabilities.coe.model import ItemPlan, WeeklyReview
from danshu.capabilities.coe.weekly import CoeReviewBody
from danshu.faces.http import problems
from danshu.faces.http.framework import declare_read, declare_write, held_of, hub_of, respond
from danshu.faces.http.questions import Cursor, Limit, read_before, write_place
from danshu.hub import coe_reviews, coe_rows
from danshu.hub.coe_rows import REVIEWS
from danshu.hub.fields import PLAIN
from danshu.kernel.errors import Refusal
from danshu.kernel.limits import COE_TEXT_CHARS, COE_TITLE_CHARS, COE_VERSIONS, INTEGER_MAX

Ask = Request[Any, Any, Any]
Key = Annotated[str, Meta(min_length=1, max_length=200, pattern=PLAIN)]
Text = Annotated[str, Meta(max_length=COE_TEXT_CHARS, pattern=PLAIN)]
Title = Annotated[str, Meta(max_length=COE_TITLE_CHARS, pattern=PLAIN)]
Owner = Annotated[str, Meta(max_length=100, pattern=r"^$|^(role|person):[A-Za-z0-9_.@-]+$")]
Fen = Annotated[int, Meta(ge=-INTEGER_MAX, le=INTEGER_MAX)]
_WEEK = FromPath[str]
_ONE: Final = "/v1/coe/reviews/{week:str}"


class WeeklyReviewWhole(Struct, frozen=True, kw_only=True):
    """A review: its newest version, who made it, what the meeting said, and the version that was
    asked for. `agenda_keys` are the sentences that a meeting may decide about.
    """

    review: WeeklyReview
    version: int
    body: CoeReviewBody
    agenda_keys: tuple[str, ...]


class WeeklyReviewPage(Struct, frozen=True, kw_only=True):
    """Reviews without their text, the newest first; `next` is "" at the end. `ended` names the ISO
    week that ended last, `today` the seven days up to today.
    """

    items: tuple[WeeklyReview, ...]
    next: str
    ended: str
    today: str


class WeeklyReviewAsked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which days: an ISO week (2026-W48), or the seven days up to a day (2026-11-30)."""

    week: Annotated[str, Meta(min_length=8, max_length=10, pattern=PLAIN)]


class WeeklyReviewRemark(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is said of a sentence."""

    key: Key
    text: Annotated[str, Meta(min_length=1, max_length=COE_TEXT_CHARS, pattern=PLAIN)]


class WeeklyReviewSettled(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the meeting decides of a sentence: with `accepted` it becomes an item of the backlog,
    called `title` ("": by the sentence).
    """

    key: Key
    accepted: bool
    note: Text = ""
    title: Title = ""
    owner: Owner = ""
    value_fen: Fen = 0


class WeeklyReviewProof(Struct, frozen=True, kw_only=True):
    """The digest of the kept version, and of the same days worked out again from the log."""

    week: str
    version: int
    digest: str
    again: str
    is_same: bool


async def _whole(request: Ask, one: WeeklyReview, version: int = 0) -> WeeklyReviewWhole:
    async with hub_of(request).connection() as connection:
        body = await coe_reviews.read_body(connection, held_of(request).tenant, one, version)
    return WeeklyReviewWhole(
        review=one,
        version=version or one.version,
        body=body,
        agenda_keys=tuple(reviews.keys(body)),
    )


@get("/v1/coe/reviews", **declare_read("listWeeklyReviews", "coe", "coe.read"))
async def list_reviews(request: Ask, cursor: Cursor = "", limit: Limit = 50) -> WeeklyReviewPage:
    """List reviews, the newest first."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        found = await coe_rows.list_rows(
            connection, REVIEWS, held.tenant, read_before(cursor), limit + 1
        )
    more = str(found[limit - 1].id) if len(found) > limit else ""
    return WeeklyReviewPage(
        items=tuple(found[:limit]),
        next=write_place(more) if more else "",
        ended=weeks.last_ended(hub.clock()),
        today=weeks.until(hub.clock()),
    )


@post("/v1/coe/reviews", **declare_write("makeWeeklyReview", "coe", "coe.write"))
async def make_review(data: JSONBody[WeeklyReviewAsked], request: Ask) -> WeeklyReviewWhole:
    """Write the review of these days from the log; where nothing changed, the version stays."""
    held = held_of(request)
    one = await coe_reviews.make(hub_of(request), held.tenant, data.week, held.actor)
    return await _whole(request, one)


@get(_ONE, **declare_read("getWeeklyReview", "coe", "coe.read"))
async def get_review(
    week: _WEEK,
    request: Ask,
    version: Annotated[int, QueryParameter(ge=0, le=COE_VERSIONS)] = 0,
) -> WeeklyReviewWhole:
    """Read a review; the week `newest` is the last that was made, version 0 its newest."""
    async with hub_of(request).connection() as connection:
        named = "" if week == "newest" else week
        one = await coe_reviews.find(connection, held_of(request).tenant, named)
    return await _whole(request, one, version)


@get(f"{_ONE}/proof", **declare_read("proveWeeklyReview", "coe", "coe.read"))
async def prove_review(week: _WEEK, request: Ask) -> WeeklyReviewProof:
    """Work the newest version of a review out again from the log, and compare."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        one = await coe_reviews.find(connection, held.tenant, week)
    told = await coe_reviews.prove(hub, held.tenant, one)
    return WeeklyReviewProof(
        week=one.week,
        version=one.version,
        digest=one.digest,
        again=told.digest,
        is_same=told.is_same,
    )


@post(f"{_ONE}/notes", status_code=200, **declare_write("noteWeeklyReview", "coe", "coe.write"))
async def note_review(
    week: _WEEK, data: JSONBody[WeeklyReviewRemark], request: Ask
) -> Response[WeeklyReviewWhole]:
    """Say something of a sentence of a review."""
    hub, held = hub_of(request), held_of(request)
    done = await coe_reviews.note(hub, held.tenant, week, data.key, data.text, held.actor)
    return await _answer(request, done)


@post(f"{_ONE}/agenda", status_code=200, **declare_write("settleWeeklyReview", "coe", "coe.write"))
async def settle_review(
    week: _WEEK, data: JSONBody[WeeklyReviewSettled], request: Ask
) -> Response[WeeklyReviewWhole]:
    """Take a sentence of a review up into the backlog, or decline it."""
    hub, held = hub_of(request), held_of(request)
    plan = None
    if data.accepted:
        plan = ItemPlan(
            title=data.title, text=data.note, owner=data.owner, value_fen=data.value_fen
        )
    done = await coe_reviews.settle(hub, held.tenant, week, data.key, plan, data.note, held.actor)
    return await _answer(request, done if isinstance(done, Refusal) else done[0])


async def _answer(request: Ask, done: WeeklyReview | Refusal) -> Response[WeeklyReviewWhole]:
    if isinstance(done, Refusal):
        return respond(problems.of(done))
    return Response(await _whole(request, done))


ROUTES: Final = [
    list_reviews,
    make_review,
    get_review,
    prove_review,
    note_review,
    settle_review,
]
