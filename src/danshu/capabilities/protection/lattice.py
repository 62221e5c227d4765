"""The least generalisation that makes a table strong enough: a bounded search of the lattice.

A node says to which level each column is generalised. k, distinct l and the people in a class only
grow upwards, so the search goes from the bottom in order of height and keeps, among the lowest
nodes that satisfy, the one that loses least (precision, Sweeney 2002). A few rows may be left out
instead: those of the classes that are too small.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from danshu.capabilities.protection import generalising, strength
from danshu.capabilities.protection.model import Strength
from danshu.capabilities.protection.strength import Key
from danshu.kernel.errors import InputError
from danshu.kernel.limits import LATTICE_COLUMNS, LATTICE_NODES, SUPPRESSED_MILLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from danshu.capabilities.protection.generalising import Kind
    from danshu.capabilities.protection.strength import Classes, Distance

_MILLE: Final = 1_000


class Aim(Struct, frozen=True, kw_only=True):
    """What a table has to reach: `k` alike, `distinct` sensitive values, `distance` at most (in
    thousandths; 1,000 asks nothing). `left_out` thousandths of rows may be left out.
    """

    k: int
    distinct: int = 1
    distance: int = _MILLE
    left_out: int = SUPPRESSED_MILLE


class Found(Struct, frozen=True, kw_only=True):
    """A generalisation: the level of each column, the classes that stay, how strong it is."""

    levels: tuple[int, ...]
    kept: frozenset[Key]
    strength: Strength
    loss: int
    """What it loses, in thousandths: 0 = nothing was generalised, 1,000 = nothing is told."""


def generalise(
    classes: Classes, kinds: Sequence[Kind], levels: Sequence[int]
) -> dict[Key, Counter[Any]]:
    """Merge the classes of a table at given levels."""
    merged: dict[Key, Counter[Any]] = {}
    for key, values in classes.items():
        told = tuple(
            generalising.generalise(kind, level, value)
            for kind, level, value in zip(kinds, levels, key, strict=True)
        )
        merged.setdefault(told, Counter()).update(values)
    return merged


def search(
    classes: Classes,
    kinds: Sequence[Kind],
    aim: Aim,
    distance: Distance = "equal",
    exact: Callable[[tuple[int, ...]], dict[Key, Counter[Any]]] | None = None,
    reach: Callable[[tuple[int, ...], Aim], bool] | None = None,
) -> Found | None:
    """Find the least generalisation that reaches the aim; None where even silence does not, or
    where it lies beyond LATTICE_NODES. Raises InputError `too_large` for too many columns.

    Where one person may be in several classes, merged counts are too high; `exact` then gives the
    classes of a node with each person counted once. It is asked about nodes that look good alone:
    by `reach` where it is given, else by the merged counts.
    """
    if len(kinds) > LATTICE_COLUMNS:
        raise InputError("too_large", f"at most {LATTICE_COLUMNS} columns are generalised together")
    tops = [generalising.height(kind) for kind in kinds]
    looked = 0
    for total in range(sum(tops) + 1):
        nodes = list(_nodes(tops, total))
        looked += len(nodes)
        if looked > LATTICE_NODES:
            return None
        # of one height the node that loses least is tried first, so that the first that holds is it
        for levels in sorted(nodes, key=lambda node: _loss(node, tops)):
            if reach is not None and not reach(levels, aim):
                continue
            told = exact(levels) if exact and reach else generalise(classes, kinds, levels)
            found = _try(told, levels, tops, aim, distance)
            if found is not None and exact is not None and reach is None:
                found = _try(exact(levels), levels, tops, aim, distance)
            if found is not None:
                return found
    return None


def _loss(levels: Sequence[int], tops: Sequence[int]) -> int:
    shares = [level / top for level, top in zip(levels, tops, strict=True) if top]
    return round(sum(shares) / len(shares) * _MILLE) if shares else 0


def _nodes(tops: Sequence[int], total: int) -> Iterator[tuple[int, ...]]:
    """Give the nodes of one height, in order."""
    if len(tops) == 0:
        if total == 0:
            yield ()
        return
    for first in range(min(tops[0], total) + 1):
        for rest in _nodes(tops[1:], total - first):
            yield (first, *rest)


def _try(
    merged: dict[Key, Counter[Any]],
    levels: tuple[int, ...],
    tops: Sequence[int],
    aim: Aim,
    distance: Distance,
) -> Found | None:
    rows = sum(v.total() for v in merged.values())
    kept = {
        key: values
        for key, values in merged.items()
        if values.total() >= aim.k and len(values) >= aim.distinct
    }
    left = rows - sum(v.total() for v in kept.values())
    if not kept or left * _MILLE > rows * aim.left_out:
        return None
    told = strength.measure(kept, distance=distance, suppressed=left)
    if told.distance > aim.distance:
        return None
    return Found(levels=levels, kept=frozenset(kept), strength=told, loss=_loss(levels, tops))
