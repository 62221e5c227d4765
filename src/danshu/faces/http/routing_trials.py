"""Trials 试算 of policy drafts on the orders of a past day."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Final

from litestar import Request, delete, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.faces.http.framework import PROBLEMS, READ_PROBLEMS, held_of, hub_of, may, only_json
from danshu.faces.http.questions import Cursor, Limit, read_place, write_place
from danshu.hub import policy_sets, policy_trials
from danshu.hub.fields import PLAIN
from danshu.hub.intercept_figures import StopFigures
from danshu.hub.policy_drafts import POLICIES
from danshu.hub.policy_replays import TrialFigures
from danshu.hub.policy_trials import CO2_G_TKM, ChangedOrder, Trial, TrialState
from danshu.kernel.limits import (
    INTERCEPT_TRIAL_DAYS,
    ORDER_BODY_BYTES,
    PAGE_ROWS,
    POLICY_TRIAL_ORDERS,
)

_ID = FromPath[str]


class RoutingTrialNew(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `days` days up to a day (of China) whose decisions are made again under the draft and
    under `against`: live, or the digest of a set; intercept rules are asked of those orders alone.
    `co2_g_tkm`: grams of CO2 that a tonne makes on a kilometre of road.
    """

    day: datetime.date
    days: Annotated[int, Meta(ge=1, le=INTERCEPT_TRIAL_DAYS)] = 1
    against: Annotated[str, Meta(max_length=64, pattern=PLAIN)] = "live"
    limit: Annotated[int, Meta(ge=1, le=POLICY_TRIAL_ORDERS)] = POLICY_TRIAL_ORDERS
    co2_g_tkm: Annotated[int, Meta(ge=0, le=10_000)] = CO2_G_TKM


class RoutingTrial(Struct, frozen=True, kw_only=True):
    """A trial: how far it is, its figures so far, and a page of the orders that would change.

    Money in 分, CO2 in g, lateness in 1/1000 of an order.
    """

    id: str
    draft: str
    digest: str
    against: str
    day: str
    state: TrialState
    done: int
    total: int
    figures: TrialFigures
    days: int
    stops: StopFigures | None
    co2_g_tkm: int
    changed: tuple[ChangedOrder, ...]
    next: str


_READ: Final[dict[str, Any]] = {
    "tags": ["routing"],
    "responses": READ_PROBLEMS,
    "guards": [may("routing.read")],
}
_WRITE: Final[dict[str, Any]] = {
    "tags": ["routing"],
    "responses": PROBLEMS,
    "guards": [may("routing.write"), only_json],
    "request_max_body_size": ORDER_BODY_BYTES,
    "status_code": 200,
}
_BARE: Final[dict[str, Any]] = {**_WRITE, "guards": [may("routing.write")]}


def _trial(trial: Trial, changed: list[ChangedOrder], limit: int) -> RoutingTrial:
    more = write_place(changed[limit - 1].order) if len(changed) > limit else ""
    return RoutingTrial(
        id=trial.id,
        draft=trial.draft,
        digest=trial.digest,
        against=trial.against,
        day=trial.day,
        state=trial.state,
        done=trial.done,
        total=trial.total,
        figures=trial.figures,
        days=trial.days,
        stops=trial.stops,
        co2_g_tkm=trial.co2_g_tkm,
        changed=tuple(changed[:limit]),
        next=more,
    )


@post(
    "/v1/routing/policies/drafts/{draft_id:str}/simulations",
    operation_id="beginRoutingTrial",
    **{**_WRITE, "status_code": 202},
)
async def begin_trial(
    draft_id: _ID, data: JSONBody[RoutingTrialNew], request: Request[Any, Any, Any]
) -> RoutingTrial:
    """Try a draft on the orders of a past day; the worker makes their decisions again."""
    hub, held = hub_of(request), held_of(request)
    async with hub.connection() as connection:
        draft = await POLICIES.read(connection, held.tenant, draft_id)
        if data.against == "live":
            head = await policy_sets.read_head(connection, held.tenant, draft.body.kind)
            against = head.live
        else:
            against = (await policy_sets.read_row(connection, held.tenant, data.against)).digest
        trial = await policy_trials.begin(
            connection, held.tenant, draft.id, draft.body, against, data.day, data.limit,
            data.co2_g_tkm, held.actor, hub.clock(), data.days,
        )  # fmt: skip
    return _trial(trial, [], PAGE_ROWS)


@get(
    "/v1/routing/policies/simulations/{simulation_id:str}",
    operation_id="readRoutingTrial",
    **_READ,
)
async def read_trial(
    simulation_id: _ID,
    request: Request[Any, Any, Any],
    cursor: Cursor = "",
    limit: Limit = 50,
) -> RoutingTrial:
    """Read a trial: how far it is, its figures, and the orders that would change."""
    tenant = held_of(request).tenant
    after = policy_trials.NONE
    if cursor:
        after = policy_trials.read_place(str(read_place(cursor, str)[0]))
    async with hub_of(request).connection() as connection:
        trial = await policy_trials.read(connection, tenant, simulation_id)
        changed = await policy_trials.list_changed(connection, tenant, trial.id, after, limit + 1)
    return _trial(trial, changed, limit)


@delete(
    "/v1/routing/policies/simulations/{simulation_id:str}",
    operation_id="cancelRoutingTrial",
    **_BARE,
)
async def cancel_trial(simulation_id: _ID, request: Request[Any, Any, Any]) -> RoutingTrial:
    """Stop a trial; what it found so far stays."""
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        await policy_trials.cancel(connection, tenant, simulation_id)
        trial = await policy_trials.read(connection, tenant, simulation_id)
    return _trial(trial, [], PAGE_ROWS)


ROUTES: Final = [begin_trial, read_trial, cancel_trial]
