"""Orders: place one, place many, list, read."""

from __future__ import annotations

import asyncio
import uuid
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, HeaderParameter, JSONBody
from msgspec import Struct

from danshu.capabilities.contract import views as promise_views
from danshu.capabilities.orders import model
from danshu.faces.http import placing, problems
from danshu.faces.http.auth import Held
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
    raw_body,
    respond,
)
from danshu.faces.http.placing import NewOrder
from danshu.faces.http.questions import (
    Cursor,
    Due,
    From,
    Limit,
    Question,
    State,
    To,
    Word,
    epoch,
)
from danshu.hub import lists, masking, views
from danshu.hub.compose import Hub, now_ms
from danshu.hub.requests import Answer, Outcome
from danshu.kernel import ids
from danshu.kernel.errors import DanshuError, InputError
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import (
    BATCH_BODY_BYTES,
    BATCH_ORDERS,
    KEY_CHARS,
    ORDER_BODY_BYTES,
)

IdempotencyKey = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key",
        description=f"1 to {KEY_CHARS} visible ASCII characters; another body under it is 409",
    ),
]
NDJSON: Final = "application/x-ndjson"
_encode: Final = msgspec.json.Encoder().encode


@post(
    "/v1/orders",
    operation_id="placeOrder",
    tags=["orders"],
    responses=PROBLEMS,
    guards=[may("order.place"), only_json],
    request_max_body_size=ORDER_BODY_BYTES,
)
async def place_order(
    data: JSONBody[NewOrder],
    request: Request[Any, Any, Any],
    idempotency_key: IdempotencyKey = None,
) -> Response[Answer]:
    """Place an order: decided, promised, reserved and durable when this answers; 200 when it was
    known.
    """
    key = idempotency_key.encode("latin-1", "replace") if idempotency_key is not None else None
    made = placing.request(held_of(request), key, await request.body(), data)
    outcome = await hub_of(request).batch.submit(made)
    if isinstance(outcome, Answer):
        return Response(outcome, status_code=200 if outcome.existing else 201)
    return respond(problems.of(outcome))


