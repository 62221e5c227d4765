"""实验与成熟度 experiments with guardrails, and how mature the hub's use is."""

from __future__ import annotations

import datetime
import uuid
from typing import Annotated, Any, Final

from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.capabilities.coe.maturity import MaturityReport
from danshu.capabilities.coe.model import Experiment, Guardrail, TrialMetric, TrialPlan
from danshu.faces.http import problems
from danshu.faces.http.coe import Owner
from danshu.faces.http.coe_goals import CoeNote
from danshu.faces.http.framework import declare_read, declare_write, held_of, hub_of, respond
from danshu.faces.http.questions import Cursor, Limit, epoch, read_before, write_place
from danshu.hub import coe_experiments, coe_maturity, coe_rows
from danshu.hub.coe_rows import EXPERIMENTS
from danshu.hub.fields import PLAIN
from danshu.kernel.errors import Refusal
from danshu.kernel.limits import (
    COE_GUARDRAILS,
    COE_TITLE_CHARS,
    INTEGER_MAX,
    POLICY_PLACES,
    SKU_CHARS,
)

Ask = Request[Any, Any, Any]
_ONE: Final = "/v1/coe/experiments/{experiment_id:uuid}"
_Code = Annotated[str, Meta(min_length=1, max_length=SKU_CHARS, pattern=PLAIN)]
_Codes = Annotated[tuple[_Code, ...], Meta(max_length=POLICY_PLACES)]
_Bound = Annotated[int, Meta(ge=0, le=INTEGER_MAX)]


class NewGuardrail(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A metric that may be worse by `bound` at most, in thousandths, of cost in 分."""

    metric: TrialMetric
    bound: _Bound


class NewExperiment(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An experiment: the published policy set `digest` rules `percent` of the orders of the
    channels and regions, where named. Enough is known when the primary metric differs, or surely
    by less than `least` (thousandths, of cost 分).
    """

    name: Annotated[str, Meta(min_length=2, max_length=COE_TITLE_CHARS, pattern=PLAIN)]
    digest: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    until: datetime.datetime
    percent: Annotated[int, Meta(ge=1, le=100)] = 50
    channels: _Codes = ()
    regions: _Codes = ()
    primary: TrialMetric = "kept"
    least: Annotated[int, Meta(ge=1, le=INTEGER_MAX)] = 20
    guardrails: Annotated[tuple[NewGuardrail, ...], Meta(max_length=COE_GUARDRAILS)] = ()
    owner: Owner = ""


class ExperimentPage(Struct, frozen=True, kw_only=True):
    """Experiments, the newest first; `next` is "" at the end."""

    items: tuple[Experiment, ...]
    next: str


def _answer(done: Experiment | Refusal, status: int = 200) -> Response[Experiment]:
    if isinstance(done, Refusal):
        return respond(problems.of(done))
    return Response(done, status_code=status)


@get("/v1/coe/experiments", **declare_read("listExperiments", "coe", "coe.read"))
async def list_experiments(request: Ask, cursor: Cursor = "", limit: Limit = 50) -> ExperimentPage:
    """List experiments, the newest first."""
    async with hub_of(request).connection() as connection:
        found = await coe_rows.list_rows(
            connection, EXPERIMENTS, held_of(request).tenant, read_before(cursor), limit + 1
        )
    more = str(found[limit - 1].id) if len(found) > limit else ""
    return ExperimentPage(items=tuple(found[:limit]), next=write_place(more) if more else "")


@post("/v1/coe/experiments", **declare_write("startExperiment", "coe", "experiment.start"))
async def start_experiment(data: JSONBody[NewExperiment], request: Ask) -> Response[Experiment]:
    """Start an experiment: its policy set becomes the canary."""
    hub, held = hub_of(request), held_of(request)
    plan = TrialPlan(
        name=data.name,
        digest=data.digest,
        percent=data.percent,
        primary=data.primary,
        least=data.least,
        guardrails=tuple(Guardrail(metric=g.metric, bound=g.bound) for g in data.guardrails),
        until_ms=epoch(data.until, "/until"),
        channels=data.channels,
        regions=data.regions,
        owner=data.owner,
    )
    return _answer(await coe_experiments.start(hub, held.tenant, plan, held.actor), 201)


@get(_ONE, **declare_read("getExperiment", "coe", "coe.read"))
async def get_experiment(experiment_id: FromPath[uuid.UUID], request: Ask) -> Experiment:
    """Read an experiment."""
    async with hub_of(request).connection() as connection:
        found: Experiment = await coe_rows.read(
            connection, EXPERIMENTS, held_of(request).tenant, experiment_id
        )
    return found


@post(f"{_ONE}/stop", status_code=200, **declare_write("stopExperiment", "coe", "experiment.start"))
async def stop_experiment(
    experiment_id: FromPath[uuid.UUID], data: JSONBody[CoeNote], request: Ask
) -> Response[Experiment]:
    """Stop an experiment: its canary ends."""
    hub, held = hub_of(request), held_of(request)
    return _answer(
        await coe_experiments.stop(hub, held.tenant, experiment_id, data.note, held.actor)
    )


@post(f"{_ONE}/look", status_code=200, **declare_write("lookAtExperiment", "coe", "coe.write"))
async def look_at_experiment(
    experiment_id: FromPath[uuid.UUID], data: JSONBody[CoeNote], request: Ask
) -> Experiment:
    """Count both arms now, as it is done every ten minutes; it stops where there is a reason to."""
    del data
    return await coe_experiments.look(hub_of(request), held_of(request).tenant, experiment_id)


@get("/v1/coe/maturity", **declare_read("readMaturity", "coe", "coe.read"))
async def read_maturity(request: Ask) -> MaturityReport:
    """Check the three stages of the road map against what is there, with what is missing."""
    hub = hub_of(request)
    return await coe_maturity.read(hub, held_of(request).tenant)


ROUTES: Final = [
    list_experiments,
    start_experiment,
    get_experiment,
    stop_experiment,
    look_at_experiment,
    read_maturity,
]
