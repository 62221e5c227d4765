"""Checks of what evidence says: a closed list, so that each can be counted again by anybody.

    expiry >= P180D          at least so much shelf life is left
    temp in 2000..8000       thousandths of a degree Celsius, both ends included
    count >= 1               pieces
    duration >= PT10S        length of a recording
    score >= 800             permille
    gap <= PT2M              between two samples
    amount >= 1              分

A quantity that is not known is never held to be right: the answer is `unproven`.
"""

from __future__ import annotations

import itertools
import re
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

from danshu.capabilities.contract.lint import parse_duration
from danshu.kernel.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from danshu.capabilities.contract.actions.model import Holds

Op = Literal[">=", "<=", "in"]

DURATIONS: Final = frozenset({"expiry", "duration", "gap"})
QUANTITIES: Final = frozenset({*DURATIONS, "temp", "count", "score", "amount"})

_COMPARE = re.compile(r"([a-z]+) (>=|<=) (-?\d{1,12}|P[0-9A-Z]{1,24})")
_WITHIN = re.compile(r"([a-z]+) in (-?\d{1,12})\.\.(-?\d{1,12})")


class Verdict(StrEnum):
    """What evidence shows of a rule."""

    HELD = "held"  # 符合
    FAILED = "failed"  # 不符
    UNPROVEN = "unproven"  # 未证明: the quantity, or a sample of it, is missing


class Rule(Struct, frozen=True, kw_only=True):
    """One check, `low` and `high` in the quantity's whole unit (ms, thousandths, pieces, 分)."""

    quantity: str
    op: Op
    low: int | None = None
    high: int | None = None


class Sample(Struct, frozen=True, kw_only=True, gc=False):
    """A reading: epoch milliseconds, thousandths of the quantity's unit."""

    at_ms: int
    value: int


class Span(Struct, frozen=True, kw_only=True):
    """What a series says of the time from `from_ms` to `until_ms`; `value` the worst reading."""

    verdict: Verdict
    from_ms: int
    until_ms: int
    value: int | None = None


@lru_cache(maxsize=256)
def parse(text: str) -> Rule:
    """Read a rule. Raises InputError `rule_shape`, or `definition_duration`."""
    within = _WITHIN.fullmatch(text)
    if within:
        quantity, low, high = within[1], int(within[2]), int(within[3])
        if quantity not in QUANTITIES - DURATIONS or low > high:
            raise InputError("rule_shape", f"{text[:64]!r} names no quantity, or is empty")
        return Rule(quantity=quantity, op="in", low=low, high=high)
    found = _COMPARE.fullmatch(text)
    if not found or found[1] not in QUANTITIES:
        raise InputError("rule_shape", f"{text[:64]!r} is no rule")
    quantity, op, value = found.groups()
    if (quantity in DURATIONS) != value.startswith("P"):
        raise InputError("rule_shape", f"{quantity} is compared with another kind of value")
    bound = parse_duration(value, "") if value.startswith("P") else int(value)
    if op == ">=":
        return Rule(quantity=quantity, op=">=", low=bound)
    return Rule(quantity=quantity, op="<=", high=bound)


def evaluate(rule: Rule, value: int | None) -> Verdict:
    """Say whether a value fits; None, because nobody measured it, is unproven."""
    if value is None:
        return Verdict.UNPROVEN
    fits = (rule.low is None or value >= rule.low) and (rule.high is None or value <= rule.high)
    return Verdict.HELD if fits else Verdict.FAILED


def left_ms(expires_ms: int, now_ms: int) -> int:
    """Give the shelf life that is left: the value of `expiry`; below 0 when it has passed."""
    return expires_ms - now_ms


def hold(
    holds: Holds, samples: Sequence[Sample], from_ms: int, until_ms: int
) -> tuple[Verdict, tuple[Span, ...]]:
    """Say whether a quantity was kept from `from_ms` to `until_ms`, and what spoils it.

    Outside for longer than the tolerance fails. Where no sample was taken for longer than the gap,
    at either end too, it is unproven, and that is never called kept. A failure outweighs a gap.
    Samples are taken in order of time; between two of them a reading holds until the next.
    """
    tolerance = parse_duration(holds.tolerance, "/holds/tolerance")
    gap = parse_duration(holds.gap, "/holds/gap")
    taken = sorted(
        (s for s in samples if from_ms <= s.at_ms <= until_ms), key=lambda sample: sample.at_ms
    )
    spans = [
        *_outside(holds, taken, until_ms, tolerance, gap),
        *_gaps(taken, from_ms, until_ms, gap),
    ]
    spans.sort(key=lambda span: span.from_ms)
    verdicts = {span.verdict for span in spans}
    for verdict in (Verdict.FAILED, Verdict.UNPROVEN):
        if verdict in verdicts:
            return verdict, tuple(spans)
    return Verdict.HELD, ()


def _gaps(taken: Sequence[Sample], from_ms: int, until_ms: int, gap: int) -> list[Span]:
    marks = [from_ms, *[sample.at_ms for sample in taken], until_ms]
    return [
        Span(verdict=Verdict.UNPROVEN, from_ms=a, until_ms=b)
        for a, b in itertools.pairwise(marks)
        if b - a > gap or (not taken and until_ms >= from_ms)
    ]


def _outside(
    holds: Holds, taken: Sequence[Sample], until_ms: int, tolerance: int, gap: int
) -> list[Span]:
    found: list[Span] = []
    began: int | None = None
    worst = 0
    middle = (holds.low + holds.high) // 2
    for at, sample in enumerate(taken):
        if holds.low <= sample.value <= holds.high:
            began = None
            continue
        if began is None:
            began, worst = sample.at_ms, sample.value
        worst = max(worst, sample.value, key=lambda value: abs(value - middle))
        # The reading holds until the next, yet no longer than the gap after which nothing is known.
        following = taken[at + 1].at_ms if at + 1 < len(taken) else until_ms
        ends = min(following, sample.at_ms + gap)
        if ends - began > tolerance:
            if found and found[-1].from_ms == began:
                found.pop()
            found.append(Span(verdict=Verdict.FAILED, from_ms=began, until_ms=ends, value=worst))
        if following > ends:
            began = None
    return found
