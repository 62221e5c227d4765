"""时效与风险: open orders at risk, lanes, buyers' habits, as models and tables last told them."""

from __future__ import annotations

import uuid
from functools import cache
from typing import Annotated, Any, Final

from litestar import Request, Response, get
from litestar.params import FromPath, QueryParameter
from msgspec import Struct

from danshu.capabilities.intake.address import Gazetteer
from danshu.capabilities.learning.features import KNOWN
from danshu.capabilities.learning.model import Habits, Lane, Push
from danshu.faces.http import problems
from danshu.faces.http.framework import declare_read, held_of, hub_of, respond
from danshu.faces.http.questions import Cursor, Limit, read_place, write_place
from danshu.hub import data_gates, learning_risks, learning_tables
from danshu.hub.learning_risks import LineRisk, Risk
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import rfc3339

Ask = Request[Any, Any, Any]
ASSET: Final = "customer-preferences"
"""Which asset habits are of, as the gate is asked."""
_LAST: Final = uuid.UUID(int=2**128 - 1)
_TOP: Final = 1_001


class RiskPush(Struct, frozen=True, kw_only=True):
    """How much a feature moves the chance, in thousandths, and what the feature is."""

    feature: str
    title_zh: str
    title_en: str
    push: int
    value: str


class RiskOfLine(Struct, frozen=True, kw_only=True):
    """How likely a line is to come back, thousandths."""

    line: int
    sku: str
    chance: int


class LateRisk(Struct, frozen=True, kw_only=True):
    """An open order: the likeliest of its promises to be broken, thousandths, and why. It comes
    between `earliest` and `latest` eight times in ten. Amounts in fen; `owed` is what the breach
    would cost.
    """

    id: uuid.UUID
    number: str
    promise: str
    warehouse: str
    carrier: str
    region: str
    stage: str
    due: str
    chance: int
    expected: str
    earliest: str
    latest: str
    amount: int
    owed: int
    why: tuple[RiskPush, ...]
    lines: tuple[RiskOfLine, ...]
    model: uuid.UUID
    asked: str


class LateRiskPage(Struct, frozen=True, kw_only=True):
    """Open orders, the likeliest to break a promise first; `next` is "" at the end. `asked` is when
    models were last asked ("" = never), `orders` how many are open, `at_risk` of them from 50 % on;
    `trouble` is why the last look failed.
    """

    items: tuple[LateRisk, ...]
    next: str
    asked: str
    orders: int
    at_risk: int
    trouble: str


class LearnedLane(Struct, frozen=True, kw_only=True):
    """A carrier from a warehouse to a province (two digits). Minutes on the way at 10, 50, 90 %;
    of `counted` recent parcels `late` took longer than `slow_min`, against `usual` thousandths
    before; `share` with its 95 % interval, `p` and `cusum` in thousandths.
    """

    carrier: str
    warehouse: str
    region: str
    region_name: str
    fast_min: int
    middle_min: int
    long_min: int
    slow_min: int
    parcels: int
    counted: int
    late: int
    usual: int
    share: int
    low: int
    high: int
    p: int
    cusum: int
    trend_min: int
    is_late: bool
    on_way: int


class LearnedLanePage(Struct, frozen=True, kw_only=True):
    """Lanes, the late ones first; `next` is "" at the end."""

    items: tuple[LearnedLane, ...]
    next: str


class BuyerHabits(Struct, frozen=True, kw_only=True):
    """What a buyer, under a pseudonym, chose: "" where nothing prevails. Used for fulfilment alone;
    nothing here may be shown to other merchants, or used to advertise.
    """

    buyer: str
    orders: int
    window: str
    window_times: int
    windows: int
    carrier: str
    carrier_times: int
    parcels: int
    splits: int
    splits_regretted: int
    dislikes_splits: bool


class BuyerHabitsPage(Struct, frozen=True, kw_only=True):
    """Buyers by pseudonym; `next` is "" at the end. `basis` says what they may be used for."""

    items: tuple[BuyerHabits, ...]
    next: str
    basis: str


def show_push(push: Push) -> RiskPush:
    """Show what moves a chance."""
    feature = KNOWN[push.feature]
    return RiskPush(
        feature=push.feature, title_zh=feature.zh, title_en=feature.en, push=push.push,
        value=push.value,
    )  # fmt: skip


def _line(line: LineRisk) -> RiskOfLine:
    return RiskOfLine(line=line.line, sku=line.sku, chance=line.chance)


def show_risk(risk: Risk) -> LateRisk:
    """Show what is told of an order."""
    return LateRisk(
        id=risk.id,
        number=risk.number,
        promise=risk.promise,
        warehouse=risk.warehouse,
        carrier=risk.carrier,
        region=risk.region,
        stage=risk.stage,
        due=rfc3339(risk.due_ms),
        chance=risk.chance,
        expected=rfc3339(risk.expected_ms),
        earliest=rfc3339(risk.earliest_ms),
        latest=rfc3339(risk.latest_ms),
        amount=risk.amount,
        owed=risk.owed,
        why=tuple(map(show_push, risk.why)),
        lines=tuple(map(_line, risk.lines)),
        model=risk.model,
        asked=rfc3339(risk.asked_ms),
    )


