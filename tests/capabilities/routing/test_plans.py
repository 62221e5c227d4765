"""The plans of a decision told in parts: they add up, the first is the recorded one."""

from __future__ import annotations

import msgspec
import pytest

from danshu.capabilities.routing.decide import decide_batch
from danshu.capabilities.routing.explain import name_parts
from danshu.capabilities.routing.plans import view_plans
from danshu.capabilities.routing.snapshot import Snapshot
from danshu.kernel.errors import InputError
from tests.capabilities.routing.worlds import make_requests, make_world


@pytest.mark.parametrize("lines", [(1, 5), (6, 20)])
def test_plans_add_up_and_the_first_is_the_recorded_one(lines: tuple[int, int]) -> None:
    world = make_world(seed=4, priced=True, skus=80)
    atp, capacity = world.counters()
    requests = make_requests(world, 80, lines=lines)
    seen = set()
    for decision in decide_batch(world.snapshot, requests, 650, atp, capacity).decisions:
        plans = view_plans(decision, world.snapshot)
        assert [p.total_fen for p in plans] == [p.total_fen for p in decision.plans]
        assert [set(w for _, w in p.lines if w) for p in plans] == [
            set(p.warehouses) for p in decision.plans
        ]
        assert plans[0].lines == decision.plan
        assert plans[0].parts_fen == name_parts(decision.parts_fen)
        for plan in plans:
            assert sum(plan.parts_fen.values()) == plan.total_fen
            assert {p.warehouse for p in plan.parcels} == {w for _, w in plan.lines if w}
            for parcel in plan.parcels:
                assert parcel.arrive_min > 0
                assert parcel.sd_min > 0
                assert (parcel.on_time_permille is None) == (decision.promise_min < 0)
                seen.add(parcel.on_time_permille)
    assert len(seen) > 20


def test_another_snapshot_is_refused() -> None:
    world = make_world(seed=4)
    atp, capacity = world.counters()
    (decision,) = decide_batch(
        world.snapshot, make_requests(world, 1), 650, atp, capacity
    ).decisions
    other = Snapshot(world.snapshot.network, world.snapshot.signals, policy="other")
    with pytest.raises(InputError):
        view_plans(decision, other)
    with pytest.raises(InputError):
        view_plans(msgspec.structs.replace(decision, room="zz"), world.snapshot)
