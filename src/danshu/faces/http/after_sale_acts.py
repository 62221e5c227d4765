"""Acts on after-sales cases over HTTP: asked for, decided, received, inspected, paid, claimed."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from typing import Any, Final

from litestar import Request, Response, post
from litestar.params import FromPath, JSONBody

from danshu.capabilities.after_sales.model import (
    CLAIM,
    EXCHANGE,
    CaseShare,
    ExchangeGoods,
    Sum,
)
from danshu.faces.http.after_sale_inspecting import inspection
from danshu.faces.http.after_sale_views import (
    Batch,
    BatchAnswer,
    BatchDone,
    CaseAct,
    NewCase,
    NewSum,
)
from danshu.faces.http.after_sales import asked_lines, read_case
from danshu.faces.http.auth import Held, require
from danshu.faces.http.framework import (
    PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
)
from danshu.faces.http.problems import of
from danshu.hub import (
    after_sales,
    after_sales_goods,
    after_sales_opening,
    after_sales_views,
    claim_terms,
    claims,
    refunds_room,
    views,
)
from danshu.hub.after_sales import Doing, Verdict
from danshu.hub.after_sales_pleas import Plea
from danshu.hub.after_sales_rows import Row
from danshu.hub.compose import Hub
from danshu.kernel.errors import DanshuError, InputError, NotAvailable, Refusal
from danshu.kernel.limits import ORDER_BODY_BYTES, RETRY_AFTER_S
from danshu.ledger import write

Ask = Request[Any, Any, Any]
Deed = Callable[[Doing], Awaitable[Row | Refusal]]
# Which right an act asks for; deciding and paying also ask for the amount.
_RIGHTS: Final = {
    "agree": "after_sale.decide",
    "refuse": "after_sale.decide",
    "withdraw": "after_sale.open",
    "send_back": "after_sale.open",
    "receive": "after_sale.inspect",
    "inspect": "after_sale.inspect",
    "replace": "after_sale.decide",
    "record": "refund.record",
    "retry": "refund.record",
    "file": "claim.write",
    "settle": "claim.write",
    "reject": "claim.write",
}


def _refuse(refusal: Refusal) -> Response[Any]:
    problem = of(refusal)
    return Response(problem, status_code=problem.status, media_type="application/problem+json")


@post(
    "/v1/orders/{order_id:uuid}/after-sales",
    operation_id="openAfterSale",
    tags=["after-sales"],
    responses=PROBLEMS,
    guards=[may("after_sale.open"), only_json],
    request_max_body_size=ORDER_BODY_BYTES,
)
async def open_case(
    order_id: FromPath[uuid.UUID], data: JSONBody[NewCase], request: Ask
) -> Response[Any]:
    """Ask for goods or money of an order to go back; what it is worth is reckoned."""
    hub, held = hub_of(request), held_of(request)
    world = await hub.worlds.ensure(held.tenant)
    async with hub.connection() as connection:
        await views.has_order(connection, held.tenant, order_id)
        order, _ = await after_sales_views.money_of(connection, held.tenant, order_id)
        own, part = data.own_fen, None
        if data.kind == CLAIM:
            require(held, "claim.write")
            part = next((f for f in order.fulfilments if f.no == data.fulfilment), None)
            if part is None or not part.carrier:
                raise InputError("bad_field", "a parcel that was handed over", "/fulfilment")
            owed = await claim_terms.reckon(
                connection, world, order, data.fulfilment, part.carrier, hub.clock()
            )
            own = own or owed.amount
        if data.kind == EXCHANGE and not data.wanted:
            raise InputError("bad_field", "what is to be sent", "/wanted")
        plea = Plea(
            kind=data.kind,
            reason=data.reason,
            origin="buyer" if data.by_buyer else "person",
            lines=asked_lines(order, data.lines),
            wanted=tuple(
                ExchangeGoods(price=w.price, quantity=w.quantity, sku=w.sku, title=w.title)
                for w in data.wanted
            ),
            words=data.words,
            own=own,
            carrier=part.carrier if part else "",
            waybill=part.waybill if part else "",
            fulfilment=data.fulfilment,
        )
        try:
            made = await after_sales_opening.make(
                connection, world, order_id, held.actor, plea, hub.clock()
            )
        except write.GuardFailed as error:
            raise NotAvailable("the order changes too fast", RETRY_AFTER_S) from error
    if isinstance(made, Refusal):
        return _refuse(made)
    return Response(await read_case(hub, held, made.id), status_code=201)


async def _do(hub: Hub, held: Held, id_: uuid.UUID, deed: Deed) -> Row | Refusal:
    """Do something with a case: its order's row is locked first, then its own; one commit."""
    world = await hub.worlds.ensure(held.tenant)
    async with hub.connection() as connection:
        try:
            return await after_sales.run(connection, world, id_, held.actor, hub.clock(), deed)
        except write.GuardFailed as error:
            hub.worlds.distrust({held.tenant})
            raise NotAvailable("the order changes too fast", RETRY_AFTER_S) from error


