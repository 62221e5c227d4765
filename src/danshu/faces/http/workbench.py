"""The order workbench: its list, its counts, its saved views, the words of its filters, `go`."""

from __future__ import annotations

import time
import uuid
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Request, get
from litestar.params import QueryParameter
from msgspec import Struct

from danshu.capabilities.contract import standing
from danshu.capabilities.orders import model
from danshu.faces.http.auth import Held
from danshu.faces.http.framework import (
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
)
from danshu.faces.http.questions import Cursor, Limit
from danshu.hub import filters, going, marks, parcel_flags, workbench
from danshu.hub.compose import Hub, now_ms
from danshu.hub.counts import CurrencyAmount
from danshu.hub.fields import PLAIN
from danshu.hub.filters import Asked
from danshu.hub.going import Going
from danshu.hub.jobs import Who
from danshu.hub.marks import Colleague
from danshu.hub.timeline_figures import channel_title
from danshu.hub.view_counts import ViewCounts
from danshu.hub.world import World
from danshu.kernel import ids
from danshu.kernel.errors import InputError
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import FILTER_CHARS, PAGE_ROWS

FilterText = Annotated[
    str,
    QueryParameter(
        max_length=FILTER_CHARS, description="conditions: channel.in.taobao,jd;due.lt.2h"
    ),
]
Sort = Annotated[
    Literal["due", "-placed", "-amount", "amount"],
    QueryParameter(description="what comes first; due: time left, orders without a clock last"),
]
_decode_order: Final = msgspec.json.Decoder(model.Order).decode
_PERSON: Final = "Person"
_KEY: Final = "Key"


class Assignee(Struct, frozen=True, kw_only=True):
    """Who looks after an order."""

    person: str
    number: str
    name: str


class WorkbenchRow(Struct, frozen=True, kw_only=True):
    """An order in the workbench. Money in minor units; instants RFC 3339, "" = none.

    `title` and `quantity` are of the first line. `promise` is the order's worst, in the engine's
    word; `due` is the next deadline that is owed, of a clock that `started` and stands in `clock`.
    `parcels`: what became of them beside the stage (split, merged, partial, intercept, reshipped,
    lost, refused).
    """

    order: uuid.UUID
    number: str
    channel: str
    state: str
    holds: tuple[str, ...]
    title: str
    quantity: int
    lines: int
    paid: int
    total: int
    currency: str
    province: str
    place: str
    region: str
    warehouse: str
    warehouse_name: str
    short: bool
    promise: str
    started: str
    due: str
    clock: str
    placed: str
    tags: tuple[str, ...]
    assignee: Assignee | None
    parcels: tuple[str, ...]


class WorkbenchPage(Struct, frozen=True, kw_only=True):
    """One page. `next` is the cursor of the following one, "" at the end; a page may be short, even
    empty, before it, having `looked` at so many orders. `sort` is "-placed" where more words are
    met than can be sorted.
    """

    items: tuple[WorkbenchRow, ...]
    next: str
    sort: str
    looked: int
    took_ms: int
    now: str


class Choice(Struct, frozen=True, kw_only=True):
    """A value that a filter may take, and what people call it."""

    code: str
    name: str


class FilterWords(Struct, frozen=True, kw_only=True):
    """What the filters of the workbench can be given."""

    channels: tuple[Choice, ...]
    warehouses: tuple[Choice, ...]
    provinces: tuple[Choice, ...]
    regions: tuple[Choice, ...]
    tags: tuple[str, ...]
    people: tuple[Colleague, ...]
    me: str


def who_of(held: Held) -> Who:
    """Say who asks, as jobs, views and assignments know them."""
    if held.session is not None:
        return Who(kind=_PERSON, id=str(held.session.row.id))
    return Who(kind=_KEY, id=held.caller.key)


async def world_of(hub: Hub, tenant: int) -> World | None:
    """Give the merchant's world, None for one without a network: it has no orders."""
    try:
        return await hub.worlds.ensure(tenant)
    except InputError as error:
        if error.code != "no_network":
            raise
        return None


def resolve(world: World, f: str, held: Held) -> Asked:
    """Say what a filter's text means now to whoever asks."""
    return filters.resolve(filters.parse(f), world.warehouse_no, who_of(held).subject, now_ms())


