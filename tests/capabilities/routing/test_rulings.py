"""What policy says narrows and weighs: alike in both engines, exactly, and it opens nothing."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from msgspec.structs import replace

from danshu.capabilities.routing.batch import Request, build_batch
from danshu.capabilities.routing.decide import decide_batch, replay
from danshu.capabilities.routing.explain import explain
from danshu.capabilities.routing.policy import effects
from danshu.capabilities.routing.reasons import Reason
from danshu.capabilities.routing.reference import OneOrder
from danshu.capabilities.routing.reference_plan import weigh_kg
from danshu.capabilities.routing.ruling import Ruling
from danshu.kernel.canonical import encode_struct
from danshu.kernel.errors import InputError
from tests.capabilities.routing.test_engines import assert_equal, run_both
from tests.capabilities.routing.test_optimal import decide_plain, plain_snapshot, request_of
from tests.capabilities.routing.worlds import World, make_requests, make_rulings, make_world


def make_ruled(world: World, count: int, lines: tuple[int, int], twins: float) -> list[Request]:
    requests = make_requests(world, count, lines, twins)
    rulings = make_rulings(world, count)
    return [replace(r, ruling=ruling) for r, ruling in zip(requests, rulings, strict=True)]


@pytest.mark.parametrize("lines", [(1, 5), (6, 8), (9, 20)])
def test_both_engines_say_the_same(lines: tuple[int, int]) -> None:
    world = make_world(seed=lines[0], skus=250, density=0.5, priced=True, units=30)
    requests = make_ruled(world, 120 if lines[1] < 9 else 40, lines, twins=0.2)
    ours, theirs = run_both(world, requests, 700)
    assert_equal(ours, theirs)
    assert (ours.parts_fen[:, 8] > 0).any()
    network = world.snapshot.network
    start = 0
    for request in requests:
        chosen = ours.warehouse[:, start : start + len(request.lines)]
        start += len(request.lines)
        if request.ruling is None:
            continue
        shut = {network.warehouse_index[code] for code in request.ruling.forbid}
        assert not shut & set(chosen.ravel().tolist())
        for plan in chosen.tolist():
            used = {w for w in plan if w >= 0}
            assert len(used) <= (request.ruling.parcels_max or len(plan))


def cheapest(order: OneOrder, most: int) -> int:
    """Cost of the cheapest assignment within `most` parcels, counted from the lines up."""
    best = -1
    choices = [[-1, *(w for w in order.warehouses if n.mask >> w & 1)] for n in order.lines]
    for plan in product(*choices):
        used = {w for w in plan if w >= 0}
        if len(used) > most:
            continue
        fen = sum(n.left_fen for n, w in zip(order.lines, plan, strict=True) if w < 0)
        for w in used:
            inside = [n for n, chosen in enumerate(plan) if chosen == w]
            fen += order.offer.opening[w] - order.offer.parcel_fen
            fen += order.offer.extra[w] * weigh_kg(sum(order.lines[n].grams for n in inside))
            fen += sum(order.price_lines((n,), w) for n in inside)
        fen += max(len(used) - 1, 0) * order.offer.parcel_fen
        best = fen if best < 0 else min(best, fen)
    return best


@pytest.mark.parametrize("seed", range(3))
def test_the_cheapest_within_a_limit(seed: int) -> None:
    world = make_world(seed, warehouses=6, skus=80, density=0.5, units=9)
    limited = 0
    for request in make_ruled(world, 60, (2, 4), twins=0):
        if len({line.row for line in request.lines}) < len(request.lines):
            continue
        atp, capacity = world.counters()
        batch = build_batch(world.snapshot, [request])
        order = OneOrder(world.snapshot, batch, 480, 0, atp, capacity)
        most = request.ruling.parcels_max if request.ruling else 0
        decided = decide_batch(world.snapshot, [request], 480, atp, capacity)
        assert decided.routed.totals_fen[0, 0] == cheapest(order, most or 4), request
        limited += most > 0
    assert limited > 5


def test_a_forbidden_warehouse_says_so_and_replays() -> None:
    snapshot = plain_snapshot([(500, 100), (900, 100)])
    order = replace(request_of((0, 1, 100)), ruling=Ruling(policy="p", forbid=("W0", "W9")))
    for decision, _ in decide_plain(snapshot, order, [[5, 5]]):
        assert decision.plan == ((1, "W1"),)
        assert encode_struct(replay(decision, snapshot)) == encode_struct(decision)
        first = explain(decision, snapshot).warehouses[0]
        assert first.bits == Reason.POLICY
        assert "策略不允许" in [reason.zh for reason in first.reasons]


def test_no_ruling_leaves_no_trace_in_the_record() -> None:
    snapshot = plain_snapshot([(500, 100)])
    for decision, _ in decide_plain(snapshot, request_of((0, 1, 100)), [[5]]):
        assert b"ruling" not in encode_struct(decision)
        assert len(decision.parts_fen) == 8


def test_a_preference_has_its_price_and_opens_no_second_parcel() -> None:
    snapshot = plain_snapshot([(500, 100), (900, 100)])
    order = request_of((0, 1, 100), (1, 1, 100))
    table = [(0, "W0"), (300, "W0"), (500, "W1"), (-500, "W0")]
    for fen, expected in table:
        ruled = replace(order, ruling=Ruling(policy="p", prefer=(("W1", fen),)))
        for decision, _ in decide_plain(snapshot, ruled, [[5, 5], [5, 5]]):
            assert {code for _, code in decision.plan} == {expected}, fen
            surcharge = decision.parts_fen[8] if len(decision.parts_fen) > 8 else 0
            assert surcharge == (fen if fen > 0 and expected == "W0" else 0)


def test_a_preference_never_leaves_a_line_behind() -> None:
    snapshot = plain_snapshot([(500, 100), (900, 100)])
    ruled = replace(request_of((0, 1, 100)), ruling=Ruling(policy="p", prefer=(("W1", 1_000_000),)))
    for decision, _ in decide_plain(snapshot, ruled, [[5, 0]]):
        assert decision.plan == ((1, "W0"),)


def test_a_limit_keeps_one_parcel_and_leaves_the_rest() -> None:
    snapshot = plain_snapshot([(500, 100), (500, 100)])
    order = request_of((0, 1, 100), (1, 1, 100), (2, 1, 100))
    ruled = replace(order, ruling=Ruling(policy="p", parcels_max=1))
    for decision, _ in decide_plain(snapshot, ruled, [[1, 0], [0, 1], [0, 1]]):
        assert decision.plan == ((1, ""), (2, "W1"), (3, "W1"))


@pytest.mark.parametrize(
    "ruling",
    [
        Ruling(policy="p", prefer=(("W0", 10**7),)),
        Ruling(policy="p", parcels_max=-1),
    ],
)
def test_a_ruling_out_of_bounds_is_refused(ruling: Ruling) -> None:
    snapshot = plain_snapshot([(500, 100)])
    request = replace(request_of((0, 1, 100)), ruling=ruling)
    with pytest.raises(InputError, match=r"fen|parcels"):
        decide_batch(snapshot, [request], 600, np.array([[1]], np.int32), np.array([9.0]))


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"windows": 1}, "effect_windows"),
        ({"windows": 5}, "effect_windows"),
        ({"window_min": 10}, "effect_window_min"),
        ({"window_min": 481}, "effect_window_min"),
        ({"expiry_s": 0}, "effect_expiry"),
        ({"expiry_s": 3_601}, "effect_expiry"),
    ],
)
def test_a_negotiation_keeps_to_its_limits(told: dict[str, int], code: str) -> None:
    good = {"effect": "negotiate", "windows": 2, "window_min": 60, "expiry_s": 20}
    read = effects.read({"effects": [good, {**good, "windows": 4}]})
    assert isinstance(read, list)
    ruled = effects.settle(read, (), lambda _: frozenset(), "p")
    assert ruled is not None
    assert ruled.negotiate is not None
    assert (ruled.negotiate.windows, ruled.hold, ruled.forbid) == (2, "", ())
    wrong = effects.read({**good, **told})
    assert isinstance(wrong, effects.Told)
    assert wrong.code == code