def _sum(told: NewSum | None) -> Sum | None:
    if told is None:
        return None
    shares = tuple(
        CaseShare(amount=s.amount, line=s.line, quantity=s.quantity) for s in told.shares
    )
    return Sum(own=told.own, over=told.over, postage=told.postage, shares=shares)


def _deed(hub: Hub, held: Held, id_: uuid.UUID, data: CaseAct, inspect: Deed | None = None) -> Deed:
    """Give what an act does once both rows are locked; `inspect` where a parcel's goods are."""

    async def record(doing: Doing) -> Row | Refusal:
        if not data.receipt:
            raise InputError("bad_field", "the receipt of the payment", "/receipt")
        require(held, "refund.record", amount_fen=doing.case.sum.amount)
        return await refunds_room.pay(doing, data.receipt)

    async def retry(doing: Doing) -> Row | Refusal:
        at_ms = hub.clock()
        if not await refunds_room.retry(doing.connection, held.tenant, id_, at_ms):
            return after_sales.step(doing.case, "pay") or doing.row
        return doing.row

    async def decide(doing: Doing) -> Row | Refusal:
        require(held, "after_sale.decide", amount_fen=data.amount_fen)
        verdict = Verdict(amount=data.amount_fen, reason=data.reason, sum=_sum(data.sum))
        return await after_sales.decide(doing, data.act, verdict)

    async def nothing(doing: Doing) -> Row | Refusal:
        return doing.row

    deeds: dict[str, Deed] = {
        "agree": decide,
        "refuse": decide,
        "withdraw": lambda d: after_sales.withdraw(d, data.reason),
        "send_back": lambda d: after_sales_goods.send_back(d, data.carrier, data.waybill),
        "receive": lambda d: after_sales_goods.receive(d, data.warehouse),
        "inspect": inspect or nothing,
        "replace": lambda d: after_sales_goods.replace_goods(d, waives=data.waives),
        "record": record,
        "retry": retry,
        "file": lambda d: claims.file(d, data.amount_fen, data.receipt, data.bundle),
        "settle": lambda d: claims.settle(d, data.amount_fen, data.receipt),
        "reject": claims.reject,
    }
    return deeds[data.act]


@post(
    "/v1/after-sales/{case_id:uuid}/acts",
    operation_id="actOnAfterSale",
    tags=["after-sales"],
    responses=PROBLEMS,
    guards=[may("after_sale.read"), only_json],
    status_code=200,
    request_max_body_size=ORDER_BODY_BYTES,
)
async def act_on_case(
    case_id: FromPath[uuid.UUID], data: JSONBody[CaseAct], request: Ask
) -> Response[Any]:
    """Decide a case, or say what happened with its goods or its money; one commit."""
    hub, held = hub_of(request), held_of(request)
    context: dict[str, str | int] = {}
    if data.act == "receive":
        context["warehouse"] = data.warehouse
    require(held, _RIGHTS[data.act], **context)
    if data.act == "refuse" and not data.reason.strip():
        raise InputError("bad_field", "a refusal needs a reason", "/reason")
    inspect = await inspection(request, case_id, data) if data.act == "inspect" else None
    done = await _do(hub, held, case_id, _deed(hub, held, case_id, data, inspect))
    if isinstance(done, Refusal):
        return _refuse(done)
    return Response(await read_case(hub, held, case_id))


@post(
    "/v1/after-sales/agree",
    operation_id="agreeAfterSales",
    tags=["after-sales"],
    responses=PROBLEMS,
    guards=[may("after_sale.decide"), only_json],
    status_code=200,
    request_max_body_size=ORDER_BODY_BYTES,
)
async def agree_many(data: JSONBody[Batch], request: Ask) -> BatchAnswer:
    """Agree to several cases, each in a commit of its own; says of each what became of it."""
    hub, held = hub_of(request), held_of(request)
    items = []
    for each in data.items:
        told = CaseAct(act="agree", amount_fen=each.amount_fen, reason=data.reason)
        state, code = "", ""
        try:
            done = await _do(hub, held, each.id, _deed(hub, held, each.id, told))
            if isinstance(done, Refusal):
                code = done.code
            else:
                state = done.case.state
        except DanshuError as error:
            code = error.code
        items.append(BatchDone(id=each.id, state=state, code=code))
    return BatchAnswer(items=tuple(items))


ROUTES: Final = [open_case, act_on_case, agree_many]
