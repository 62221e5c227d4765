"""What may become of a proposal: pure, from its state, the rules of its action, and who asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from danshu.capabilities.agent import autonomy, facts, noes
from danshu.capabilities.agent.autonomy import needed, why_lower, why_not_raise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.capabilities.agent.model import (
        Autonomy,
        Lived,
        Nature,
        Outcome,
        Proposal,
        Spent,
        Standing,
        Terms,
    )
    from danshu.kernel.errors import Refusal
    from danshu.kernel.fact import Actor

_PERSON: Final = "person:"
_PROVEN: Final = frozenset("AB")


def is_person(actor: Actor) -> bool:
    """Tell whether a person acts, by a session; a key only ever has the word of a program."""
    return actor.sub.startswith(_PERSON) and actor.grade in _PROVEN


def author(actor: Actor) -> str:
    """Give by which name an actor is the author of something: a key is known by its id."""
    return actor.sub if is_person(actor) else f"key:{actor.key or actor.sub}"


def renew(proposal: Proposal, terms: Terms, version: int) -> facts.ProposalRenewed | Refusal | None:
    """Bring an open one up to date; None where nothing changed, or a person has changed it."""
    if proposal.state not in ("waiting", "approved"):
        return noes.OVER
    if proposal.changed_by or _same(proposal.terms, terms):
        return None
    return facts.ProposalRenewed(terms=terms, version=version)


def _same(before: Terms, after: Terms) -> bool:
    """Tell whether nothing but the last moment differs, and that by less than its day."""
    near = abs(after.expires_ms - before.expires_ms) < 3_600_000
    return near and replace(after, expires_ms=before.expires_ms) == before


def change(proposal: Proposal, terms: Terms, now_ms: int) -> facts.ProposalChanged | Refusal:
    """Change what is to be done, before anybody approved it or anew."""
    if proposal.state not in ("waiting", "approved"):
        return noes.OVER
    if proposal.terms.expires_ms <= now_ms:
        return noes.EXPIRED
    return facts.ProposalChanged(terms=terms)


def approve(
    proposal: Proposal,
    nature: Nature,
    standing: Standing,
    spent: Spent,
    actor: Actor,
    note: str,
    now_ms: int,
) -> facts.ProposalApproved | facts.ProposalAdopted | Refusal:
    """Approve: by somebody who wrote none of it, two of them being two people.

    A key approves what a skill proposed and one approval is enough for; all else asks for people.
    """
    rules = standing.of(proposal.action)
    if proposal.state != "waiting":
        return noes.OVER
    if proposal.terms.expires_ms <= now_ms:
        return noes.EXPIRED
    if standing.stopped:
        return noes.STOPPED
    if rules.level == "observe":
        return noes.OBSERVED
    by = author(actor)
    if by in proposal.authors:
        return noes.OWN
    if any(a.by == by for a in proposal.approvals):
        return noes.TWICE
    people = max(1, needed(proposal, nature, rules, spent)[0])
    if not is_person(actor) and (proposal.origin != "skill" or people > 1 or proposal.changed_by):
        return noes.NOT_A_PERSON
    enough = len(proposal.approvals) + 1 >= people
    if enough and rules.level == "propose":
        return facts.ProposalAdopted(level=rules.level)
    return facts.ProposalApproved(enough=enough, needed=people, note=note)


def refuse(proposal: Proposal, reason: str) -> facts.ProposalRefused | Refusal:
    """Refuse it; also what was approved and not yet begun."""
    if proposal.state not in ("waiting", "approved"):
        return noes.OVER
    return facts.ProposalRefused(reason=reason)


def withdraw(proposal: Proposal, reason: str, actor: Actor) -> facts.ProposalWithdrawn | Refusal:
    """Take back what one proposed oneself."""
    if proposal.state not in ("waiting", "approved"):
        return noes.OVER
    if author(actor) not in proposal.authors:
        return noes.NOT_AUTHOR
    return facts.ProposalWithdrawn(reason=reason)


def expire(proposal: Proposal, now_ms: int) -> facts.ProposalExpired | None:
    """End what nobody decided or carried out in time; None where it isn't so."""
    if proposal.state not in ("waiting", "approved") or proposal.terms.expires_ms > now_ms:
        return None
    return facts.ProposalExpired(expires_ms=proposal.terms.expires_ms)