@cache
def _provinces() -> dict[str, str]:
    """Names of provinces by the first two digits of their codes."""
    places = Gazetteer.load().places
    return {p.code[:2]: p.province_short or p.short for p in places if p.domestic}


def _lane(lane: Lane) -> LearnedLane:
    fast, middle, long = lane.minutes
    return LearnedLane(
        carrier=lane.carrier, warehouse=lane.warehouse, region=lane.region,
        region_name=_provinces().get(lane.region, lane.region), fast_min=fast,
        middle_min=middle, long_min=long, slow_min=lane.slow_min, parcels=lane.parcels,
        counted=lane.counted, late=lane.late, usual=lane.usual, share=lane.share, low=lane.low,
        high=lane.high, p=lane.p, cusum=lane.cusum, trend_min=lane.trend_min,
        is_late=lane.is_late, on_way=len(lane.on_way),
    )  # fmt: skip


def _habits(one: Habits) -> BuyerHabits:
    return BuyerHabits(
        buyer=one.buyer, orders=one.orders, window=one.window, window_times=one.window_times,
        windows=one.windows, carrier=one.carrier, carrier_times=one.carrier_times,
        parcels=one.parcels, splits=one.splits, splits_regretted=one.splits_regretted,
        dislikes_splits=one.dislikes_splits,
    )  # fmt: skip


def _before(cursor: str) -> tuple[int, uuid.UUID]:
    """Read behind which risk to go on."""
    if not cursor:
        return _TOP, _LAST
    chance, order = read_place(cursor, int, str)
    try:
        return int(chance), uuid.UUID(str(order))
    except ValueError as error:
        raise InputError("bad_cursor", "this is no place in the list", "/cursor") from error


WarehouseQuery = Annotated[
    str, QueryParameter(name="warehouse", description="code of a warehouse", max_length=64)
]


@get("/v1/learning/risks", **declare_read("listLateRisks", "learning", "forecast.read"))
async def list_late_risks(
    request: Ask, warehouse: WarehouseQuery = "", cursor: Cursor = "", limit: Limit = 50
) -> LateRiskPage:
    """List open orders, the likeliest to break a promise first."""
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        found = await learning_risks.list_risks(
            connection, tenant, _before(cursor), warehouse, limit + 1
        )
        standing = await learning_risks.standing(connection, tenant)
    last = found[limit - 1] if len(found) > limit else None
    return LateRiskPage(
        items=tuple(map(show_risk, found[:limit])),
        next=write_place(last.chance, str(last.id)) if last else "",
        asked=rfc3339(standing.asked_ms) if standing.asked_ms else "",
        orders=standing.orders,
        at_risk=standing.at_risk,
        trouble=standing.trouble,
    )


@get(
    "/v1/learning/risks/{order_id:uuid}",
    **declare_read("getLateRisk", "learning", "forecast.read"),
)
async def get_late_risk(order_id: FromPath[uuid.UUID], request: Ask) -> LateRisk:
    """Read what models say of an open order, and why."""
    async with hub_of(request).connection() as connection:
        found = await learning_risks.read_risk(connection, held_of(request).tenant, order_id)
    return show_risk(found)


@get("/v1/learning/lanes", **declare_read("listLearnedLanes", "learning", "forecast.read"))
async def list_learned_lanes(
    request: Ask, cursor: Cursor = "", limit: Limit = 50
) -> LearnedLanePage:
    """List carriers' lanes, those that are later than they used to be first."""
    after = int(read_place(cursor, int)[0]) if cursor else 0
    async with hub_of(request).connection() as connection:
        found = await learning_tables.list_lanes(
            connection, held_of(request).tenant, after, limit + 1
        )
    last = found[limit - 1][0] if len(found) > limit else None
    return LearnedLanePage(
        items=tuple(_lane(lane) for _, lane in found[:limit]),
        next=write_place(last) if last else "",
    )


@get("/v1/learning/habits", **declare_read("listBuyerHabits", "learning", "forecast.read"))
async def list_buyer_habits(
    request: Ask, cursor: Cursor = "", limit: Limit = 50
) -> Response[BuyerHabitsPage]:
    """List what buyers prefer, under pseudonyms: window of delivery, carrier, split orders."""
    hub, held = hub_of(request), held_of(request)
    told = await data_gates.ask(hub, held.tenant, held.seated, asset=ASSET, act="view")
    if isinstance(told, Refusal):
        return respond(problems.of(told))
    after = str(read_place(cursor, str)[0]) if cursor else ""
    async with hub.connection() as connection:
        found = await learning_tables.list_buyers(connection, held.tenant, after, limit + 1)
    last = found[limit - 1].buyer if len(found) > limit else ""
    page = BuyerHabitsPage(
        items=tuple(map(_habits, found[:limit])),
        next=write_place(last) if last else "",
        basis="fulfilment",
    )
    return Response(page)


ROUTES: Final = [list_late_risks, get_late_risk, list_learned_lanes, list_buyer_habits]
