"""Negotiation, decided: state + message + now -> facts or a Refusal. Pure.

Whatever is heard, `advance` follows: it awards, lets an award lapse, and closes with the default by
`award_by` at the latest, so that no promise ever waits for a party.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.capabilities.routing.negotiation import facts, messages, scoring
from danshu.capabilities.routing.negotiation.evolve import evolve
from danshu.capabilities.routing.negotiation.machine import (
    AWARDED,
    CFP_OPEN,
    FINAL,
    NEGOTIATION,
    PROPOSED,
)
from danshu.capabilities.routing.negotiation.model import OPEN, Negotiation
from danshu.kernel.errors import ProgramError, Refusal
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import NEGOTIATION_MESSAGES, NEGOTIATION_SHIFT_MIN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from danshu.capabilities.routing.negotiation.messages import Spoke

_MINUTE_MS: Final = 60_000
Said = list[Struct]


class Heard(Struct, frozen=True, kw_only=True):
    """What came of a message: what to say, the state after it, the refusal if it was one.

    `known`: it, or the consent, came before; nothing new is said.
    """

    said: Said
    state: Negotiation
    refusal: Refusal | None = None
    known: bool = False


def hear(n: Negotiation, spoke: Spoke, now_ms: int, trips: Mapping[str, int]) -> Heard:
    """Hear a message of a party. The same message again changes nothing and is answered as before;
    one that cannot be taken is said as disregarded.
    """
    base = facts.Message(digest=spoke.digest, message=spoke.message, party=spoke.party)
    before = n.heard.get(f"{spoke.party}/{spoke.message}")
    if before is not None:
        digest, code = before
        if digest != spoke.digest:
            return Heard(said=[], state=n, refusal=messages.ANOTHER, known=True)
        return Heard(said=[], state=n, refusal=_again(code), known=True)
    if spoke.party not in n.parties:
        return Heard(said=[], state=n, refusal=messages.NOT_INVITED)
    if len(n.heard) >= NEGOTIATION_MESSAGES:
        return Heard(said=[], state=n, refusal=messages.TOO_MANY)
    # what fell due before the message came is done first: a late word finds the default in place
    due = advance(n, now_ms, trips)
    for data in due:
        n = evolve(n, data, now_ms)
    found = _answer(n, spoke, base, now_ms)
    refusal = None
    if isinstance(found, Refusal):
        refusal = found
        found = facts.NegotiationDisregarded(
            **_fields(base), clause=found.clause, code=found.code, kind=kind_of(spoke)
        )
    n = evolve(n, found, now_ms)
    after = advance(n, now_ms, trips)
    for data in after:
        n = evolve(n, data, now_ms)
    return Heard(said=[*due, found, *after], state=n, refusal=refusal)


def kind_of(spoke: Spoke) -> str:
    """Give the event of a message."""
    return str(spoke.__struct_config__.tag)


def _again(code: str) -> Refusal | None:
    if not code:
        return None
    return Refusal(
        code=code,
        reason="此消息已不予采纳",
        reason_en="This message was disregarded",
        clause="negotiation.message",
    )


def _fields(base: facts.Message) -> dict[str, str]:
    return {"digest": base.digest, "message": base.message, "party": base.party}


def _answer(n: Negotiation, spoke: Spoke, base: facts.Message, now_ms: int) -> Struct | Refusal:
    told = NEGOTIATION.step(n.state, kind_of(spoke))
    if isinstance(told, Refusal):
        return told
    fields = _fields(base)
    match spoke:
        case messages.Propose():
            return _propose(n, spoke, fields, now_ms)
        case messages.Decline():
            if any(p.party == spoke.party and p.fate == OPEN for p in n.proposals):
                return messages.BOUND  # whoever has offered takes the offer back instead
            return facts.NegotiationDeclined(
                **fields, reason=spoke.reason, unreachable=spoke.unreachable
            )
        case messages.Retract():
            return _retract(n, spoke, fields)
    award, chosen = n.award, n.chosen
    mine = award is not None and chosen is not None and chosen.party == spoke.party
    if award is None or chosen is None or not mine or award.id != spoke.award:
        return messages.AWARD_OVER
    match spoke:
        case messages.Confirm():
            return facts.NegotiationConfirmed(**fields, award=award.id, number=spoke.number)
        case messages.Refuse():
            return facts.NegotiationRefused(**fields, award=award.id, reason=spoke.reason)
        case messages.Counter():
            if n.countered:
                return messages.COUNTERED
            far = abs(spoke.shift_min) > NEGOTIATION_SHIFT_MIN
            if far or chosen.end_ms + spoke.shift_min * _MINUTE_MS <= now_ms:
                return messages.SHIFTED_FAR
            return facts.NegotiationCountered(
                **fields, award=award.id, fee_fen=spoke.fee_fen, shift_min=spoke.shift_min
            )


def _propose(
    n: Negotiation, spoke: messages.Propose, fields: dict[str, str], now_ms: int
) -> Struct | Refusal:
    if now_ms >= n.reply_ms:
        return messages.TOO_LATE
    if n.leg is not None and n.leg.cold and not spoke.equipment:
        return messages.NO_EQUIPMENT
    if all(w.id != spoke.window for w in n.windows):
        return messages.NO_WINDOW
    return facts.NegotiationProposed(
        **fields,
        accept_permille=max(0, min(1_000, spoke.accept_permille)),
        conditions=spoke.conditions,
        equipment=spoke.equipment,
        eta=rfc3339(spoke.eta_ms),
        fee_fen=spoke.fee_fen,
        proposal=f"p{len(n.proposals) + 1}",
        token=spoke.token,
        valid_until=rfc3339(spoke.valid_ms),
        window=spoke.window,
    )


def _retract(n: Negotiation, spoke: messages.Retract, fields: dict[str, str]) -> Struct | Refusal:
    found = n.proposal(spoke.proposal)
    if found is None or found.party != spoke.party or found.fate != OPEN:
        return messages.NO_PROPOSAL
    if n.award and found.id in (n.award.proposal, n.award.reserved):
        return messages.BOUND
    return facts.NegotiationRetracted(**fields, proposal=found.id)


def consent(
    n: Negotiation, data: facts.NegotiationConsented, now_ms: int, trips: Mapping[str, int]
) -> Heard:
    """Take the consumer's consent to a window; given again, it changes nothing."""
    if data.window in n.consents:
        return Heard(said=[], state=n, known=True)
    due = advance(n, now_ms, trips)
    for each in due:
        n = evolve(n, each, now_ms)
    told = NEGOTIATION.step(n.state, "consent")
    if isinstance(told, Refusal):
        return Heard(said=due, state=n, refusal=told)
    asked = {w.id for w in n.windows if w.consent} | {p.window for p in n.proposals if p.consent}
    if data.window not in asked:
        return Heard(said=due, state=n, refusal=messages.NO_WINDOW)
    n = evolve(n, data, now_ms)
    after = advance(n, now_ms, trips)
    for each in after:
        n = evolve(n, each, now_ms)
    return Heard(said=[*due, data, *after], state=n)


