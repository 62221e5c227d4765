"""Money without a key: matched by amount and time, and many to one. Pure, and the same each time.

Everything is in minor units and epoch seconds. Of equals the earlier, then the lower number, comes
first, so that a run that is repeated matches the same.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from danshu.kernel.limits import RECONCILE_NEAR, RECONCILE_PIECES, RECONCILE_STEPS

if TYPE_CHECKING:
    from collections.abc import Sequence


_NEAREST: Final = 16


class Piece(Struct, frozen=True):
    """An amount at a moment; `no` is whose."""

    no: int
    amount: int
    at_s: int


def pair(ones: Sequence[Piece], others: Sequence[Piece], window_s: int) -> list[tuple[int, int]]:
    """Pair equal amounts that lie at most `window_s` apart, each once; gives (one, other).

    The closest pairs go first. Between equals that are equally close the earlier ones are paired:
    they are worth the same to the fen, so which is which changes no sum.
    """
    by_amount: dict[int, list[Piece]] = defaultdict(list)
    for other in sorted(others, key=lambda p: (p.at_s, p.no)):
        by_amount[other.amount].append(other)
    near: list[tuple[int, int, int, int]] = []
    for one in ones:
        equals = by_amount.get(one.amount, [])
        at = bisect_left(equals, one.at_s, key=lambda p: p.at_s)
        # Where thousands are equal the nearest few are enough to choose from.
        for other in equals[max(0, at - _NEAREST) : at + _NEAREST]:
            apart_s = abs(one.at_s - other.at_s)
            if apart_s <= window_s:
                near.append((apart_s, one.at_s, one.no, other.no))
    near.sort()
    paired: list[tuple[int, int]] = []
    taken: set[int] = set()
    used: set[int] = set()
    for _, _, one_no, other_no in near:
        if one_no not in taken and other_no not in used:
            taken.add(one_no)
            used.add(other_no)
            paired.append((one_no, other_no))
    return sorted(paired)


def gather(
    wholes: Sequence[Piece], parts: Sequence[Piece], window_s: int
) -> list[tuple[int, list[int]]]:
    """Find for each whole the parts near it that sum up to it, each part once.

    A run of parts in their order of time is tried before any other choice: what is paid out
    together was mostly earned together.
    """
    left = sorted(parts, key=lambda p: (p.at_s, p.no))
    found: list[tuple[int, list[int]]] = []
    for whole in sorted(wholes, key=lambda p: (p.at_s, p.no)):
        low = bisect_left(left, whole.at_s - window_s, key=lambda p: p.at_s)
        high = bisect_right(left, whole.at_s + window_s, key=lambda p: p.at_s)
        near = [p for p in left[low:high] if 0 < p.amount < whole.amount]
        chosen = find_run(near, whole.amount) or find_subset(near, whole.amount)
        if chosen:
            gone = set(chosen)
            left = [p for p in left if p.no not in gone]
            found.append((whole.no, chosen))
    return found


def find_run(parts: Sequence[Piece], total: int) -> list[int]:
    """Find neighbours in time that sum up to a total, two at least; [] when there are none."""
    start, held = 0, 0
    for end, part in enumerate(parts):
        held += part.amount
        while held > total:
            held -= parts[start].amount
            start += 1
        if held == total and end > start:
            return [p.no for p in parts[start : end + 1]]
    return []


def find_subset(parts: Sequence[Piece], total: int) -> list[int]:
    """Find the one choice of parts that sums up to a total; of equal amounts the earlier count.

    Exact within bounds: of at most RECONCILE_NEAR parts (the largest) at most RECONCILE_PIECES are
    chosen, in RECONCILE_STEPS steps. [] when there is no choice, when there are two that differ (a
    person decides then), or when the bounds were reached.
    """
    pieces = sorted(parts, key=lambda p: (-p.amount, p.at_s, p.no))[:RECONCILE_NEAR]
    rests = [0] * (len(pieces) + 1)
    for at in range(len(pieces) - 1, -1, -1):
        rests[at] = rests[at + 1] + pieces[at].amount
    found: list[tuple[int, ...]] = []
    stack: list[tuple[int, int, tuple[int, ...]]] = [(0, total, ())]
    steps = 0
    while stack:
        first, left, chosen = stack.pop()
        if left == 0:
            found.append(chosen)
            if len(found) > 1:
                return []
            continue
        if len(chosen) == RECONCILE_PIECES:
            continue
        tried = 0
        for at in range(first, len(pieces)):
            amount = pieces[at].amount
            if left > rests[at]:
                break
            if amount > left or amount == tried:
                continue
            tried = amount
            steps += 1
            stack.append((at + 1, left - amount, (*chosen, pieces[at].no)))
        if steps > RECONCILE_STEPS:
            return []
    return sorted(found[0]) if found and len(found[0]) > 1 else []
