"""Intercept rules 错单拦截规则: what they stopped, who was let go, and the lists they compare with.

The rules themselves are policy sets of kind `intercept`: drafted, tried, approved and moved by the
routes of policies.
"""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final, Literal

from litestar import Request, Response, delete, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
)
from danshu.faces.http.questions import Cursor, Limit, read_place, write_place
from danshu.hub import intercept_blocks, intercept_stops, policy_trials
from danshu.hub.actors import name_actors
from danshu.hub.acts import read_time
from danshu.hub.fields import PLAIN, Word
from danshu.hub.intercept_blocks import Block
from danshu.hub.intercept_people import BlockKind
from danshu.hub.intercept_stops import StopRow, StopSummary
from danshu.kernel.errors import Refusal
from danshu.kernel.limits import INTERCEPT_RELEASES, ORDER_BODY_BYTES, REASON_CHARS

_ID = FromPath[str]
_LAST: Final = uuid.UUID(int=2**128 - 1)
State = Annotated[
    Literal["", "held", "released", "cancelled"],
    QueryParameter(name="state", description="only these"),
]
Rule = Annotated[
    str, QueryParameter(max_length=128, description="only those that this rule stopped")
]
PassReason = Literal[
    "real_buyer", "address_confirmed", "price_right", "quantity_wanted", "not_listed", "other"
]


class StopPage(Struct, frozen=True, kw_only=True):
    """Stopped orders, the newest first; `next` is "" at the end. People by their numbers."""

    items: tuple[StopRow, ...]
    next: str