@get(
    "/v1/workbench/orders",
    operation_id="listWorkbench",
    tags=["workbench"],
    responses=READ_PROBLEMS,
    guards=[may("order.read")],
)
async def list_orders(
    request: Request[Any, Any, Any],
    f: FilterText = "",
    sort: Sort = "due",
    cursor: Cursor = "",
    limit: Limit = 100,
) -> WorkbenchPage:
    """List orders for the workbench: any filter, by time left, newest or amount, page by page."""
    began_s = time.perf_counter()
    hub, held = hub_of(request), held_of(request)
    world = await world_of(hub, held.tenant)
    if world is None:
        return WorkbenchPage(
            items=(), next="", sort=sort, looked=0, took_ms=0, now=rfc3339(now_ms())
        )
    asked = resolve(world, f, held)
    after = workbench.read_cursor(f, sort, cursor) if cursor else None
    async with hub.connection() as connection:
        page = await workbench.page(connection, held.tenant, asked, sort, after, limit)
        people_ = await marks.colleagues(connection, held.tenant, [r.assignee for r in page.rows])
    return WorkbenchPage(
        items=tuple([_row(world, row, people_) for row in page.rows]),
        next=workbench.write_cursor(f, sort, page.next) if page.next else "",
        sort=page.sort,
        looked=page.looked,
        took_ms=round((time.perf_counter() - began_s) * 1000),
        now=rfc3339(now_ms()),
    )


def _row(world: World, row: workbench.Row, people_: dict[str, Colleague]) -> WorkbenchRow:
    order = _decode_order(row.doc)
    glance = standing.read(row.terms)
    is_over = model.State(row.state) in (model.State.CANCELLED, model.State.COMPLETED)
    at = world.warehouses[row.wh] if 0 <= row.wh < len(world.warehouses) else None
    province, place = world.places.get(row.region, ("", row.region))
    first = order.lines[0]
    due_ms = 0 if is_over else glance.due_ms
    return WorkbenchRow(
        order=row.id,
        number=order.number,
        channel=row.channel,
        state=model.State(row.state).word,
        holds=order.holds,
        title=first.title or first.sku,
        quantity=first.quantity,
        lines=len(order.lines),
        paid=order.paid,
        total=row.total,
        currency=row.currency,
        province=province,
        place=place,
        region=row.region,
        warehouse=at.code if at else "",
        warehouse_name=at.name if at else "",
        short=not is_over and any(n.quantity > n.cancelled + n.allocated for n in order.lines),
        promise=glance.standing.word,
        started=rfc3339(glance.started_ms) if due_ms else "",
        due=rfc3339(due_ms) if due_ms else "",
        clock=glance.state.value if due_ms and glance.state else "",
        placed=rfc3339(ids.made_ms(row.id)),
        tags=row.tags,
        assignee=_assignee(row.assignee, people_),
        parcels=parcel_flags.flags_of(order),
    )


def _assignee(person: str, people_: dict[str, Colleague]) -> Assignee | None:
    if not person:
        return None
    known = people_.get(person)
    if known is None:
        return Assignee(person=person, number=person, name="")
    return Assignee(person=person, number=known.number, name=known.name)


class WorkbenchNews(Struct, frozen=True, kw_only=True):
    """Orders as they are now; `matching` are those that the filter meets."""

    items: tuple[WorkbenchRow, ...]
    matching: tuple[uuid.UUID, ...]


Ids = Annotated[
    str,
    QueryParameter(
        max_length=40 * PAGE_ROWS, description=f"at most {PAGE_ROWS} orders, joined by commas"
    ),
]


