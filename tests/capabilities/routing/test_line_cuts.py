"""Lines cut by units: only where no warehouse holds one alone, to the unit, both engines alike."""

from __future__ import annotations

from itertools import combinations

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace

from danshu.capabilities.routing import line_cuts
from danshu.capabilities.routing.batch import Request, build_batch
from danshu.capabilities.routing.decide import Decision, decide_batch, replay
from danshu.capabilities.routing.explain import explain
from danshu.capabilities.routing.plans import view_plans
from danshu.capabilities.routing.reference import OneOrder
from danshu.capabilities.routing.ruling import Ruling
from danshu.capabilities.routing.snapshot import Snapshot
from danshu.kernel.limits import CUT_PARCELS
from tests.capabilities.routing.test_optimal import plain_snapshot, request_of
from tests.capabilities.routing.worlds import make_requests, make_world

_encode = msgspec.json.encode


def cut_and_decide(
    snapshot: Snapshot, request: Request, atp: np.ndarray, parcels: int = CUT_PARCELS
) -> tuple[Request | None, Decision | None, np.ndarray]:
    """Decide, cut what is left, decide again by both engines; they leave the same stock."""
    room = np.full(atp.shape[1], 1_000.0)
    first = decide_batch(snapshot, [request], 600, atp.copy(), room.copy())
    plan = first.routed.warehouse[0].tolist()
    cut = line_cuts.cut(snapshot, request, plan, 600, atp, room, parcels)
    if cut is None:
        return None, None, atp
    told, left = [], []
    for engine in ("python", "numba"):
        stock = atp.copy()
        decided = decide_batch(snapshot, [cut], 600, stock, room.copy(), engine)
        told.append(decided.decisions[0])
        left.append(stock)
        chosen = decided.routed.warehouse[0].tolist()
    assert replace(told[0], engine="") == replace(told[1], engine="")
    assert np.array_equal(left[0], left[1])
    better = line_cuts.is_better(line_cuts.left_behind((), plan), cut, chosen, parcels)
    return cut, told[1] if better else None, left[1]


def test_ten_are_six_and_four_from_the_cheapest_two() -> None:
    snapshot = plain_snapshot([(900, 100), (500, 100), (600, 100), (700, 100)])
    atp = np.array([[9, 6, 7, 9]], np.int32)
    cut, decision, left = cut_and_decide(snapshot, request_of((0, 10, 100)), atp)
    assert cut is not None
    assert decision is not None
    assert [(line.qty, of) for line, of in zip(cut.lines, cut.cut, strict=True)] == [(6, 1), (4, 1)]
    assert decision.plan == ((1, "W1"), (2, "W2"))
    assert left.tolist() == [[9, 0, 3, 9]]
    assert _encode(replay(decision, snapshot)) == _encode(decision)
    told = explain(decision, snapshot)
    assert {w.code for w in told.warehouses if "stock" in {r.code for r in w.reasons}} == {
        *("W0", "W1", "W2", "W3")
    }
    (plan, *_) = view_plans(decision, snapshot)
    assert sorted(p.warehouse for p in plan.parcels) == ["W1", "W2"]


NONE: dict[str, tuple[list[int], int, int, Ruling | None]] = {
    "one holds them all": ([0, 10, 5], 10, 4, None),
    "all of them hold too few": ([3, 3, 3], 10, 4, None),
    "more parcels than the merchant wants": ([4, 4, 4], 10, 2, None),
    "more parcels than policy wants": ([6, 4, 0], 10, 4, Ruling(policy="p", parcels_max=1)),
    "policy forbids the second": ([6, 4, 0], 10, 4, Ruling(policy="p", forbid=("W1",))),
}


@pytest.mark.parametrize("name", NONE)
def test_no_cut(name: str) -> None:
    stock, wanted, parcels, ruling = NONE[name]
    request = replace(request_of((0, wanted, 100)), ruling=ruling)
    snapshot = plain_snapshot([(500, 100)] * 3)
    cut, decision, _ = cut_and_decide(snapshot, request, np.array([stock], np.int32), parcels)
    assert (cut, decision) == (None, None)


def test_a_warehouse_that_ships_another_line_is_taken_first() -> None:
    snapshot = plain_snapshot([(500, 100), (600, 100), (900, 100)])
    atp = np.array([[6, 6, 6], [0, 0, 1]], np.int32)
    _, decision, _ = cut_and_decide(snapshot, request_of((0, 8, 100), (1, 1, 100)), atp)
    assert decision is not None
    assert {code for _, code in decision.plan} == {"W0", "W2"}


@pytest.mark.parametrize("seed", range(3))
def test_random_cuts_are_whole_within_stock_and_cheapest(seed: int) -> None:
    world = make_world(seed, warehouses=9, skus=12, density=0.6, priced=seed == 2)
    found = 0
    for asked in make_requests(world, 60, lines=(1, 3), twins=0.3):
        lines = tuple(
            line._replace(qty=line.qty + 5, storage=1, weight_g=line.weight_g * (seed > 0))
            for line in asked.lines
        )
        request = replace(asked, lines=lines, promise_min=-1)
        cut, decision, left = cut_and_decide(world.snapshot, request, world.atp, 3)
        if cut is None:
            continue
        units = [0] * len(lines)
        for line, of in zip(cut.lines, cut.cut, strict=True):
            units[of - 1] += line.qty
            assert line.sku == lines[of - 1].sku
        assert units == [line.qty for line in lines]
        assert left.min() >= 0
        if decision is None:
            continue
        found += 1
        assert len({code for _, code in decision.plan if code}) <= 3
        assert _encode(replay(decision, world.snapshot)) == _encode(decision)
        if len(lines) == 1 and seed == 0:  # weighing nothing, the parcels alone cost
            assert _cheapest(world.snapshot, request, world.atp) == decision.plans[0].total_fen
    assert found > 5


def _cheapest(snapshot: Snapshot, request: Request, atp: np.ndarray) -> int:
    """Cost of the cheapest set of warehouses that holds a line together."""
    (line,) = request.lines
    room = np.full(atp.shape[1], 1_000.0)
    order = OneOrder(snapshot, build_batch(snapshot, [request]), 600, 0, atp, room)
    best = 1 << 62
    ok = order.allowed & int(snapshot.tables.class_ok[line.storage])
    may = [w for w in order.warehouses if ok >> w & 1 and atp[line.row, w] > 0]
    for count in (2, 3):
        for some in combinations(may, count):
            if sum(int(atp[line.row, w]) for w in some) < line.qty:
                continue
            fen = sum(order.offer.opening[w] for w in some)
            best = min(best, fen - order.offer.parcel_fen)  # each but the first is a nuisance
    return best
