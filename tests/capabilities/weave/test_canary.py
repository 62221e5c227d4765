"""Canaries, simulated: one as good survives being looked at for hours, a worse one is seen soon."""

from __future__ import annotations

import random

import pytest

from danshu.capabilities.weave.canary import (
    BUCKETS,
    Margins,
    Sample,
    bounds,
    bucket,
    judge,
    percentile_ms,
)

MARGINS = Margins()


class Side:
    def __init__(self, dice: random.Random, failing: float, refusing: float, ms: float) -> None:
        self.dice, self.failing, self.refusing, self.ms = dice, failing, refusing, ms
        self.ends, self.latency = [0, 0, 0], [0] * BUCKETS

    def ask(self, times: int) -> None:
        for _ in range(times):
            drawn = self.dice.random()
            end = 2 if drawn < self.failing else 1 if drawn < self.failing + self.refusing else 0
            self.ends[end] += 1
            self.latency[bucket(int(self.ms * self.dice.lognormvariate(0, 0.5)))] += 1

    @property
    def sample(self) -> Sample:
        done, refused, failed = self.ends
        return Sample(done=done, refused=refused, failed=failed, latency=tuple(self.latency))


def play(seed: int, worse: tuple[float, float, float], looks: int, share: int = 2) -> int:
    """Give the candidate's tries until it was judged; 0 when it never was."""
    dice = random.Random(seed)
    stable, candidate = Side(dice, 0.01, 0.02, 60), Side(dice, *worse)
    for _ in range(looks):
        stable.ask(20)
        candidate.ask(share)
        if judge(candidate.sample, stable.sample, MARGINS):
            return candidate.sample.tries
    return 0


def test_an_equal_candidate_is_left_alone() -> None:
    alarms = sum(play(seed, (0.01, 0.02, 60), 250) > 0 for seed in range(40))
    assert alarms == 0


@pytest.mark.parametrize(
    ("worse", "most"),
    [
        ((1.0, 0.0, 60), 10),  # dead: before the least sample
        ((0.3, 0.02, 60), 150),
        ((0.12, 0.02, 60), 600),
        ((0.01, 0.40, 60), 150),
        ((0.01, 0.02, 600), 80),
    ],
)
def test_a_worse_candidate_is_seen(worse: tuple[float, float, float], most: int) -> None:
    for seed in range(8):
        assert 0 < play(seed, worse, 300) <= most


def test_both_failing_is_nobodys_fault() -> None:
    dead = Sample(failed=40, latency=(40, *[0] * (BUCKETS - 1)))
    assert judge(dead, dead, MARGINS) is None
    many = Sample(failed=400, done=600, latency=(1000, *[0] * (BUCKETS - 1)))
    assert judge(many, many, MARGINS) is None


def test_intervals_and_percentiles() -> None:
    lower, upper = bounds(0, 50)
    assert lower == 0.0
    assert 0.2 < upper < 0.3
    assert bounds(0, 0) == (0.0, 1.0)
    latency = [0] * BUCKETS
    latency[bucket(7)], latency[bucket(90)] = 94, 6
    assert percentile_ms(latency, 50) == 10
    assert percentile_ms(latency, 95) == 100
    assert percentile_ms([0] * BUCKETS, 95) == 0
