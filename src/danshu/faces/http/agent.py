"""智能体 the agent: stopped and let go, how independent by kind of action, outcomes, skills."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from litestar import Request, Response, get, post, put
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from danshu.capabilities.agent import autonomy
from danshu.capabilities.agent.model import Autonomy, Lived, Spent, Standing
from danshu.faces.http import problems
from danshu.faces.http.framework import declare_read, declare_write, held_of, hub_of, respond
from danshu.faces.http.proposals_shapes import ProposalNote, ProposalText, ProposalWhy
from danshu.hub import (
    actors,
    agent,
    agent_acts,
    agent_doing,
    agent_figures,
    agent_rows,
    agent_skills,
    agent_switch,
)
from danshu.hub.agent_act import Act
from danshu.hub.agent_child import SkillShown
from danshu.hub.fields import PLAIN
from danshu.kernel.errors import Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import AGENT_TEXT_CHARS, AGENT_WORTH_FEN

Ask = Request[Any, Any, Any]
_TAG: Final = "agent"
_Fen = Annotated[int, Meta(ge=0, le=AGENT_WORTH_FEN)]
_NO_FIGURES: Final = agent_figures.add_up([])


class AgentState(Struct, frozen=True, kw_only=True):
    """How the agent stands: `stopped` nothing is carried out, `dry` acts are only rehearsed;
    proposals by state.
    """

    stopped: bool
    stopped_by: str
    stopped_at: str
    dry: bool
    waiting: int
    counts: dict[str, int]


class AgentDry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether acts are only rehearsed."""

    on: bool


class AgentOutcomes(Struct, frozen=True, kw_only=True):
    """Of the last 30 days: `decided` proposals, `accepted` and `automatic` of them, `measured`; of
    the measured `expected_fen`, `real_fen` against what would have been, within `low_fen` and
    `high_fen` (80 %); `overestimated` thousandths, null = not known; `rollbacks`, of them
    `restored`.
    """

    decided: int
    accepted: int
    automatic: int
    measured: int
    expected_fen: int
    real_fen: int
    low_fen: int
    high_fen: int
    overestimated: int | None
    regretted: int
    rollbacks: int
    restored: int


class AgentAutonomy(Struct, frozen=True, kw_only=True):
    """How independent a kind of action is. `earned` accepted and measured proposals make it ready
    for `automatic`, of which `lived` are there, `regretted` of them (at most `regret_bound`
    thousandths). `not_ready` why it is not: irreversible, too_few, regretted, lost, one_step.
    Today's budget and what is spent of it: 分, times. 30 days: decided, accepted.
    """

    action: str
    title: ProposalText
    reversibility: str
    sensitivity: int
    right: str
    level: str
    day_fen: int
    day_count: int
    spent_fen: int
    spent_count: int
    none_up_to_fen: int
    one_up_to_fen: int
    earned: int
    regret_bound: int
    lived: int
    regretted: int
    not_ready: str
    set_by: str
    lowered: str
    decided: int
    accepted: int
    table: tuple[int, ...]
    """People asked for a small, a middling and a large sum."""


class AgentAutonomies(Struct, frozen=True, kw_only=True):
    """Every kind of action."""

    items: tuple[AgentAutonomy, ...]


