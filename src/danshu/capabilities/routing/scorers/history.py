"""Delivered parcels as arrays: what was known when each was decided, and when it came.

One row is a parcel. All that a scorer may learn from stands here; regions and warehouses by their
index in one network, what that no longer knows is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from danshu.capabilities.routing.panel import situations
from danshu.capabilities.routing.signals import Status, alert_level
from danshu.capabilities.routing.variables import Per

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from danshu.capabilities.routing.network import Network
    from danshu.capabilities.routing.snapshot import Snapshot

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

_WIDENING: Final = (
    ("wx_alert", Per.WAREHOUSE),
    ("equipment_health", Per.WAREHOUSE),
    ("pick_backlog", Per.WAREHOUSE),
    ("wx_alert", Per.REGION),
    ("rider_heat", Per.REGION),
    ("lane_road", Per.LANE),
)


class Parcel(NamedTuple):
    """A delivered parcel. `day`: days since 1970 of the decision, `minute` of its local day;
    `promise_min` -1 for none; `storage` the class's position (score.CLASSES); `taken_min` from the
    decision to the door.
    """

    day: int
    minute: int
    region: str
    warehouse: str
    storage: int
    promise_min: int
    value_fen: int
    margin_fen: int
    taken_min: int


class History(NamedTuple):
    """Parcels as columns [n]. The float columns are the signals as the decision saw them."""

    day: Ints
    minute: Ints
    region: Ints
    warehouse: Ints
    storage: Ints
    situation: Ints
    taken_min: Ints
    promise_min: Floats  # inf for none
    value_fen: Ints
    margin_fen: Ints
    cutoff_min: Ints
    backlog: Floats
    labour: Floats
    agv: Floats
    dock: Floats
    weather_from: Floats
    weather_to: Floats
    road: Floats
    transit_min: Floats
    sd_min: Floats  # declared, 0 for none
    equipment: Floats
    saturation: Floats
    riders: Floats
    is_ridden: Floats
    widened: Floats

    def pick(self, rows: NDArray[np.bool_]) -> History:
        """The parcels for which `rows` holds."""
        picked: list[Any] = [column[rows] for column in self]
        return History(*picked)

    @property
    def parcels(self) -> int:
        """How many there are."""
        return len(self.day)


def gather(
    network: Network, told: Iterable[tuple[Snapshot, list[Parcel]]], same_city_min: int
) -> History:
    """Lay parcels out beside what their snapshots said."""
    columns: list[list[float]] = [[] for _ in History._fields]
    for snapshot, parcels in told:
        reader = _Reader(snapshot, same_city_min)
        for parcel in parcels:
            region = network.region_index.get(parcel.region)
            warehouse = network.warehouse_index.get(parcel.warehouse)
            seen = reader.read(parcel)
            if region is None or warehouse is None or seen is None:
                continue
            promise = parcel.promise_min if parcel.promise_min >= 0 else np.inf
            row = (
                parcel.day, parcel.minute, region, warehouse, parcel.storage, seen[0],
                parcel.taken_min, promise, parcel.value_fen, parcel.margin_fen, *seen[1:],
            )  # fmt: skip
            for column, value in zip(columns, row, strict=True):
                column.append(value)
    kinds = History.__annotations__
    made: list[Any] = [
        np.array(column, np.float64 if "Floats" in str(kinds[name]) else np.int64)
        for name, column in zip(History._fields, columns, strict=True)
    ]
    return History(*made)


class _Reader:
    """The signals of one snapshot, cell by cell."""

    def __init__(self, snapshot: Snapshot, same_city_min: int) -> None:
        network, signals = snapshot.network, snapshot.signals
        self.network, self.same_city_min = network, same_city_min
        self.situation = situations(network, signals)

        def values(key: str, per: Per) -> Floats:
            return signals.field(key, per, network).value

        self.places = [
            values(key, Per.WAREHOUSE)
            for key in ("pick_backlog", "labour_redundancy", "agv_availability", "dock_queue")
        ]
        self.equipment = values("equipment_health", Per.WAREHOUSE)
        self.weather = [values("wx_alert", per) for per in (Per.WAREHOUSE, Per.REGION)]
        self.goals = [values(key, Per.REGION) for key in ("station_saturation", "rider_heat")]
        self.lanes = [values(key, Per.LANE) for key in ("lane_road", "lane_eta")]
        self.stale = [
            (per, signals.field(key, per, network).status == Status.STALE) for key, per in _WIDENING
        ]

    def read(self, parcel: Parcel) -> tuple[float, ...] | None:
        """Situation, cut-off and signals of a parcel's lane; None where there is no such lane."""
        r = self.network.region_index.get(parcel.region)
        w = self.network.warehouse_index.get(parcel.warehouse)
        if r is None or w is None or not self.network.lane_open[r, w]:
            return None
        cell = {Per.WAREHOUSE: (w,), Per.REGION: (r,), Per.LANE: (r, w)}
        return (
            float(self.situation[r, w]),
            float(self.network.cutoff_min[w]),
            *(float(place[w]) for place in self.places),
            float(alert_level(float(self.weather[0][w]))),
            float(alert_level(float(self.weather[1][r]))),
            float(self.lanes[0][r, w]),
            float(self.lanes[1][r, w]),
            float(self.network.sd_min[r, w]),
            float(self.equipment[w]),
            float(self.goals[0][r]),
            float(self.goals[1][r]),
            float(self.network.transit_min[r, w] <= self.same_city_min),
            float(sum(bool(stale[cell[per]]) for per, stale in self.stale)),
        )


def join(parts: Sequence[History]) -> History:
    """Put histories of one network together."""
    joined: list[Any] = [np.concatenate(columns) for columns in zip(*parts, strict=True)]
    return History(*joined)
