"""Burn rates 燃烧率: how fast a service spends what it may fail (its error budget).

A burn rate of 1 spends the budget of 30 days in 30 days. Alerts look at two windows each: the long
one says that it matters, the short one that it is still going on ("The Site Reliability Workbook",
chapter 5, section 6: Multiwindow, Multi-Burn-Rate Alerts, table 5-8). Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.capabilities.weave.levels import Level

if TYPE_CHECKING:
    from collections.abc import Mapping

BUDGET_S: Final = 30 * 86_400
"""The period that a budget is of, in seconds."""


class Window(Struct, frozen=True, kw_only=True):
    """A pair of windows in seconds, the rate at which it alarms, and how gravely."""

    long_s: int
    short_s: int
    rate: float
    level: Level

    @property
    def spent(self) -> float:
        """The share of the budget that is gone when the long window is full at this rate."""
        return self.rate * self.long_s / BUDGET_S


WINDOWS: Final = (
    Window(long_s=3_600, short_s=300, rate=14.4, level=Level.RED),
    Window(long_s=21_600, short_s=1_800, rate=6.0, level=Level.YELLOW),
    Window(long_s=259_200, short_s=21_600, rate=1.0, level=Level.BLUE),
)
SPANS_S: Final = tuple(sorted({s for w in WINDOWS for s in (w.long_s, w.short_s)}))


class Counts(Struct, frozen=True):
    """Events of a window, and how many of them were good."""

    good: int
    total: int


class Burn(Struct, frozen=True, kw_only=True):
    """What burns: the level, the rate over the long window, that window in seconds, and the share
    of the 30 days' budget that it spent.
    """

    level: Level
    rate: float
    long_s: int
    spent: float


def rate(counts: Counts, objective: float) -> float:
    """Give the burn rate: the share of bad events over the share that may be bad; 0 of nothing."""
    if not counts.total:
        return 0.0
    # rounded: a share exactly at a limit is at it, whatever floats make of it
    return round((1 - counts.good / counts.total) / (1 - objective), 9)


def judge(counts: Mapping[int, Counts], objective: float, least: int) -> Burn | None:
    """Give the gravest alarm of the windows (seconds -> counts), None while none is due.

    `objective` is the share of events that are to be good, below 1. A pair whose long window holds
    fewer than `least` events says nothing: of five calls one that fails is no outage.
    """
    for window in WINDOWS:
        long, short = counts.get(window.long_s), counts.get(window.short_s)
        if long is None or short is None or long.total < least:
            continue
        burning = rate(long, objective)
        if min(burning, rate(short, objective)) >= window.rate:
            return Burn(
                level=window.level,
                rate=burning,
                long_s=window.long_s,
                spent=burning * window.long_s / BUDGET_S,
            )
    return None
