"""The inbox: platforms' messages that became no act, and what a person does with them."""

from __future__ import annotations

import datetime
import hashlib
import uuid
from typing import Annotated, Any, Final, Literal

from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Struct

from danshu.faces.http import problems
from danshu.faces.http.channels import find_channel
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
)
from danshu.faces.http.personal import Reason
from danshu.faces.http.questions import Cursor, Limit, Word, read_place, write_place
from danshu.hub import inbox, inbox_acts, raw_views, timeline_figures
from danshu.hub.inbox_acts import Retried
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import LATEST_MS, ORDER_BODY_BYTES
from danshu.ledger import write

MessageState = Annotated[
    Literal["open", "told", "done", "moved", "dismissed", "erased"],
    QueryParameter(name="state"),
]
_LAST: Final = (LATEST_MS * 1000, str(uuid.UUID(int=2**128 - 1)))


class InboxItem(Struct, frozen=True, kw_only=True):
    """A message that waits or waited. `reason` says why it became no act, `detail` where."""

    message: uuid.UUID
    channel: str
    channel_title: str
    account: str
    reason: str
    detail: str
    state: str
    note: str
    received: str
    order: uuid.UUID | None
    bytes: int
    retryable: bool


class InboxPage(Struct, frozen=True, kw_only=True):
    """Messages, newest first; `next` is the cursor of the following page, "" at the end."""

    items: tuple[InboxItem, ...]
    next: str


class InboxMessage(Struct, frozen=True, kw_only=True):
    """A message with its text, masked; `form` other has no masked text. `sha256` of the bytes."""

    item: InboxItem
    form: str
    text: str
    sha256: str


class Dismissing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why no act is needed, or why the message must be seen unmasked; it becomes a fact."""

    reason: Reason


class RevealedMessage(Struct, frozen=True, kw_only=True):
    """A message as text, bytes that are no UTF-8 replaced."""

    message: uuid.UUID
    text: str


@get(
    "/v1/inbox",
    operation_id="listInbox",
    tags=["inbox"],
    responses=READ_PROBLEMS,
    guards=[may("inbox.read")],
)
async def list_inbox(
    request: Request[Any, Any, Any],
    message_state: MessageState = "open",
    channel: Word = "",
    cursor: Cursor = "",
    limit: Limit = 50,
) -> InboxPage:
    """List messages in a state, newest first."""
    at_us, id_ = _LAST
    if cursor:
        at_us, id_ = _place(cursor)
    async with hub_of(request).connection() as connection:
        rows = await inbox.page(
            connection,
            held_of(request).tenant,
            state=message_state,
            channel=channel,
            before=(write.instant(at_us), uuid.UUID(id_)),
            limit=limit + 1,
        )
    items = tuple([_item(row) for row in rows[:limit]])
    more = rows[limit - 1] if len(rows) > limit else None
    return InboxPage(items=items, next=write_place(_us(more.made), str(more.id)) if more else "")


def _place(cursor: str) -> tuple[int, str]:
    at_us, id_ = read_place(cursor, int, str)
    try:
        return int(at_us), str(uuid.UUID(str(id_)))
    except ValueError as error:
        raise InputError("bad_cursor", "the cursor belongs to another list") from error


def _us(made: datetime.datetime) -> int:
    return round(made.timestamp() * 1_000_000)


def _item(row: inbox.Row) -> InboxItem:
    return InboxItem(
        message=row.id,
        channel=row.channel,
        channel_title=timeline_figures.channel_title(row.channel),
        account=row.account,
        reason=row.reason,
        detail=row.detail,
        state=row.state,
        note=row.note,
        received=rfc3339(int(row.made.timestamp() * 1000)),
        order=row.order,
        bytes=len(row.body),
        retryable=inbox_acts.is_retryable(row),
    )


@get(
    "/v1/inbox/{message_id:uuid}",
    operation_id="getInboxMessage",
    tags=["inbox"],
    responses=READ_PROBLEMS,
    guards=[may("inbox.read")],
)
async def get_message(
    message_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]
) -> InboxMessage:
    """Read a message, with everything masked that may be personal."""
    async with hub_of(request).connection() as connection:
        row = await inbox.find(connection, held_of(request).tenant, message_id)
    form, text = raw_views.mask(row.body, ())
    return InboxMessage(
        item=_item(row), form=form, text=text, sha256=hashlib.sha256(row.body).hexdigest()
    )


@post(
    "/v1/inbox/{message_id:uuid}/retry",
    operation_id="retryInboxMessage",
    tags=["inbox"],
    responses=PROBLEMS,
    guards=[may("inbox.act")],
    status_code=200,
)
async def retry_message(
    message_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]
) -> Response[Retried]:
    """Take a message once more, as if the platform had sent it again."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        row = await inbox.find(connection, held.tenant, message_id)
    if not inbox_acts.is_retryable(row):
        closed = row.state != inbox.OPEN
        return _refuse(inbox_acts.CLOSED if closed else inbox_acts.NOT_RETRYABLE)
    adapter = find_channel(row.channel)
    told = await inbox_acts.retry(hub, held.tenant, message_id, adapter, held.actor)
    return _refuse(told) if isinstance(told, Refusal) else Response(told)


@post(
    "/v1/inbox/{message_id:uuid}/dismiss",
    operation_id="dismissInboxMessage",
    tags=["inbox"],
    responses=PROBLEMS,
    guards=[may("inbox.act"), only_json],
    status_code=200,
    request_max_body_size=ORDER_BODY_BYTES,
)
async def dismiss_message(
    message_id: FromPath[uuid.UUID], data: JSONBody[Dismissing], request: Request[Any, Any, Any]
) -> Response[InboxItem]:
    """Decide that a message needs no act."""
    hub, held = hub_of(request), held_of(request)
    refused = await inbox_acts.dismiss(hub, held.tenant, message_id, held.actor, data.reason)
    if refused is not None:
        return _refuse(refused)
    async with hub.connection() as connection:
        return Response(_item(await inbox.find(connection, held.tenant, message_id)))


@post(
    "/v1/inbox/{message_id:uuid}/reveal",
    operation_id="revealInboxMessage",
    tags=["inbox"],
    responses=PROBLEMS,
    guards=[may("order.reveal"), only_json],
    status_code=200,
    request_max_body_size=ORDER_BODY_BYTES,
)
async def reveal_message(
    message_id: FromPath[uuid.UUID], data: JSONBody[Dismissing], request: Request[Any, Any, Any]
) -> Response[RevealedMessage]:
    """See a message unmasked, for a reason; who saw it and why is a fact."""
    hub, held = hub_of(request), held_of(request)
    row = await inbox_acts.reveal(hub, held.tenant, message_id, held.actor, data.reason)
    shown = RevealedMessage(message=row.id, text=row.body.decode(errors="replace"))
    return Response(shown, headers={"cache-control": "no-store"})


def _refuse(refusal: Refusal) -> Response[Any]:
    problem = problems.of(refusal)
    return Response(problem, status_code=problem.status, media_type=problems.PROBLEM_JSON)


ROUTES: Final = [list_inbox, get_message, retry_message, dismiss_message, reveal_message]