def begin(
    proposal: Proposal, nature: Nature, standing: Standing, spent: Spent, day: str, now_ms: int
) -> facts.ProposalBegun | facts.ProposalRehearsed | Refusal:
    """Begin the act: approved by enough people, or automatic within the day's budget.

    Where the merchant only rehearses, that is said instead (`touched` is filled by who rehearsed).
    """
    if standing.stopped:
        return noes.STOPPED
    if proposal.state not in ("waiting", "approved"):
        return noes.OVER
    if proposal.terms.expires_ms <= now_ms:
        return noes.EXPIRED
    rules = standing.of(proposal.action)
    is_automatic = proposal.state == "waiting"
    if is_automatic:
        if proposal.approvals:
            return noes.NOT_APPROVED
        people, why = needed(proposal, nature, rules, spent)
        if people:
            return noes.OVER_BUDGET if why == "budget" else noes.NOT_AUTOMATIC
    elif rules.level in ("observe", "propose"):
        return noes.OBSERVED  # lowered since it was approved
    if standing.dry:
        return facts.ProposalRehearsed(automatic=is_automatic, touched=0)
    fen = proposal.terms.exposed_fen if is_automatic else 0
    return facts.ProposalBegun(automatic=is_automatic, day=day, fen=fen)


def perform(
    proposal: Proposal, kept: str, touched: int, measure_ms: int
) -> facts.ProposalPerformed | None:
    """Say that it is done; None where that was said already."""
    if proposal.state != "performing":
        return None
    return facts.ProposalPerformed(kept=kept, measure_ms=measure_ms, touched=touched)


def fail(proposal: Proposal, code: str, detail: str) -> facts.ProposalFailed | None:
    """Say that it could not be done; None where something else was said already."""
    if proposal.state != "performing":
        return None
    return facts.ProposalFailed(code=code, detail=detail)


def measure(proposal: Proposal, outcome: Outcome) -> facts.ProposalMeasured | None:
    """Say what it brought; None where that was said already."""
    if proposal.state != "done":
        return None
    return facts.ProposalMeasured(outcome=outcome)


def unroll(proposal: Proposal, reason: str) -> facts.ProposalUnrolling | Refusal:
    """Begin to take it back."""
    if proposal.state not in ("done", "measured"):
        return noes.NOT_DONE
    return facts.ProposalUnrolling(reason=reason)


def unrolled(proposal: Proposal, touched: int) -> facts.ProposalUnrolled | None:
    """Say that it is taken back; None where that was said already."""
    return None if proposal.state != "rolling_back" else facts.ProposalUnrolled(touched=touched)


def keep(proposal: Proposal, code: str, detail: str) -> facts.ProposalKept | None:
    """Say that it can't be taken back; None where something else was said already."""
    if proposal.state != "rolling_back":
        return None
    return facts.ProposalKept(code=code, detail=detail)


def set_autonomy(
    action: str, wish: Autonomy, nature: Nature, standing: Standing, lived: Sequence[Lived],
    reason: str,
) -> facts.AutonomySet | Refusal:  # fmt: skip
    """Set how independent a kind of action is; what is not earned is refused."""
    # what must be proven follows from the rules that hold, not from those that are wished for
    why, counted = why_not_raise(wish.level, nature, standing.of(action), lived)
    if why:
        return noes.not_earned(why, counted, standing.of(action).earned)
    return facts.AutonomySet(
        action=action,
        day_count=wish.day_count,
        day_fen=wish.day_fen,
        earned=wish.earned,
        level=wish.level,
        none_up_to_fen=wish.none_up_to_fen,
        one_up_to_fen=wish.one_up_to_fen,
        reason=reason,
        regret_bound=wish.regret_bound,
    )


def lower(action: str, standing: Standing, lived: Sequence[Lived]) -> facts.AutonomyLowered | None:
    """Take a level away where too much was regretted; None where it is kept."""
    rules = standing.of(action)
    why = why_lower(lived, rules)
    if not why:
        return None
    return facts.AutonomyLowered(
        action=action,
        counted=len(lived),
        level=autonomy.lower(rules.level),
        regretted=sum(map(autonomy.is_regretted, lived)),
        why=why,
    )


def stop(standing: Standing, note: str) -> facts.AgentStopped | None:
    """Stop everything; None where it is stopped already."""
    return None if standing.stopped else facts.AgentStopped(note=note)


def resume(standing: Standing, reason: str) -> facts.AgentResumed | None:
    """Let acts be carried out again; None where they are."""
    return facts.AgentResumed(reason=reason) if standing.stopped else None


def rehearse_only(standing: Standing, *, on: bool) -> facts.AgentRehearsing | None:
    """Let acts only be rehearsed, or no longer; None where it is so."""
    return None if standing.dry == on else facts.AgentRehearsing(on=on)
