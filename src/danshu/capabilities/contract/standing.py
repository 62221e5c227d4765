"""Where an order stands with its promises, in one word: that of its worst promise.

The words are the engine's own. Warned is a running promise past a warning mark; kept by the
beneficiary's own word is told apart from kept. The numbers are what a row stores, worst first.
"""

from __future__ import annotations

from enum import IntEnum
from functools import cache
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.capabilities.contract import terms
from danshu.capabilities.contract.model import TICKING, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.capabilities.contract.terms import Term


class Standing(IntEnum):
    """An order's worst promise; the value is what the row stores."""

    BROKEN = 10
    BORDERLINE = 20
    WARNED = 30
    LATE = 35
    RUNNING = 40
    PAUSED = 50
    PENDING = 60
    KEPT_SELF = 70
    KEPT = 80
    EXCUSED = 85
    SUPERSEDED = 90
    NONE = 100

    @property
    def word(self) -> str:
        """The word in the API and in filters."""
        return self.name.lower()

    @staticmethod
    @cache
    def by_word() -> dict[str, Standing]:
        """Give the standings by their words."""
        return {s.word: s for s in Standing}


WATCHED: Final = Standing.LATE
"""The last standing that somebody may have to look at; those up to it are found by an index."""
_PLAIN: Final = {
    State.PENDING: Standing.PENDING,
    State.PAUSED: Standing.PAUSED,
    State.BROKEN: Standing.BROKEN,
    State.LATE: Standing.LATE,
    State.BORDERLINE: Standing.BORDERLINE,
    State.EXCUSED: Standing.EXCUSED,
    State.SUPERSEDED: Standing.SUPERSEDED,
}


class Glance(Struct, frozen=True, kw_only=True):
    """The worst standing, and the clock of the promise that is owed next: start, deadline, state.

    Times are epoch ms; 0 and None when nothing is owed.
    """

    standing: Standing
    started_ms: int = 0
    due_ms: int = 0
    state: State | None = None


def read(raw: bytes) -> Glance:
    """Read of a row's promises where the order stands."""
    return look(terms.read(raw))


def look(promises: Sequence[Term]) -> Glance:
    """See where an order stands with its promises.

    A broken promise that was not performed since is owed still, so its deadline lies in the past.
    """
    worst = min([_of(t) for t in promises], default=Standing.NONE)
    owed = [t for t in promises if t.due_ms and _is_owed(t)]
    if not owed:
        return Glance(standing=worst)
    first = min(owed, key=lambda t: t.due_ms)
    return Glance(
        standing=worst, started_ms=first.started_ms, due_ms=first.due_ms, state=first.state
    )


def _is_owed(promise: Term) -> bool:
    """Tell whether what was promised is to be done still."""
    return promise.state in TICKING or (promise.state is State.BROKEN and promise.stop is None)


def _of(term: Term) -> Standing:
    if term.state is State.RUNNING:
        return Standing.WARNED if term.warned else Standing.RUNNING
    if term.state is State.KEPT:
        stop = term.stop
        weak = stop and stop.self_declared and term.due_ms and stop.recorded_ms > term.due_ms
        return Standing.KEPT_SELF if weak else Standing.KEPT
    return _PLAIN[term.state]