def close(n: Negotiation, outcome: str, reason: str) -> Said:
    """Withdraw the call, or say that it failed; nothing where it is over."""
    return [] if n.state in FINAL else [_closed(n, outcome, reason)]


def advance(n: Negotiation, now_ms: int, trips: Mapping[str, int]) -> Said:
    """Say what follows from the state and the time: award, lapse, close; nothing while it waits."""
    said: Said = []
    while True:
        step = _step(n, now_ms, trips)
        if step is None:
            return said
        said.append(step)
        n = evolve(n, step, now_ms)


def next_ms(n: Negotiation, now_ms: int) -> int:
    """Tell when `advance` has something to say though nobody speaks; 0 when never again."""
    if n.state == AWARDED and n.award:
        return n.award.confirm_ms
    if n.state not in (CFP_OPEN, PROPOSED):
        return 0
    # what is open after the time of offers waits for the consumer's consent
    return n.reply_ms if now_ms < n.reply_ms else n.award_ms


def _step(n: Negotiation, now_ms: int, trips: Mapping[str, int]) -> Struct | None:
    if n.state == AWARDED and n.award:
        over = now_ms >= n.award.confirm_ms
        return facts.NegotiationLapsed(award=n.award.id) if over else None
    if n.state not in (CFP_OPEN, PROPOSED):
        return None
    if now_ms < n.award_ms:
        if now_ms < n.reply_ms and not _all_answered(n):
            return None
        ranked = scoring.rank(n, now_ms, trips, consented=True)
        if ranked:
            return _award(n, ranked, now_ms, trips)
        # somebody offers a window that the consumer may still agree to
        if scoring.rank(n, now_ms, trips, consented=False):
            return None
    return _give_up(n)


def _award(
    n: Negotiation, ranked: list[facts.Score], now_ms: int, trips: Mapping[str, int]
) -> Struct:
    best = n.proposal(ranked[0].proposal)
    if best is None:
        raise ProgramError("what was ranked is not there")
    wait_ms = max(n.reply_ms - n.opened_ms, 1)
    return facts.NegotiationAwarded(
        award=f"a{n.awards + 1}",
        confirm_by=rfc3339(min(best.valid_ms, n.award_ms, now_ms + wait_ms)),
        proposal=best.id,
        reserved=ranked[1].proposal if len(ranked) > 1 else "",
        scores=tuple(ranked),
        trip_ms=trips.get(best.party, 0),
    )


def _all_answered(n: Negotiation) -> bool:
    """Tell whether every party that was invited has offered or declined."""
    spoken = {p.party for p in n.proposals if p.fate != "retracted"} | set(n.silent)
    return spoken.issuperset(n.parties)


def _give_up(n: Negotiation) -> Struct:
    refused = any(p.fate in ("refused", "lapsed") for p in n.proposals)
    silent = len(n.silent) == len(n.parties)
    if n.parties and len(n.unreachable) == len(n.parties):
        return _closed(n, "failed", "unreachable")
    if refused or silent:
        alive = any(p.fate == OPEN for p in n.proposals)
        return _closed(n, "expired" if alive else "rejected", "nobody_confirmed")
    return _closed(n, "expired", "no_proposal" if not n.proposals else "no_fitting_proposal")


def _closed(n: Negotiation, outcome: str, reason: str) -> facts.NegotiationClosed:
    if n.fallback is None:
        raise ProgramError("a negotiation without a default was opened")
    return facts.NegotiationClosed(fallback=n.fallback, outcome=outcome, reason=reason)
