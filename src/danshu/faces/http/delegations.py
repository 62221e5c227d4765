"""Delegations over HTTP: a person lets another do an action in their place, for a time."""

from __future__ import annotations

import datetime
import uuid
from typing import Annotated, Any, Final

from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from danshu.faces.http import problems
from danshu.faces.http.auth import Held
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
    respond,
    session_of,
)
from danshu.faces.http.people import WithReason
from danshu.faces.http.placing import PLAIN, Instant
from danshu.faces.http.questions import Cursor, Limit, read_place, write_place
from danshu.hub import delegating, modelling, performing
from danshu.hub.delegating import Delegation
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import ORDER_BODY_BYTES

_LAST: Final = uuid.UUID(int=2**128 - 1)


class DelegationGiven(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is lent, to whom, until when, and why."""

    action: Annotated[str, Meta(min_length=1, max_length=64, pattern=PLAIN)]
    to: uuid.UUID
    ends: Instant
    reason: Annotated[str, Meta(min_length=1, max_length=200, pattern=PLAIN)]


class DelegationShown(Struct, frozen=True, kw_only=True):
    """A delegation. People by their number; `withdrawn` is "" while it was not taken back.

    `mine`: the caller gave it; `holds`: it counts now.
    """

    id: uuid.UUID
    action: str
    giver: str
    to: str
    reason: str
    begins: str
    ends: str
    withdrawn: str
    mine: bool
    holds: bool


class DelegationsPage(Struct, frozen=True, kw_only=True):
    """Delegations, the newest first; `next` is the cursor of the following page, "" at the end."""

    items: tuple[DelegationShown, ...]
    next: str


def _show(told: Delegation, held: Held, now_ms: int) -> DelegationShown:
    me = held.session.row.id if held.session else None
    return DelegationShown(
        id=told.id,
        action=told.action,
        giver=told.giver_number,
        to=told.taker_number,
        reason=told.reason,
        begins=rfc3339(told.begins_ms),
        ends=rfc3339(told.ends_ms),
        withdrawn=rfc3339(told.withdrawn_ms) if told.withdrawn_ms else "",
        mine=told.giver == me,
        holds=not told.withdrawn_ms and told.begins_ms <= now_ms < told.ends_ms,
    )


@get(
    "/v1/delegations",
    operation_id="listDelegations",
    tags=["actions"],
    responses=READ_PROBLEMS,
    guards=[may("action.lend")],
)
async def list_delegations(
    request: Request[Any, Any, Any],
    everybody: Annotated[bool, QueryParameter(description="for those who read people")] = False,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> DelegationsPage:
    """List what was lent to and by the caller; everybody's for those who read people."""
    held, hub = held_of(request), hub_of(request)
    person = held.session.row.id if held.session else None
    if everybody and held.may("person.read"):
        person = None
    elif person is None:
        return DelegationsPage(items=(), next="")
    before = _LAST
    if cursor:
        (text,) = read_place(cursor, str)
        try:
            before = uuid.UUID(str(text))
        except ValueError as error:
            raise InputError("bad_cursor", "the cursor is not one of ours") from error
    async with hub.connection() as connection:
        found = await delegating.page(connection, held.tenant, person, before, limit + 1)
    now_ms = hub.clock()
    return DelegationsPage(
        items=tuple([_show(d, held, now_ms) for d in found[:limit]]),
        next=write_place(found[limit - 1].id.hex) if len(found) > limit else "",
    )


@post(
    "/v1/delegations",
    operation_id="giveDelegation",
    tags=["actions"],
    responses=PROBLEMS,
    guards=[may("action.lend"), only_json],
    request_max_body_size=ORDER_BODY_BYTES,
)
async def give_delegation(
    data: JSONBody[DelegationGiven], request: Request[Any, Any, Any]
) -> Response[Any]:
    """Lend an action that the caller may do to another person until a time; a fact of its own."""
    held, hub = held_of(request), hub_of(request)
    if held.session is None:
        raise InputError("forbidden", "this is for people, not for API keys")
    async with hub.connection() as connection:
        found = await modelling.read_active(connection, held.tenant, data.action)
        if found is None:
            raise performing.NO_ACTION
        told = await delegating.give(
            connection,
            held.tenant,
            session_of(request).row,
            found[0],
            data.to,
            ends_ms=_ms(data.ends),
            reason=data.reason,
            actor=held.actor,
            now_ms=hub.clock(),
        )
        if isinstance(told, Refusal):
            return respond(problems.of(told))
        (shown,) = [
            d
            for d in await delegating.page(
                connection, held.tenant, held.session.row.id, uuid.UUID(int=told.int + 1), 1
            )
            if d.id == told
        ]
    return Response(_show(shown, held, hub.clock()), status_code=201)


def _ms(moment: datetime.datetime) -> int:
    return int(moment.timestamp() * 1000)


@post(
    "/v1/delegations/{delegation_id:uuid}/withdraw",
    operation_id="withdrawDelegation",
    tags=["actions"],
    responses=PROBLEMS,
    guards=[may("action.lend"), only_json],
    status_code=200,
    request_max_body_size=ORDER_BODY_BYTES,
)
async def withdraw_delegation(
    delegation_id: FromPath[uuid.UUID],
    data: JSONBody[WithReason],
    request: Request[Any, Any, Any],
) -> Response[Any]:
    """Take a delegation back: who gave it, who got it, or an admin."""
    held, hub = held_of(request), hub_of(request)
    giver = held.session.row.id if held.session and not held.may("person.write") else None
    async with hub.connection() as connection:
        refusal = await delegating.withdraw(
            connection,
            held.tenant,
            delegation_id,
            giver=giver,
            reason=data.reason,
            actor=held.actor,
            now_ms=hub.clock(),
        )
        if refusal:
            return respond(problems.of(refusal))
        found = await delegating.page(
            connection, held.tenant, None, uuid.UUID(int=delegation_id.int + 1), 1
        )
    return Response(_show(found[0], held, hub.clock()))


ROUTES: Final = [list_delegations, give_delegation, withdraw_delegation]
