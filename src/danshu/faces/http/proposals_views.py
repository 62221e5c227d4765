"""Proposals as they are shown: with who must approve them now, by the rules as they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from danshu.capabilities.agent import autonomy, decide
from danshu.capabilities.agent.model import Nature, Proposal, Spent, Standing
from danshu.faces.http import proposals_shapes as shapes
from danshu.faces.http.auth import Held
from danshu.faces.http.framework import held_of, hub_of
from danshu.hub import actors, agent, agent_acts, agent_doing, agent_rows, agent_switch
from danshu.kernel.errors import InputError
from danshu.kernel.fact import rfc3339

if TYPE_CHECKING:
    from collections.abc import Sequence

    from litestar import Request

    from danshu.hub.agent_act import Act, Performed

_UNKNOWN: Final = Nature(reversibility="irreversible", sensitivity=3)


class Frame(Struct, frozen=True, kw_only=True):
    """What proposals are shown by: how the agent stands, what today took, acts, people's names."""

    standing: Standing
    spent: dict[str, Spent]
    acts: dict[str, Any]
    names: dict[str, str]


async def frame(request: Request[Any, Any, Any], found: Sequence[Proposal]) -> Frame:
    """Read what proposals are shown by."""
    hub, tenant = hub_of(request), held_of(request).tenant
    subjects = {who for one in found for who in _who(one)}
    async with hub.connection() as connection:
        day = agent_switch.day_of(hub.clock())
        return Frame(
            standing=await agent_switch.read(connection, tenant),
            spent=await agent_switch.read_all_spent(connection, tenant, day),
            acts=agent_acts.known(),
            names=await actors.name_actors(connection, tenant, subjects),
        )


def _who(one: Proposal) -> set[str]:
    approved = {given.by for given in one.approvals}
    return {*one.authors, *approved, one.ended_by, one.changed_by} - {""}


def text(zh: str, en: str) -> shapes.ProposalText:
    """Give a text in both languages."""
    return shapes.ProposalText(zh=zh, en=en)


def _told(told: Any) -> shapes.ProposalText:
    return text(told.zh, told.en)


def _at(at_ms: int) -> str:
    return rfc3339(at_ms) if at_ms else ""


def row(one: Proposal, by: Frame) -> shapes.ProposalRow:
    """Show a proposal in a list."""
    act: Act | None = by.acts.get(one.action)
    nature = agent_doing.nature_of(act) if act else _UNKNOWN
    rules = by.standing.of(one.action)
    spent = by.spent.get(one.action, Spent())
    needed, why = autonomy.needed(one, nature, rules, spent)
    terms = one.terms
    chance = terms.chance
    return shapes.ProposalRow(
        id=one.id,
        action=one.action,
        action_title=_told(act.title) if act else text(one.action, one.action),
        key=one.key,
        title=text(terms.title_zh, terms.title_en),
        state=one.state,
        low_fen=terms.low_fen,
        mid_fen=terms.mid_fen,
        high_fen=terms.high_fen,
        cost_fen=terms.cost_fen,
        lost_fen=terms.lost_fen,
        chance=shapes.ProposalChance(of=_told(chance.of), before=chance.before, after=chance.after)
        if chance
        else None,
        reversibility=nature.reversibility,
        sensitivity=nature.sensitivity,
        level=rules.level,
        needed=needed,
        why_asked=why,
        approvals=tuple(
            [
                shapes.ProposalApproval(by=by.names.get(a.by, a.by), at=_at(a.at_ms), note=a.note)
                for a in one.approvals
            ]
        ),
        origin=one.origin,
        skill=one.skill,
        version=one.version,
        authors=tuple([by.names.get(who, who) for who in one.authors]),
        is_automatic=one.is_automatic,
        made=_at(one.made_ms),
        expires=_at(terms.expires_ms),
        ended=_at(one.ended_ms),
    )


async def view(request: Request[Any, Any, Any], found: agent_rows.Found) -> shapes.AgentProposal:
    """Show a proposal with its evidence."""
    one = found.proposal
    by = await frame(request, [one])
    evidence = found.evidence
    outcome = one.outcome
    done = _done(one)
    return shapes.AgentProposal(
        row=row(one, by),
        parameters=msgspec.json.decode(one.terms.parameters),
        reasons=tuple([_reason(r) for r in evidence.reasons]) if evidence else (),
        alternatives=tuple([_alternative(a) for a in evidence.alternatives]) if evidence else (),
        chart=tuple(
            [
                shapes.ProposalDay(day=d.day, known=d.known, without=d.without, with_action=d.with_)
                for d in evidence.chart
            ]
        )
        if evidence
        else (),
        chart_unit=evidence.chart_unit if evidence else "",
        facts=len(one.terms.cites),
        evidence=one.terms.evidence,
        erased=evidence is None,
        quantity=agent.quantity_of(one),
        changed_by=by.names.get(one.changed_by, one.changed_by),
        may_approve=_may_approve(held_of(request), one, by),
        made_of=tuple(
            [
                shapes.ProposalCite(kind=c.kind, ref=c.ref, label=c.label)
                for c in (done.made if done else ())
            ]
        ),
        touched=one.touched,
        result=one.result,
        ended_by=by.names.get(one.ended_by, one.ended_by),
        outcome=shapes.ProposalOutcome(
            low_fen=outcome.low_fen,
            mid_fen=outcome.mid_fen,
            high_fen=outcome.high_fen,
            method=outcome.method,
            counted=outcome.counted,
            text=text(outcome.text_zh, outcome.text_en),
        )
        if outcome
        else None,
    )


def _done(one: Proposal) -> Performed | None:
    return agent_doing.done_of(one) if one.done else None


def _reason(reason: Any) -> shapes.ProposalReason:
    return shapes.ProposalReason(
        text=_told(reason.text),
        cites=tuple(
            [shapes.ProposalCite(kind=c.kind, ref=c.ref, label=c.label) for c in reason.cites]
        ),
        quotes=tuple([shapes.ProposalQuote(text=q.text, by=q.by) for q in reason.quotes]),
    )


def _alternative(other: Any) -> shapes.ProposalAlternative:
    return shapes.ProposalAlternative(
        title=_told(other.title),
        why_not=_told(other.why_not),
        worth_fen=other.worth_fen,
        chance=other.chance,
    )


def _may_approve(held: Held, one: Proposal, by: Frame) -> bool:
    """Tell whether who asks could approve: a right of theirs, and none of it written by them."""
    act: Act | None = by.acts.get(one.action)
    if act is None or one.state != "waiting" or not one.is_open:
        return False
    who = decide.author(held.actor)
    if who in one.authors or any(given.by == who for given in one.approvals):
        return False
    try:
        agent.must(act, held.may, one)
    except InputError:
        return False
    return True
