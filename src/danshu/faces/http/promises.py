"""Promises: those whose clock runs, those that were decided, in groups, with their gaps."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Request, get
from litestar.params import FromPath, QueryParameter
from msgspec import Struct

from danshu.capabilities.contract.views import describe
from danshu.faces.http.framework import READ_PROBLEMS, held_of, hub_of, may
from danshu.faces.http.questions import (
    Cursor,
    Due,
    From,
    Limit,
    PromiseState,
    To,
    Word,
    epoch,
    read_place,
    write_place,
)
from danshu.hub import promise_gaps, promise_groups, promise_views, views
from danshu.hub.promise_gaps import Gap
from danshu.hub.promise_groups import DecidedGroup, OpenGroup
from danshu.hub.promise_views import Asked, Connection, Place, PromiseRow
from danshu.kernel.errors import InputError
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import LATEST_MS, PROMISE_GAPS

Warehouse = Annotated[
    str, QueryParameter(max_length=64, description="a code; - for orders that none has yet")
]
By = Annotated[
    Literal["channel", "warehouse", "code", "carrier"],
    QueryParameter(name="by", description="what the groups are of"),
]
Then = Annotated[
    Literal["", "channel", "warehouse", "code", "carrier"],
    QueryParameter(name="then", description="groups within groups"),
]
GapState = Annotated[
    Literal["kept", "broken", "late", "borderline", "excused"], QueryParameter(name="state")
]
GapLimit = Annotated[int, QueryParameter(ge=1, le=PROMISE_GAPS)]


class PromisePage(Struct, frozen=True, kw_only=True):
    """Promises; running ones by their deadline, decided ones by their verdict, newest first. A page
    may be short before the end, having `looked` at so many; `next` is "" there.
    """

    items: tuple[PromiseRow, ...]
    next: str
    looked: int


class OpenGroups(Struct, frozen=True, kw_only=True):
    """Running clocks in groups as of `at`, soonest first. `exact`: whether the totals are; counts
    by what is left are exact up to `exact_min` minutes, 0 = none of them.
    """

    at: str
    items: tuple[OpenGroup, ...]
    exact: bool
    exact_min: int


class DecidedGroups(Struct, frozen=True, kw_only=True):
    """Verdicts in groups, the most breaches first; `exact` is False when there are more than are
    counted.
    """

    items: tuple[DecidedGroup, ...]
    exact: bool


class Both(Struct, frozen=True, kw_only=True):
    """The same words in Chinese and English."""

    zh: str
    en: str


class Event(Both, frozen=True, kw_only=True):
    """An event that a promise knows, and what it is called."""

    name: str


class Shown(Struct, frozen=True, kw_only=True):
    """The words that were shown to the buyer, in the language they were shown in."""

    lang: str
    text: str
    sha256: str


class Pausing(Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """The clock stood in this time."""

    event: str
    from_: str
    until: str


class Stop(Struct, frozen=True, kw_only=True):
    """An event that stopped the clock, or that tells another time than the one that did."""

    event: Event
    occurred: str
    recorded: str
    err_ms: int
    source: str
    self_declared: bool
    verdict: str | None = None
    gap_s: int | None = None


class PromiseDetail(Struct, frozen=True, kw_only=True):
    """A promise of an order: its words, its clock, what stopped it. Spans in seconds."""

    code: str
    version: int
    definition: str
    name: Both
    text: Both
    shown: Shown
    breach: Both
    state: str
    state_label: Both
    start_event: Event
    stop_event: Event
    calendar: str
    tz: str
    started: str | None
    due: str | None
    ship_by: str | None
    next: str | None
    left_s: int | None
    used_permille: int | None
    warned: int
    warnings: tuple[str, ...]
    pauses: tuple[Pausing, ...]
    stop: Stop | None
    gap_s: int | None
    self_declared: bool
    alternates: tuple[Stop, ...]
    ruling: str | None


class OrderPromises(Struct, frozen=True, kw_only=True):
    """The promises of one order, as of `at`."""

    order: uuid.UUID
    number: str
    at: str
    items: tuple[PromiseDetail, ...]


class GapPage(Struct, frozen=True, kw_only=True):
    """Decided promises with their times, newest first; `next` is "" at the end, see PromisePage."""

    items: tuple[Gap, ...]
    next: str
    looked: int


_READ: Final[dict[str, Any]] = {
    "tags": ["promises"],
    "responses": READ_PROBLEMS,
    "guards": [may("promise.read")],
}


@get("/v1/promises", operation_id="listPromises", **_READ)
async def list_promises(
    request: Request[Any, Any, Any],
    promise_state: PromiseState = "running",
    channel: Word = "",
    warehouse: Warehouse = "",
    code: Word = "",
    carrier: Word = "",
    due_before: Due = None,
    from_: From = None,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> PromisePage:
    """List promises in a state; `ticking` is running or paused. `due_before` narrows running ones
    to deadlines before an instant, `from` decided ones to verdicts from an instant on.
    """
    tenant = held_of(request).tenant
    before_ms, since_ms = epoch(due_before, "/due_before"), epoch(from_, "/from")
    is_open = promise_state in ("ticking", *promise_views.TICKING)
    async with hub_of(request).connection() as connection:
        asked = await _asked(connection, tenant, channel, warehouse, code, carrier)
        if is_open:
            found, following, looked = await promise_views.list_ticking(
                connection,
                tenant,
                state="" if promise_state == "ticking" else promise_state,
                asked=asked,
                before_ms=before_ms,
                after=_place(cursor) if cursor else promise_views.FIRST,
                limit=limit,
            )
        else:
            found, following, looked = await promise_views.list_verdicts(
                connection,
                tenant,
                state=promise_state,
                asked=asked,
                since_ms=since_ms,
                after=_place(cursor) if cursor else promise_views.LAST,
                limit=limit,
            )
        rows = await promise_views.dress(connection, tenant, found)
    return PromisePage(items=tuple(rows), next=_write(following), looked=looked)


@get("/v1/promises/groups", operation_id="groupPromises", **_READ)
async def group_promises(
    request: Request[Any, Any, Any],
    by: By = "warehouse",
    then: Then = "",
    channel: Word = "",
    warehouse: Warehouse = "",
    code: Word = "",
    carrier: Word = "",
) -> OpenGroups:
    """Group the running clocks by what is left of them."""
    hub, tenant = hub_of(request), held_of(request).tenant
    at_ms = hub.clock()
    async with hub.connection() as connection:
        asked = await _asked(connection, tenant, channel, warehouse, code, carrier)
        found = await promise_groups.group_open(connection, tenant, asked, by, then, at_ms)
    return OpenGroups(
        at=rfc3339(at_ms),
        items=tuple(found.groups),
        exact=found.exact,
        exact_min=found.exact_min,
    )


@get("/v1/promises/outcomes", operation_id="groupOutcomes", **_READ)
async def group_outcomes(
    request: Request[Any, Any, Any],
    by: By = "warehouse",
    then: Then = "",
    channel: Word = "",
    warehouse: Warehouse = "",
    code: Word = "",
    carrier: Word = "",
    from_: From = None,
    to: To = None,
) -> DecidedGroups:
    """Group the verdicts of a span: kept, broken, done late, to be judged."""
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        asked = await _asked(connection, tenant, channel, warehouse, code, carrier)
        groups, exact = await promise_groups.group_decided(
            connection,
            tenant,
            asked,
            by,
            then,
            epoch(from_, "/from"),
            epoch(to, "/to") or LATEST_MS,
        )
    return DecidedGroups(items=tuple(groups), exact=exact)


@get("/v1/promises/gaps", operation_id="listPromiseGaps", **_READ)
async def list_gaps(
    request: Request[Any, Any, Any],
    promise_state: GapState = "late",
    channel: Word = "",
    warehouse: Warehouse = "",
    code: Word = "",
    carrier: Word = "",
    from_: From = None,
    cursor: Cursor = "",
    limit: GapLimit = 25,
) -> GapPage:
    """List verdicts with when it was due, done and heard of, and where on its way the order was."""
    hub, tenant = hub_of(request), held_of(request).tenant
    async with hub.connection() as connection:
        asked = await _asked(connection, tenant, channel, warehouse, code, carrier)
        found, following, looked = await promise_views.list_verdicts(
            connection,
            tenant,
            state=promise_state,
            asked=asked,
            since_ms=epoch(from_, "/from"),
            after=_place(cursor) if cursor else promise_views.LAST,
            limit=limit,
        )
        book = (await hub.worlds.ensure(tenant)).book if found else {}
        gaps = await promise_gaps.explain(connection, tenant, found, book, hub.clock())
    return GapPage(items=tuple(gaps), next=_write(following), looked=looked)


@get("/v1/promises/{order_id:uuid}", operation_id="getPromises", **_READ)
async def get_promises(
    order_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]
) -> OrderPromises:
    """Read the promises of one order with their clocks."""
    hub = hub_of(request)
    seen = await views.read_order(hub, held_of(request).tenant, order_id)
    at_ms = hub.clock()
    return OrderPromises(
        order=seen.id,
        number=seen.order.number,
        at=rfc3339(at_ms),
        items=tuple([msgspec.convert(describe(p, at_ms), PromiseDetail) for p in seen.promises]),
    )


async def _asked(
    connection: Connection, tenant: int, channel: str, warehouse: str, code: str, carrier: str
) -> Asked:
    number = await promise_views.find_warehouse(connection, tenant, warehouse)
    return Asked(channel=channel, warehouse=number, code=code, carrier=carrier)


def _place(cursor: str) -> Place:
    at_us, id_, code = read_place(cursor, int, str, str)
    try:
        return int(at_us), uuid.UUID(str(id_)), str(code)
    except ValueError as error:
        raise InputError("bad_cursor", "the cursor belongs to another list") from error


def _write(place: Place | None) -> str:
    return write_place(place[0], str(place[1]), place[2]) if place else ""


ROUTES: Final = [
    list_promises,
    group_promises,
    group_outcomes,
    list_gaps,
    get_promises,
]
