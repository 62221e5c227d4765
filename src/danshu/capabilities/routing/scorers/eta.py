"""S2: arrival by quantiles learned from deliveries, with other features than S1's formula.

It never reads declared times. It knows the part of the day, the situation (weather, backlog), the
province, the warehouse, and what the lane's own deliveries took. lightgbm comes with the extra
`forecast`; training is seeded and single-threaded, so that equal histories give equal tables.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from danshu.capabilities.routing.panel import (
    MINUTES_MAX,
    PART_MIN,
    PARTS,
    QUANTILES,
    SITUATIONS,
)
from danshu.kernel.errors import InputError
from danshu.kernel.limits import SCORER_CELLS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from danshu.capabilities.routing.network import Network
    from danshu.capabilities.routing.scorers.history import History

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

MISSING: Final = (
    "the arrival model needs lightgbm, which is not installed: pip install 'danshu[forecast]'"
)
_PRIOR: Final = 5.0  # parcels that a lane's own history must outweigh
_ROUNDS: Final = 100
_PARAMS: Final = {
    "objective": "quantile",
    "num_leaves": 31,
    "min_data_in_leaf": 20,
    "learning_rate": 0.1,
    "max_cat_to_onehot": 4,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "seed": 1,
    "verbosity": -1,
}


class Model(NamedTuple):
    """Boosters at each of QUANTILES, what the lanes took, the province of each region row,
    for each situation the nearest that the history holds.
    """

    boosters: tuple[Any, ...]
    lanes: Lanes
    province: Ints
    seen: Ints


class Lanes(NamedTuple):
    """What deliveries took in minutes at QUANTILES, each shrunk towards the next coarser: of the
    lane [R, W, quantiles]; how many parcels went from a warehouse to a province [provinces, W].
    """

    taken: Floats
    counts: Ints


def load_engine() -> Any:
    """Import lightgbm. Raises InputError `no_extra` with the command that installs it."""
    try:
        return importlib.import_module("lightgbm")
    except ImportError as error:
        raise InputError("no_extra", MISSING) from error


def train(history: History, network: Network) -> Model:
    """Fit the quantiles. Raises InputError `no_extra` without the extra, `too_large` for a network
    with more cells than tables may have.
    """
    cells = PARTS * SITUATIONS * len(network.regions) * len(network.codes)
    if cells > SCORER_CELLS:
        raise InputError("too_large", f"{cells} cells, {SCORER_CELLS} are possible")
    engine = load_engine()
    province = find_provinces(network)
    lanes = read_lanes(history, network, province)
    x = _features(
        history.minute // PART_MIN, history.situation, history.region, history.warehouse, lanes,
        province,
    )  # fmt: skip
    y = history.taken_min.astype(np.float64)
    boosters = []
    for alpha in QUANTILES:
        told = engine.Dataset(x, label=y, categorical_feature=[3], free_raw_data=False)
        boosters.append(engine.train({**_PARAMS, "alpha": alpha}, told, num_boost_round=_ROUNDS))
    held = np.unique(history.situation)
    seen = [held[np.argmin(np.abs(held - situation))] for situation in range(SITUATIONS)]
    return Model(tuple(boosters), lanes, province, np.array(seen, np.int64))


def estimate(model: Model, history: History) -> Ints:
    """The median arrival of each parcel, minutes."""
    x = _features(
        history.minute // PART_MIN, history.situation, history.region, history.warehouse,
        model.lanes, model.province,
    )  # fmt: skip
    return _whole(model.boosters[1].predict(x))


def draw_tables(model: Model, network: Network) -> NDArray[np.int16]:
    """Work the tables out: int16 [PARTS, SITUATIONS, R, W, quantiles]; -1 where no parcel went from
    the warehouse to the province.
    """
    regions, warehouses = len(network.regions), len(network.codes)
    shape = (PARTS, SITUATIONS, regions, warehouses)
    tables = np.empty((*shape, len(QUANTILES)), np.int16)
    r, w = (axis.ravel() for axis in np.indices((regions, warehouses)))
    for part, situation in np.ndindex(PARTS, SITUATIONS):
        like = model.seen[situation]
        if like != situation:
            continue
        same = np.full(len(r), part), np.full(len(r), situation)
        x = _features(*same, r, w, model.lanes, model.province)
        told = np.stack([_whole(booster.predict(x)) for booster in model.boosters], axis=1)
        told = np.sort(told, axis=1)  # quantiles that were learned apart may cross
        tables[part, situation] = told.reshape(regions, warehouses, -1)
    tables = tables[:, model.seen]
    tables[:, :, model.lanes.counts[model.province] == 0] = -1
    return tables


def find_provinces(network: Network) -> Ints:
    """Number the province of each region, by the first two digits of its code."""
    names = [code[:2] for code in network.regions]
    numbers = {name: number for number, name in enumerate(sorted(set(names)))}
    return np.array([numbers[name] for name in names], np.int64)


def read_lanes(history: History, network: Network, province: Ints) -> Lanes:
    """What the lanes took: their own quantiles, weighed against those of province and warehouse."""
    regions, warehouses = len(network.regions), len(network.codes)
    far = province[history.region]
    counts = np.zeros((int(province.max()) + 1, warehouses), np.int64)
    np.add.at(counts, (far, history.warehouse), 1)
    taken = history.taken_min.astype(np.float64)
    everywhere = np.quantile(taken, QUANTILES)
    wide = _shrink(taken, far * warehouses + history.warehouse, counts.size, everywhere[None, :])
    begun = wide.reshape(*counts.shape, -1)[province].reshape(regions * warehouses, -1)
    own = _shrink(taken, history.region * warehouses + history.warehouse, len(begun), begun)
    return Lanes(own.reshape(regions, warehouses, -1), counts)


def _shrink(taken: Floats, groups: Ints, count: int, towards: Floats) -> Floats:
    found = np.broadcast_to(towards, (count, len(QUANTILES))).copy()
    order = np.argsort(groups, kind="stable")
    at = np.flatnonzero(np.diff(groups[order], prepend=-1))
    for start, end in zip(at.tolist(), [*at.tolist()[1:], len(order)], strict=True):
        group = int(groups[order[start]])
        mine = np.quantile(taken[order[start:end]], QUANTILES)
        share = (end - start) / (end - start + _PRIOR)
        found[group] = share * mine + (1.0 - share) * found[group]
    return found


def _features(
    part: Ints, situation: Ints, region: Ints, warehouse: Ints, lanes: Lanes, province: Ints
) -> Floats:
    far = province[region]
    support = np.log1p(lanes.counts[far, warehouse])
    columns = [part, situation // 2, situation % 2, far, support]
    return np.column_stack([*columns, lanes.taken[region, warehouse]]).astype(np.float64)


def _whole(minutes: Floats) -> Ints:
    return np.clip(np.rint(minutes), 0, MINUTES_MAX).astype(np.int64)
