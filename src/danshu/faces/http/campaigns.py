"""关联动作 campaigns: proposed, started and stopped by people; how they stand."""

from __future__ import annotations

import datetime
import uuid
from typing import Annotated, Any, Final, Literal

from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.capabilities.associations.model import Campaign, Figures, Plan
from danshu.faces.http import problems
from danshu.faces.http.associations import Window
from danshu.faces.http.framework import declare_read, declare_write, held_of, hub_of, respond
from danshu.faces.http.questions import Cursor, Limit, epoch, read_before, write_place
from danshu.hub import associations, campaign_rows, campaigns
from danshu.hub.fields import PLAIN
from danshu.kernel.errors import Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import ASSOCIATION_WINDOW_D, CAMPAIGN_TEXT_CHARS, INTEGER_MAX

Ask = Request[Any, Any, Any]
_ONE: Final = "/v1/campaigns/{campaign_id:uuid}"
_Goods = Annotated[str, Meta(min_length=1, max_length=64, pattern=PLAIN)]
_Text = Annotated[str, Meta(min_length=4, max_length=CAMPAIGN_TEXT_CHARS, pattern=PLAIN)]
_Money = Annotated[int, Meta(ge=0, le=INTEGER_MAX)]
_Note = Annotated[str, Meta(max_length=500, pattern=PLAIN)]


