"""Is this machine's clock to be trusted? Which sources agree, and when a fault begins and ends.

Pure: readings and instants come in, a standing comes out. Selection is Marzullo's algorithm in the
form of RFC 5905 §11.2.1: each source claims an interval, the true time lies where most of them
meet; the source with the smallest root distance among those speaks for the clock. NTP is not
authenticated here: the outcome is a claimed time with an error bound, never a proof of time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from danshu.kernel.limits import (
    CLOCK_DRIFT_PPM,
    CLOCK_ERROR_US,
    CLOCK_GOOD,
    CLOCK_MISSES,
    CLOCK_STEP_US,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

UNMEASURED: Final = "unmeasured"
MEASURED: Final = "measured"
FAULTED: Final = "faulted"


class Claim(Struct, frozen=True, kw_only=True):
    """What a source claims: this clock is off by `offset_us`, give or take `distance_us`."""

    source: str
    offset_us: int
    distance_us: int

    @property
    def error_us(self) -> int:
        """How far this clock may be off, if the claim is true."""
        return abs(self.offset_us) + self.distance_us


class Sample(Struct, frozen=True, kw_only=True):
    """One look at all sources. `trouble` "" = `source` speaks for the clock with its figures; else
    silent, unsynchronised (sources answer that they do not know) or disagree. `step_us`: by how
    much the wall clock jumped against the monotonic one since the last look.
    """

    source: str = ""
    offset_us: int = 0
    error_us: int = 0
    trouble: str = ""
    step_us: int = 0


class Standing(Struct, frozen=True, kw_only=True):
    """Where the clock stands. `why` of a fault: error, silent, disagree, unsynchronised or step.

    `error_us` grows with the drift while no source speaks; `good` and `missed` count samples in a
    row; `measured_us` is when a source spoke last, `since_us` when `word` last changed.
    """

    word: str = UNMEASURED
    why: str = ""
    source: str = ""
    offset_us: int = 0
    error_us: int = 0
    good: int = 0
    missed: int = 0
    measured_us: int = 0
    sampled_us: int = 0
    since_us: int = 0


def agree(claims: Sequence[Claim]) -> tuple[Claim, ...]:
    """Give the claims that meet where most of them do, the surest first; () when that is no
    majority, or when most meet in several places and no majority is in all of them.

    One claim alone is its own majority: it is the caller who knows how many were asked for.
    """
    edges = sorted(
        [(c.offset_us - c.distance_us, -1) for c in claims]
        + [(c.offset_us + c.distance_us, 1) for c in claims]
    )
    best, depth = 0, 0
    places: list[tuple[int, int]] = []
    for at, (place, kind) in enumerate(edges):
        depth -= kind
        if depth > best:
            best, places = depth, []
        if depth == best and kind == -1:
            places.append((place, edges[at + 1][0]))
    true = [
        c
        for c in claims
        if all(
            c.offset_us - c.distance_us <= low and high <= c.offset_us + c.distance_us
            for low, high in places
        )
    ]
    if len(true) * 2 <= len(claims):
        return ()
    return tuple(sorted(true, key=lambda c: (c.distance_us, c.source)))


def judge(before: Standing, sample: Sample, now_us: int, is_configured: bool) -> Standing:
    """Give the standing after a sample.

    `is_configured`: somebody named the sources, so that their silence is a fault. Without that,
    a machine that never reached a source is unmeasured, which is no fault.
    """
    if before.word == UNMEASURED and not is_configured:
        sample = replace(sample, step_us=0)  # nothing was claimed that a jump could have broken
    why = _trouble(sample)
    if not why:
        return _good(before, sample, now_us)
    if why == "step" or why in ("error", "unsynchronised"):
        held = replace(before, good=0, missed=0, sampled_us=now_us)
        if not sample.trouble:
            held = replace(
                held,
                source=sample.source,
                offset_us=sample.offset_us,
                error_us=sample.error_us,
                measured_us=now_us,
            )
        return _enter(held, FAULTED, why, now_us)
    missed = before.missed + 1
    elapsed_us = max(0, now_us - before.sampled_us) if before.measured_us else 0
    held = replace(
        before,
        good=0,
        missed=missed,
        error_us=before.error_us + elapsed_us * CLOCK_DRIFT_PPM // 1_000_000,
        sampled_us=now_us,
    )
    if before.word == FAULTED:
        return held
    if before.word == MEASURED and held.error_us > CLOCK_ERROR_US:
        return _enter(held, FAULTED, "error", now_us)
    if missed < CLOCK_MISSES:
        return held
    if is_configured or why == "disagree":
        return _enter(held, FAULTED, why, now_us)
    return _enter(held, UNMEASURED, "", now_us)


def _trouble(sample: Sample) -> str:
    if abs(sample.step_us) > CLOCK_STEP_US:
        return "step"
    if sample.trouble:
        return sample.trouble
    return "error" if sample.error_us > CLOCK_ERROR_US else ""


def _good(before: Standing, sample: Sample, now_us: int) -> Standing:
    heard = replace(
        before,
        source=sample.source,
        offset_us=sample.offset_us,
        error_us=sample.error_us,
        good=before.good + 1,
        missed=0,
        measured_us=now_us,
        sampled_us=now_us,
    )
    if before.word == FAULTED and heard.good < CLOCK_GOOD:
        return heard  # a clock that comes and goes must not fill the merchants' books
    return _enter(heard, MEASURED, "", now_us)


def _enter(standing: Standing, word: str, why: str, now_us: int) -> Standing:
    if standing.word == word:
        return standing if word == FAULTED else replace(standing, why=why)
    return replace(standing, word=word, why=why, since_us=now_us)
