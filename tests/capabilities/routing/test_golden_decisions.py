"""Recorded decisions are replayed to the same bytes, by both engines."""

from __future__ import annotations

import msgspec
import pytest

from danshu.capabilities.routing.decide import replay
from danshu.capabilities.routing.snapshot import load_snapshot
from tests.capabilities.routing.golden_decisions import read

_encode = msgspec.json.Encoder(order="sorted").encode


@pytest.mark.parametrize("name", ["rulings", "prices", "signals"])
def test_a_golden_set_replays_to_its_bytes(name: str) -> None:
    raw, decisions = read(name)
    assert len(decisions) == 20
    snapshot = load_snapshot(raw, decisions[0].snapshot)
    for decision in decisions:
        assert _encode(replay(decision, snapshot)) == _encode(decision)
        other = msgspec.structs.replace(decision, engine="numba")
        again = replay(other, snapshot)
        assert (again.plan, again.plans, again.parts_fen) == (
            decision.plan,
            decision.plans,
            decision.parts_fen,
        )


def test_the_golden_sets_reach_what_they_are_for() -> None:
    _, ruled = read("rulings")
    assert sum(d.ruling is not None for d in ruled) > 5
    raw, _ = read("prices")
    assert load_snapshot(raw).prices.mu_fen.any()
    raw, stale = read("signals")
    fields = load_snapshot(raw).signals.fields.values()
    assert {int(s) for field in fields for s in field.status.ravel()} == {0, 1, 2, 3}
    assert len({code for d in stale for _, code in d.plan}) > 3