@get(
    "/v1/workbench/rows",
    operation_id="readWorkbenchRows",
    tags=["workbench"],
    responses=READ_PROBLEMS,
    guards=[may("order.read")],
)
async def read_rows(request: Request[Any, Any, Any], ids: Ids, f: FilterText = "") -> WorkbenchNews:
    """Read some orders again, as a list shows them, and tell which of them a filter meets now."""
    hub, held = hub_of(request), held_of(request)
    world = await world_of(hub, held.tenant)
    asked_for = _read_ids(ids)
    if world is None:
        return WorkbenchNews(items=(), matching=())
    asked = resolve(world, f, held)
    async with hub.connection() as connection:
        rows = await workbench.read_rows(connection, held.tenant, asked_for)
        matching = await workbench.meeting(connection, held.tenant, asked, asked_for)
        people_ = await marks.colleagues(connection, held.tenant, [r.assignee for r in rows])
    return WorkbenchNews(
        items=tuple([_row(world, row, people_) for row in rows]), matching=tuple(matching)
    )


def _read_ids(text: str) -> list[uuid.UUID]:
    try:
        ids_ = list(dict.fromkeys(uuid.UUID(part) for part in text.split(",") if part))
    except ValueError as error:
        raise InputError("bad_id", "not an order's id", "/ids") from error
    if len(ids_) > PAGE_ROWS:
        raise InputError("too_many", f"at most {PAGE_ROWS} orders", "/ids")
    return ids_


class Total(Struct, frozen=True, kw_only=True):
    """How many orders, and what they come to by currency; both 约 unless `exact`."""

    count: int
    amounts: tuple[CurrencyAmount, ...]
    exact: bool
    as_of: str
    took_ms: int


@get(
    "/v1/workbench/count",
    operation_id="countWorkbench",
    tags=["workbench"],
    responses=READ_PROBLEMS,
    guards=[may("order.read")],
)
async def count_orders(request: Request[Any, Any, Any], f: FilterText = "") -> Total:
    """Count the orders that a filter meets: exactly where it can be done in time, else about."""
    began_s = time.perf_counter()
    held = held_of(request)
    counted = await counts_of(request).count(held.tenant, f, who_of(held).subject)
    return Total(
        count=counted.count,
        amounts=counted.amounts,
        exact=counted.exact,
        as_of=rfc3339(counted.as_of),
        took_ms=round((time.perf_counter() - began_s) * 1000),
    )


def counts_of(request: Request[Any, Any, Any]) -> ViewCounts:
    """Give the counts that this process remembers for a moment."""
    counts: ViewCounts = request.app.state.counts
    return counts


@get(
    "/v1/workbench/words",
    operation_id="getWorkbenchWords",
    tags=["workbench"],
    responses=READ_PROBLEMS,
    guards=[may("order.read")],
)
async def get_words(request: Request[Any, Any, Any]) -> FilterWords:
    """Give what filters can be given: channels, warehouses, regions, tags, colleagues."""
    hub, held = hub_of(request), held_of(request)
    world = await world_of(hub, held.tenant)
    async with hub.connection() as connection:
        tags = await marks.suggest(connection, held.tenant)
        staff = await marks.staff(connection, held.tenant)
        channels = await workbench.channels(connection, held.tenant)
    places = world.places if world else {}
    provinces = {p: f"{code[:2]}0000" for code, (p, _) in places.items() if p and code.isdigit()}
    return FilterWords(
        channels=tuple(Choice(code=c, name=channel_title(c)) for c in channels),
        warehouses=tuple(
            Choice(code=w.code, name=w.name) for w in (world.warehouses if world else ())
        ),
        provinces=tuple(Choice(code=code, name=name) for name, code in provinces.items()),
        regions=tuple(Choice(code=code, name=name) for code, (_, name) in places.items()),
        tags=tuple(tags),
        people=tuple(staff),
        me=who_of(held).subject,
    )


Word = Annotated[str, QueryParameter(min_length=1, max_length=128, pattern=PLAIN)]


@get(
    "/v1/go",
    operation_id="go",
    tags=["workbench"],
    responses=READ_PROBLEMS,
    guards=[may("order.read")],
)
async def go(request: Request[Any, Any, Any], q: Word) -> Going:
    """Tell where a word leads: an order number, waybill, the tail of a phone, a SKU, a barcode."""
    hub, held = hub_of(request), held_of(request)
    world = await world_of(hub, held.tenant)
    if world is None:
        return Going(items=(), only=False, more=False)
    async with hub.connection() as connection:
        return await going.find(connection, world, q)


ROUTES: Final = [list_orders, read_rows, count_orders, get_words, go]
