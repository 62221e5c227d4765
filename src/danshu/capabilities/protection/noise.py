"""Noise for published sums: exact discrete Laplace, from whole random numbers alone.

Floating-point Laplace leaks through the gaps of its numbers (Mironov 2012). Here every decision is
a comparison of integers drawn uniformly, after Canonne, Kamath, Steinke 2020 (algorithms 1 and 2):
P(x) is proportional to exp(-|x| / t) exactly, t rational. `below(n)` gives a uniform number in
[0, n): secrets.randbelow in the product, a seeded one in tests. It is handed in, so that this
stays pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Below = Callable[[int], int]


def bernoulli_exp(numerator: int, denominator: int, below: Below) -> bool:
    """Give True with probability exp(-numerator / denominator), exactly."""
    while numerator > denominator:
        if not _bernoulli_exp_1(1, 1, below):
            return False
        numerator -= denominator
    return _bernoulli_exp_1(numerator, denominator, below)


def _bernoulli_exp_1(numerator: int, denominator: int, below: Below) -> bool:
    """The same for a fraction of at most 1."""
    k = 1
    while below(denominator * k) < numerator:
        k += 1
    return k % 2 == 1


def laplace(scale_numerator: int, scale_denominator: int, below: Below) -> int:
    """Draw from the discrete Laplace distribution of scale t = numerator / denominator > 0."""
    s, t = scale_denominator, scale_numerator
    while True:
        u = below(t)
        if not bernoulli_exp(u, t, below):
            continue
        v = 0
        while bernoulli_exp(1, 1, below):
            v += 1
        x = u + t * v
        y = x // s
        is_negative = below(2) == 1
        if is_negative and y == 0:
            continue
        return -y if is_negative else y


def add(value: int, sensitivity: int, mille: int, below: Below) -> int:
    """Give a whole number with noise for epsilon = mille / 1,000 at a sensitivity."""
    return value + laplace(sensitivity * 1_000, mille, below)