class NewAutonomy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How independent a kind of action is to be, and why; what is not earned is refused."""

    level: Literal["observe", "propose", "approve", "automatic"]
    reason: Annotated[str, Meta(min_length=2, max_length=AGENT_TEXT_CHARS, pattern=PLAIN)]
    day_fen: _Fen = Autonomy().day_fen
    day_count: Annotated[int, Meta(ge=0, le=100_000)] = Autonomy().day_count
    none_up_to_fen: _Fen = Autonomy().none_up_to_fen
    one_up_to_fen: _Fen = Autonomy().one_up_to_fen
    earned: Annotated[int, Meta(ge=5, le=10_000)] = Autonomy().earned
    regret_bound: Annotated[int, Meta(ge=10, le=500)] = Autonomy().regret_bound


class AgentRefusedDraft(Struct, frozen=True, kw_only=True):
    """A draft that became nothing: why, and what it was about."""

    code: str
    key: str


class AgentSkill(Struct, frozen=True, kw_only=True):
    """A skill, and its last look: drafts, how many became or renewed proposals, the first that
    were refused. `loose`: a loose file, never automatic. `trouble` how it failed, "" = it did not.
    """

    name: str
    title: ProposalText
    about: ProposalText
    version: int
    action: str
    views: tuple[str, ...]
    every_s: int
    loose: bool
    origin: str
    looked: str
    next: str
    took_ms: int
    drafts: int
    made: int
    refused: tuple[AgentRefusedDraft, ...]
    trouble: str


class AgentSkills(Struct, frozen=True, kw_only=True):
    """The skills that are plugged in."""

    items: tuple[AgentSkill, ...]


async def _state(request: Ask, standing: Standing) -> AgentState:
    tenant = held_of(request).tenant
    async with hub_of(request).connection() as connection:
        counts = await agent_rows.count_states(connection, tenant)
        names = await actors.name_actors(connection, tenant, {standing.stopped_by})
    return AgentState(
        stopped=standing.stopped,
        stopped_by=names.get(standing.stopped_by, ""),
        stopped_at=rfc3339(standing.stopped_ms) if standing.stopped_ms else "",
        dry=standing.dry,
        waiting=counts.get("waiting", 0),
        counts=dict(sorted(counts.items())),
    )


@get("/v1/agent", **declare_read("getAgent", _TAG, "agent.read"))
async def get_agent(request: Ask) -> AgentState:
    """Read how the agent stands."""
    async with hub_of(request).connection() as connection:
        standing = await agent_switch.read(connection, held_of(request).tenant)
    return await _state(request, standing)


@post("/v1/agent/stop", status_code=200, **declare_write("stopAgent", _TAG, "agent.stop"))
async def stop_agent(data: JSONBody[ProposalNote], request: Ask) -> AgentState:
    """停用全部自动: nothing is carried out any more, from this answer on, on every node."""
    held = held_of(request)
    done = await agent.stop_all(hub_of(request), held.tenant, data.note, held.actor)
    return await _state(request, done)


@post("/v1/agent/resume", status_code=200, **declare_write("resumeAgent", _TAG, "agent.write"))
async def resume_agent(data: JSONBody[ProposalWhy], request: Ask) -> AgentState:
    """Let acts be carried out again, and say why."""
    held = held_of(request)
    done = await agent.resume(hub_of(request), held.tenant, data.reason, held.actor)
    return await _state(request, done)


@put("/v1/agent/dry", **declare_write("setAgentDry", _TAG, "agent.write"))
async def set_dry(data: JSONBody[AgentDry], request: Ask) -> AgentState:
    """只演练: let acts only be rehearsed, or carried out again."""
    held = held_of(request)
    done = await agent.rehearse_only(hub_of(request), held.tenant, data.on, held.actor)
    return await _state(request, done)


@get("/v1/agent/outcomes", **declare_read("getAgentOutcomes", _TAG, "agent.read"))
async def get_outcomes(request: Ask) -> AgentOutcomes:
    """Read what the proposals of the last 30 days came to."""
    hub, tenant = hub_of(request), held_of(request).tenant
    async with hub.connection() as connection:
        found = await agent_figures.read(connection, tenant, hub.clock())
        low, high = await agent_figures.read_interval(connection, tenant, hub.clock())
    total = agent_figures.add_up(found)
    return AgentOutcomes(
        decided=total.decided,
        accepted=total.accepted,
        automatic=total.automatic,
        measured=total.measured,
        expected_fen=total.expected_fen,
        real_fen=total.real_fen,
        low_fen=low,
        high_fen=high,
        overestimated=total.overestimated,
        regretted=total.regretted,
        rollbacks=total.rollbacks,
        restored=total.restored,
    )


async def _autonomies(request: Ask) -> AgentAutonomies:
    hub, tenant = hub_of(request), held_of(request).tenant
    items = []
    async with hub.connection() as connection:
        standing = await agent_switch.read(connection, tenant)
        day = agent_switch.day_of(hub.clock())
        spent = await agent_switch.read_all_spent(connection, tenant, day)
        figures = await agent_figures.read(connection, tenant, hub.clock())
        done = {one.action: one for one in figures}
        setters = {rules.set_by for rules in standing.autonomy.values()}
        names = await actors.name_actors(connection, tenant, setters)
        for action, act in agent_acts.known().items():
            rules = standing.of(action)
            lived = await agent_switch.read_lived(connection, tenant, action, rules)
            today = spent.get(action, Spent())
            by = names.get(rules.set_by, rules.set_by)
            items.append(_show(act, rules, lived, today, done.get(action, _NO_FIGURES), by))
    return AgentAutonomies(items=tuple(items))


def _show(
    act: Act,
    rules: Autonomy,
    lived: list[Lived],
    today: Spent,
    done: agent_figures.Figures,
    set_by: str,
) -> AgentAutonomy:
    nature = agent_doing.nature_of(act)
    return AgentAutonomy(
        action=act.action,
        title=ProposalText(zh=act.title.zh, en=act.title.en),
        reversibility=act.reversibility,
        sensitivity=act.sensitivity,
        right=act.right,
        level=rules.level,
        day_fen=rules.day_fen,
        day_count=rules.day_count,
        spent_fen=today.fen,
        spent_count=today.count,
        none_up_to_fen=rules.none_up_to_fen,
        one_up_to_fen=rules.one_up_to_fen,
        earned=rules.earned,
        regret_bound=rules.regret_bound,
        lived=len(lived),
        regretted=sum(map(autonomy.is_regretted, lived)),
        not_ready=autonomy.why_not_raise("automatic", nature, rules, lived)[0],
        set_by=set_by,
        lowered=rules.lowered,
        decided=done.decided,
        accepted=done.accepted,
        table=autonomy.TABLE[act.reversibility, act.sensitivity],
    )


@get("/v1/agent/autonomy", **declare_read("listAutonomy", _TAG, "agent.read"))
async def list_autonomy(request: Ask) -> AgentAutonomies:
    """List how independent each kind of action is."""
    return await _autonomies(request)


@put("/v1/agent/autonomy/{action:str}", **declare_write("setAutonomy", _TAG, "agent.write"))
async def set_autonomy(
    action: FromPath[str], data: JSONBody[NewAutonomy], request: Ask
) -> Response[AgentAutonomies]:
    """Set how independent a kind of action is; a person does, and what is not earned is refused."""
    held = held_of(request)
    wish = Autonomy(
        level=data.level,
        day_fen=data.day_fen,
        day_count=data.day_count,
        none_up_to_fen=data.none_up_to_fen,
        one_up_to_fen=data.one_up_to_fen,
        earned=data.earned,
        regret_bound=data.regret_bound,
    )
    done = await agent.set_autonomy(
        hub_of(request), held.tenant, action, wish, data.reason, held.actor
    )
    if isinstance(done, Refusal):
        return respond(problems.of(done))
    return Response(await _autonomies(request))


def _skill(shown: SkillShown, run: agent_skills.Run | None) -> AgentSkill:
    return AgentSkill(
        name=shown.name,
        title=ProposalText(zh=shown.title.zh, en=shown.title.en),
        about=ProposalText(zh=shown.about.zh, en=shown.about.en),
        version=shown.version,
        action=shown.action,
        views=shown.views,
        every_s=shown.every_s,
        loose=shown.loose,
        origin=shown.origin,
        looked=rfc3339(run.looked_ms) if run else "",
        next=rfc3339(run.next_ms) if run else "",
        took_ms=run.took_ms if run else 0,
        drafts=run.drafts if run else 0,
        made=run.made if run else 0,
        refused=tuple([AgentRefusedDraft(code=r.code, key=r.key) for r in run.refusals])
        if run
        else (),
        trouble=shown.trouble or (run.trouble if run else ""),
    )


@get("/v1/agent/skills", **declare_read("listSkills", _TAG, "agent.read"))
async def list_skills(request: Ask) -> AgentSkills:
    """List the skills that are plugged in, and what came of their last look."""
    shown = await agent_skills.describe()
    async with hub_of(request).connection() as connection:
        runs = await agent_skills.read_runs(connection, held_of(request).tenant)
    return AgentSkills(items=tuple([_skill(one, runs.get(one.name)) for one in shown]))


@post(
    "/v1/agent/skills/{skill:str}/look",
    status_code=200,
    **declare_write("letSkillLook", _TAG, "agent.write"),
)
async def let_skill_look(
    skill: FromPath[str], data: JSONBody[ProposalNote], request: Ask
) -> AgentSkill:
    """Let a skill look now instead of at its time."""
    del data
    shown = await agent_skills.find(skill)
    run = await agent_skills.look(hub_of(request), held_of(request).tenant, shown)
    return _skill(shown, run)


ROUTES: Final = [
    get_agent,
    stop_agent,
    resume_agent,
    set_dry,
    get_outcomes,
    list_autonomy,
    set_autonomy,
    list_skills,
    let_skill_look,
]
