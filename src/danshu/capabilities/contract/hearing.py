"""What an event means for an order's promises: start, stop, comparison, end, pause.

Pure: promises + events + now -> promises + facts. Evidence of an earlier instant never erases a
verdict; it adds a correction.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from danshu.capabilities.contract import facts
from danshu.capabilities.contract.catalogue import TAKEN_BACK
from danshu.capabilities.contract.clock import compute_due, judge, pause_end, stamp
from danshu.capabilities.contract.evolve import (
    insert_pause,
    retime,
    shorten_pause,
    step,
    write_mark,
)
from danshu.capabilities.contract.model import (
    OPEN,
    TICKING,
    Clause,
    Event,
    Mark,
    Pause,
    Pausing,
    Promise,
    State,
)
from danshu.kernel.fact import Said

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from msgspec import Struct

_occurred = attrgetter("occurred_ms")


def hear(
    promises: tuple[Promise, ...], events: Sequence[Event], now_ms: int
) -> tuple[tuple[Promise, ...], list[Said]]:
    """Take in what happened to the order: start, pause, stop, compare, end.

    Events of one call are taken in the order in which they occurred; hearing one twice changes
    nothing.
    """
    held = list(promises)
    said: list[Said] = []
    for event in sorted(events, key=_occurred):
        mark = Mark(
            event=event.name,
            occurred_ms=event.occurred_ms,
            recorded_ms=event.recorded_ms,
            err_ms=event.err_ms,
            source=event.source,
            self_declared=event.self_declared,
        )
        for at, promise in enumerate(held):
            for data, occurred_ms in _respond(promise, mark, now_ms):
                held[at] = step(held[at], data)
                said.append(Said(data=data, occurred_ms=occurred_ms, cause=event.cause))
    return tuple(held), said


def _respond(promise: Promise, mark: Mark, now_ms: int) -> Iterator[tuple[Struct, int]]:
    """Give the facts that an event brings to a promise, each with the instant it speaks of."""
    if promise.ended:
        return
    clause = promise.clause
    event = mark.event
    if event == clause.stop:
        yield from _hear_stop(promise, mark)
    elif event == clause.start:
        yield from _hear_start(promise, mark)
    elif event in clause.stop_alt:
        yield from _hear_alternate(promise, mark)
    elif event in clause.void:
        yield from _hear_end(promise, mark)
    elif promise.started_ms:
        for pausing in clause.pauses:
            if event == pausing.on:
                yield from _hear_pause(promise, pausing, mark, now_ms)
            elif event == pausing.until or event in TAKEN_BACK.get(pausing.on, ()):
                yield from _hear_resume(promise, pausing, mark, now_ms)


def _hear_start(promise: Promise, mark: Mark) -> Iterator[tuple[Struct, int]]:
    if promise.state is not State.PENDING:
        return
    due = compute_due(promise.clause, mark.occurred_ms, promise.ship_by_ms)
    started = facts.PromiseStarted(by=write_mark(mark), code=promise.code, due=stamp(due))
    yield started, mark.occurred_ms
    if promise.stop:
        yield from _verdict(step(promise, started), promise.stop)


def _hear_stop(promise: Promise, mark: Mark) -> Iterator[tuple[Struct, int]]:
    clause = promise.clause
    if not clause.early_stop and mark.occurred_ms < promise.started_ms:
        return
    if promise.stop and not _better(clause, mark, promise.stop):
        return
    if promise.started_ms:
        yield from _verdict(promise, mark)
    elif clause.early_stop:
        yield facts.PromiseNoted(by=write_mark(mark), code=promise.code), mark.occurred_ms


def _better(clause: Clause, new: Mark, old: Mark) -> bool:
    """Tell whether an event is a better witness: not the beneficiary, better source, earlier.

    A total order, so that the promise ends in the same state whichever is heard first.
    """
    last = len(clause.rank)
    return (
        new.self_declared,
        clause.rank.get(new.source, last),
        new.occurred_ms,
        new.err_ms,
    ) < (old.self_declared, clause.rank.get(old.source, last), old.occurred_ms, old.err_ms)


def _final(promise: Promise, mark: Mark) -> State:
    verdict = judge(promise.due_ms, mark)
    return State.LATE if verdict is State.BROKEN and promise.clause.perdurant else verdict


def _verdict(promise: Promise, mark: Mark) -> Iterator[tuple[Struct, int]]:
    """Say what a stop means for a promise that has started: a verdict, or the correction of one."""
    code, due, by = promise.code, stamp(promise.due_ms), write_mark(mark)
    gap = mark.occurred_ms - promise.due_ms
    final = _final(promise, mark)
    if promise.state in TICKING:
        if final is State.KEPT:
            weak = mark.self_declared and mark.recorded_ms > promise.due_ms
            kept = facts.PromiseKept(by=by, code=code, due=due, gap_ms=gap, self_declared=weak)
            yield kept, mark.occurred_ms
        elif final is State.BORDERLINE:
            doubt = facts.PromiseBorderline(by=by, code=code, due=due, gap_ms=gap)
            yield doubt, mark.occurred_ms
        elif final is State.LATE:
            yield facts.PromiseBroken(code=code, due=due), promise.due_ms
            yield facts.PromiseLate(by=by, code=code, due=due, gap_ms=gap), mark.occurred_ms
        else:
            yield facts.PromiseBroken(by=by, code=code, due=due), promise.due_ms
    elif promise.stop is None and final is State.LATE:
        yield facts.PromiseLate(by=by, code=code, due=due, gap_ms=gap), mark.occurred_ms
    elif promise.stop is None and final is State.BROKEN:
        yield facts.PromiseNoted(by=by, code=code), mark.occurred_ms
    else:
        yield (
            facts.PromiseCorrected(
                by=by,
                code=code,
                due=due,
                reason="better_source" if promise.stop else "late_evidence",
                verdict=final.value,
                was=promise.state.value,
            ),
            0,
        )


def _hear_alternate(promise: Promise, mark: Mark) -> Iterator[tuple[Struct, int]]:
    known = next((each for each in promise.alternates if each.event == mark.event), None)
    if known and not _better(promise.clause, mark, known):
        return
    due = promise.due_ms
    compared = facts.PromiseCompared(
        by=write_mark(mark),
        code=promise.code,
        gap_ms=mark.occurred_ms - due if due else 0,
        verdict=judge(due, mark).value if due else "",
    )
    yield compared, mark.occurred_ms


def _hear_end(promise: Promise, mark: Mark) -> Iterator[tuple[Struct, int]]:
    due = promise.due_ms
    in_time = not due or mark.occurred_ms <= due
    if promise.state in OPEN and in_time:
        data = facts.PromiseSuperseded(
            by=write_mark(mark), code=promise.code, was=promise.state.value
        )
        yield data, mark.occurred_ms
    elif promise.state in OPEN:
        yield facts.PromiseBroken(code=promise.code, due=stamp(due)), due
    elif promise.state is State.BROKEN and not promise.stop and in_time:
        yield _correct(promise, State.SUPERSEDED, "order_ended", mark), 0


def _hear_pause(
    promise: Promise, pausing: Pausing, mark: Mark, now_ms: int
) -> Iterator[tuple[Struct, int]]:
    at_ms, pauses = mark.occurred_ms, promise.pauses
    if not promise.started_ms <= at_ms < promise.due_ms:
        return
    if any(p.from_ms <= at_ms < p.until_ms or p.from_ms == at_ms for p in pauses):
        return
    used = sum([p.until_ms - p.from_ms for p in pauses if p.event == pausing.on])
    later = [pause.from_ms for pause in pauses if pause.from_ms > at_ms]
    until_ms = min([at_ms + pausing.max_ms - used, *later])
    if until_ms <= at_ms:
        return
    moved = retime(
        promise,
        insert_pause(pauses, Pause(event=pausing.on, from_ms=at_ms, until_ms=until_ms)),
    )
    paused = facts.PromisePaused(
        by=write_mark(mark), code=promise.code, due=stamp(moved.due_ms), until=stamp(until_ms)
    )
    yield paused, at_ms
    yield from _judge_again(moved, now_ms)


def _hear_resume(
    promise: Promise, pausing: Pausing, mark: Mark, now_ms: int
) -> Iterator[tuple[Struct, int]]:
    at_ms, pauses = mark.occurred_ms, promise.pauses
    if not any(p.event == pausing.on and p.from_ms <= at_ms < p.until_ms for p in pauses):
        return
    moved = retime(promise, shorten_pause(pauses, at_ms))
    resumed = facts.PromiseResumed(
        at=stamp(at_ms), by=write_mark(mark), code=promise.code, due=stamp(moved.due_ms)
    )
    yield resumed, at_ms
    yield from _judge_again(moved, now_ms)


def _judge_again(moved: Promise, now_ms: int) -> Iterator[tuple[Struct, int]]:
    """Correct a verdict whose deadline has moved because a pause was heard of late."""
    if moved.state in TICKING:
        return
    if moved.stop:
        final = _final(moved, moved.stop)
        if final is not moved.state:
            yield _correct(moved, final, "pause_changed", moved.stop), 0
    elif moved.state is State.BROKEN and now_ms <= moved.due_ms:
        standing = State.PAUSED if pause_end(moved) > now_ms else State.RUNNING
        yield _correct(moved, standing, "pause_changed", None), 0


def _correct(
    promise: Promise, verdict: State, reason: str, mark: Mark | None
) -> facts.PromiseCorrected:
    return facts.PromiseCorrected(
        by=write_mark(mark) if mark else None,
        code=promise.code,
        due=stamp(promise.due_ms),
        reason=reason,
        verdict=verdict.value,
        was=promise.state.value,
    )