class InterceptRelease(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Orders that are let go on after a look, and why the rule was wrong about them."""

    orders: Annotated[tuple[uuid.UUID, ...], Meta(min_length=1, max_length=INTERCEPT_RELEASES)]
    reason: PassReason
    note: Annotated[str, Meta(max_length=REASON_CHARS, pattern=PLAIN)] = ""


class LetPass(Struct, frozen=True, kw_only=True):
    """What became of one: released, or the refusal's code and words."""

    order: str
    released: bool
    code: str = ""
    reason: str = ""
    reason_en: str = ""


class InterceptReleased(Struct, frozen=True, kw_only=True):
    """What became of each, in the order asked."""

    released: int
    items: tuple[LetPass, ...]


class BlockPage(Struct, frozen=True, kw_only=True):
    """Entries of the lists, the newest first; `next` is "" at the end. People by their numbers."""

    items: tuple[Block, ...]
    next: str


class NewBlock(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody to list: a channel's buyer by its id, a receiver by phone, an address in one line
    from the province on. The value is hashed and not kept. `until` is RFC 3339, "" for good.
    """

    kind: BlockKind
    channel: Word = ""
    value: Annotated[str, Meta(min_length=1, max_length=500, pattern=PLAIN)]
    reason: Annotated[str, Meta(min_length=1, max_length=REASON_CHARS, pattern=PLAIN)]
    until: Annotated[str, Meta(max_length=40, pattern=PLAIN)] = ""


class BlockMade(Struct, frozen=True, kw_only=True):
    """The entry's id; who was listed already keeps theirs."""

    id: str


_READ: Final[dict[str, Any]] = {
    "tags": ["intercepts"],
    "responses": READ_PROBLEMS,
    "guards": [may("order.read")],
}
_ACT: Final[dict[str, Any]] = {
    "tags": ["intercepts"],
    "responses": PROBLEMS,
    "request_max_body_size": ORDER_BODY_BYTES,
}


@get("/v1/intercepts/summary", operation_id="summarizeIntercepts", **_READ)
async def summarize(request: Request[Any, Any, Any]) -> StopSummary:
    """Tell what stopped today and what waits, and how often the rules of 30 days were wrong."""
    hub = hub_of(request)
    async with hub.connection() as connection:
        return await intercept_stops.summarize(connection, held_of(request).tenant, hub.clock())


@get("/v1/intercepts/stops", operation_id="listIntercepts", **_READ)
async def list_stops(
    request: Request[Any, Any, Any],
    stands: State = "",
    rule: Rule = "",
    cursor: Cursor = "",
    limit: Limit = 50,
) -> StopPage:
    """List stopped orders, the newest first."""
    tenant = held_of(request).tenant
    before = policy_trials.read_place(str(read_place(cursor, str)[0])) if cursor else _LAST
    async with hub_of(request).connection() as connection:
        rows = await intercept_stops.list_stops(
            connection, tenant, before=before, state=stands, rule=rule, limit=limit + 1
        )
        names = await name_actors(connection, tenant, [row.by for row in rows if row.by])
    more = write_place(rows[limit - 1].order) if len(rows) > limit else ""
    items = [intercept_stops.named(row, names) for row in rows[:limit]]
    return StopPage(items=tuple(items), next=more)


@post(
    "/v1/intercepts/releases",
    operation_id="releaseIntercepted",
    status_code=200,
    guards=[may("order.unhold"), only_json],
    **_ACT,
)
async def release(
    data: JSONBody[InterceptRelease], request: Request[Any, Any, Any]
) -> InterceptReleased:
    """Let stopped orders go on: each counts as a false alarm of the rules that stopped it."""
    hub, held = hub_of(request), held_of(request)
    items = []
    for id_ in dict.fromkeys(data.orders):
        done = await intercept_stops.release(
            hub, held.tenant, id_, data.reason, data.note, held.actor
        )
        if isinstance(done, Refusal):
            told = LetPass(
                order=str(id_), released=False, code=done.code, reason=done.reason,
                reason_en=done.reason_en,
            )  # fmt: skip
        else:
            told = LetPass(order=str(id_), released=True)
        items.append(told)
    return InterceptReleased(released=sum(one.released for one in items), items=tuple(items))


@get("/v1/intercepts/blocks", operation_id="listBlocks", **_READ)
async def list_blocks(
    request: Request[Any, Any, Any], cursor: Cursor = "", limit: Limit = 50
) -> BlockPage:
    """List who is listed: a hint, why, until when."""
    tenant = held_of(request).tenant
    before = policy_trials.read_place(str(read_place(cursor, str)[0])) if cursor else _LAST
    async with hub_of(request).connection() as connection:
        rows = await intercept_blocks.list_blocks(connection, tenant, before, limit + 1)
        names = await name_actors(connection, tenant, [row.by for row in rows])
    more = write_place(rows[limit - 1].id) if len(rows) > limit else ""
    items = [intercept_blocks.named(row, names) for row in rows[:limit]]
    return BlockPage(items=tuple(items), next=more)


@post(
    "/v1/intercepts/blocks",
    operation_id="listBuyer",
    status_code=201,
    guards=[may("order.hold"), only_json],
    **_ACT,
)
async def put_block(data: JSONBody[NewBlock], request: Request[Any, Any, Any]) -> BlockMade:
    """List a buyer, a receiver or an address; who is listed gets the new reason and end."""
    hub, held = hub_of(request), held_of(request)
    until_ms = read_time(data.until, "/until")
    async with hub.connection() as connection:
        made = await intercept_blocks.put(
            connection, held.tenant, data.kind, data.channel, data.value, data.reason, until_ms,
            held.actor, hub.clock(),
        )  # fmt: skip
    await hub.worlds.look()
    return BlockMade(id=made)


@delete(
    "/v1/intercepts/blocks/{block_id:str}",
    operation_id="unlist",
    guards=[may("order.hold")],
    **_ACT,
)
async def drop_block(block_id: _ID, request: Request[Any, Any, Any]) -> Response[None]:
    """Take an entry off its list."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        await intercept_blocks.drop(connection, held.tenant, block_id, held.actor)
    await hub.worlds.look()
    return Response(None)


ROUTES: Final = [summarize, list_stops, release, list_blocks, put_block, drop_block]
