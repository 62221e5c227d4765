"""KPI trees: what share of a metric's change each branch brought, exactly.

Shares are worked out as fractions and told in thousandths; what rounding leaves over is told as the
`rest`, so that the branches and the rest always come to the change.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence


class CoeCell(Struct, frozen=True, kw_only=True):
    """Promises of a week that are alike: `owner` had the order when they fell due. `fact` is the
    place in the log (HALF:POSITION) and `order` the stream of one of them.
    """

    is_now: bool
    channel: str
    warehouse: str
    carrier: str
    owner: str
    code: str
    kept: int
    missed: int
    order: str = ""
    fact: str = ""


class CoeBranch(Struct, frozen=True, kw_only=True):
    """A branch: promises judged and kept in the week and the week before, and how much of the
    parent's change it brought, in thousandths: `rate` by keeping more or fewer of its own, `mix` by
    having a larger or smaller share of all.
    """

    key: str
    judged: int
    kept: int
    judged_before: int
    kept_before: int
    rate: int
    mix: int
    parent: str = ""


class CoeTree(Struct, frozen=True, kw_only=True):
    """A metric's change in thousandths, divided among branches: the sum of their `rate` and `mix`
    and the `rest` is `change`. `now` and `before` are None where nothing was judged.
    """

    by: str
    now: int | None
    before: int | None
    change: int
    branches: tuple[CoeBranch, ...]
    rest: int


def thousandths(part: int, whole: int) -> int | None:
    """Give a share, rounded; None of nothing."""
    return round(Fraction(1000 * part, whole)) if whole else None


def split_by(cells: Sequence[CoeCell], by: str, of: Callable[[CoeCell], str]) -> CoeTree:
    """Divide the change of the share kept by a column: rate and mix, by midpoints, so that no order
    of steps has to be chosen.
    """
    sums: dict[str, list[int]] = {}
    for cell in cells:
        told = sums.setdefault(of(cell), [0, 0, 0, 0])
        at = 0 if cell.is_now else 2
        told[at] += cell.kept + cell.missed
        told[at + 1] += cell.kept
    n1, k1, n0, k0 = _total(sums.values())
    if not n1 or not n0:
        branches = [_branch(key, s, Fraction(0), Fraction(0)) for key, s in sums.items()]
        return _tree(by, (n1, k1, n0, k0), branches)
    middle = (Fraction(k1, n1) + Fraction(k0, n0)) / 2
    branches = []
    for key, told in sums.items():
        w1, w0 = Fraction(told[0], n1), Fraction(told[2], n0)
        # a branch that is new, or gone, has no rate of its own to compare: all of it is mix
        r1 = Fraction(told[1], told[0]) if told[0] else Fraction(told[3], told[2])
        r0 = Fraction(told[3], told[2]) if told[2] else r1
        rate = (r1 - r0) * (w1 + w0) / 2
        mix = (w1 - w0) * ((r1 + r0) / 2 - middle)
        branches.append(_branch(key, told, rate, mix))
    return _tree(by, (n1, k1, n0, k0), branches)


def split_missed(cells: Sequence[CoeCell]) -> CoeTree:
    """Divide the change by who had the order when its promise fell due, and then by where: each
    missed promise takes its share from the metric, so that branches add up without any mix.
    """
    n1 = sum(c.kept + c.missed for c in cells if c.is_now)
    n0 = sum(c.kept + c.missed for c in cells if not c.is_now)
    found: dict[tuple[str, str], list[int]] = {}
    for cell in cells:
        if cell.missed:
            for key in ((cell.owner, ""), (_where(cell), cell.owner)):
                told = found.setdefault(key, [0, 0])
                told[0 if cell.is_now else 1] += cell.missed
    branches = [
        CoeBranch(
            key=key,
            parent=parent,
            judged=n1,
            kept=n1 - m1,
            judged_before=n0,
            kept_before=n0 - m0,
            rate=round(1000 * (Fraction(m0, n0) - Fraction(m1, n1))) if n1 and n0 else 0,
            mix=0,
        )
        for (key, parent), (m1, m0) in found.items()
    ]
    k1, k0 = (sum(c.kept for c in cells if c.is_now is now) for now in (True, False))
    return _tree("owner", (n1, k1, n0, k0), branches)


def _where(cell: CoeCell) -> str:
    place = {"warehouse": cell.warehouse, "carrier": cell.carrier}.get(cell.owner, cell.channel)
    return f"{cell.owner}/{place}"


def _total(sums: Iterable[list[int]]) -> list[int]:
    return [sum(column) for column in zip(*sums, strict=True)] or [0, 0, 0, 0]


def _branch(key: str, told: Sequence[int], rate: Fraction, mix: Fraction) -> CoeBranch:
    return CoeBranch(
        key=key,
        judged=told[0],
        kept=told[1],
        judged_before=told[2],
        kept_before=told[3],
        rate=round(1000 * rate),
        mix=round(1000 * mix),
    )


def _tree(by: str, total: Sequence[int], branches: Iterable[CoeBranch]) -> CoeTree:
    n1, k1, n0, k0 = total
    now, before = thousandths(k1, n1), thousandths(k0, n0)
    change = now - before if now is not None and before is not None else 0
    told = sorted(branches, key=lambda b: (-abs(b.rate + b.mix), b.parent, b.key))
    brought = sum(b.rate + b.mix for b in told if not b.parent)
    return CoeTree(
        by=by, now=now, before=before, change=change, branches=tuple(told), rest=change - brought
    )


def trees(cells: Sequence[CoeCell]) -> tuple[CoeTree, ...]:
    """Give the trees of the share of promises kept: by owner, warehouse, carrier, channel, code."""
    columns: Mapping[str, Callable[[CoeCell], str]] = {
        "warehouse": lambda c: c.warehouse,
        "carrier": lambda c: c.carrier,
        "channel": lambda c: c.channel,
        "code": lambda c: c.code,
    }
    return (split_missed(cells), *(split_by(cells, by, of) for by, of in columns.items()))
