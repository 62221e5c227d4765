"""How strongly a table is de-identified: k-anonymity, l-diversity, t-closeness, and the risks.

A table is told as its classes: for each combination of what others may know of a person (the
quasi-identifiers), how often each sensitive value occurs. Everything here is a function of those
counts, so that the counting may be done by whatever engine holds the rows. Shares are thousandths,
rounded to the nearest, and risks up.

Sources: Sweeney 2002 (k), Machanavajjhala et al. 2006 (l, entropy l), Li et al. 2007 (t, EMD with
equal and ordered distance), Dankar and El Emam 2010 (prosecutor, journalist, marketer).
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, Literal

from danshu.capabilities.protection.model import Strength

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Classes = Mapping["Key", Mapping[Any, int]]

Key = tuple[Any, ...]
Distance = Literal["equal", "ordered"]
_MILLE: Final = 1_000


def count(rows: Iterable[tuple[Key, Any]]) -> dict[Key, Counter[Any]]:
    """Count rows, each a key of quasi-identifiers and a sensitive value, into classes."""
    classes: dict[Key, Counter[Any]] = {}
    for key, value in rows:
        classes.setdefault(key, Counter())[value] += 1
    return classes


def measure(
    classes: Classes,
    *,
    distance: Distance = "equal",
    population: Mapping[Key, int] | None = None,
    suppressed: int = 0,
) -> Strength:
    """Measure classes. `population` is how many people of the world are in each class, where that
    is known; without it the table is the world, and a journalist knows what a prosecutor does.

    An empty table has k = 0 and no risk.
    """
    sizes = {key: sum(values.values()) for key, values in classes.items()}
    rows = sum(sizes.values())
    if not rows:
        return Strength(
            rows=0,
            classes=0,
            k=0,
            distinct=0,
            entropy=0,
            distance=0,
            unique=0,
            prosecutor=0,
            journalist=0,
            marketer=0,
            suppressed=suppressed,
        )
    world = population or sizes
    k = min(sizes.values())
    found = sum(size / max(world.get(key, size), size) for key, size in sizes.items())
    return Strength(
        rows=rows,
        classes=len(sizes),
        k=k,
        distinct=min(len([n for n in values.values() if n]) for values in classes.values()),
        entropy=min(_entropy(values) for values in classes.values()),
        distance=_farthest(classes, rows, distance),
        unique=_up(sum(1 for size in sizes.values() if size == 1), rows),
        prosecutor=_up(1, k),
        journalist=_up(1, min(max(world.get(key, size), size) for key, size in sizes.items())),
        marketer=math.ceil(round(found / rows * _MILLE, 6)),
        suppressed=suppressed,
    )


def _up(part: int, whole: int) -> int:
    return -(-part * _MILLE // whole)


def _entropy(values: Mapping[Any, int]) -> int:
    """Give exp(entropy) in thousandths: as many values as if all were equally frequent."""
    total = sum(values.values())
    told = -sum(n / total * math.log(n / total) for n in values.values() if n)
    return round(math.exp(told) * _MILLE)


def _farthest(classes: Classes, rows: int, distance: Distance) -> int:
    whole: Counter[Any] = Counter()
    for values in classes.values():
        whole.update(values)
    order = sorted(whole, key=lambda v: (v is None, str(type(v)), v))
    spread = [whole[v] / rows for v in order]
    worst = 0.0
    for values in classes.values():
        total = sum(values.values())
        part = [values.get(v, 0) / total for v in order]
        worst = max(worst, emd(part, spread, distance))
    return round(worst * _MILLE)


def emd(part: Sequence[float], whole: Sequence[float], distance: Distance) -> float:
    """Give the earth mover's distance of two distributions over the same values, 0 to 1."""
    if distance == "equal":
        return sum(abs(p - q) for p, q in zip(part, whole, strict=True)) / 2
    if len(part) < 2:
        return 0.0
    moved, carried = 0.0, 0.0
    for p, q in zip(part, whole, strict=True):
        carried += p - q
        moved += abs(carried)
    return moved / (len(part) - 1)
