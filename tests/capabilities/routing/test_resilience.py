"""Resilience: an index of bounded parts, and losses that equal deciding by hand without them."""

from __future__ import annotations

import numpy as np
import pytest

from danshu.capabilities.routing.decide import route_batch
from danshu.capabilities.routing.model import Region
from danshu.capabilities.routing.network import Network
from danshu.capabilities.routing.replan.cells import Orders, Problem
from danshu.capabilities.routing.resilience import index, losses
from danshu.capabilities.routing.signals import Reading, resolve
from danshu.capabilities.routing.snapshot import Cautions, Snapshot, no_cautions
from tests.capabilities.routing.worlds import make_world

MINUTE = 600
NOW = 1_800_000_000_000


def make(seed: int = 3, count: int = 60) -> losses.World:
    """A small world with scarce stock, seeded."""
    world = make_world(seed, warehouses=6, regions=8, skus=20, units=40)
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, 20, count).astype(np.int32)
    orders = Orders(
        region=rng.integers(0, 8, count).astype(np.int32),
        promise_min=np.full(count, 2_880.0),
        value_fen=np.full(count, 10_000, np.int64),
        shut=np.zeros(count, np.int64),
        favour=np.full(count, -1, np.int32),
        parcels_max=np.zeros(count, np.int32),
        line_start=np.arange(count + 1, dtype=np.int32),
        sku=rows,
        qty=np.ones(count, np.int32),
        weight_g=np.full(count, 900, np.int32),
        storage=np.ones(count, np.int32),
        was=np.full(count, -1, np.int16),
    )
    problem = Problem(orders, MINUTE, world.atp, np.full(6, 100.0), 0)
    return losses.lay_out(world.snapshot, problem, [f"S{n}" for n in range(20)])


def by_hand(world: losses.World, lost: tuple[int, ...]) -> int:
    """Decide in a network in which the lost warehouses' lanes were never opened."""
    told = world.snapshot.network
    arrays = {name: table.copy() for name, table in told.arrays().items()}
    for w in lost:
        arrays["lane_open"][:, w] = 0
    regions = [Region(code=c, name=n) for c, n in zip(told.regions, told.region_names, strict=True)]
    cut = Snapshot(Network(told.sites, regions, arrays), world.snapshot.signals)
    routed = route_batch(cut, world.batch, MINUTE, world.atp.copy(), world.capacity.copy())
    parts = routed.parts_fen.sum(axis=0)
    assert (routed.warehouse[0] != np.array(lost)[:, None]).all()
    return int(parts.sum() - parts[7])


@pytest.mark.parametrize("engine", ["numba", "python"])
def test_a_loss_is_what_deciding_by_hand_without_it_gives(engine: str) -> None:
    world = make()
    base = losses.decide_without(world, ())
    assert base.left < len(world.batch.sku)
    for w in losses.find_singles(base):
        one = losses.decide_without(world, (w,), engine)
        assert one.lines[w] == 0
        assert one.cost_fen + one.late_fen == by_hand(world, (w,))
        assert one.total_fen >= base.total_fen - 5_000  # decided in turn, an order may win by it
        assert one.lines.sum() + one.left == len(world.batch.sku)


def test_pairs_share_regions_and_lose_at_least_the_worse_of_two_lines() -> None:
    world = make()
    base = losses.decide_without(world, ())
    singles = [losses.decide_without(world, (w,)) for w in losses.find_singles(base)]
    pairs = losses.find_pairs(base, singles)
    assert pairs
    alone = {one.lost[0]: one for one in singles}
    for a, b in pairs:
        both = losses.decide_without(world, (a, b))
        assert both.lines[a] == both.lines[b] == 0
        assert both.left >= max(alone[a].left, alone[b].left)
        assert both.cost_fen + both.late_fen == by_hand(world, (a, b))


def test_warehouses_that_meet_nowhere_are_no_pair() -> None:
    wide = 4
    served = np.zeros((2, wide), np.bool_)
    served[0, 0] = served[1, 1] = True
    lines = np.array([5, 5, 0, 0])
    base = losses.Outcome((), 0, 0, 0, 0, lines, served)
    after = [losses.Outcome((w,), 0, 0, 0, 5, lines, served) for w in (0, 1)]
    assert losses.find_singles(base) == [0, 1]
    assert losses.find_pairs(base, after) == []


def test_marks_are_bounded_and_fall_with_what_they_are_made_of() -> None:
    world = make_world(5, warehouses=6)
    network = world.snapshot.network
    code = network.codes[2]

    def mark(readings: dict[str, float], veto: bool = False) -> index.Mark:
        told = [
            Reading(
                key=key,
                subject=f"wh:{code}",
                value=value,
                observed_ms=NOW,
                received_ms=NOW,
                source="t",
            )
            for key, value in readings.items()
        ]
        silent = no_cautions(network)
        stop = silent.veto.copy()
        stop[1, 2] = veto
        cautions = Cautions(stop, silent.surcharge_fen)
        snapshot = Snapshot(network, resolve(told, network, NOW), cautions=cautions)
        sku = np.array([0, 1, 2], np.int32)
        qty, was = np.ones(3, np.int32), np.full(3, 2, np.int16)
        whole, marks = index.mark_all(snapshot, world.atp, world.capacity, sku, qty, was)
        assert all(0 <= m.score <= 100 for m in (whole, *marks))
        assert whole.open_lines == 3
        return marks[2]

    well = {"equipment_health": 1.0, "cold_unit_health": 1.0, "labour_redundancy": 1.1}
    best = mark(well)
    assert (best.equipment, best.labour, best.compliance) == (100, 100, 100)
    for worse in (
        mark(well | {"equipment_health": 0.4}),
        mark(well | {"labour_redundancy": 0.6}),
        mark(well | {"policy_compliance": 3.0}),
        mark(well, veto=True),
    ):
        assert worse.score < best.score
    assert mark(well | {"policy_compliance": 3.0}).compliance == 30


def test_the_shares_of_an_index_are_whole() -> None:
    assert sum(index.WEIGHTS.values()) == pytest.approx(1.0)
