"""Delivered history with a known truth: what fits and arrival models are held against.

A seeded country sends parcels for some weeks. Weather, roads, backlogs and robots differ from
snapshot to snapshot; what a parcel truly takes follows S1's own formula with figures that nobody
told the product, a bias of each warehouse that no formula knows, and noise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from danshu.capabilities.routing.model import Lane, Region
from danshu.capabilities.routing.network import Network, Site, build_network
from danshu.capabilities.routing.score import Coefficients
from danshu.capabilities.routing.scorers import fit
from danshu.capabilities.routing.scorers.history import History, Parcel, gather
from danshu.capabilities.routing.signals import Reading, resolve
from danshu.capabilities.routing.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

TRUTH: Final = Coefficients(
    version="truth",
    weather_slow=0.3,
    road_slow=0.8,
    agv_base=0.25,
    wave_wait_min=75,
    sd_equipment=1.2,
    sd_saturation_min=500.0,
)
BEGUN_MS: Final = 1_780_243_200_000  # 2026-06-01T00:00:00+08:00
_DAY_MS: Final = 86_400_000


class Delivered(NamedTuple):
    """The network and the history of parcels; `biased` are minutes that each warehouse adds."""

    network: Network
    history: History
    biased: np.ndarray[tuple[int], np.dtype[np.float64]]


def deliver(
    seed: int = 1,
    *,
    parcels: int = 4_000,
    days: int = 20,
    warehouses: int = 8,
    regions: int = 30,
    bias_min: float = 0.0,
    unrest: float = 1.0,
    truth: Coefficients = TRUTH,
    network: Network | None = None,
) -> Delivered:
    """Send parcels for some days and tell what they took; `unrest` from 0 to 1 is how far signals
    differ from a quiet day. `network` may be one that is there already.
    """
    rng = np.random.default_rng(seed)
    network = network or _build(rng, warehouses, regions)
    told = list(_days(rng, network, parcels, days, unrest))
    seen = gather(network, told, truth.same_city_min)
    eta, sd = fit.estimate(seen, truth)
    biased = rng.uniform(-bias_min, bias_min, len(network.codes))
    taken = eta + biased[seen.warehouse] + rng.logistic(0.0, 1.0, seen.parcels) * sd / 1.702
    return Delivered(
        network, seen._replace(taken_min=np.maximum(np.rint(taken), 30).astype(np.int64)), biased
    )


def _build(rng: np.random.Generator, warehouses: int, regions: int) -> Network:
    here, there = rng.uniform(0, 1_500, (warehouses, 2)), rng.uniform(0, 1_500, (regions, 2))
    sites = [Site(f"WH{w:02d}", 31, 20_000, 1_080) for w in range(warehouses)]
    places = [Region(code=f"{11 + r % 5}{r:02d}00", name=f"R{r}") for r in range(regions)]
    lanes = [
        Lane(
            warehouse=sites[w].code,
            region=places[r].code,
            transit_min=int(500 + float(np.hypot(*(here[w] - there[r])))),
            sd_min=90,
            first_kg_fen=500,
            extra_kg_fen=100,
        )
        for r, w in np.ndindex(regions, warehouses)
    ]
    return build_network(sites, places, lanes)


def _days(
    rng: np.random.Generator, network: Network, parcels: int, days: int, unrest: float
) -> Iterator[tuple[Snapshot, list[Parcel]]]:
    first = BEGUN_MS // _DAY_MS
    for day in range(days):
        snapshot = _look(rng, network, BEGUN_MS + day * _DAY_MS, unrest)
        yield (
            snapshot,
            [
                Parcel(
                    day=first + day,
                    minute=int(rng.integers(0, 1_440)),
                    region=str(rng.choice(network.regions)),
                    warehouse=str(rng.choice(network.codes)),
                    storage=int(rng.choice([0, 0, 0, 1, 2])),
                    promise_min=int(rng.choice([-1, 1_440, 2_160, 2_880])),
                    value_fen=int(rng.integers(1_000, 100_000)),
                    margin_fen=int(rng.integers(0, 1_500)),
                    taken_min=0,
                )
                for _ in range(parcels // days)
            ],
        )


def _look(rng: np.random.Generator, network: Network, at_ms: int, unrest: float) -> Snapshot:
    """A day's signals: some rain, some closed roads, robots and backlogs that differ."""
    readings = []

    def say(key: str, subject: str, value: float) -> None:
        readings.append(
            Reading(
                key=key,
                subject=subject,
                source="sim",
                observed_ms=at_ms,
                received_ms=at_ms,
                value=value,
            )
        )

    for code in network.codes:
        say("pick_backlog", f"wh:{code}", float(rng.uniform(0, 400 * unrest)))
        say("agv_availability", f"wh:{code}", float(rng.uniform(1.0 - 0.9 * unrest, 1.0)))
        say("equipment_health", f"wh:{code}", float(rng.uniform(0.4, 1.0)))
        say("wx_alert", f"wh:{code}", _rain(rng, unrest))
        for region in network.regions:
            say("lane_road", f"ln:{code}>{region}", float(rng.uniform(0.0, 0.6 * unrest)))
    for region in network.regions:
        say("wx_alert", f"rg:{region}", _rain(rng, unrest))
        say("station_saturation", f"rg:{region}", float(rng.uniform(0.5, 1.2)))
    return Snapshot(network, resolve(readings, network, at_ms))


def _rain(rng: np.random.Generator, unrest: float) -> float:
    """No alert on most days, else a rainstorm of level 1 to 3."""
    return float(rng.choice([201, 202, 203])) if rng.random() < unrest / 2 else 0.0
