"""The promises of an order as its page shows them: the engine's words, the clock in shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.capabilities.contract.catalogue import EVENTS
from danshu.capabilities.contract.model import State
from danshu.kernel.fact import rfc3339
from danshu.kernel.machine import Words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from danshu.capabilities.contract.model import Mark, Promise

_WHOLE: Final = 1_000


class ClockEvent(Struct, frozen=True, kw_only=True):
    """Something that the clock heard, when it happened, and who says so."""

    at: str
    event: str
    word: Words
    source: str


class PausedSpan(Struct, frozen=True, kw_only=True):
    """A stretch in which the clock stood, in permille of the time from start to deadline."""

    from_permille: int
    until_permille: int


class PromiseSheet(Struct, frozen=True, kw_only=True):
    """One promise. `state` is the engine's, with `warned` for a running one past a warning mark and
    `kept_self` for one kept by the beneficiary's own word. `due` and `started` are "" before.

    `before` is the deadline that was promised before the consumer agreed to `due`, "" for none.
    `used_permille` and the marks are shares of the time from start to deadline.
    """

    code: str
    version: int
    name: Words
    text: str
    breach: Words
    state: str
    started: str
    due: str
    start_event: Words
    stop_event: Words
    used_permille: int
    marks_permille: tuple[int, ...]
    pauses: tuple[PausedSpan, ...]
    events: tuple[ClockEvent, ...]
    gap_ms: int | None
    ruling: str
    before: str = ""


def show(promises: Sequence[Promise], now_ms: int) -> tuple[PromiseSheet, ...]:
    """Show promises, in the order of their clauses."""
    return tuple(_show(p, now_ms) for p in promises)


def _show(p: Promise, now_ms: int) -> PromiseSheet:
    clause = p.clause
    name = clause.definition.name
    until = p.stop.occurred_ms if p.stop else now_ms
    return PromiseSheet(
        code=p.code,
        version=p.version,
        name=Words(zh=name.zh, en=name.en),
        text=p.text,
        breach=Words(zh=clause.breach.zh, en=clause.breach.en),
        state=state_word(p),
        started=rfc3339(p.started_ms) if p.started_ms else "",
        due=rfc3339(p.due_ms) if p.due_ms else "",
        start_event=_words(clause.start),
        stop_event=_words(clause.stop),
        used_permille=_share(p, until),
        marks_permille=tuple(_share(p, at) for at in p.warn_ms),
        pauses=tuple(
            PausedSpan(from_permille=_share(p, s.from_ms), until_permille=_share(p, s.until_ms))
            for s in p.pauses
        ),
        events=tuple(_events(p)),
        gap_ms=p.gap_ms if p.stop and p.due_ms else None,
        ruling=p.ruling,
        before=rfc3339(p.before_ms) if p.before_ms else "",
    )


def state_word(p: Promise) -> str:
    """Give the engine's word for where a promise stands."""
    if p.state is State.RUNNING and p.warned:
        return "warned"
    if p.state is State.KEPT and p.self_declared:
        return "kept_self"
    return p.state.value


def _share(p: Promise, at_ms: int) -> int:
    """Give an instant's place between start and deadline, 0 to 1,000."""
    span = p.due_ms - p.started_ms
    if not p.started_ms or span <= 0:
        return 0
    return max(0, min(_WHOLE, (at_ms - p.started_ms) * _WHOLE // span))


def _words(event: str) -> Words:
    known = EVENTS[event]
    return Words(zh=known.zh, en=known.en)


def _events(p: Promise) -> Iterator[ClockEvent]:
    if p.started_ms:
        yield _event(p.clause.start, p.started_ms, "")
    for pause in p.pauses:
        yield _event(pause.event, pause.from_ms, "")
    marks: list[Mark] = [*([p.stop] if p.stop else []), *p.alternates]
    for mark in marks:
        yield _event(mark.event, mark.occurred_ms, mark.source)


def _event(event: str, at_ms: int, source: str) -> ClockEvent:
    return ClockEvent(at=rfc3339(at_ms), event=event, word=_words(event), source=source)
