"""What a fact changes: promises + data -> promises. The only place where a promise's state moves.

`decide` says facts and folds them here, so that state is the fold by construction; deadlines are
computed again from the clause, and a fact that disagrees with its clock is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from danshu.capabilities.contract import facts
from danshu.capabilities.contract.clock import compute_due, compute_warnings, stamp
from danshu.capabilities.contract.model import (
    TICKING,
    Clause,
    Mark,
    Pause,
    Promise,
    State,
)
from danshu.kernel.errors import ProgramError
from danshu.kernel.fact import epoch_ms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from msgspec import Struct


def evolve(
    promises: tuple[Promise, ...], data: Struct, book: Mapping[str, Clause]
) -> tuple[Promise, ...]:
    """Apply one fact's data; facts of other capabilities on the same stream change nothing here.

    `book` gives clauses by the digest of their definition. Raises ProgramError for a digest that
    the book lacks, a promise that the order does not carry, or a deadline that the clock does not
    give.
    """
    if isinstance(data, facts.PromiseMade):
        return promises + tuple([_begin(pinned, book) for pinned in data.promises])
    if type(data) not in _STEPS:
        return promises
    named: Any = data  # every fact of _STEPS names its promise
    code: str = named.code
    for at, promise in enumerate(promises):
        if promise.code == code:
            return (*promises[:at], step(promise, data), *promises[at + 1 :])
    raise ProgramError(f"the order carries no promise {code}")


def step(promise: Promise, data: Struct) -> Promise:
    """Apply one fact's data to the promise that it names."""
    change: Callable[[Promise, Any], Promise] = _STEPS[type(data)]
    return change(promise, data)


def read_mark(by: facts.Marked) -> Mark:
    """Read an event out of a fact."""
    return Mark(
        event=by.event,
        occurred_ms=epoch_ms(by.occurred),
        recorded_ms=epoch_ms(by.recorded),
        err_ms=by.err_ms,
        source=by.source,
        self_declared=by.self_declared,
    )


def write_mark(mark: Mark) -> facts.Marked:
    """Write an event for a fact."""
    return facts.Marked(
        event=mark.event,
        occurred=stamp(mark.occurred_ms),
        recorded=stamp(mark.recorded_ms),
        err_ms=mark.err_ms,
        source=mark.source,
        self_declared=mark.self_declared,
    )


def insert_pause(pauses: tuple[Pause, ...], pause: Pause) -> tuple[Pause, ...]:
    """Add a pause to pauses that are sorted and apart."""
    return tuple(sorted([*pauses, pause], key=_from_ms))


def shorten_pause(pauses: tuple[Pause, ...], at_ms: int) -> tuple[Pause, ...]:
    """End the pause that covers an instant at that instant."""
    return tuple(
        [
            replace(pause, until_ms=at_ms) if pause.from_ms <= at_ms < pause.until_ms else pause
            for pause in pauses
        ]
    )


def retime(promise: Promise, pauses: tuple[Pause, ...]) -> Promise:
    """Give the promise other pauses, and the deadline and warnings that follow.

    What the consumer agreed to is an instant: no pause brings it nearer.
    """
    clause = promise.clause
    counted = compute_due(clause, promise.started_ms, promise.ship_by_ms, pauses)
    due = max(counted, promise.agreed_ms)
    warn = compute_warnings(clause, promise.started_ms, due, pauses)
    return replace(promise, pauses=pauses, due_ms=due, warn_ms=warn)


def add_alternate(promise: Promise, mark: Mark) -> tuple[Mark, ...]:
    """Give the alternates with the mark in place of the one of the same event."""
    return (*[known for known in promise.alternates if known.event != mark.event], mark)


def _from_ms(pause: Pause) -> int:
    return pause.from_ms


def _begin(pinned: facts.Pinned, book: Mapping[str, Clause]) -> Promise:
    clause = book.get(pinned.definition)
    if clause is None:
        raise ProgramError(f"no definition {pinned.code}@{pinned.version} with {pinned.definition}")
    promise = Promise(
        clause=clause,
        state=State.PENDING,
        lang=pinned.lang,
        ship_by_ms=epoch_ms(pinned.ship_by) if pinned.ship_by else 0,
    )
    if (pinned.code, pinned.version) != (clause.code, clause.version):
        raise ProgramError(f"{pinned.code}@{pinned.version} is not what its digest says")
    if pinned.text != promise.text_digest:
        raise ProgramError(f"{pinned.code}@{pinned.version}: the text is not the one shown")
    if not pinned.started:
        return promise
    return _run(promise, epoch_ms(pinned.started), pinned.due)


