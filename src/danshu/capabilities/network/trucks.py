"""What a load costs on a lane: whole trucks of a few types, the cheapest that carry it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from danshu.capabilities.network.model import NetworkTruck

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


def carry_g(truck: NetworkTruck, ml_per_g: float) -> float:
    """Give what a truck carries of goods that take `ml_per_g`: full by weight or by volume."""
    by_volume = truck.volume_l * 1_000 / max(ml_per_g, 1e-9)
    return float(min(truck.weight_kg * 1_000, by_volume))


def rate(trucks: Sequence[NetworkTruck], km: Floats, ml_per_g: float) -> Floats:
    """Give the least that a gram can cost on each lane, 分: in the truck that is full and best."""
    each = [(t.fixed_fen + t.km_fen * km) / carry_g(t, ml_per_g) for t in trucks]
    told: Floats = np.min(each, axis=0)
    return told


def choose(
    trucks: Sequence[NetworkTruck], km: Floats, load_g: Floats, ml_per_g: float
) -> tuple[Floats, Ints, Ints]:
    """Choose trucks for the load of each lane: cost in 分, the type that is used most, how many.

    As many full ones of a type as go, then the cheapest single truck for the rest, or one more.
    """
    cost = np.full(load_g.shape, np.inf)
    main, count = np.zeros(load_g.shape, np.int64), np.zeros(load_g.shape, np.int64)
    rest_cost = [(t, t.fixed_fen + t.km_fen * km, carry_g(t, ml_per_g)) for t in trucks]
    for number, (_, one, carries) in enumerate(rest_cost):
        full = np.floor(load_g / carries)
        left = load_g - full * carries
        last = np.where(left > 0, one, 0.0)
        for _, other, holds in rest_cost:
            last = np.where((left > 0) & (left <= holds), np.minimum(last, other), last)
        total = full * one + last
        better = total < cost
        cost = np.where(better, total, cost)
        main = np.where(better, number, main)
        count = np.where(better, full.astype(np.int64) + (left > 0), count)
    small = _single(rest_cost, load_g)
    main = np.where((count == 1) & (small >= 0), small, main)
    return np.where(load_g > 0, cost, 0.0), main, np.where(load_g > 0, count, 0)


def _single(trucks: list[tuple[NetworkTruck, Floats, float]], load_g: Floats) -> Ints:
    """Name the cheapest type that carries a load alone, -1 where none does."""
    best, at = np.full(load_g.shape, np.inf), np.full(load_g.shape, -1)
    for number, (_, one, carries) in enumerate(trucks):
        better = (load_g <= carries) & (one < best)
        best, at = np.where(better, one, best), np.where(better, number, at)
    return at
