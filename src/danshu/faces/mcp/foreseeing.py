"""Tools about what is to come, and what was: shortages, orders at risk, weekly reviews.

What models say is said with the run or model that said it; where none ran, that is the answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import urlencode

from msgspec import Meta, Struct

from danshu.capabilities.assistant.marking import pick
from danshu.capabilities.assistant.model import AnswerCite
from danshu.faces.mcp.inside import Answered
from danshu.faces.mcp.tool import Code, Cursor, Found, Limit, Tool

if TYPE_CHECKING:
    from danshu.faces.mcp.inside import Api

_HORIZONS: Final = (3, 7, 14, 28)
_Days = Annotated[int, Meta(ge=1, le=28, description="rounded up to 3, 7, 14 or 28")]
_SHORT: Final = (
    "warehouse", "warehouse_name", "sku", "sku_name", "on_hand", "reserved", "safety",
    "in_transit", "daily_milli", "out_day", "lead_days", "advised",
)  # fmt: skip
_RISK: Final = (
    "number", "warehouse", "carrier", "stage", "region", "promise", "due", "chance", "earliest",
    "expected", "latest", "owed", "amount", "why", "model",
)  # fmt: skip


class ForecastDemand(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of which place (a warehouse, or the first two digits of a province) and which goods; with
    both `place` and the whole `sku` day by day.
    """

    place: Code = ""
    sku: Annotated[Code, Meta(description="a SKU, or part of it or of its name")] = ""
    cursor: Cursor = ""
    limit: Limit = 20


class StockoutRisk(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Within how many days, and of what."""

    days: _Days = 7
    warehouse: Code = ""
    sku: Code = ""
    cursor: Cursor = ""
    limit: Limit = 20


class OrderRisk(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of which warehouse."""

    warehouse: Code = ""
    cursor: Cursor = ""
    limit: Limit = 20


class Review(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of which ISO week; "" the newest."""

    week: Annotated[str, Meta(pattern=r"^(|\d{4}-W\d\d)(?![\s\S])")] = ""


async def forecast_demand(api: Api, args: ForecastDemand) -> Found:
    """What is expected to be asked for, as intervals; thousandths of a unit."""
    state = await api.get("/v1/forecasts/state")
    if state["run"] is None:
        raise Answered(404, "no_forecast", "demand was not foretold yet")
    if args.place and args.sku:
        try:
            got = await api.get("/v1/forecasts/series", place=args.place, sku=args.sku)
        except Answered as problem:
            if problem.status != 404:
                raise
        else:
            data = pick(got, "line", "run", "days", "tried", "promotions")
            return Found(data=data, cites=(_series(str(got["run"]), got["line"]),))
    got = await api.get(
        "/v1/forecasts", q=args.sku, place=args.place, cursor=args.cursor, limit=args.limit
    )
    run = str(state["run"]["id"])
    kept = ("place", "sku", "name", "kind", "methods", "daily_milli", "spans", "drift")
    data = {"run": run, "items": [pick(one, *kept) for one in got["items"]]}
    return Found(data=data, cites=tuple(_series(run, r) for r in got["items"]), next=got["next"])


def _series(run: str, line: dict[str, Any]) -> AnswerCite:
    where = urlencode({"at": line["place"], "sku": line["sku"]})
    return AnswerCite(
        kind="forecast",
        ref=run,
        label=f"{line['place']}/{line['sku']}",
        path=f"/forecasts?{where}",
    )


async def stockout_risk(api: Api, args: StockoutRisk) -> Found:
    """Who may run out, the worst first, by the newest plan of the network."""
    head = await api.get("/v1/network")
    plan = head["plan"]
    if plan is None:
        raise Answered(404, "no_plan", "the network was not planned yet, so no chance is known")
    got = await api.get(
        "/v1/network/rows",
        view="short",
        warehouse=args.warehouse,
        sku=args.sku,
        cursor=args.cursor,
        limit=args.limit,
    )
    days = next(d for d in _HORIZONS if d >= args.days)
    rows = [{**pick(r, *_SHORT), "chance": r[f"chance_{days}"]} for r in got["items"]]
    run = str(plan["id"])
    cites = tuple(
        AnswerCite(
            kind="forecast",
            ref=f"{run}/{r['no']}",
            label=f"{r['warehouse']}/{r['sku']}",
            path=f"/network?{urlencode({'tab': 'short', 'wh': r['warehouse'], 'sku': r['sku']})}",
        )
        for r in got["items"]
    )
    data = {"days": days, "run": run, "items": rows}
    return Found(data=data, cites=cites, next=got["next"])


async def order_risk(api: Api, args: OrderRisk) -> Found:
    """Open orders that may break their promise, the likeliest first."""
    got = await api.get(
        "/v1/learning/risks", warehouse=args.warehouse, cursor=args.cursor, limit=args.limit
    )
    rows = [{"order": r["id"], **pick(r, *_RISK)} for r in got["items"]]
    cites = tuple(
        AnswerCite(
            kind="order", ref=str(r["id"]), label=str(r["number"]), path=f"/orders/{r['id']}"
        )
        for r in got["items"]
    )
    data = {**pick(got, "asked", "orders", "at_risk"), "items": rows}
    return Found(data=data, cites=cites, next=got["next"])


async def read_review(api: Api, args: Review) -> Found:
    """A weekly review with its citations."""
    week = args.week
    if not week:
        made = (await api.get("/v1/coe/reviews", limit=1))["items"]
        if not made:
            raise Answered(404, "no_review", "no weekly review was made yet")
        week = str(made[0]["week"])
    got = await api.get(f"/v1/coe/reviews/{week}")
    data = {**pick(got["body"], "week", "is_partial", "sections", "goals"), **_said(got["review"])}
    cite = AnswerCite(kind="review", ref=week, label=week, path=f"/coe?week={week}")
    return Found(data=data, cites=(cite,))


def _said(review: dict[str, Any]) -> dict[str, Any]:
    return pick(review, "id", "version", "digest")


TOOLS: Final = (
    Tool(
        name="forecast_demand",
        title="Forecast demand 需求预测",
        about="Read expected demand by place and SKU with 80 % and 95 % intervals, and its model.",
        kind="read",
        takes=ForecastDemand,
        run=forecast_demand,
    ),
    Tool(
        name="stockout_risk",
        title="Stock-out risk 缺货风险",
        about="List SKUs by warehouse with the chance (thousandths) of running short in some days.",
        kind="read",
        takes=StockoutRisk,
        run=stockout_risk,
    ),
    Tool(
        name="order_risk",
        title="Orders at risk 待交风险",
        about="List open orders with the chance (thousandths) of breaking a promise, and why.",
        kind="read",
        takes=OrderRisk,
        run=order_risk,
    ),
    Tool(
        name="read_review",
        title="Weekly review 周报",
        about="Read a weekly review: what improved, what broke, which decisions paid, with cites.",
        kind="read",
        takes=Review,
        run=read_review,
    ),
)
