"""Parcels: what is split, picked short, lost, sent again and stopped folds to the state."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from danshu.capabilities.orders import decide, intercepts, parcels
from danshu.capabilities.orders.evolve import fold
from danshu.capabilities.orders.facts import OrderCancelled
from danshu.capabilities.orders.machines import FULFILMENT
from danshu.capabilities.orders.model import Order, State, state
from danshu.capabilities.orders.parcel_edges import INTERCEPT
from danshu.kernel.errors import InputError, Refusal
from tests.capabilities.orders.builders import NOW_MS, a_draft, allocated

LATER_MS = NOW_MS + 60_000
LIVE = ("allocated", "released", "picked", "packed", "shipped", "delivered")


def done(told: decide.Done | Refusal) -> decide.Done:
    assert isinstance(told, decide.Done), told
    return told


def code(told: decide.Done | Refusal) -> str:
    assert isinstance(told, Refusal), told
    assert told.reason_en
    return told.code


def act(order: Order, *events: str, **more: Any) -> Order:
    for event in events:
        order = done(decide.act(order, decide.Command(event=event, **more), LATER_MS)).order
    return order


def one(quantities: tuple[int, ...] = (3, 2)) -> Order:
    """An order whose lines all come from one warehouse, in one fulfilment order."""
    return allocated(a_draft(quantities=quantities), warehouses="X").order


def units(order: Order, no: int) -> dict[int, int]:
    return {s.line: s.quantity for s in order.fulfilments[no - 1].shares}


def test_the_tables_are_sound() -> None:
    FULFILMENT.check()
    INTERCEPT.check()


@pytest.mark.parametrize("events", [(), ("release",)])
def test_a_split_keeps_state_and_counts(events: tuple[str, ...]) -> None:
    order = act(one(), *events)
    cut = done(parcels.split(order, 1, [{1: 1}, {1: 1, 2: 2}], reason="易碎")).order
    assert [units(cut, n) for n in (1, 2, 3)] == [{1: 1}, {1: 1}, {1: 1, 2: 2}]
    assert {f.state for f in cut.fulfilments} == {order.fulfilments[0].state}
    assert (cut.lines, state(cut)) == (order.lines, state(order))
    assert [f.of for f in cut.fulfilments] == [0, 1, 1]


def test_what_is_no_split() -> None:
    order = one()
    assert code(parcels.split(order, 1, [{1: 3, 2: 2}])) == "split_all"
    assert code(parcels.split(order, 1, [{}])) == "split_all"
    with pytest.raises(InputError):
        parcels.split(order, 1, [{1: 4}])
    with pytest.raises(InputError):
        parcels.split(order, 1, [{9: 1}])
    assert code(parcels.split(act(order, "release", "pick"), 1, [{1: 1}])) == "not_at_split"


def test_a_short_pick_opens_what_was_not_there_and_the_rest_goes_on() -> None:
    order = act(one(), "release")
    short = done(parcels.pick_short(order, 1, {"A": 1})).order
    assert units(short, 1) == {1: 1, 2: 2}
    assert short.fulfilments[0].state == "picked"
    assert [decide.open_units(n) for n in short.lines] == [2, 0]
    again = done(decide.allocate(short, [(1, "Y", 2)])).order
    sent = act(again, "pack", "ship", fulfilment=1)
    assert state(sent) is State.ALLOCATED  # part of it has left, part has not begun
    whole = act(sent, "release", "pick", "pack", "ship")
    assert state(whole) is State.SHIPPED


def test_a_pick_that_finds_nothing_ends_the_fulfilment_order() -> None:
    order = act(one(), "release")
    none = done(parcels.pick_short(order, 1, {"A": 0, "B": 0})).order
    assert none.fulfilments[0].state == "cancelled"
    assert [decide.open_units(n) for n in none.lines] == [3, 2]
    assert state(none) is State.PAID
    with pytest.raises(InputError):
        parcels.pick_short(order, 1, {"A": 3})
    with pytest.raises(InputError):
        parcels.pick_short(order, 1, {"A": 4})
    with pytest.raises(InputError):
        parcels.pick_short(order, 1, {"C": 0})


@pytest.mark.parametrize(
    ("event", "cause", "left"),
    [
        ("lose", "lost", "lost"),
        ("refuse", "refused", "refused"),
        ("send_back", "damaged", "returned"),
    ],
)
def test_what_did_not_arrive_is_sent_again_once(event: str, cause: str, left: str) -> None:
    order = act(one(), "release", "pick", "pack", "ship", event)
    assert order.fulfilments[0].state == left
    assert state(order) is State.SHIPPED
    assert code(parcels.reship(order, 1, {}, "missing")) == "not_that_cause"
    part = done(parcels.reship(order, 1, {1: 1}, cause)).order
    assert [decide.open_units(n) for n in part.lines] == [1, 0]
    rest = done(parcels.reship(part, 1, {}, cause)).order
    assert [decide.open_units(n) for n in rest.lines] == [3, 2]
    assert code(parcels.reship(rest, 1, {}, cause)) == "sent_again_already"
    assert state(rest) is State.PAID


def test_damaged_units_of_a_delivered_parcel_are_sent_again() -> None:
    order = act(one(), "release", "pick", "pack", "ship", "deliver")
    again = done(parcels.reship(order, 1, {2: 1}, "damaged")).order
    assert [(n.delivered, decide.open_units(n)) for n in again.lines] == [(3, 0), (1, 1)]
    ended = act(order, "complete")
    assert code(parcels.reship(ended, 1, {}, "damaged")) == "ended_already"


def test_the_floor_stops_an_order_and_all_of_it_is_cancelled() -> None:
    order = act(one(), "release", "pick", "pack")
    asked = act(order, "intercept", reason="买家取消")
    assert code(decide.act(asked, decide.Command(event="ship"), LATER_MS)) == "intercept_asked"
    assert code(decide.act(asked, decide.Command(event="intercept"), LATER_MS)) == "intercept_asked"
    told = done(intercepts.answer(asked, 1, "stopped", LATER_MS, by="W01"))
    assert state(told.order) is State.CANCELLED
    assert told.order.cancelled == "买家取消"
    assert told.heard == (("order.cancelled", LATER_MS),)
    assert not any(n.allocated or n.released or n.picked or n.packed for n in told.order.lines)


def test_what_is_too_late_goes_on_and_the_rest_is_cancelled() -> None:
    order = allocated(a_draft(quantities=(2, 1))).order  # two warehouses
    order = act(act(order, "release"), "pick", fulfilment=1)
    asked = act(order, "intercept", reason="r")
    assert [bool(f.intercept) for f in asked.fulfilments] == [True, False]
    told = done(intercepts.answer(asked, 1, "too_late", LATER_MS, by="W01"))
    assert told.heard == ()
    assert [f.state for f in told.order.fulfilments] == ["picked", "cancelled"]
    sent = act(told.order, "pack", "ship")
    assert state(sent) is State.SHIPPED
    assert code(intercepts.answer(sent, 1, "stopped", LATER_MS, by="W01")) == "no_intercept"


def test_a_carrier_is_asked_for_what_is_on_its_way() -> None:
    order = act(one(), "release", "pick", "pack")
    bare = act(order, "ship")
    assert code(decide.act(bare, decide.Command(event="intercept"), LATER_MS)) == "no_carrier"
    sent = act(order, "ship", carrier="yt", waybill="YT1")
    asked = act(sent, "intercept", reason="r")
    yes = done(intercepts.answer(asked, 1, "stopped", LATER_MS, by="carrier", receipt="9")).order
    assert yes.fulfilments[0].state == "shipped"
    assert not yes.cancelled
    assert act(yes, "send_back").fulfilments[0].state == "returned"
    no = done(intercepts.answer(asked, 1, "too_late", LATER_MS, by="carrier")).order
    assert act(no, "deliver").fulfilments[0].state == "delivered"


_EVENTS = (
    *("release", "pick", "pack", "ship", "deliver"),
    *("cancel", "intercept", "lose", "refuse", "send_back"),
)


def told_by(order: Order, kind: str, n: int) -> decide.Done | Refusal:
    """What a step of a random life asks, of fulfilment orders in turn."""
    no = 1 + n % len(order.fulfilments)
    if kind == "act":
        command = decide.Command(event=_EVENTS[n], fulfilment=no if n % 2 else 0)
        return decide.act(order, command, LATER_MS)
    if kind == "split":
        return parcels.split(order, no, [{1 + n % 2: 1}])
    if kind == "short":
        return parcels.pick_short(order, no, {"AB"[n % 2]: n % 3})
    if kind == "reship":
        return parcels.reship(order, no, {}, parcels.CAUSES[n % 5])
    return intercepts.answer(order, no, ("stopped", "too_late")[n % 2], LATER_MS, by="t")


def held_of(order: Order, no: int) -> dict[str, int]:
    """The units of a line at each stage, as its parcels say."""
    held = dict.fromkeys(LIVE, 0)
    for f in order.fulfilments:
        gone = {s.line: s.quantity for s in f.sent_again}.get(no, 0)
        here = sum(s.quantity for s in f.shares if s.line == no) - gone
        at = "shipped" if f.state in ("lost", "refused", "returned") else f.state
        for each in LIVE[: LIVE.index(at) + 1] if at in LIVE else ():
            held[each] += here
    return held


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["act", "split", "short", "reship", "answer"]), st.integers(0, 9)
        ),
        max_size=14,
    )
)
def test_any_life_adds_up_and_folds(steps: list[tuple[str, int]]) -> None:
    start = allocated(a_draft(quantities=(3, 2)), warehouses="XY")
    order, said = start.order, list(start.said)
    for kind, n in steps:
        try:
            told = told_by(order, kind, n)
        except InputError:
            continue
        if isinstance(told, Refusal):
            continue
        order = told.order
        said += told.said
        if any(decide.open_units(line) for line in order.lines) and not order.cancelled:
            plan = [(x.no, "Z", decide.open_units(x)) for x in order.lines if decide.open_units(x)]
            more = done(decide.allocate(order, plan))
            order = more.order
            said += more.said
    assert fold([(s.data, NOW_MS) for s in said]) == order
    for line in order.lines:
        assert {s: getattr(line, s) for s in LIVE} == held_of(order, line.no)
        assert 0 <= line.cancelled <= line.quantity
        assert line.allocated + line.cancelled <= line.quantity
    given_up = [s.data for s in said if isinstance(s.data, OrderCancelled)]
    assert bool(given_up) == bool(order.cancelled)
