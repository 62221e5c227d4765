"""Temperature series as evidence: lines of `instant,degrees` in UTF-8, oldest first or not.

    2026-11-22T01:02:03Z,4.25

The first line may be a header. Degrees Celsius become thousandths, exactly.
"""

from __future__ import annotations

import itertools
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final

from danshu.capabilities.contract.actions.rules import Sample
from danshu.kernel.errors import InputError
from danshu.kernel.fact import epoch_ms
from danshu.kernel.limits import SERIES_SAMPLES

if TYPE_CHECKING:
    from collections.abc import Sequence

_KELVIN: Final = Decimal("-273.15")
_HOTTEST: Final = Decimal(1000)


def read(raw: bytes) -> tuple[Sample, ...]:
    """Read a series, by time. Raises InputError `bad_series` with the line that is wrong."""
    try:
        lines = raw.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise InputError("bad_series", "a temperature series is text in UTF-8") from error
    if len(lines) > SERIES_SAMPLES + 1:
        raise InputError("bad_series", f"a series has at most {SERIES_SAMPLES} samples")
    samples = []
    for no, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            samples.append(_sample(line))
        except (ValueError, InvalidOperation) as error:
            if no == 1:  # a header
                continue
            raise InputError("bad_series", f"line {no}: {line[:80]!r} is no sample") from error
    if not samples:
        raise InputError("bad_series", "there is no sample: lines of instant,degrees")
    return tuple(sorted(samples, key=lambda s: s.at_ms))


def _sample(line: str) -> Sample:
    at, _, degrees = line.partition(",")
    value = Decimal(degrees.strip())
    if not value.is_finite() or not _KELVIN <= value <= _HOTTEST:
        raise ValueError("no temperature")
    return Sample(at_ms=epoch_ms(at.strip()), value=int((value * 1000).to_integral_value()))


def longest_gap_ms(samples: Sequence[Sample]) -> int:
    """Give the longest time between two samples."""
    return max((b.at_ms - a.at_ms for a, b in itertools.pairwise(samples)), default=0)
