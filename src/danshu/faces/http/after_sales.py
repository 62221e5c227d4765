"""After-sales over HTTP: cases by their time limit, one with its arithmetic, what an order has."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Final, Literal

from litestar import Request, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec.structs import replace

from danshu.capabilities.after_sales import rules
from danshu.capabilities.after_sales.machines import machine_of
from danshu.capabilities.after_sales.model import CLAIM, COMPENSATION, CaseLine, Sum
from danshu.capabilities.orders import model, refunding
from danshu.faces.http.after_sale_views import (
    AskedLine,
    CaseCounts,
    CaseItem,
    CasePage,
    CaseShown,
    MoneyLine,
    NewCase,
    OrderCases,
    Reckoning,
    RuleShown,
)
from danshu.faces.http.auth import Held
from danshu.faces.http.framework import (
    PROBLEMS,
    READ_PROBLEMS,
    held_of,
    hub_of,
    may,
    only_json,
)
from danshu.faces.http.questions import Cursor, Limit, read_place, write_place
from danshu.hub import (
    after_sales_money,
    after_sales_settings,
    after_sales_times,
    after_sales_views,
    views,
)
from danshu.hub.actors import name_actors
from danshu.hub.after_sales_views import CaseRow, Filter
from danshu.hub.compose import Hub
from danshu.kernel.errors import InputError
from danshu.kernel.limits import AMOUNT_MINOR, ORDER_BODY_BYTES, PAGE_ROWS

Ask = Request[Any, Any, Any]
KindAsked = Annotated[
    Literal["", "return", "exchange", "refund_only", "compensation", "claim"],
    QueryParameter(name="kind"),
]
StateAsked = Annotated[
    Literal[
        "open",
        "asked",
        "proposed",
        "agreed",
        "returning",
        "received",
        "inspected",
        "paying",
        "filed",
        "closed",
        "refused",
        "withdrawn",
    ],
    QueryParameter(name="state"),
]
Upto = Annotated[
    int, QueryParameter(name="upto_fen", ge=0, le=AMOUNT_MINOR, description="0 = any amount")
]
Scanned = Annotated[
    str, QueryParameter(max_length=64, description="an order's number or a return waybill, whole")
]


def show(row: CaseRow) -> CaseItem:
    """Give a case as lists show it."""
    return CaseItem(
        id=row.id,
        order=row.order,
        kind=row.kind,
        state=row.state,
        reason=row.reason,
        origin=row.origin,
        number=row.number,
        channel=row.channel,
        shop=row.shop,
        warehouse=row.warehouse,
        amount=row.amount,
        currency=row.currency,
        waybill=row.waybill,
        carrier=row.case.carrier,
        opened=row.opened,
        due=row.due,
        rule=row.case.rule,
        lines=row.case.lines,
        tries=row.tries,
        trouble=row.trouble,
        is_stuck=row.is_stuck,
    )


def reckon(order: model.Order, money: refunding.Money, pays: Sum) -> Reckoning:
    """Show the arithmetic of what is paid now, line by line."""
    now = {s.line: s for s in pays.shares}
    by_no = {n.no: n for n in order.lines}
    lines = []
    for n in money.lines:
        line, share = by_no[n.line], now.get(n.line)
        lines.append(
            MoneyLine(
                line=n.line,
                sku=line.sku,
                title=line.title,
                quantity=line.quantity,
                shipped=line.shipped,
                returned=line.returned,
                paid=n.base,
                refunded=n.refunded,
                units_left=n.units_left,
                left=n.left,
                units=share.quantity if share else 0,
                now=share.amount if share else 0,
            )
        )
    return Reckoning(
        currency=order.currency,
        paid=money.paid,
        forfeited=money.forfeited,
        refunded=money.refunded,
        left=money.left,
        postage=money.postage,
        postage_refunded=money.postage_refunded,
        postage_now=pays.postage,
        over=money.over,
        over_now=pays.over,
        own_now=pays.own,
        now=pays.amount,
        lines=tuple(lines),
    )


async def read_case(hub: Hub, held: Held, id_: uuid.UUID) -> CaseShown:
    """Read a case whole. Raises InputError `no_case`."""
    tenant = held.tenant
    async with hub.connection() as connection:
        row = await after_sales_views.one(connection, tenant, id_)
        settings = await after_sales_settings.read(connection, tenant)
        words = ""
        if held.may("after_sale.decide"):
            words = await after_sales_views.words(connection, tenant, id_)
        order, money = await after_sales_views.money_of(connection, tenant, row.order, str(id_))
        subs = (row.case.proposed_by, row.case.decided_by)
        people = await name_actors(connection, tenant, subs)
        own = await after_sales_times.read(connection, tenant)
    case, pays = row.case, row.case.sum
    if case.state in ("asked", "inspected") and case.kind not in (COMPENSATION, CLAIM):
        pays = after_sales_money.due(order, case, str(id_))
    if case.outcome == "paid":  # shown as it was before this payment
        money = _before(money, pays)
    machine = machine_of(case.kind)
    mine = [r for r in own if r.step == case.state and r.channel in ("", order.channel)]
    mine.sort(key=lambda r: (r.channel, r.begins), reverse=True)  # as rules.due ranks them
    times = [r for r in (*mine, *rules.rules()) if r.kind == case.kind]
    return CaseShown(
        item=show(row),
        words=words,
        answer=case.answer,
        proposed_by=people.get(case.proposed_by, case.proposed_by),
        decided_by=people.get(case.decided_by, case.decided_by),
        wanted=case.wanted,
        found=case.found,
        sum=pays,
        receipt=case.receipt,
        outcome=case.outcome,
        fulfilment=case.fulfilment,
        photos=row.photos,
        shown=case.shown,
        events=tuple(e.event for e in machine.edges if e.source == case.state),
        second_fen=settings.second_fen,
        rules=tuple(
            RuleShown(code=r.code, hours=r.hours, source=r.source, zh=r.zh, en=r.en) for r in times
        ),
        reckoning=reckon(order, money, pays),
    )


def _before(money: refunding.Money, pays: Sum) -> refunding.Money:
    """Give the money without what this case has paid."""
    now = {s.line: s for s in pays.shares}
    back = pays.amount - pays.own
    return replace(
        money,
        refunded=money.refunded - back,
        postage_refunded=money.postage_refunded - pays.postage,
        over=money.over + pays.over,
        lines=tuple(
            replace(
                n,
                refunded=n.refunded - now[n.line].amount,
                refunded_units=n.refunded_units - now[n.line].quantity,
            )
            if n.line in now
            else n
            for n in money.lines
        ),
    )


@get(
    "/v1/after-sales",
    operation_id="listAfterSales",
    tags=["after-sales"],
    responses=READ_PROBLEMS,
    guards=[may("after_sale.read")],
)
async def list_cases(
    request: Ask,
    kind: KindAsked = "",
    case_state: StateAsked = "open",
    upto: Upto = 0,
    q: Scanned = "",
    cursor: Cursor = "",
    limit: Limit = PAGE_ROWS,
) -> CasePage:
    """List open cases, what is due first before others, or those in a state."""
    states = () if case_state == after_sales_views.OPEN else (case_state,)
    is_ended = case_state in after_sales_views.FINAL
    after = after_sales_views.LAST if is_ended else after_sales_views.FIRST
    if cursor:
        at_ms, id_ = read_place(cursor, int, str)
        try:
            after = int(at_ms), str(uuid.UUID(str(id_)))
        except ValueError as error:
            raise InputError("bad_cursor", "the cursor is not one of ours") from error
    asked = Filter(kind=kind, states=states, upto=upto, q=q)
    async with hub_of(request).connection() as connection:
        found = await after_sales_views.page(
            connection, held_of(request).tenant, asked, after, limit + 1
        )
    page, more = found[:limit], found[limit:]
    following = write_place(*after_sales_views.place_of(page[-1], is_ended)) if more else ""
    return CasePage(items=tuple(show(row) for row in page), next=following)


@get(
    "/v1/after-sales/counts",
    operation_id="countAfterSales",
    tags=["after-sales"],
    responses=READ_PROBLEMS,
    guards=[may("after_sale.read")],
)
async def count_cases(request: Ask) -> CaseCounts:
    """Count open cases by kind and state: how many, of which sum, how many too late."""
    hub = hub_of(request)
    async with hub.connection() as connection:
        found = await after_sales_views.counts(connection, held_of(request).tenant, hub.clock())
    return CaseCounts(items=tuple(found))


@get(
    "/v1/after-sales/{case_id:uuid}",
    operation_id="getAfterSale",
    tags=["after-sales"],
    responses=READ_PROBLEMS,
    guards=[may("after_sale.read")],
)
async def get_case(case_id: FromPath[uuid.UUID], request: Ask) -> CaseShown:
    """Read a case with its arithmetic: what was paid, refunded before, and is paid now."""
    return await read_case(hub_of(request), held_of(request), case_id)


def asked_lines(order: model.Order, lines: tuple[AskedLine, ...]) -> tuple[CaseLine, ...]:
    """Name the SKU of each line. Raises InputError `bad_field` for a line that is not there."""
    skus = {n.no: n.sku for n in order.lines}
    for i, n in enumerate(lines):
        if n.line not in skus:
            raise InputError("bad_field", "the order has no such line", f"/lines/{i}/line")
    return tuple(
        CaseLine(line=n.line, lowered=n.lowered, quantity=n.quantity, sku=skus[n.line])
        for n in lines
    )


@get(
    "/v1/orders/{order_id:uuid}/after-sales",
    operation_id="listOrderAfterSales",
    tags=["after-sales"],
    responses=READ_PROBLEMS,
    guards=[may("after_sale.read")],
)
async def list_of_order(order_id: FromPath[uuid.UUID], request: Ask) -> OrderCases:
    """Read the cases of an order and what may still be paid back of it."""
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        await views.has_order(connection, tenant, order_id)
        found = await after_sales_views.of_order(connection, tenant, order_id)
        order, money = await after_sales_views.money_of(connection, tenant, order_id)
    return OrderCases(
        items=tuple(show(row) for row in found), reckoning=reckon(order, money, Sum())
    )


@post(
    "/v1/orders/{order_id:uuid}/after-sales/quote",
    operation_id="quoteAfterSale",
    tags=["after-sales"],
    responses=PROBLEMS,
    guards=[may("after_sale.read"), only_json],
    status_code=200,
    request_max_body_size=ORDER_BODY_BYTES,
)
async def quote(order_id: FromPath[uuid.UUID], data: JSONBody[NewCase], request: Ask) -> Reckoning:
    """Reckon what a request would pay back; nothing is written."""
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        await views.has_order(connection, tenant, order_id)
        order, money = await after_sales_views.money_of(connection, tenant, order_id)
    lines = asked_lines(order, data.lines)
    if data.kind in (COMPENSATION, CLAIM):
        return reckon(order, money, Sum(own=data.own_fen))
    return reckon(order, money, after_sales_money.propose(order, data.kind, data.reason, lines))


ROUTES: Final = [
    list_cases,
    count_cases,
    get_case,
    list_of_order,
    quote,
]
