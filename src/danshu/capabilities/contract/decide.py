"""What follows for an order's promises from placing it, from events, time, and a person's word.

Pure: promises + what is known + now -> promises + facts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from danshu.capabilities.contract import facts
from danshu.capabilities.contract.clock import (
    begin,
    delivery_due_ms,
    next_ms,
    pause_end,
    stamp,
)
from danshu.capabilities.contract.evolve import evolve, step
from danshu.capabilities.contract.hearing import hear
from danshu.capabilities.contract.model import TICKING, Clause, Context, Promise, State
from danshu.kernel.errors import Refusal
from danshu.kernel.fact import Said
from danshu.kernel.limits import TEXT_CHARS

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "Context",
    "amend",
    "applies",
    "delivery_due_ms",
    "evolve",
    "hear",
    "next_ms",
    "pin",
    "rule",
    "tick",
]

# The two events that placing an order may bring with it.
PAID = "payment.confirmed"
PLACED = "order.placed"

# What a person may decide, from where (临界 is decided; a breach or a running duty is excused).
RULINGS: dict[State, frozenset[State]] = {
    State.BORDERLINE: frozenset({State.KEPT, State.BROKEN, State.EXCUSED}),
    State.BROKEN: frozenset({State.EXCUSED}),
    State.LATE: frozenset({State.EXCUSED}),
    State.PENDING: frozenset({State.EXCUSED}),
    State.RUNNING: frozenset({State.EXCUSED}),
    State.PAUSED: frozenset({State.EXCUSED}),
}


def pin(clauses: Sequence[Clause], context: Context) -> tuple[tuple[Promise, ...], Said | None]:
    """Pin the clauses that apply to an order; one fact names them all, None when none applies."""
    promises = []
    pinned = []
    lang = context.lang
    paid_ms, placed_ms = context.paid_ms, context.placed_ms
    was_ms, was = 0, ""
    for clause in clauses:
        if clause.requested and clause.code not in context.requested:
            continue
        if clause.conditional and not applies(clause, context):
            continue
        ship_by = context.ship_by_ms if clause.platform else 0
        start = clause.start
        started = paid_ms if start == PAID else placed_ms if start == PLACED else 0
        unstarted = clause.unstarted.en if lang == "en" else clause.unstarted.zh
        if not started:
            promises.append(
                Promise(clause=clause, state=State.PENDING, lang=lang, ship_by_ms=ship_by)
            )
            pinned.append(replace(unstarted, ship_by=stamp(ship_by)) if ship_by else unstarted)
            continue
        due, warn = begin(clause, started, ship_by)
        if started != was_ms:
            was_ms, was = started, stamp(started)
        until = stamp(due)
        promises.append(
            Promise(
                clause=clause,
                state=State.RUNNING,
                lang=lang,
                ship_by_ms=ship_by,
                started_ms=started,
                due_ms=due,
                warn_ms=warn,
            )
        )
        pinned.append(
            facts.Pinned(
                code=unstarted.code,
                version=unstarted.version,
                definition=unstarted.definition,
                text=unstarted.text,
                lang=lang,
                started=was,
                due=until,
                ship_by="" if not ship_by else until if ship_by == due else stamp(ship_by),
            )
        )
    if not promises:
        return (), None
    return tuple(promises), Said(data=facts.PromiseMade(promises=tuple(pinned)))


def applies(clause: Clause, context: Context) -> bool:
    """Tell whether every condition of the clause holds for the order."""
    rule = clause.definition.applies
    if rule.channels and context.channel not in rule.channels:
        return False
    if context.channel in rule.channels_not:
        return False
    if rule.presale is not None and context.presale is not rule.presale:
        return False
    if rule.announced and not context.announced:
        return False
    if rule.regions and not context.region.startswith(rule.regions):
        return False
    return not rule.requested or clause.code in context.requested


def tick(promises: tuple[Promise, ...], now_ms: int) -> tuple[tuple[Promise, ...], list[Said]]:
    """Say what time alone brings: a pause at its cap, the highest warning reached, a breach."""
    held = list(promises)
    said: list[Said] = []
    for at, promise in enumerate(promises):
        if promise.state is State.PAUSED and pause_end(promise) <= now_ms:
            end = pause_end(promise)
            resumed = facts.PromiseResumed(
                at=stamp(end), code=promise.code, due=stamp(promise.due_ms)
            )
            promise = held[at] = step(promise, resumed)
            said.append(Said(data=resumed, occurred_ms=end))
        if promise.state is not State.RUNNING:
            continue
        level = sum([instant <= now_ms for instant in promise.warn_ms])
        if now_ms > promise.due_ms:
            broken = facts.PromiseBroken(code=promise.code, due=stamp(promise.due_ms))
            held[at] = step(promise, broken)
            said.append(Said(data=broken, occurred_ms=promise.due_ms))
        elif level > promise.warned:
            warned = facts.PromiseWarned(
                code=promise.code,
                due=stamp(promise.due_ms),
                left_ms=promise.due_ms - now_ms,
                level=level,
            )
            held[at] = step(promise, warned)
            said.append(Said(data=warned, occurred_ms=promise.warn_ms[level - 1]))
    return tuple(held), said


def names_day(clause: Clause) -> bool:
    """Tell whether a clause names the day on which something comes, or leaves as announced."""
    return clause.stop == "shipment.delivered" or clause.definition.applies.announced


def amend(
    promises: tuple[Promise, ...], agreed_ms: int, consent: str
) -> tuple[tuple[Promise, ...], list[Said]]:
    """Move the deadlines that name a day to what the consumer agreed to; `consent` names its fact.

    Only a clock that runs is moved, and only to a later instant: a breach stays one, and nobody
    takes time from whoever agreed.
    """
    held = list(promises)
    said: list[Said] = []
    for at, promise in enumerate(promises):
        if not names_day(promise.clause) or promise.state not in TICKING:
            continue
        if promise.due_ms >= agreed_ms:
            continue
        data = facts.PromiseAmended(
            before=stamp(promise.due_ms), code=promise.code, consent=consent, due=stamp(agreed_ms)
        )
        held[at] = step(promise, data)
        said.append(Said(data=data, cause=consent))
    return tuple(held), said


def rule(
    promises: tuple[Promise, ...], code: str, verdict: State, ground: str
) -> tuple[tuple[Promise, ...], Said] | Refusal:
    """Record a person's decision on a promise; nothing heard later changes it."""
    promise = next((each for each in promises if each.code == code), None)
    if promise is None:
        return Refusal(
            code="promise_unknown",
            reason=f"订单没有承诺 {code}",
            reason_en=f"the order carries no promise {code}",
        )
    if promise.ruling or verdict not in RULINGS.get(promise.state, frozenset()):
        return Refusal(
            code="ruling_illegal",
            reason=f"承诺 {code} 处于 {promise.state},不能裁定为 {verdict}",
            reason_en=f"promise {code} is {promise.state}, it cannot be ruled {verdict}",
            clause=f"contract.rulings.{promise.state}",
        )
    if not ground.strip() or len(ground) > TEXT_CHARS:
        return Refusal(
            code="ruling_ground",
            reason=f"裁定须写明理由,最多 {TEXT_CHARS} 字",
            reason_en=f"a ruling needs a ground of at most {TEXT_CHARS} characters",
        )
    data = facts.PromiseRuled(
        code=code, ground=ground, verdict=verdict.value, was=promise.state.value
    )
    ruled = tuple([step(each, data) if each is promise else each for each in promises])
    return ruled, Said(data=data)
