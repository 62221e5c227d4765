"""The plan is the cheapest of all: every assignment of lines to warehouses is tried."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
import pytest

from danshu.capabilities.routing.batch import Request, RequestLine, build_batch
from danshu.capabilities.routing.decide import Decision, decide_batch
from danshu.capabilities.routing.model import Lane, Region
from danshu.capabilities.routing.network import Site, build_network
from danshu.capabilities.routing.reference import OneOrder
from danshu.capabilities.routing.reference_plan import weigh_kg
from danshu.capabilities.routing.signals import Signals
from danshu.capabilities.routing.snapshot import Prices, Snapshot
from tests.capabilities.routing.worlds import World, make_requests, make_world


def try_every_plan(order: OneOrder) -> int:
    """Cost of the cheapest assignment, counted from the lines up, by none of the engines' ways."""
    snapshot, lines = order.snapshot, order.lines
    choices = [
        [-1, *(w for w in order.warehouses if line.mask >> w & 1)] for line in lines
    ]  # fmt: skip
    best = -1
    for plan in product(*choices):
        fen, parcels = 0, 0
        for w in set(plan):
            inside = [n for n, chosen in enumerate(plan) if chosen == w]
            if w < 0:
                fen += sum(lines[n].left_fen for n in inside)
                continue
            asked: dict[int, int] = {}
            for n in inside:
                asked[lines[n].row] = asked.get(lines[n].row, 0) + lines[n].qty
            if any(order.atp[row, w] < units for row, units in asked.items()):
                break
            parcels += 1
            kg = weigh_kg(sum(lines[n].grams for n in inside))
            fen += order.offer.opening[w] - order.offer.parcel_fen
            fen += int(snapshot.network.extra_kg_fen[order.region, w]) * kg
            fen += sum(order.price_lines((n,), w) for n in inside)
        else:
            fen += max(parcels - 1, 0) * order.offer.parcel_fen
            best = fen if best < 0 else min(best, fen)
    return best


def check_each_alone(world: World, requests: list[Request], minute: int) -> None:
    for request in requests:
        batch = build_batch(world.snapshot, [request])
        atp, capacity = world.counters()
        expected = try_every_plan(OneOrder(world.snapshot, batch, minute, 0, atp, capacity))
        decided = decide_batch(world.snapshot, [request], minute, atp, capacity)
        assert decided.routed.totals_fen[0, 0] == expected, request


@pytest.mark.parametrize("seed", range(4))
def test_cheapest_of_all(seed: int) -> None:
    world = make_world(seed, warehouses=6, skus=20, density=0.5, priced=seed % 2 == 1)
    check_each_alone(world, make_requests(world, 60, lines=(1, 4), twins=0.3), 300 * seed)


def test_cheapest_where_two_boxes_of_one_warehouse_would_be_cheaper() -> None:
    network = make_world(2, warehouses=5, skus=8, density=0.7).snapshot.network
    network.extra_kg_fen.setflags(write=True)
    network.extra_kg_fen[:] = 4_000
    world = make_world(2, warehouses=5, skus=8, density=0.7)
    world = world._replace(snapshot=Snapshot(network, Signals(0, {})))
    check_each_alone(world, make_requests(world, 60, lines=(2, 4), twins=0.5), 480)


def plain_snapshot(tariffs: list[tuple[int, int]], prices: Prices | None = None) -> Snapshot:
    """One region, warehouses with equal everything but first kg and extra kg."""
    sites = [Site(f"W{w}", 1, 1_000, 1_440) for w in range(len(tariffs))]
    lanes = [
        Lane(
            warehouse=f"W{w}",
            region="110100",
            transit_min=600,
            sd_min=60,
            first_kg_fen=first,
            extra_kg_fen=extra,
        )
        for w, (first, extra) in enumerate(tariffs)
    ]
    network = build_network(sites, [Region(code="110100", name="北京")], lanes)
    return Snapshot(network, Signals(0, {}), prices)


def request_of(*lines: tuple[int, int, int]) -> Request:
    """An order without a promise; lines are (row, qty, grams)."""
    return Request(
        region="110100",
        promise_min=-1,
        value_fen=10_000,
        lines=tuple(RequestLine(f"S{row}", row, qty, grams) for row, qty, grams in lines),
    )


def decide_plain(
    snapshot: Snapshot, request: Request, atp: list[list[int]]
) -> Iterator[tuple[Decision, np.ndarray]]:
    stock = np.array(atp, np.int32)
    capacity = np.full(stock.shape[1], 1_000.0)
    for engine in ("python", "numba"):
        left = stock.copy()
        decided = decide_batch(snapshot, [request], 600, left, capacity.copy(), engine)
        yield decided.decisions[0], left


def test_ties_go_to_the_lowest_index() -> None:
    snapshot = plain_snapshot([(600, 100), (500, 100), (500, 100), (500, 100)])
    for decision, _ in decide_plain(snapshot, request_of((0, 1, 500)), [[9, 9, 9, 9]]):
        assert decision.plan == ((1, "W1"),)
        assert [plan.warehouses for plan in decision.plans] == [("W1",), ("W2",), ("W3",)]
        assert decision.margin_fen == 0