class NewCampaign(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be done: tell buyers of `first` about `then`. They read `text`; `basis` says why
    they may be told. `holdout` and `least_effect` in thousandths, `cost` of a used coupon and the
    `budget` in minor units, 0 of a reminder. An outcome counts after `counted_after_h` hours.
    """

    act: Literal["reminder", "coupon"]
    first: _Goods
    then: _Goods
    text: _Text
    basis: _Text
    until: datetime.datetime
    level: Literal["sku", "family"] = "sku"
    window_d: Window = 30
    holdout: Annotated[int, Meta(ge=50, le=900)] = 200
    cost: _Money = 0
    budget: _Money = 0
    least_effect: Annotated[int, Meta(ge=0, le=1_000)] = 10
    counted_after_h: Annotated[int, Meta(ge=0, le=24 * ASSOCIATION_WINDOW_D)] = 720


class CampaignNote(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why it is started or stopped."""

    note: _Note = ""


class CampaignFigures(Struct, frozen=True, kw_only=True):
    """How a campaign stands. Effects in thousandths: share of the treated that bought less that of
    the held out; `low`, `high` after Newcombe (95 %), `always_low`, `always_high` hold at all times
    at once. `told` were reached, `unreached` could not be; `counted…` are those whose outcome
    counts by now.
    """

    treated: int
    holdout: int
    told: int
    unreached: int
    counted_treated: int
    counted_holdout: int
    bought_treated: int
    bought_holdout: int
    effect: int
    low: int
    high: int
    always_low: int
    always_high: int
    spent: int


class CampaignView(Struct, frozen=True, kw_only=True):
    """A campaign. `state`: proposed, running, stopped; `why` it stopped: person, no_effect, faded,
    budget, ended. `confidence` and `otherwise` are the rule's as it was proposed, thousandths.
    """

    id: uuid.UUID
    act: str
    first: str
    first_name: str
    then: str
    then_name: str
    level: str
    window_d: int
    text: str
    basis: str
    until: str
    holdout: int
    cost: int
    budget: int
    least_effect: int
    counted_after_h: int
    confidence: int
    otherwise: int
    state: str
    why: str
    proposed_by: str
    started_by: str
    proposed: str
    started: str
    stopped: str
    figures: CampaignFigures


class CampaignPage(Struct, frozen=True, kw_only=True):
    """Campaigns, the newest first; `next` is "" at the end."""

    items: tuple[CampaignView, ...]
    next: str


def _figures(f: Figures) -> CampaignFigures:
    return CampaignFigures(
        treated=f.treated,
        holdout=f.holdout,
        told=f.told,
        unreached=f.unreached,
        counted_treated=f.counted_treated,
        counted_holdout=f.counted_holdout,
        bought_treated=f.bought_treated,
        bought_holdout=f.bought_holdout,
        effect=f.effect,
        low=f.low,
        high=f.high,
        always_low=f.always_low,
        always_high=f.always_high,
        spent=f.spent,
    )


def _at(at_ms: int) -> str:
    return rfc3339(at_ms) if at_ms else ""


def _show(one: Campaign, names: dict[str, str]) -> CampaignView:
    plan = one.plan
    return CampaignView(
        id=one.id,
        act=plan.act,
        first=plan.first,
        first_name=names.get(plan.first, ""),
        then=plan.then,
        then_name=names.get(plan.then, ""),
        level=plan.level,
        window_d=plan.window_d,
        text=plan.text,
        basis=plan.basis,
        until=rfc3339(plan.until_ms),
        holdout=plan.holdout,
        cost=plan.cost,
        budget=plan.budget,
        least_effect=plan.least_effect,
        counted_after_h=plan.counted_after_h,
        confidence=plan.confidence,
        otherwise=plan.otherwise,
        state=one.state,
        why=one.why,
        proposed_by=one.proposed_by,
        started_by=one.started_by,
        proposed=_at(one.proposed_ms),
        started=_at(one.started_ms),
        stopped=_at(one.stopped_ms),
        figures=_figures(one.figures),
    )


async def _view(request: Ask, *found: Campaign) -> tuple[CampaignView, ...]:
    """Show campaigns with what their goods are called."""
    codes = [code for one in found for code in (one.plan.first, one.plan.then)]
    async with hub_of(request).connection() as connection:
        names = await associations.read_names(connection, held_of(request).tenant, codes)
    return tuple([_show(one, names) for one in found])


async def _answer(
    request: Ask, done: Campaign | Refusal, status: int = 200
) -> Response[CampaignView]:
    if isinstance(done, Refusal):
        return respond(problems.of(done))
    return Response((await _view(request, done))[0], status_code=status)


@get("/v1/campaigns", **declare_read("listCampaigns", "associations", "association.read"))
async def list_campaigns(request: Ask, cursor: Cursor = "", limit: Limit = 50) -> CampaignPage:
    """List campaigns, the newest first."""
    async with hub_of(request).connection() as connection:
        found = await campaign_rows.list_rows(
            connection, held_of(request).tenant, read_before(cursor), limit + 1
        )
    more = found[limit - 1].id if len(found) > limit else None
    return CampaignPage(
        items=await _view(request, *found[:limit]), next=write_place(str(more)) if more else ""
    )


@post("/v1/campaigns", **declare_write("proposeCampaign", "associations", "association.write"))
async def propose_campaign(data: JSONBody[NewCampaign], request: Ask) -> Response[CampaignView]:
    """Propose what is to be done about a rule; nobody is told before it is started."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        rule = await associations.find_rule(
            connection, held.tenant, data.level, data.window_d, data.first, data.then
        )
    plan = Plan(
        act=data.act,
        first=data.first,
        then=data.then,
        window_d=data.window_d,
        text=data.text,
        basis=data.basis,
        until_ms=epoch(data.until, "/until"),
        level=data.level,
        holdout=data.holdout,
        cost=data.cost,
        budget=data.budget,
        least_effect=data.least_effect,
        counted_after_h=data.counted_after_h,
        confidence=rule.confidence if rule else 0,
        otherwise=rule.otherwise if rule else 0,
    )
    done = await campaigns.propose(hub, held.tenant, plan, held.actor)
    return await _answer(request, done, 201)


@get(_ONE, **declare_read("getCampaign", "associations", "association.read"))
async def get_campaign(campaign_id: FromPath[uuid.UUID], request: Ask) -> CampaignView:
    """Read a campaign."""
    async with hub_of(request).connection() as connection:
        found = await campaign_rows.read(connection, held_of(request).tenant, campaign_id)
    return (await _view(request, found))[0]


@post(
    f"{_ONE}/start",
    status_code=200,
    **declare_write("startCampaign", "associations", "association.start"),
)
async def start_campaign(
    campaign_id: FromPath[uuid.UUID], data: JSONBody[CampaignNote], request: Ask
) -> Response[CampaignView]:
    """Start a campaign: buyers are drawn and told from now on."""
    held = held_of(request)
    done = await campaigns.start(hub_of(request), held.tenant, campaign_id, data.note, held.actor)
    return await _answer(request, done)


@post(
    f"{_ONE}/stop",
    status_code=200,
    **declare_write("stopCampaign", "associations", "association.start"),
)
async def stop_campaign(
    campaign_id: FromPath[uuid.UUID], data: JSONBody[CampaignNote], request: Ask
) -> Response[CampaignView]:
    """Stop a campaign, or withdraw a proposal: nobody is told any more."""
    held = held_of(request)
    done = await campaigns.stop(hub_of(request), held.tenant, campaign_id, data.note, held.actor)
    return await _answer(request, done)


@post(
    f"{_ONE}/look",
    status_code=200,
    **declare_write("lookAfterCampaign", "associations", "association.write"),
)
async def look_after_campaign(
    campaign_id: FromPath[uuid.UUID], data: JSONBody[CampaignNote], request: Ask
) -> CampaignView:
    """Look after a campaign now, as it is each hour: draw, tell, count, stop."""
    del data
    found = await campaigns.look(hub_of(request), held_of(request).tenant, campaign_id)
    return (await _view(request, found))[0]


ROUTES: Final = [
    list_campaigns,
    propose_campaign,
    get_campaign,
    start_campaign,
    stop_campaign,
    look_after_campaign,
]
