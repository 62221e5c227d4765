"""The index of a warehouse and of the network, 0 to 100: five parts, each 0 to 100.

* equipment: 100 x the least of equipment_health and, where cold goods lie, cold_unit_health
* labour: labour_redundancy from 0.5 (0) to 1.1 (100)
* compliance: 100, less 35 for each bit of policy_compliance, 25 for each class that the twin stops,
  50 when the signal is stale
* slack: half capacity (what is left today, full from 40 % of a day), half stock (share of the
  units that are open here which the warehouse could send once more)
* single: share of the open lines here that another warehouse could send too

index = 0.7 x weighted mean + 0.3 x least part: a chain breaks at its weakest link. The network's
is 0.7 x the mean of its warehouses by their open orders + 0.3 x its least single part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from msgspec import Struct

from danshu.capabilities.routing.score import CHILLED, FROZEN, LICENSED
from danshu.capabilities.routing.signals import Status
from danshu.capabilities.routing.variables import Per

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from danshu.capabilities.routing.snapshot import Snapshot

WEIGHTS: Final = {
    "equipment": 0.25,
    "labour": 0.20,
    "compliance": 0.20,
    "slack": 0.15,
    "single": 0.20,
}
MEAN: Final = 0.7
_LABOUR: Final = (0.5, 1.1)
_BIT: Final = 35.0
_STOP: Final = 25.0
_STALE: Final = 50.0
_ENOUGH: Final = 0.4
_COLD: Final = (1 << CHILLED) | (1 << FROZEN) | (1 << LICENSED)


class Mark(Struct, frozen=True, kw_only=True):
    """An index and its parts, 0 to 100; `open_lines` stand behind the shares."""

    warehouse: str
    score: int
    equipment: int
    labour: int
    compliance: int
    slack: int
    single: int
    open_lines: int


def mark_all(
    snapshot: Snapshot,
    atp: NDArray[np.int32],
    capacity: NDArray[np.float64],
    sku: NDArray[np.int32],
    qty: NDArray[np.int32],
    was: NDArray[np.int16],
) -> tuple[Mark, tuple[Mark, ...]]:
    """Give the network's mark and those of its warehouses.

    `atp` [S, W] and `capacity` [W] are free now; `sku`, `qty` and `was` [m] are the open lines and
    the warehouse that has each, -1 for none.
    """
    network = snapshot.network
    parts = _health(snapshot)
    day = np.maximum(network.capacity_units(), 1.0)
    room = np.clip(capacity / day / _ENOUGH, 0.0, 1.0)
    wide = len(network.codes)
    lines = np.bincount(was[was >= 0], minlength=wide)
    cover, other = np.ones(wide), np.ones(wide)
    for w in np.flatnonzero(lines):
        mine = was == w
        rows, wanted = sku[mine], qty[mine]
        cover[w] = float((atp[rows, w] >= wanted).mean())
        elsewhere = atp[rows].copy()
        elsewhere[:, w] = 0
        other[w] = float((elsewhere >= wanted[:, None]).any(axis=1).mean())
    parts["slack"] = 50 * room + 50 * cover
    parts["single"] = 100 * other
    table = np.stack([parts[name] for name in WEIGHTS])
    mean = np.array(list(WEIGHTS.values())) @ table
    score = MEAN * mean + (1 - MEAN) * table.min(axis=0)
    marks = tuple(
        _mark(code, score[w], {name: parts[name][w] for name in WEIGHTS}, int(lines[w]))
        for w, code in enumerate(network.codes)
    )
    share = lines + 1.0  # a warehouse without orders counts a little
    share = share / share.sum()
    whole = MEAN * float(share @ score) + (1 - MEAN) * float(table[-1].min())
    means = {name: float(share @ parts[name]) for name in WEIGHTS}
    return _mark("", whole, means, int(lines.sum())), marks


def _mark(code: str, score: float, parts: dict[str, float], lines: int) -> Mark:
    told = {name: _whole(value) for name, value in parts.items()}
    return Mark(warehouse=code, score=_whole(score), open_lines=lines, **told)


def _whole(value: float) -> int:
    return int(min(max(value, 0.0), 100.0) + 0.5)


def _health(snapshot: Snapshot) -> dict[str, NDArray[np.float64]]:
    network, signals = snapshot.network, snapshot.signals

    def wh(key: str) -> NDArray[np.float64]:
        return signals.field(key, Per.WAREHOUSE, network).value

    equipment = wh("equipment_health")
    is_cold = network.storage_bits & _COLD != 0
    equipment = np.where(is_cold, np.minimum(equipment, wh("cold_unit_health")), equipment)
    low, high = _LABOUR
    labour = np.clip((wh("labour_redundancy") - low) / (high - low), 0.0, 1.0)
    policy = signals.field("policy_compliance", Per.WAREHOUSE, network)
    bits = np.array([int(v).bit_count() for v in policy.value.tolist()], np.float64)
    stops = (snapshot.cautions.veto != 0).sum(axis=0).astype(np.float64)
    stale = (policy.status == Status.STALE).astype(np.float64)
    compliance = np.clip(100 - _BIT * bits - _STOP * stops - _STALE * stale, 0.0, 100.0)
    return {"equipment": 100 * equipment, "labour": 100 * labour, "compliance": compliance}
