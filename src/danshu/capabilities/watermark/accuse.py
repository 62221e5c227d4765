"""Accusing: how far each copy's code agrees with what a file bears, and how far chance could go.

Somebody innocent has a code that knows nothing of the file. Given the places' biases, their score
is a sum of independent terms with mean 0 and a known variance, whatever the file says; its tail is
bounded after Chernoff (no Gaussian is assumed), times the number of copies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from msgspec import Struct

from danshu.capabilities.watermark import codes
from danshu.capabilities.watermark.codes import Floats
from danshu.capabilities.watermark.model import Suspect

if TYPE_CHECKING:
    from collections.abc import Sequence


_STEADY: Final = 2.0
"""From so many standard deviations on, what a place says is not weighed higher."""
_PORTION: Final = 2_000
_TILTS: Final = np.geomspace(0.05, 40.0, 120)


class Evidence(Struct, frozen=True, kw_only=True):
    """What a file says of each place: how often 1 less how often 0, and how often anything."""

    balance: Floats
    count: Floats

    @classmethod
    def empty(cls) -> Evidence:
        """Nothing seen."""
        return cls(balance=np.zeros(codes.LENGTH), count=np.zeros(codes.LENGTH))

    def add(self, other: Evidence) -> Evidence:
        """Add what another column says."""
        return Evidence(balance=self.balance + other.balance, count=self.count + other.count)


def score(secret: bytes, evidence: Evidence, numbers: Sequence[int]) -> list[Suspect]:
    """Score all copies, the most suspect first. Nothing seen suspects nobody."""
    weights = np.clip(evidence.balance / np.sqrt(np.maximum(evidence.count, 1)), -_STEADY, _STEADY)
    size = float(np.sqrt((weights**2).sum()))
    if size == 0 or not numbers:
        return [Suspect(code_no=no, z=0.0, bound=1.0) for no in numbers]
    weights /= size
    bias = codes.biases(secret)
    one = weights * np.sqrt((1 - bias) / bias)
    zero = -weights * np.sqrt(bias / (1 - bias))
    step, base = (one - zero).astype(np.float32), float(zero.sum())
    scores = np.concatenate(
        [
            codes.codes(secret, numbers[at : at + _PORTION]) @ step + base
            for at in range(0, len(numbers), _PORTION)
        ]
    )
    powers = _tilt(bias, one, zero)
    ranked = np.argsort(-scores, kind="stable").tolist()
    return [
        Suspect(
            code_no=numbers[at],
            z=round(float(scores[at]), 3),
            bound=_bound(powers, float(scores[at]), len(numbers)),
        )
        for at in ranked
    ]


def _tilt(bias: Floats, one: Floats, zero: Floats) -> Floats:
    """Give the logarithm of the moment generating function of an innocent score at each tilt."""
    made: Floats = np.array(
        [
            np.logaddexp(np.log(bias) + tilt * one, np.log1p(-bias) + tilt * zero).sum()
            for tilt in _TILTS
        ]
    )
    return made


def _bound(powers: Floats, z: float, copies: int) -> float:
    """Bound the chance that any of so many innocent copies scores z or more."""
    if z <= 0:
        return 1.0
    least = float((powers - _TILTS * z).min())
    return min(1.0, copies * float(np.exp(min(least, 0.0))))