def test_lines_of_one_sku_never_share_the_last_unit() -> None:
    snapshot = plain_snapshot([(500, 100), (900, 100)])
    order = request_of((0, 1, 100), (0, 1, 100))
    for decision, left in decide_plain(snapshot, order, [[1, 1]]):
        assert sorted(code for _, code in decision.plan) == ["W0", "W1"]
        assert left.tolist() == [[0, 0]]
    for decision, left in decide_plain(snapshot, order, [[1, 0]]):
        assert sorted(code for _, code in decision.plan) == ["", "W0"]
        assert left.tolist() == [[0, 0]]


def test_what_is_there_ships_and_the_rest_stays() -> None:
    snapshot = plain_snapshot([(500, 100), (900, 100)])
    order = request_of((0, 1, 100), (1, 5, 100), (2, 1, 100))
    for decision, left in decide_plain(snapshot, order, [[4, 0], [4, 4], [4, 0]]):
        assert decision.plan == ((1, "W0"), (2, ""), (3, "W0"))
        assert decision.parts_fen[7] == 6_000 + 900
        assert left.tolist() == [[3, 0], [4, 4], [3, 0]]


def test_dear_freight_leaves_nothing_behind() -> None:
    """60 kg over a dear lane cost more than the penalty of a light line, and ship all the same."""
    snapshot = plain_snapshot([(3_000, 1_500)])
    for decision, _ in decide_plain(snapshot, request_of((0, 1, 60_000)), [[1]]):
        assert decision.plan == ((1, "W0"),)
        assert decision.parts_fen[1] == 59 * 1_500


def test_extra_kilograms_are_those_begun_by_the_parcel() -> None:
    snapshot = plain_snapshot([(500, 100)])
    table = [((1000,), 0), ((1001,), 1), ((2000,), 1), ((2001,), 2), ((600, 600), 1), ((0,), 0)]
    for grams, extra in table:
        lines = [(row, 1, each) for row, each in enumerate(grams)]
        for decision, _ in decide_plain(snapshot, request_of(*lines), [[1]] * len(lines)):
            assert decision.parts_fen[:2] == (500, 100 * extra), grams


def test_a_second_parcel_costs_its_nuisance_only_once() -> None:
    snapshot = plain_snapshot([(500, 100), (500, 100)])
    order = request_of((0, 1, 100), (1, 1, 100))
    for decision, _ in decide_plain(snapshot, order, [[1, 0], [0, 1]]):
        assert decision.plan == ((1, "W0"), (2, "W1"))
        assert decision.parts_fen[5] == snapshot.figures.parcel_fen
        # Without W0 and W1 nothing can ship: the second plan is to ship nothing.
        assert decision.plans[1].warehouses == ()
        assert len(decision.plans) == 2


def test_long_orders_keep_lines_of_one_sku_together() -> None:
    snapshot = plain_snapshot([(500, 100), (900, 100)])
    lines = [(row, 1, 100) for row in range(9)]
    order = request_of(*lines, (0, 1, 100))
    stock = [[1, 2]] + [[3, 3]] * 8
    for decision, left in decide_plain(snapshot, order, stock):
        plan = dict(decision.plan)
        assert plan[1] == plan[10] == "W1"
        assert left.min() >= 0


def test_a_long_order_in_units_is_planned_exactly() -> None:
    """Twelve lines in two kinds: the units' plan is the cheapest that keeps kinds together."""
    snapshot = plain_snapshot([(500, 300), (700, 100), (650, 100)])
    lines = [(row, 1, 900) for row in range(12)]
    stock = [[1, 1, 0]] * 6 + [[0, 1, 1]] * 6
    for decision, _ in decide_plain(snapshot, request_of(*lines), stock):
        assert {code for _, code in decision.plan} == {"W1"}
        assert decision.parts_fen[:2] == (700, 100 * 10)


def test_prices_move_an_order_away_from_scarce_stock() -> None:
    prices = Prices(
        "p2", np.array([0, 0]), ("S0",), np.array([[700, 0]])
    )  # fmt: skip
    free, priced = (
        plain_snapshot([(500, 0), (600, 0)]),
        plain_snapshot([(500, 0), (600, 0)], prices),
    )
    for decision, _ in decide_plain(free, request_of((0, 1, 100)), [[1, 1]]):
        assert decision.plan == ((1, "W0"),)
    for decision, _ in decide_plain(priced, request_of((0, 1, 100)), [[1, 1]]):
        assert decision.plan == ((1, "W1"),)


def test_no_line_stays_behind_that_could_have_shipped() -> None:
    """Without prices the penalty is above every cost: what has a candidate ships."""
    world = make_world(21, skus=400, density=0.3, units=50)
    checked = 0
    for request in make_requests(world, 250, lines=(1, 20), twins=0):
        rows = [line.row for line in request.lines]
        if len(set(rows)) < len(rows):
            continue
        batch = build_batch(world.snapshot, [request])
        atp, capacity = world.counters()
        order = OneOrder(world.snapshot, batch, 600, 0, atp, capacity)
        decision = decide_batch(world.snapshot, [request], 600, atp, capacity).decisions[0]
        for (_, code), line in zip(decision.plan, order.lines, strict=True):
            assert bool(code) == bool(line.mask)
            checked += bool(code)
    assert checked > 500
