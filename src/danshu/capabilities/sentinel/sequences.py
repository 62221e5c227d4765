"""Gaps in a shop's own numbering 缺号: where numbers are consecutive, those that did not come."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from danshu.kernel.limits import SENTINEL_GAP_NUMBERS

if TYPE_CHECKING:
    from collections.abc import Iterable

_TAIL: Final = re.compile(r"^(.*?)([0-9]{1,15})$", re.DOTALL)


class Step(NamedTuple):
    """What numbers have changed: the highest so far, those that are missing, those that came."""

    last: int
    missing: list[int]
    came: list[int]


def split(number: str) -> tuple[str, int] | None:
    """Split an order number into what stays and what counts; None when it counts nothing."""
    found = _TAIL.match(number)
    return (found[1], int(found[2])) if found else None


def follow(last: int, numbers: Iterable[int]) -> Step:
    """Follow a sequence from its highest number (0 = none yet) over new ones, in any order.

    A jump wider than SENTINEL_GAP_NUMBERS begins a new sequence: it says nothing about a gap.
    """
    new = sorted(set(numbers))
    came = [n for n in new if n <= last]
    missing: list[int] = []
    for n in new:
        if n <= last:
            continue
        if last and n - last - 1 <= SENTINEL_GAP_NUMBERS:
            missing += range(last + 1, n)
        last = n
    return Step(last, missing, came)
