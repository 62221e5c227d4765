"""Tools that read: orders, promises, decisions, findings, assets, stock."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

from msgspec import Meta, Struct

from danshu.capabilities.assistant.marking import pick
from danshu.capabilities.assistant.model import AnswerCite
from danshu.faces.mcp.inside import Answered, Api
from danshu.faces.mcp.tool import (
    Code,
    Cursor,
    Found,
    Limit,
    OrderRef,
    Tool,
    Words,
    cite_rows,
    find_order,
)
from danshu.hub.fields import PLAIN
from danshu.kernel.limits import QUESTION_CHARS

_ORDER: Final = "/orders/{ref}"
_SHEET: Final = (
    "order", "number", "state", "stage", "kind", "channel", "shop", "region", "region_name",
    "placed", "paid_at", "cancelled", "currency", "total", "units", "holds", "lines", "parcels",
    "promises",
)  # fmt: skip
# Whoever may see a name and a telephone number sees them in the console; no assistant needs them.
_WHERE: Final = ("country", "province", "city", "district", "erased")
_WHO: Final = ("kind", "role", "grade")
_Moment = Annotated[
    str,
    Meta(
        max_length=35,
        pattern=r"^(|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d))(?![\s\S])",
        description="RFC 3339, e.g. 2026-11-30T00:00:00+08:00",
    ),
]
_State = Literal[
    "", "placed", "confirmed", "paid", "held", "allocated", "released", "picked", "packed",
    "shipped", "delivered", "completed", "cancelled", "return_requested",
]  # fmt: skip
_By = Literal["channel", "warehouse", "code", "carrier"]


class SearchOrders(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What orders are looked for."""

    words: Annotated[Words, Meta(description="number, SKU, place …; all must be met")] = ""
    state: _State = ""
    channel: Code = ""
    warehouse: Code = ""
    placed_from: _Moment = ""
    placed_to: _Moment = ""
    due_before: _Moment = ""
    cursor: Cursor = ""
    limit: Limit = 20


class OneOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An order by id or number."""

    order: OrderRef


class Evidence(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An order, and from which of its facts on."""

    order: OrderRef
    after: Annotated[int, Meta(ge=0, le=1_000_000, description="`seq` of the last one seen")] = 0
    verify: Annotated[bool, Meta(description="check its bundle as a court's appraiser would")] = (
        False
    )


