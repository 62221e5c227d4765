"""The compiled engine and plain Python say the same, to the last 分 and the last bit."""

from __future__ import annotations

import numpy as np
import pytest

from danshu.capabilities.routing import kernel_numba, reference
from danshu.capabilities.routing.batch import Routed, build_batch, empty_routed
from danshu.kernel.errors import ProgramError
from tests.capabilities.routing.worlds import World, make_requests, make_world


def run_both(world: World, requests: list, minute: int) -> tuple[Routed, Routed]:
    """Run both engines on copies of the counters; the counters must come out alike."""
    batch = build_batch(world.snapshot, requests)
    outs, counters = [], []
    for engine in (kernel_numba.route, reference.route):
        atp, capacity = world.counters()
        out = empty_routed(len(requests), len(batch.sku), len(world.snapshot.network.codes))
        engine(world.snapshot, batch, minute, atp, capacity, out)
        outs.append(out)
        counters.append((atp, capacity))
    assert np.array_equal(counters[0][0], counters[1][0])
    assert np.array_equal(counters[0][1], counters[1][1])
    assert counters[0][0].min() >= 0
    assert counters[0][1].min() >= 0
    return outs[0], outs[1]


def assert_equal(ours: Routed, theirs: Routed) -> None:
    for name in ("warehouse", "parts_fen", "totals_fen", "can", "room", "twin"):
        left, right = getattr(ours, name), getattr(theirs, name)
        different = np.argwhere(left != right)
        assert not len(different), (name, different[:5].tolist())
    first = ours.twin == 1
    assert np.array_equal(ours.held[first], theirs.held[first])
    assert (ours.parts_fen.sum(axis=1) == ours.totals_fen[:, 0]).all()


@pytest.mark.parametrize("priced", [False, True])
@pytest.mark.parametrize("minute", [0, 599, 1000, 1439])
def test_equal_on_random_orders(priced: bool, minute: int) -> None:
    world = make_world(seed=minute + priced, priced=priced, skus=200)
    ours, theirs = run_both(world, make_requests(world, 250), minute)
    assert_equal(ours, theirs)
    # The orders must have reached what they are for.
    assert (ours.warehouse[0] < 0).any()
    assert (ours.parts_fen[:, 5] > 0).any()
    assert ours.twin.any()


@pytest.mark.parametrize(("low", "high", "density"), [(6, 8, 0.3), (9, 14, 0.5), (20, 60, 0.2)])
def test_equal_on_long_orders(low: int, high: int, density: float) -> None:
    world = make_world(seed=low, skus=300, density=density, priced=True, units=40)
    requests = make_requests(world, 40, lines=(low, high), twins=0.3)
    ours, theirs = run_both(world, requests, 500)
    assert_equal(ours, theirs)
    assert ours.twin.any()


def test_equal_on_64_warehouses() -> None:
    world = make_world(seed=9, warehouses=64, priced=True)
    ours, theirs = run_both(world, make_requests(world, 120), 700)
    assert_equal(ours, theirs)
    assert (ours.can < 0).any()  # bit 63 was in play


def test_equal_with_many_cheap_boxes() -> None:
    """Extra kilograms dearer than opening a parcel: the relaxed plan wants two of one warehouse."""
    world = make_world(seed=4, warehouses=5, skus=12, density=0.8, units=9)
    network = world.snapshot.network
    network.extra_kg_fen.setflags(write=True)
    network.extra_kg_fen[:] = 5_000
    world = world._replace(snapshot=type(world.snapshot)(network, world.snapshot.signals))
    requests = make_requests(world, 60, lines=(2, 5), twins=0.5)
    ours, theirs = run_both(world, requests, 500)
    assert_equal(ours, theirs)


def test_malformed_arrays_are_refused() -> None:
    world = make_world()
    batch = build_batch(world.snapshot, make_requests(world, 3))
    out = empty_routed(3, len(batch.sku), 37)
    broken = (
        batch._replace(line_start=batch.line_start + np.int32(1)),
        batch._replace(line_start=batch.line_start[:-1].copy()),
        batch._replace(qty=batch.qty[:-1].copy()),
        batch._replace(value_fen=batch.value_fen[:-1].copy()),
        batch._replace(line_start=np.array([0, 3, 2, len(batch.sku)], np.int32)),
    )
    for each in broken:
        atp, capacity = world.counters()
        with pytest.raises(ProgramError):
            kernel_numba.route(world.snapshot, each, 0, atp, capacity, out)
        assert np.array_equal(atp, world.atp)
