"""Vouchers by hand over HTTP: one person makes them, another checks them 手工凭证."""

from __future__ import annotations

import datetime
import uuid
from typing import Annotated, Any, Final, Literal

from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from danshu.capabilities.settlement.journal import Posting
from danshu.faces.http import problems
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
    respond,
)
from danshu.faces.http.questions import Cursor, Limit, read_place, write_place
from danshu.faces.http.settlement import Key, Reason, in_range
from danshu.hub import lists, vouchers
from danshu.hub.actors import name_actors
from danshu.hub.fields import Minor, Word
from danshu.hub.journal_views import Voucher
from danshu.hub.vouchers import VoucherDraft
from danshu.kernel.errors import Refusal
from danshu.kernel.limits import JOURNAL_POSTINGS


class PostingTold(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of a voucher: an amount on one side of an account."""

    account: int
    debit: Minor = 0
    credit: Minor = 0
    order: uuid.UUID | None = None
    channel: Word = ""
    shop: Word = ""


class NewVoucher(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A voucher by hand. Debits and credits are equal."""

    date: datetime.date
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] = "CNY"
    postings: Annotated[tuple[PostingTold, ...], Meta(min_length=2, max_length=JOURNAL_POSTINGS)]
    reason: Reason


class NewReversal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which entry is taken back, on which day, and why."""

    key: Key
    date: datetime.date
    reason: Reason


class VoucherDraftPage(Struct, frozen=True, kw_only=True):
    """Vouchers that persons made; `next` is "" at the end. `people` names them; `me` is the
    caller's own name among them.
    """

    items: tuple[VoucherDraft, ...]
    next: str
    waiting: int
    people: dict[str, str]
    me: str


class VoucherNotEntered(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why it is not entered."""

    reason: Reason


DraftState = Annotated[
    Literal["proposed", "entered", "declined"], QueryParameter(name="state", description="which")
]


def _post(right: str, *guards: Any) -> dict[str, Any]:
    return {
        "tags": ["settlement"],
        "responses": PROBLEMS,
        "guards": [may(right), *guards],
        "status_code": 201,
    }


def _before(cursor: str) -> uuid.UUID:
    if not cursor:
        return lists.LAST
    try:
        return uuid.UUID(str(read_place(cursor, str)[0]))
    except ValueError as error:
        raise lists.OTHER_QUESTION from error


def _answer(done: Any) -> Response[Any]:
    if isinstance(done, Refusal):
        return respond(problems.of(done))
    return Response(done, status_code=201)


@post(
    "/v1/settlement/vouchers",
    operation_id="proposeVoucher",
    **_post("settlement.post", only_json),
)
async def propose_voucher(
    data: JSONBody[NewVoucher], request: Request[Any, Any, Any]
) -> Response[VoucherDraft]:
    """Make a voucher by hand; another person has to check it before it is entered."""
    hub, held = hub_of(request), held_of(request)
    postings = [
        Posting(
            account=p.account,
            debit=p.debit,
            credit=p.credit,
            order=p.order,
            channel=p.channel,
            shop=p.shop,
        )
        for p in data.postings
    ]
    in_range(data.date)
    async with hub.connection() as connection:
        done = await vouchers.propose(
            connection,
            held.tenant,
            data.date,
            data.currency,
            postings,
            data.reason,
            held.actor,
            hub.clock(),
        )
    return _answer(done)


@post(
    "/v1/settlement/reversals",
    operation_id="proposeReversal",
    **_post("settlement.post", only_json),
)
async def propose_reversal(
    data: JSONBody[NewReversal], request: Request[Any, Any, Any]
) -> Response[VoucherDraft]:
    """Propose to take an entry of a bill or of a person back by another one 红字冲销."""
    hub, held = hub_of(request), held_of(request)
    in_range(data.date)
    async with hub.connection() as connection:
        done = await vouchers.propose_reversal(
            connection, held.tenant, data.key, data.date, data.reason, held.actor, hub.clock()
        )
    return _answer(done)


@get(
    "/v1/settlement/drafts",
    operation_id="listVoucherDrafts",
    tags=["settlement"],
    responses=READ_PROBLEMS,
    guards=[may("settlement.read")],
)
async def list_drafts(
    request: Request[Any, Any, Any],
    draft_state: DraftState = "proposed",
    cursor: Cursor = "",
    limit: Limit = 50,
) -> VoucherDraftPage:
    """List vouchers that persons made, the newest first, and how many wait to be checked."""
    held = held_of(request)
    async with hub_of(request).connection() as connection:
        found = await vouchers.list_drafts(
            connection, held.tenant, draft_state, _before(cursor), limit + 1
        )
        waiting = await vouchers.count_waiting(connection, held.tenant)
        acted = {who for one in found for who in (one.by, one.answered_by) if who}
        people = await name_actors(connection, held.tenant, sorted(acted | {held.actor.sub}))
    following = write_place(str(found[limit - 1].id)) if len(found) > limit else ""
    return VoucherDraftPage(
        items=tuple(found[:limit]),
        next=following,
        waiting=waiting,
        people=people,
        me=held.actor.sub,
    )


@post(
    "/v1/settlement/drafts/{draft_id:uuid}/enter",
    operation_id="enterVoucher",
    **_post("settlement.check"),
)
async def enter_draft(
    draft_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]
) -> Response[Voucher]:
    """Check a voucher as the second person, and enter it; asks for a fresh proof."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        done = await vouchers.enter(connection, held.tenant, draft_id, held.actor, hub.clock())
    return _answer(done)


@post(
    "/v1/settlement/drafts/{draft_id:uuid}/decline",
    operation_id="declineVoucher",
    **_post("settlement.post", only_json),
)
async def decline_draft(
    draft_id: FromPath[uuid.UUID],
    data: JSONBody[VoucherNotEntered],
    request: Request[Any, Any, Any],
) -> Response[VoucherDraft]:
    """Decline a voucher, or take one's own back: it is not entered."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        done = await vouchers.decline(
            connection, held.tenant, draft_id, data.reason, held.actor, hub.clock()
        )
    return _answer(done)


ROUTES: Final = [propose_voucher, propose_reversal, list_drafts, enter_draft, decline_draft]