class Anomalies(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which findings are asked for."""

    kind: Code = ""
    state: Literal["waiting", "open", "assigned", "suppressed", "done", "all"] = "waiting"
    channel: Code = ""
    warehouse: Code = ""
    order: Annotated[
        str, Meta(max_length=64, pattern=PLAIN, description="of one order: its id or number")
    ] = ""
    cursor: Cursor = ""
    limit: Limit = 20


class ListPromises(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which promises are asked for; `ticking` are those whose clock runs."""

    state: Literal[
        "ticking", "running", "paused", "kept", "broken", "late", "borderline", "excused"
    ] = "ticking"
    channel: Code = ""
    warehouse: Code = ""
    carrier: Code = ""
    due_before: _Moment = ""
    since: _Moment = ""
    cursor: Cursor = ""
    limit: Limit = 20


class Outcomes(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Verdicts of a span, grouped."""

    by: _By = "warehouse"
    channel: Code = ""
    warehouse: Code = ""
    carrier: Code = ""
    since: _Moment = ""
    until: _Moment = ""


class Gaps(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Verdicts one by one, with who held the order when."""

    state: Literal["late", "broken", "kept", "borderline", "excused"] = "late"
    channel: Code = ""
    warehouse: Code = ""
    carrier: Code = ""
    since: _Moment = ""
    cursor: Cursor = ""
    limit: Limit = 20


class AssetQuestion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question in business words, Chinese or English."""

    question: Annotated[str, Meta(min_length=1, max_length=QUESTION_CHARS, pattern=PLAIN)]
    metric: Annotated[Code, Meta(description="one of the `choices` of a former answer")] = ""


class Overview(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of which span."""

    range: Literal["today", "7d"] = "today"


class Nothing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """It takes nothing."""


class StockOf(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A SKU."""

    sku: Annotated[str, Meta(min_length=1, max_length=64, pattern=PLAIN)]


async def search_orders(api: Api, args: SearchOrders) -> Found:
    """Orders by words and filters."""
    got = await api.get(
        "/v1/orders",
        q=args.words,
        state=args.state,
        channel=args.channel,
        warehouse=args.warehouse,
        from_=args.placed_from,
        to=args.placed_to,
        due_before=args.due_before,
        cursor=args.cursor,
        limit=args.limit,
    )
    rows = got["items"]
    return Found(
        data=rows, cites=cite_rows(rows, "order", "order", "number", _ORDER), next=got["next"]
    )


def _order(told: dict[str, Any]) -> AnswerCite:
    ref = str(told["order"])
    return AnswerCite(
        kind="order", ref=ref, label=str(told.get("number", "")), path=f"/orders/{ref}"
    )


async def get_order(api: Api, args: OneOrder) -> Found:
    """An order's sheet, personal data masked as for the caller."""
    id_ = await find_order(api, args.order)
    sheet = await api.get(f"/v1/orders/{id_}/sheet")
    receiver = pick(sheet["receiver"], *_WHERE)
    data = {**pick(sheet, *_SHEET), "receiver": receiver}
    return Found(data=data, cites=(_order(sheet),))


async def get_order_evidence(api: Api, args: Evidence) -> Found:
    """The facts of an order with their places in the log, and what a check of them says."""
    id_ = await find_order(api, args.order)
    told = await api.get(f"/v1/orders/{id_}/timeline", lang="zh", after=args.after, limit=20)
    entries = [
        {
            **pick(e, "kind", "title", "occurred", "recorded", "sealed", "clock", "facts"),
            "who": pick(e["who"], *_WHO),
        }
        for e in told["entries"]
    ]
    data: dict[str, Any] = {"facts": told["facts"], "sealed": told["sealed"], "entries": entries}
    if args.verify:
        data["verification"] = await api.get(f"/v1/orders/{id_}/verification")
    cites = [AnswerCite(kind="order", ref=id_, label=args.order, path=f"/orders/{id_}")]
    for fact in [f for e in told["entries"] for f in e["facts"]]:
        path = f"/orders/{id_}#fact-{fact['seq']}"
        cites.append(
            AnswerCite(kind="fact", ref=f"{id_}/{fact['seq']}", label=fact["type"], path=path)
        )
    return Found(data=data, cites=tuple(cites), next=str(told["next"] or ""))


async def list_anomalies(api: Api, args: Anomalies) -> Found:
    """Findings of the sentinel."""
    got = await api.get(
        "/v1/findings",
        order=await find_order(api, args.order) if args.order else "",
        kind=args.kind,
        state=args.state,
        channel=args.channel,
        warehouse=args.warehouse,
        cursor=args.cursor,
        limit=args.limit,
    )
    rows = got["items"]
    cites = cite_rows(rows, "finding", "no", "kind", "/incidents?tab=items&no={ref}")
    return Found(data=rows, cites=cites, next=got["next"])


async def explain_route(api: Api, args: OneOrder) -> Found:
    """Why an order goes as it does."""
    id_ = await find_order(api, args.order)
    got = await api.get(f"/v1/orders/{id_}/decision")
    decision = got["decision"]
    if decision is None:
        raise Answered(404, "no_decision", "nothing was decided of this order yet")
    fact = str(decision["fact"])
    cites = (
        AnswerCite(kind="decision", ref=fact, label=decision["code"], path=f"/orders/{id_}"),
        AnswerCite(kind="order", ref=id_, label=args.order, path=f"/orders/{id_}"),
    )
    return Found(data={k: v for k, v in decision.items() if k != "nodes"}, cites=cites)


async def list_promises(api: Api, args: ListPromises) -> Found:
    """Promises, the next to fall due first."""
    got = await api.get(
        "/v1/promises",
        state=args.state,
        channel=args.channel,
        warehouse=args.warehouse,
        carrier=args.carrier,
        due_before=args.due_before,
        from_=args.since,
        cursor=args.cursor,
        limit=args.limit,
    )
    rows = got["items"]
    return Found(
        data=rows, cites=cite_rows(rows, "promise", "order", "number", _ORDER), next=got["next"]
    )


async def promise_outcomes(api: Api, args: Outcomes) -> Found:
    """How promises went: kept, broken, late, by group."""
    got = await api.get(
        "/v1/promises/outcomes",
        by=args.by,
        channel=args.channel,
        warehouse=args.warehouse,
        carrier=args.carrier,
        from_=args.since,
        to=args.until,
    )
    cite = AnswerCite(
        kind="promises", ref=f"outcomes/{args.by}", label=args.since[:10], path="/promises/gaps"
    )
    return Found(data=got, cites=(cite,))


async def promise_gaps(api: Api, args: Gaps) -> Found:
    """Verdicts with where on its way the order was, and who held it when it fell due."""
    got = await api.get(
        "/v1/promises/gaps",
        state=args.state,
        channel=args.channel,
        warehouse=args.warehouse,
        carrier=args.carrier,
        from_=args.since,
        cursor=args.cursor,
        limit=args.limit,
    )
    rows = got["items"]
    promises = [r["promise"] for r in rows]
    cites = cite_rows(promises, "promise", "order", "number", _ORDER)
    return Found(data=rows, cites=cites, next=got["next"])


async def search_assets(api: Api, args: AssetQuestion) -> Found:
    """A number by an approved metric, or choices."""
    got = await api.get("/v1/catalogue/answer", q=args.question, metric=args.metric)
    cites = []
    if figures := got["figures"]:
        version = f"{figures['code']} v{figures['version']}"
        cites.append(
            AnswerCite(
                kind="metric",
                ref=f"{figures['code']}/{figures['version']}",
                label=version,
                path=f"/assets/metrics?code={figures['code']}",
            )
        )
        if figures["asset"]:
            path = f"/assets/{figures['asset']}"
            cites.append(AnswerCite(kind="asset", ref=figures["asset"], label="", path=path))
    return Found(data=got, cites=tuple(cites))


async def read_overview(api: Api, args: Overview) -> Found:
    """The board's figures."""
    got = await api.get("/v1/board/overview", range=args.range)
    kept = {k: v for k, v in got.items() if k not in ("pace", "warehouses")}
    cite = AnswerCite(kind="board", ref=args.range, label=str(got["as_of"]), path="/")
    return Found(data=kept, cites=(cite,))


async def read_stock(api: Api, args: StockOf) -> Found:
    """Where a SKU is, and what may be promised of it."""
    got = await api.get("/v1/stock/sku", sku=args.sku)
    cite = AnswerCite(
        kind="stock", ref=args.sku, label=args.sku, path=f"/stock?{urlencode({'sku': args.sku})}"
    )
    return Found(data=got, cites=(cite,))


async def read_glossary(api: Api, args: Nothing) -> Found:
    """Business terms and what answers them."""
    got = await api.get("/v1/catalogue/terms")
    cite = AnswerCite(kind="asset", ref="terms", label="", path="/assets")
    return Found(data=got, cites=(cite,))


def _read(name: str, title: str, takes: type[Struct], run: Any, about: str) -> Tool:
    return Tool(name=name, title=title, about=about, kind="read", takes=takes, run=run)


TOOLS: Final = (
    _read(
        "search_orders", "Search orders 查订单", SearchOrders, search_orders,
        "Find orders by words, state, channel, warehouse and time. Amounts are in 分.",
    ),
    _read(
        "get_order", "Read an order 看订单", OneOrder, get_order,
        "Read one order: state, lines, parcels, promises. Never who the buyer is.",
    ),
    _read(
        "get_order_evidence", "Evidence of an order 订单证据", Evidence, get_order_evidence,
        "Read what was recorded of an order: each act with its facts' places in the sealed log.",
    ),
    _read(
        "list_anomalies", "Anomalies 异常", Anomalies, list_anomalies,
        "List findings: what should not be, what did not come, with evidence and money at risk.",
    ),
    _read(
        "explain_route", "Explain a route 解释寻源", OneOrder, explain_route,
        "Say why an order is fulfilled as it is: plans, costs, reasons, signals, rules of policy.",
    ),
    _read(
        "list_promises", "Promises 承诺", ListPromises, list_promises,
        "List promises by state and due time; `ticking` gives what may break next.",
    ),
    _read(
        "promise_outcomes", "How promises went 履约结果", Outcomes, promise_outcomes,
        "Count promises kept, broken and late in a span, by channel, warehouse, clause or carrier.",
    ),
    _read(
        "promise_gaps", "Late promises in detail 迟在哪里", Gaps, promise_gaps,
        "List verdicts with the way of the order and who held it when it fell due.",
    ),
    _read(
        "search_assets", "Ask a figure 查数", AssetQuestion, search_assets,
        "Answer a question in business words by an approved metric, e.g. 上周华东按仓的准时率.",
    ),
    _read(
        "read_glossary", "Terms 术语", Nothing, read_glossary,
        "Read the merchant's business terms: what they mean and which metric answers them.",
    ),
    _read(
        "read_overview", "Overview 总览", Overview, read_overview,
        "Read the board: orders, promises, exceptions, stages, alerts, now.",
    ),
    _read(
        "read_stock", "Stock of a SKU 库存", StockOf, read_stock,
        "Read a SKU's stock by warehouse: on hand, reserved, safety, available to promise.",
    ),
)  # fmt: skip
