"""A proposal, and the agent's standing, after what was said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from danshu.capabilities.agent import decide, facts
from danshu.capabilities.agent.model import Approval, Autonomy, Proposal, Standing
from danshu.kernel.errors import ProgramError

if TYPE_CHECKING:
    import uuid

    from msgspec import Struct

    from danshu.capabilities.agent.model import Terms
    from danshu.kernel.fact import Actor


def begin(id_: uuid.UUID, data: facts.ProposalMade, actor: Actor, at_ms: int) -> Proposal:
    """Give the proposal that was made."""
    by = f"skill:{data.skill}" if data.origin == "skill" else decide.author(actor)
    return Proposal(
        id=id_,
        action=data.action,
        key=data.key,
        origin=data.origin,
        skill=data.skill,
        version=data.version,
        loose=data.loose,
        terms=data.terms,
        authors=(by,),
        made_ms=at_ms,
    )


def evolve(one: Proposal, data: Struct, actor: Actor, at_ms: int) -> Proposal:
    """Give the proposal after a fact. Raises ProgramError for one of another kind."""
    by = decide.author(actor)
    match data:
        case facts.ProposalRenewed():
            same = _asks_no_more(one.terms, data.terms)
            return replace(
                one,
                terms=data.terms,
                version=data.version,
                approvals=one.approvals if same else (),
                state=one.state if same else "waiting",
            )
        case facts.ProposalChanged():
            authors = one.authors if by in one.authors else (*one.authors, by)
            return replace(
                one, terms=data.terms, authors=authors, changed_by=by, approvals=(), state="waiting"
            )
        case facts.ProposalApproved():
            given = Approval(by=by, at_ms=at_ms, note=data.note)
            return replace(
                one,
                approvals=(*one.approvals, given),
                state="approved" if data.enough else one.state,
            )
        case facts.ProposalAdopted():
            given = Approval(by=by, at_ms=at_ms)
            return replace(_end(one, at_ms, by), approvals=(*one.approvals, given), state="adopted")
        case facts.ProposalRefused() | facts.ProposalWithdrawn():
            state = "refused" if isinstance(data, facts.ProposalRefused) else "withdrawn"
            return replace(_end(one, at_ms, by), state=state, result=data.reason)
        case facts.ProposalExpired():
            return replace(_end(one, at_ms, by), state="expired")
        case facts.ProposalRehearsed():
            ended = _end(one, at_ms, by)
            return replace(
                ended, state="rehearsed", touched=data.touched, is_automatic=data.automatic
            )
        case facts.ProposalBegun():
            return replace(one, state="performing", began_ms=at_ms, is_automatic=data.automatic)
    return _after(one, data, by, at_ms)


def _after(one: Proposal, data: Struct, by: str, at_ms: int) -> Proposal:
    """Go on behind the act."""
    match data:
        case facts.ProposalPerformed():
            return replace(
                _end(one, at_ms, by),
                state="done",
                done=data.kept,
                touched=data.touched,
                measure_ms=data.measure_ms,
            )
        case facts.ProposalFailed():
            return replace(_end(one, at_ms, by), state="failed", result=data.code)
        case facts.ProposalMeasured():
            return replace(one, state="measured", outcome=data.outcome)
        case facts.ProposalUnrolling():
            return replace(one, state="rolling_back", result=data.reason)
        case facts.ProposalUnrolled():
            return replace(one, state="rolled_back")
        case facts.ProposalKept():
            state = "measured" if one.outcome else "done"
            return replace(one, state=state, result=data.code, is_kept=True)
    raise ProgramError(f"{type(data).__name__} is not said of proposals")


def _asks_no_more(before: Terms, after: Terms) -> bool:
    """Tell whether who approved the one has approved the other: the same is done, for no more."""
    same = after.parameters == before.parameters
    return same and after.at_stake_fen <= before.at_stake_fen


def _end(one: Proposal, at_ms: int, by: str) -> Proposal:
    return replace(one, ended_ms=at_ms, ended_by=by)


def stand(standing: Standing, data: Struct, actor: Actor, at_ms: int) -> Standing:
    """Give the agent's standing after a fact. Raises ProgramError for one of another kind."""
    by = decide.author(actor)
    match data:
        case facts.AutonomySet():
            before = standing.of(data.action)
            rules = Autonomy(
                level=data.level,
                day_fen=data.day_fen,
                day_count=data.day_count,
                none_up_to_fen=data.none_up_to_fen,
                one_up_to_fen=data.one_up_to_fen,
                earned=data.earned,
                regret_bound=data.regret_bound,
                since_ms=before.since_ms,
                set_by=by,
            )
            return _with(standing, data.action, rules)
        case facts.AutonomyLowered():
            before = standing.of(data.action)
            rules = replace(before, level=data.level, since_ms=at_ms, set_by=by, lowered=data.why)
            return _with(standing, data.action, rules)
        case facts.AgentStopped():
            return replace(standing, stopped=True, stopped_by=by, stopped_ms=at_ms)
        case facts.AgentResumed():
            return replace(standing, stopped=False, stopped_by="", stopped_ms=0)
        case facts.AgentRehearsing():
            return replace(standing, dry=data.on)
    raise ProgramError(f"{type(data).__name__} is not said of the agent")


def _with(standing: Standing, action: str, rules: Autonomy) -> Standing:
    return replace(standing, autonomy={**standing.autonomy, action: rules})