def _run(promise: Promise, started_ms: int, due: str) -> Promise:
    running = retime(replace(promise, state=State.RUNNING, started_ms=started_ms), ())
    return _checked(running, due)


def _checked(promise: Promise, due: str) -> Promise:
    if stamp(promise.due_ms) != due:
        raise ProgramError(f"{promise.code}: a fact says due {due}, not {stamp(promise.due_ms)}")
    return promise


def _start(promise: Promise, data: facts.PromiseStarted) -> Promise:
    return _run(promise, epoch_ms(data.by.occurred), data.due)


def _note(promise: Promise, data: facts.PromiseNoted) -> Promise:
    return replace(promise, stop=read_mark(data.by))


def _warn(promise: Promise, data: facts.PromiseWarned) -> Promise:
    return replace(promise, warned=data.level)


def _pause(promise: Promise, data: facts.PromisePaused) -> Promise:
    pause = Pause(
        event=data.by.event, from_ms=epoch_ms(data.by.occurred), until_ms=epoch_ms(data.until)
    )
    state = State.PAUSED if promise.state in TICKING else promise.state
    paused = retime(replace(promise, state=state), insert_pause(promise.pauses, pause))
    return _checked(paused, data.due)


def _resume(promise: Promise, data: facts.PromiseResumed) -> Promise:
    at_ms = epoch_ms(data.at)
    pauses = shorten_pause(promise.pauses, at_ms)
    state = promise.state
    if state is State.PAUSED and all(pause.until_ms <= at_ms for pause in pauses):
        state = State.RUNNING
    return _checked(retime(replace(promise, state=state), pauses), data.due)


def _keep(promise: Promise, data: facts.PromiseKept) -> Promise:
    return replace(promise, state=State.KEPT, stop=read_mark(data.by))


def _break(promise: Promise, data: facts.PromiseBroken) -> Promise:
    return replace(promise, state=State.BROKEN, stop=read_mark(data.by) if data.by else None)


def _delay(promise: Promise, data: facts.PromiseLate) -> Promise:
    return replace(promise, state=State.LATE, stop=read_mark(data.by))


def _doubt(promise: Promise, data: facts.PromiseBorderline) -> Promise:
    return replace(promise, state=State.BORDERLINE, stop=read_mark(data.by))


def _compare(promise: Promise, data: facts.PromiseCompared) -> Promise:
    return replace(promise, alternates=add_alternate(promise, read_mark(data.by)))


def _correct(promise: Promise, data: facts.PromiseCorrected) -> Promise:
    stop = promise.stop
    if data.by and data.by.event == promise.clause.stop:
        stop = read_mark(data.by)
    return replace(promise, state=State(data.verdict), stop=stop)


def _amend(promise: Promise, data: facts.PromiseAmended) -> Promise:
    """The marks of the new deadline are warned of anew."""
    _checked(promise, data.before)
    agreed = replace(
        promise,
        agreed_ms=epoch_ms(data.due),
        before_ms=promise.before_ms or promise.due_ms,
        warned=0,
    )
    return _checked(retime(agreed, promise.pauses), data.due)


def _supersede(promise: Promise, data: facts.PromiseSuperseded) -> Promise:
    return replace(promise, state=State.SUPERSEDED)


def _rule(promise: Promise, data: facts.PromiseRuled) -> Promise:
    return replace(promise, state=State(data.verdict), ruling=data.ground)


_STEPS: dict[type[Struct], Callable[[Promise, Any], Promise]] = {
    facts.PromiseStarted: _start,
    facts.PromiseNoted: _note,
    facts.PromiseWarned: _warn,
    facts.PromisePaused: _pause,
    facts.PromiseResumed: _resume,
    facts.PromiseKept: _keep,
    facts.PromiseBroken: _break,
    facts.PromiseLate: _delay,
    facts.PromiseBorderline: _doubt,
    facts.PromiseCompared: _compare,
    facts.PromiseCorrected: _correct,
    facts.PromiseAmended: _amend,
    facts.PromiseSuperseded: _supersede,
    facts.PromiseRuled: _rule,
}