class LineResult(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one line of a batch: its number from 1, the status, and the answer or the
    problem.
    """

    line: int
    status: int
    answer: Answer | None = None
    problem: problems.Problem | None = None


@post(
    "/v1/orders:batch",
    operation_id="placeOrders",
    tags=["orders"],
    responses=PROBLEMS,
    guards=[may("order.place")],
    status_code=200,
    media_type=NDJSON,
    request_max_body_size=BATCH_BODY_BYTES,
    operation_class=raw_body(f"NewOrder as JSON, one a line, at most {BATCH_ORDERS}", NDJSON),
)
async def place_orders(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Place many orders; each line is answered by a LineResult on the same line, whatever the
    others are.
    """
    kind = request.headers.get("content-type", NDJSON).partition(";")[0].strip().lower()
    if kind not in (NDJSON, "application/jsonl", "application/ndjson"):
        raise InputError("content_type", f"send {NDJSON}")
    lines = (await request.body()).split(b"\n")
    while lines and not lines[-1].strip():
        lines.pop()
    if not lines:
        raise InputError("empty_body", "the body is empty")
    if len(lines) > BATCH_ORDERS:
        raise InputError("too_large", f"at most {BATCH_ORDERS} orders a batch")
    held = held_of(request)
    waiting = [_submit(hub_of(request), held, line) for line in lines]
    await asyncio.gather(*(w for w in waiting if isinstance(w, asyncio.Future)))
    results = [
        _result(i, w.result() if isinstance(w, asyncio.Future) else w)
        for i, w in enumerate(waiting, 1)
    ]
    return Response(b"\n".join(results) + b"\n", media_type=NDJSON)


def _submit(hub: Hub, held: Held, line: bytes) -> asyncio.Future[Outcome] | DanshuError:
    try:
        if len(line) > ORDER_BODY_BYTES:
            raise InputError("too_large", f"an order is at most {ORDER_BODY_BYTES} bytes")
        return hub.batch.submit(placing.request(held, None, line, placing.read(line)))
    except DanshuError as error:
        return error


def _result(no: int, outcome: Outcome) -> bytes:
    if isinstance(outcome, Answer):
        status = 200 if outcome.existing else 201
        return _encode(LineResult(line=no, status=status, answer=outcome))
    problem = problems.of(outcome)
    return _encode(LineResult(line=no, status=problem.status, problem=problem))


class OrderLine(Struct, frozen=True, kw_only=True):
    """A line: units ordered, and how many have come to each stage. Money in minor units."""

    no: int
    sku: str
    title: str
    attributes: str
    quantity: int
    price: int
    paid: int
    known: bool
    allocated: int
    released: int
    picked: int
    packed: int
    shipped: int
    delivered: int
    cancelled: int


class OrderView(Struct, frozen=True, kw_only=True):
    """An order. Money in minor units of `currency`; `seq` is the position of its newest fact.

    `type` "" = plain; else `phase` is its stage of that type, whose next payment or stage comes
    from `opens` on and until `until` at the latest ("" = no bound). Of `paid`, `deposit` came as a
    deposit, `forfeited` is kept, `owed` was owed back.
    `wanted`: the day on which the buyer wants it (YYYY-MM-DD), "" = none named.
    """

    order: uuid.UUID
    number: str
    channel: str
    shop: str
    kind: str
    state: str
    platform_status: str
    currency: str
    goods: int
    discount: int
    postage: int
    total: int
    paid: int
    created: str
    placed: str
    paid_at: str
    region: str
    buyer: str
    flag: str
    of_number: str
    holds: tuple[str, ...]
    cancelled: str
    wanted: str
    type: str
    type_version: int
    phase: str
    group: str
    opens: str
    until: str
    deposit: int
    forfeited: int
    owed: int
    lines: tuple[OrderLine, ...]
    fulfilments: tuple[model.Fulfilment, ...]
    promises: tuple[dict[str, Any], ...]
    seq: int


class OrderItem(Struct, frozen=True, kw_only=True):
    """An order in a list."""

    order: uuid.UUID
    number: str
    channel: str
    state: str
    warehouse: str
    region: str
    total: int
    currency: str
    due: str
    placed: str


class OrderPage(Struct, frozen=True, kw_only=True):
    """Newest first. `next` is the cursor of the following page, "" at the end; a page may be short
    before it.
    """

    items: tuple[OrderItem, ...]
    next: str


class _Number(Struct, frozen=True):
    number: str


_decode_number: Final = msgspec.json.Decoder(_Number).decode


@get(
    "/v1/orders",
    operation_id="listOrders",
    tags=["orders"],
    responses=READ_PROBLEMS,
    guards=[may("order.read")],
)
async def list_orders(
    request: Request[Any, Any, Any],
    q: Question = "",
    order_state: State = "",
    channel: Word = "",
    warehouse: Word = "",
    region: Word = "",
    from_: From = None,
    to: To = None,
    due_before: Due = None,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> OrderPage:
    """List orders, newest first; `q` finds numbers (or their last 4 to 8), waybills, SKUs, buyers,
    phones, names.
    """
    hub, tenant = hub_of(request), held_of(request).tenant
    try:
        world = await hub.worlds.ensure(tenant)
    except InputError:  # a merchant without a network has no orders
        return OrderPage(items=(), next="")
    if warehouse and warehouse not in world.warehouse_no:
        raise InputError("bad_filter", f"no warehouse {warehouse!r}", "/warehouse")
    asked = lists.Filter(
        state=int(model.BY_WORD[order_state]) if order_state else None,
        channel=channel,
        warehouse=world.warehouse_no[warehouse] if warehouse else None,
        region=region,
        from_ms=epoch(from_, "/from"),
        to_ms=epoch(to, "/to"),
        due_before_ms=epoch(due_before, "/due_before"),
        q=q,
    )
    before = lists.read_cursor(asked, cursor) if cursor else None
    async with hub.connection() as connection:
        page = await lists.page(connection, tenant, asked, before, limit)
    codes = [w.code for w in world.warehouses]
    return OrderPage(
        items=tuple([_item(row, codes) for row in page.rows]),
        next=lists.write_cursor(asked, page.next) if page.next else "",
    )


def _item(row: lists.Row, codes: list[str]) -> OrderItem:
    return OrderItem(
        order=row.id,
        number=_decode_number(row.doc).number,
        channel=row.channel,
        state=model.State(row.state).word,
        warehouse=codes[row.wh] if 0 <= row.wh < len(codes) else "",
        region=row.region,
        total=row.total,
        currency=row.currency,
        due=rfc3339(int(row.due.timestamp() * 1000)) if row.due else "",
        placed=rfc3339(ids.made_ms(row.id)),
    )


@get(
    "/v1/orders/{order_id:uuid}",
    operation_id="getOrder",
    tags=["orders"],
    responses=READ_PROBLEMS,
    guards=[may("order.read")],
)
async def get_order(order_id: FromPath[uuid.UUID], request: Request[Any, Any, Any]) -> OrderView:
    """Read an order: lines, fulfilment orders, promises with their clocks."""
    held = held_of(request)
    seen = await views.read_order(hub_of(request), held.tenant, order_id)
    return show(seen, sees_buyer=held.may("field.name"))


def show(seen: views.Seen, *, sees_buyer: bool) -> OrderView:
    """Show an order as the API does; the platform's name of the buyer is masked unless seen."""
    o = seen.order
    at_ms = now_ms()
    return OrderView(
        order=seen.id,
        number=o.number,
        channel=o.channel,
        shop=o.shop,
        kind=o.kind,
        state=model.state(o).word,
        platform_status=o.status,
        currency=o.currency,
        goods=o.goods,
        discount=o.discount,
        postage=o.postage,
        total=o.total,
        paid=o.paid,
        created=rfc3339(o.created_ms),
        placed=rfc3339(o.placed_ms),
        paid_at=rfc3339(o.paid_ms) if o.paid_ms else "",
        region=o.region,
        buyer=o.buyer if sees_buyer else masking.mask_phone(o.buyer),
        flag=o.flag,
        of_number=o.of_number,
        holds=o.holds,
        cancelled=o.cancelled,
        wanted=o.wanted,
        type=o.type,
        type_version=o.type_version,
        phase=o.phase,
        group=o.group,
        opens=rfc3339(o.opens_ms) if o.opens_ms else "",
        until=rfc3339(o.until_ms) if o.until_ms else "",
        deposit=o.deposit,
        forfeited=o.forfeited,
        owed=o.owed,
        lines=tuple([msgspec.convert(n, OrderLine, from_attributes=True) for n in o.lines]),
        fulfilments=o.fulfilments,
        promises=tuple([promise_views.describe(p, at_ms) for p in seen.promises]),
        seq=seen.seq,
    )


ROUTES: Final = [place_order, place_orders, list_orders, get_order]
