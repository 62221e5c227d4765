"""Levels of health 红黄蓝, and how a level is held so that it does not flap. Pure.

A figure passes blue, yellow and red on its way to bad. It becomes graver after a few looks in a row
and milder after some more, and only when it is better than the threshold by a tenth of it: what
wavers around a threshold rings once.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from danshu.kernel.limits import HEALTH_LOWER_LOOKS, HEALTH_RAISE_LOOKS

Better = Literal["low", "high"]
_MARGIN: Final = 0.1


class Level(IntEnum):
    """How grave it is."""

    NORMAL = 0
    BLUE = 1
    YELLOW = 2
    RED = 3

    @property
    def word(self) -> str:
        """The level in lower case, as it goes out."""
        return self.name.lower()


class Thresholds(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """From where a figure is blue, yellow, red, in its unit; None: it never is."""

    blue: float | None = None
    yellow: float | None = None
    red: float | None = None


class Held(Struct, frozen=True, kw_only=True):
    """The level that is shown, since when (epoch ms), and the looks in a row that say otherwise:
    `worse` of at least `worst`, `better` of at most `best`.
    """

    level: Level = Level.NORMAL
    since_ms: int = 0
    worse: int = 0
    worst: Level = Level.NORMAL
    better: int = 0
    best: Level = Level.NORMAL


def grade(value: float | None, limits: Thresholds, better: Better, margin: float = 0.0) -> Level:
    """Give the level of a value; None, which nobody measured, is normal.

    With a `margin` a value must be so much of the threshold better to pass as milder. Of a figure
    that is better when high (99.5 %) the margin is of what is missing to 100.
    """
    if value is None:
        return Level.NORMAL
    for level in (Level.RED, Level.YELLOW, Level.BLUE):
        limit = getattr(limits, level.word)
        if limit is None:
            continue
        if better == "low" and value > limit * (1 - margin):
            return level
        if better == "high" and value < limit + margin * max(0.0, 100 - limit):
            return level
    return Level.NORMAL


def hold(
    held: Held,
    value: float | None,
    limits: Thresholds,
    better: Better,
    at_ms: int,
    burning: Level = Level.NORMAL,
) -> Held:
    """Look once more at a figure, and give the level that is held now; `burning` is the level that
    its budget is at.
    """
    found = grade(value, limits, better)
    if found < held.level:  # to be milder it must be clearly better
        found = min(held.level, grade(value, limits, better, _MARGIN))
    return settle(held, max(found, burning), at_ms)


def settle(held: Held, found: Level, at_ms: int) -> Held:
    """Take in what a look found."""
    if found > held.level:
        worst = min(found, held.worst) if held.worse else found
        if held.worse + 1 >= HEALTH_RAISE_LOOKS:
            return Held(level=worst, since_ms=at_ms)
        return replace(held, worse=held.worse + 1, worst=worst, better=0)
    if found < held.level:
        best = max(found, held.best) if held.better else found
        if held.better + 1 >= HEALTH_LOWER_LOOKS:
            return Held(level=best, since_ms=at_ms)
        return replace(held, better=held.better + 1, best=best, worse=0)
    return replace(held, worse=0, better=0)
