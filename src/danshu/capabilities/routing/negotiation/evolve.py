"""What a fact changes: state + data -> state. A stream's facts fold to its row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from danshu.capabilities.routing.negotiation import facts
from danshu.capabilities.routing.negotiation.machine import NEGOTIATION
from danshu.capabilities.routing.negotiation.model import Award, Negotiation, Proposal, Slot
from danshu.kernel.errors import ProgramError, Refusal
from danshu.kernel.fact import epoch_ms

if TYPE_CHECKING:
    from collections.abc import Callable

    from msgspec import Struct

_MINUTE_MS = 60_000
_ENDS = {"expired": "expire", "rejected": "exhaust", "withdrawn": "withdraw", "failed": "fail"}


def evolve(n: Negotiation, data: Struct, recorded_ms: int) -> Negotiation:
    """Apply one fact's data. Raises ProgramError for one that the machine does not allow."""
    found = _STEPS.get(type(data))
    if found is None:
        return n
    event, step = found
    if isinstance(data, facts.NegotiationClosed):
        event = _ENDS[data.outcome]
    state = n.state
    if event:
        answer = NEGOTIATION.step(n.state, event)
        if isinstance(answer, Refusal):
            raise ProgramError(f"a fact says {event} in {n.state}")
        state = answer
    changed = step(n, data, recorded_ms)
    if isinstance(data, facts.Message):
        code = data.code if isinstance(data, facts.NegotiationDisregarded) else ""
        changed = replace(changed, heard={**n.heard, key_of(data): (data.digest, code)})
    return replace(changed, state=state)


def key_of(message: facts.Message) -> str:
    """Give the name of a message among all of a negotiation: two parties may use the same id."""
    return f"{message.party}/{message.message}"


def _opened(n: Negotiation, data: facts.NegotiationOpened, recorded_ms: int) -> Negotiation:
    return replace(
        n,
        order=data.order,
        decision=data.decision,
        parties=data.parties,
        windows=tuple(
            Slot(
                id=w.id,
                start_ms=epoch_ms(w.start),
                end_ms=epoch_ms(w.end),
                incentive_fen=w.incentive_fen,
                consent=w.consent,
            )
            for w in data.windows
        ),
        leg=data.leg,
        fallback=data.fallback,
        weights=data.weights,
        offer_fen=data.offer_fen,
        opened_ms=recorded_ms,
        reply_ms=epoch_ms(data.reply_by),
        award_ms=epoch_ms(data.award_by),
    )


def _proposed(n: Negotiation, data: facts.NegotiationProposed, _: int) -> Negotiation:
    slot = next(w for w in n.windows if w.id == data.window)
    made = Proposal(
        id=data.proposal,
        party=data.party,
        window=slot.id,
        start_ms=slot.start_ms,
        end_ms=slot.end_ms,
        incentive_fen=slot.incentive_fen,
        consent=slot.consent,
        fee_fen=data.fee_fen,
        eta_ms=epoch_ms(data.eta),
        accept_permille=data.accept_permille,
        valid_ms=epoch_ms(data.valid_until),
    )
    before = tuple(
        replace(p, fate="replaced") if p.party == data.party and p.fate == "open" else p
        for p in n.proposals
    )
    return replace(
        n,
        proposals=(*before, made),
        silent=tuple(p for p in n.silent if p != data.party),
        unreachable=tuple(p for p in n.unreachable if p != data.party),
    )


def _declined(n: Negotiation, data: facts.NegotiationDeclined, _: int) -> Negotiation:
    lost = {data.party} if data.unreachable else set()
    return replace(
        n,
        silent=(*n.silent, *({data.party} - set(n.silent))),
        unreachable=(*n.unreachable, *(lost - set(n.unreachable))),
    )


def _end(n: Negotiation, id_: str, fate: str) -> Negotiation:
    ended = tuple(replace(p, fate=fate) if p.id == id_ else p for p in n.proposals)
    return replace(n, proposals=ended)


def _retracted(n: Negotiation, data: facts.NegotiationRetracted, _: int) -> Negotiation:
    return _end(n, data.proposal, "retracted")


def _consented(n: Negotiation, data: facts.NegotiationConsented, _: int) -> Negotiation:
    return replace(n, consents=(*n.consents, data.window))


def _awarded(n: Negotiation, data: facts.NegotiationAwarded, _: int) -> Negotiation:
    award = Award(
        id=data.award,
        proposal=data.proposal,
        reserved=data.reserved,
        confirm_ms=epoch_ms(data.confirm_by),
    )
    return replace(n, award=award, awards=n.awards + 1)


def _confirmed(n: Negotiation, data: facts.NegotiationConfirmed, _: int) -> Negotiation:
    return replace(n, number=data.number)


def _fallen(fate: str) -> Callable[[Negotiation, Any, int], Negotiation]:
    def step(n: Negotiation, _: Any, __: int) -> Negotiation:
        return replace(_end(n, n.award.proposal if n.award else "", fate), award=None)

    return step


def _countered(n: Negotiation, data: facts.NegotiationCountered, _: int) -> Negotiation:
    chosen = n.chosen
    assert chosen is not None
    shift_ms = data.shift_min * _MINUTE_MS
    due_ms = epoch_ms(n.fallback.end) if n.fallback and n.fallback.end else 0
    shifted = replace(
        chosen,
        fee_fen=data.fee_fen,
        start_ms=chosen.start_ms + shift_ms,
        end_ms=chosen.end_ms + shift_ms,
        eta_ms=chosen.eta_ms + shift_ms,
        # a consent was given to the window as shown; shifted on, it would have to be given anew
        consent=bool(due_ms) and chosen.end_ms + shift_ms > due_ms,
        window=chosen.window if not shift_ms else f"{chosen.window}{data.shift_min:+d}",
    )
    swapped = tuple(shifted if p.id == chosen.id else p for p in n.proposals)
    return replace(n, proposals=swapped, award=None, countered=True)


def _disregarded(n: Negotiation, _: Any, __: int) -> Negotiation:
    return n


def _closed(n: Negotiation, data: facts.NegotiationClosed, _: int) -> Negotiation:
    return replace(n, award=None, reason=data.reason)


_Step = tuple[str, "Callable[[Negotiation, Any, int], Negotiation]"]
_STEPS: dict[type[Struct], _Step] = {
    facts.NegotiationOpened: ("open", _opened),
    facts.NegotiationProposed: ("propose", _proposed),
    facts.NegotiationDeclined: ("decline", _declined),
    facts.NegotiationRetracted: ("retract", _retracted),
    facts.NegotiationConsented: ("consent", _consented),
    facts.NegotiationAwarded: ("award", _awarded),
    facts.NegotiationConfirmed: ("confirm", _confirmed),
    facts.NegotiationRefused: ("refuse", _fallen("refused")),
    facts.NegotiationCountered: ("counter", _countered),
    facts.NegotiationLapsed: ("lapse", _fallen("lapsed")),
    facts.NegotiationDisregarded: ("", _disregarded),
    facts.NegotiationClosed: ("*", _closed),
}
