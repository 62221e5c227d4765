"""Decisions are small, canonical, replay to the same bytes and explain themselves."""

from __future__ import annotations

import zlib
from typing import Any

import msgspec
import numpy as np
import pytest

from danshu.capabilities.routing.batch import PART_NAMES
from danshu.capabilities.routing.blocks import digest_block, pack_block, unpack_block
from danshu.capabilities.routing.decide import Decision, decide_batch, find_engine, replay
from danshu.capabilities.routing.explain import explain
from danshu.capabilities.routing.reasons import Reason
from danshu.capabilities.routing.snapshot import Snapshot, load_snapshot
from danshu.kernel.canonical import encode_struct
from danshu.kernel.errors import InputError, ProgramError
from tests.capabilities.routing.worlds import World, make_requests, make_world


def decide_all(world: World, engine: str = "numba", **how) -> list[Decision]:
    atp, capacity = world.counters()
    requests = make_requests(world, how.pop("count", 150), **how)
    return decide_batch(world.snapshot, requests, 650, atp, capacity, engine).decisions


@pytest.mark.parametrize("engine", ["numba", "python"])
@pytest.mark.parametrize("lines", [(1, 5), (6, 20)])
def test_replay_gives_the_same_bytes(engine: str, lines: tuple[int, int]) -> None:
    world = make_world(seed=3, priced=True, skus=80)
    stored = load_snapshot(world.snapshot.dump(), world.snapshot.digest)
    decisions = decide_all(world, engine, count=60, lines=lines, twins=0.4)
    assert any(decision.held for decision in decisions)
    for decision in decisions:
        raw = encode_struct(decision)
        read = msgspec.json.decode(raw, type=Decision)
        assert encode_struct(replay(read, stored)) == raw


def test_replay_with_64_warehouses() -> None:
    world = make_world(seed=8, warehouses=64)
    for decision in decide_all(world, count=40):
        assert encode_struct(replay(decision, world.snapshot)) == encode_struct(decision)


def test_engines_write_the_same_record_but_for_their_name() -> None:
    for ours, theirs in zip(
        decide_all(make_world(seed=5)), decide_all(make_world(seed=5), "python"), strict=True
    ):
        assert msgspec.structs.replace(theirs, engine="numba") == ours


def test_a_record_of_three_lines_is_small() -> None:
    world = make_world(seed=3)
    sizes = [len(encode_struct(each)) for each in decide_all(world, lines=(3, 3), twins=0)]
    assert max(sizes) < 700


def test_a_changed_record_does_not_replay_to_itself() -> None:
    world = make_world(seed=6)
    decision = next(d for d in decide_all(world) if len(d.plans) == 3 and d.margin_fen > 100)
    forged = msgspec.structs.replace(decision, plan=((1, decision.plans[1].warehouses[0]),))
    assert encode_struct(replay(forged, world.snapshot)) != encode_struct(forged)
    other = Snapshot(world.snapshot.network, world.snapshot.signals, policy="other")
    with pytest.raises(InputError):
        replay(decision, other)
    with pytest.raises(InputError):
        replay(msgspec.structs.replace(decision, room="zz"), world.snapshot)


def test_the_desk_can_reserve_from_the_arrays() -> None:
    world = make_world(seed=7)
    atp, capacity = world.counters()
    requests = make_requests(world, 200)
    decided = decide_batch(world.snapshot, requests, 650, atp, capacity)
    left = world.atp.astype(np.int64)
    chosen = decided.routed.warehouse[0]
    for sku, warehouse, qty in zip(decided.batch.sku, chosen, decided.batch.qty, strict=True):
        if warehouse >= 0:
            left[sku, warehouse] -= qty
    assert np.array_equal(left, atp)
    assert left.min() == 0  # it did run out
    codes = [*world.snapshot.network.codes, ""]
    told = [code for decision in decided.decisions for _, code in decision.plan]
    assert told == [codes[w] for w in chosen]


def test_explain_tells_of_every_warehouse_and_variable() -> None:
    world = make_world(seed=11)
    decisions = [d for d in decide_all(world) if len(d.plans) > 1 and d.plans[0].warehouses]
    for decision in decisions[:40]:
        told = explain(decision, world.snapshot)
        assert len(told.warehouses) == 37
        assert {view.number for view in told.variables} == set(range(1, 18))
        assert {view.status for view in told.variables} == {"declared_default", "live", "tariff"}
        assert all(view.age_s is None for view in told.variables)
        assert sum(told.parts_fen.values()) == decision.plans[0].total_fen
        for view in told.warehouses:
            assert [reason.bit for reason in view.reasons] == [
                bit for bit in Reason if view.bits & bit
            ]
            if view.chosen:
                assert not view.order_bits
                assert any(bits == 0 for bits in view.line_bits)
            if view.bits == 0:
                # It could have shipped everything alone: then it was not cheaper.
                assert sum(view.more_fen.values()) >= 0


def test_explain_agrees_with_single_line_runners_up() -> None:
    world = make_world(seed=12)
    seen = 0
    for decision in decide_all(world, lines=(1, 1), count=120):
        told = explain(decision, world.snapshot)
        feasible = sorted(
            (sum(view.alone_fen.values()), view.code) for view in told.warehouses if view.bits == 0
        )
        expected = [(plan.total_fen, *plan.warehouses) for plan in decision.plans]
        shipping = [each for each in expected if len(each) > 1]
        assert feasible[: len(shipping)] == shipping
        seen += len(shipping) == 3
    assert seen > 20


def test_explain_refuses_what_it_cannot_know() -> None:
    world = make_world(seed=12)
    decision = decide_all(world)[0]
    with pytest.raises(InputError):
        explain(decision, world.snapshot, warehouse="nowhere")
    with pytest.raises(InputError):
        explain(decision, Snapshot(world.snapshot.network, world.snapshot.signals, policy="x"))


def test_parts_are_named() -> None:
    decision = decide_all(make_world(seed=3))[0]
    assert len(decision.parts_fen) == len(PART_NAMES) - 1  # policy had no say


def test_unknown_engine_and_wrong_counters_are_program_errors() -> None:
    world = make_world(seed=3)
    with pytest.raises(ProgramError):
        find_engine("abacus")
    atp, capacity = world.counters()
    wrong: list[tuple[Any, Any]] = [
        (atp.astype(np.int64), capacity),
        (atp[:, :-1].copy(), capacity),
        (atp, capacity[:-1].copy()),
        (atp, capacity.astype(np.float32)),
    ]
    for stock, room in wrong:
        with pytest.raises(ProgramError):
            decide_batch(world.snapshot, make_requests(world, 1), 0, stock, room)


def test_a_snapshot_of_an_earlier_form_keeps_its_name() -> None:
    """Sites once had no kind and no region: their decisions replay all the same."""
    world = make_world(3)
    header, arrays = unpack_block(world.snapshot.content)
    header["network"]["sites"] = [site[:5] for site in header["network"]["sites"]]
    earlier = pack_block(header, arrays)
    digest = digest_block(earlier)
    assert digest != world.snapshot.digest
    snapshot = load_snapshot(zlib.compress(earlier), digest)
    assert snapshot.digest == digest
    atp, capacity = world.counters()
    decided = decide_batch(snapshot, make_requests(world, 20), 600, atp, capacity)
    again = load_snapshot(snapshot.dump(), digest)
    for decision in decided.decisions:
        assert encode_struct(replay(decision, again)) == encode_struct(decision)
