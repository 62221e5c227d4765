"""Acts on orders: what follows, what is refused by which rule; facts fold to the state."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from danshu.capabilities.orders import decide, machines
from danshu.capabilities.orders.evolve import fold
from danshu.capabilities.orders.facts import OrderCancelled
from danshu.capabilities.orders.model import Order, State, state
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import Said
from danshu.kernel.machine import Machine
from tests.capabilities.orders.builders import NOW_MS, SKUS, a_draft, allocated, placed


def act(order: Order, event: str, **more: Any) -> decide.Done:
    done = decide.act(order, decide.Command(event=event, **more), NOW_MS)
    assert isinstance(done, decide.Done), done
    return done


def refused(order: Order, event: str, **more: Any) -> str:
    done = decide.act(order, decide.Command(event=event, **more), NOW_MS)
    assert isinstance(done, Refusal)
    assert done.reason
    assert done.reason_en
    return done.code


@pytest.mark.parametrize("machine", [machines.ORDER, machines.FULFILMENT, machines.HOLD])
def test_machines_are_whole(machine: Machine) -> None:
    assert machine.check() is machine


def test_a_paid_order_goes_all_the_way() -> None:
    order = allocated().order
    assert state(order) is State.ALLOCATED
    words = []
    for event in ("release", "pick", "pack", "ship", "deliver", "complete"):
        order = act(order, event).order
        words.append(state(order).word)
    assert words == ["released", "picked", "packed", "shipped", "delivered", "completed"]


def test_the_header_waits_for_the_last_fulfilment() -> None:
    order = allocated().order
    for event in ("release", "pick", "pack", "ship"):
        done = act(order, event, fulfilment=1)
        order = done.order
    assert state(order) is State.ALLOCATED
    assert done.heard == (("shipment.partial", NOW_MS),)
    for event in ("release", "pick", "pack", "ship"):
        done = act(order, event, fulfilment=2)
        order = done.order
    assert state(order) is State.SHIPPED
    assert done.heard == (("carrier.accepted", NOW_MS),)


@pytest.mark.parametrize(
    ("events", "event", "code"),
    [
        ((), "pick", "not_at_pick"),
        ((), "ship", "not_at_ship"),
        ((), "deliver", "not_at_deliver"),
        ((), "complete", "not_at_complete"),
        ((), "unhold", "not_held"),
        ((), "confirm", "confirmed_already"),
        ((), "pay", "paid_already"),
        (("release", "pick"), "cancel", "picked_already"),
        (("release", "pick", "pack", "ship"), "cancel", "left_already"),
        (("release", "pick", "pack", "ship", "deliver", "complete"), "cancel", "ended_already"),
        (("cancel",), "release", "not_at_release"),
        (("release",), "release", "not_at_release"),
    ],
)
def test_what_the_tables_refuse(events: tuple[str, ...], event: str, code: str) -> None:
    order = allocated().order
    for each in events:
        order = act(order, each).order
    assert refused(order, event) == code


@pytest.mark.parametrize("events", [("release", "pick"), ("release", "pick", "pack")])
def test_what_was_picked_is_recalled_and_can_be_cancelled(events: tuple[str, ...]) -> None:
    order = allocated().order
    assert refused(order, "recall") == "not_at_recall"
    for each in events:
        order = act(order, each).order
    assert refused(order, "cancel") == "picked_already"
    order = act(order, "recall").order
    assert state(order) is State.RELEASED
    assert all(n.released == n.quantity and not n.picked and not n.packed for n in order.lines)
    assert state(act(order, "cancel").order) is State.CANCELLED
    for each in ("pick", "pack", "ship"):
        order = act(order, each).order
    assert refused(order, "recall") == "not_at_recall"


def test_unpaid_orders_are_not_released() -> None:
    order = allocated(a_draft(paid=False)).order
    assert state(order) is State.PLACED
    assert refused(order, "release") == "not_paid"
    assert refused(order, "pay", amount=1) == "underpaid"
    done = act(order, "pay", amount=order.total)
    assert done.heard == (("payment.confirmed", NOW_MS),)
    assert state(done.order) is State.ALLOCATED


def test_a_hold_stops_the_warehouse_until_its_reason_is_gone() -> None:
    order = allocated().order
    order = act(order, "hold", reason="risk_review").order
    assert state(order) is State.HELD
    assert refused(order, "release") == "held"
    assert refused(order, "hold", reason="risk_review") == "held_for_it"
    order = act(order, "unhold", reason="risk_review").order
    assert state(act(order, "release").order) is State.RELEASED


def test_unknown_sku_or_region_holds_and_is_not_routed() -> None:
    draft = a_draft()
    done = decide.place(draft, key="k", region="", skus={"A": 0}, now_ms=NOW_MS)
    assert done.order.holds == ("sku_unknown", "region_unknown")
    assert not decide.routable(done.order)
    assert decide.routable(placed().order)


def test_cancel_frees_what_was_reserved() -> None:
    done = act(act(allocated().order, "release").order, "cancel", reason="buyer")
    (said,) = done.said
    assert isinstance(said.data, OrderCancelled)
    freed = {(p.warehouse, s.sku): s.quantity for p in said.data.freed for s in p.shares}
    assert freed == {("Y", "A"): 2, ("X", "B"): 1}
    assert state(done.order) is State.CANCELLED
    assert all(
        n.allocated == 0 and n.released == 0 and n.cancelled == n.quantity for n in done.order.lines
    )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"lines": ()}, "no_lines"),
        ({"number": ""}, "no_number"),
        ({"total": -1}, "amount"),
        ({"paid": 10**14}, "amount"),
    ],
)
def test_impossible_drafts(change: dict[str, object], code: str) -> None:
    import msgspec

    with pytest.raises(InputError) as error:
        decide.check(msgspec.structs.replace(a_draft(), **change))
    assert error.value.code == code


def test_unknown_events_are_input_errors() -> None:
    with pytest.raises(InputError):
        decide.act(placed().order, decide.Command(event="explode"), NOW_MS)


_ACTS = st.lists(
    st.tuples(
        st.sampled_from(decide.ACTS), st.integers(0, 3), st.sampled_from(["", "risk", "buyer"])
    ),
    max_size=25,
)


@settings(max_examples=300, deadline=None)
@given(
    paid=st.booleans(),
    quantities=st.lists(st.integers(1, 5), min_size=1, max_size=3).map(tuple),
    warehouses=st.sampled_from(["X", "XY", "XYZ"]),
    acts=_ACTS,
)
def test_facts_fold_to_the_state(
    paid: bool, quantities: tuple[int, ...], warehouses: str, acts: list[tuple[str, int, str]]
) -> None:
    done = allocated(a_draft(paid=paid, quantities=quantities), warehouses)
    order, said = done.order, list(done.said)
    for event, fulfilment, reason in acts:
        command = decide.Command(
            event=event,
            fulfilment=fulfilment,
            reason=reason,
            amount=order.total,
            waybill="SF1",
            carrier="SF",
        )
        try:
            outcome = decide.act(order, command, NOW_MS)
        except InputError:
            continue
        if isinstance(outcome, Refusal):
            continue
        order = outcome.order
        said.extend(outcome.said)
    assert fold([(s.data, NOW_MS) for s in said]) == order
    for line in order.lines:
        live = line.quantity - line.cancelled
        assert 0 <= line.delivered <= line.shipped <= line.packed <= line.picked <= line.released
        assert line.released <= line.allocated <= live
    _check_said(said)


def _check_said(said: list[Said]) -> None:
    assert all(s.data is not None for s in said)


def test_a_held_order_is_aligned_when_master_data_has_learnt() -> None:
    order = decide.place(a_draft(), key="k", region="", skus={"A": 0}, now_ms=NOW_MS).order
    first = decide.align(order, "", SKUS)
    assert isinstance(first, decide.Done)
    assert first.order.holds == ("region_unknown",)
    second = decide.align(first.order, "330100", SKUS)
    assert isinstance(second, decide.Done)
    assert second.order.holds == ()
    assert decide.routable(second.order)
    again = decide.align(second.order, "330100", SKUS)
    assert isinstance(again, Refusal)
    assert again.code == "nothing_to_align"
