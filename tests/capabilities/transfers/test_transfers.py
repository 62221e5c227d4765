"""Transfer orders without a database: what may be done when, and that no unit gets lost."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from danshu.capabilities.transfers import decide, evolve
from danshu.capabilities.transfers.facts import TransferPlanned, TransferReceived
from danshu.capabilities.transfers.model import Plan, PlannedUnits, Transfer
from danshu.kernel.errors import Refusal
from danshu.kernel.limits import TRANSFER_RECEIPTS

AT_MS = 1_796_000_000_000


def planned(**units: int) -> Transfer:
    lines = tuple([PlannedUnits(quantity=n, sku=sku) for sku, n in units.items()])
    wish = Plan(from_warehouse="WH01", to_warehouse="SZ01", lines=lines, key="k")
    said = decide.plan(wish, "TR-261130-0001")
    assert isinstance(said, TransferPlanned)
    return evolve.begin(uuid.UUID(int=1), said, "P05", AT_MS)


def go(one: Transfer, said: Any) -> Transfer:
    assert not isinstance(said, Refusal), said
    return one if said is None else evolve.evolve(one, said, "W02", AT_MS)


def receive(
    one: Transfer, key: str, came: dict[str, tuple[int, int]], *, final: bool = False
) -> Any:
    had = {line.sku: 3 for line in one.lines}
    return decide.receive(one, key, came, had, "", final=final)


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ((), "transfer_lines"),
        ((PlannedUnits(quantity=0, sku="A"),), "transfer_lines"),
        ((PlannedUnits(quantity=1, sku="A"),) * 2, "transfer_lines"),
    ],
)
def test_what_is_no_plan(lines: tuple[PlannedUnits, ...], code: str) -> None:
    wish = Plan(from_warehouse="WH01", to_warehouse="SZ01", lines=lines, key="k")
    told = decide.plan(wish, "TR-1")
    assert isinstance(told, Refusal)
    assert told.code == code


def test_a_key_is_done_once() -> None:
    gone = go(planned(A=5), decide.dispatch(planned(A=5), "out", {}, ""))
    assert decide.dispatch(gone, "out", {}, "") is None
    assert decide.dispatch(gone, "other", {}, "") == decide.NOT_PLANNED
    part = go(gone, receive(gone, "in", {"A": (2, 0)}))
    assert receive(part, "in", {"A": (2, 0)}) is None
    assert decide.cancel(part, "late") == decide.NOT_PLANNED
    done = go(part, receive(part, "rest", {}, final=True))
    assert receive(done, "more", {"A": (1, 0)}) == decide.NOT_ON_ITS_WAY


def test_it_is_taken_in_so_often_and_no_more() -> None:
    one = go(planned(A=90), decide.dispatch(planned(A=90), "out", {}, ""))
    for n in range(TRANSFER_RECEIPTS - 1):
        one = go(one, receive(one, f"in-{n}", {"A": (1, 0)}))
    assert receive(one, "last", {"A": (1, 0)}) == decide.OFTEN
    assert go(one, receive(one, "last", {"A": (1, 0)}, final=True)).state == "received"


@settings(max_examples=40)
@given(
    st.dictionaries(st.sampled_from("ABC"), st.integers(1, 50), min_size=1),
    st.data(),
)
def test_units_are_accounted_for(units: dict[str, int], data: st.DataObject) -> None:
    """Whatever is counted: what left is on its way, came whole, came damaged, or is short."""
    one = planned(**units)
    sent = {sku: data.draw(st.integers(0, n)) for sku, n in units.items()}
    said = decide.dispatch(one, "out", sent, "")
    if not any(sent.values()):
        assert said == decide.NOTHING_SENT
        return
    one = go(one, said)
    for n in range(data.draw(st.integers(1, 4))):
        came = {sku: (data.draw(st.integers(0, 40)), data.draw(st.integers(0, 5))) for sku in units}
        said = receive(one, f"in-{n}", came, final=data.draw(st.booleans()))
        if isinstance(said, Refusal):
            continue
        assert isinstance(said, TransferReceived)
        before = {line.sku: line.waiting for line in one.lines}
        one = go(one, said)
        for line in one.lines:
            assert 0 <= line.waiting <= before[line.sku]
            assert line.sent <= line.good + line.damaged + line.waiting or one.state == "received"
        assert (one.state == "received") == said.final
        if not any(line.waiting for line in one.lines):
            assert one.state == "received"
    assert {line.sku: line.sent for line in one.lines} == sent
    assert all(line.had in (-1, 3) for line in one.lines)
