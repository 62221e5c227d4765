"""Amendments: what may change when, what is freed, and money that adds up whatever the sequence."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from danshu.capabilities.orders import amending, decide, facts
from danshu.capabilities.orders.amend_facts import OrderAmended
from danshu.capabilities.orders.amending import LineWish, Wish
from danshu.capabilities.orders.evolve import fold
from danshu.capabilities.orders.model import Bundled, Order, stage
from danshu.kernel.errors import InputError, Refusal
from tests.capabilities.orders.builders import NOW_MS, a_draft, allocated, placed


def act(order: Order, event: str, **more: Any) -> Order:
    done = decide.act(order, decide.Command(event=event, **more), NOW_MS)
    assert isinstance(done, decide.Done), done
    return done.order


def wish(*lines: LineWish, **more: Any) -> Wish:
    return Wish(by="person:1", reason="买家来电", lines=lines, **more)


def amended(order: Order, *lines: LineWish, **more: Any) -> tuple[Order, OrderAmended]:
    done = amending.amend(order, wish(*lines, **more))
    assert isinstance(done, decide.Done), done
    (said, *_) = done.said
    assert isinstance(said.data, OrderAmended)
    return done.order, said.data


def refused(order: Order, *lines: LineWish, **more: Any) -> str:
    done = amending.amend(order, wish(*lines, **more))
    assert isinstance(done, Refusal), done
    assert done.reason
    assert done.reason_en
    assert done.clause
    return done.code


def test_fewer_units_leave_their_warehouse_and_are_owed() -> None:
    order, data = amended(allocated().order, LineWish(line=1, quantity=1))
    assert [(n.quantity, n.allocated, n.paid) for n in order.lines] == [(1, 1, 1000), (1, 1, 1000)]
    assert [(p.warehouse, p.shares[0].quantity) for p in data.freed] == [("Y", 1)]
    assert (data.owed, data.due, order.total, order.goods) == (1000, 0, 2000, 2000)
    assert order.holds == ()


def test_a_line_given_up_cancels_its_fulfilment_order() -> None:
    order, data = amended(allocated().order, LineWish(line=2, quantity=0))
    assert [f.state for f in order.fulfilments] == ["allocated", "cancelled"]
    assert (order.lines[1].quantity, order.lines[1].paid, data.owed) == (0, 0, 1000)
    assert refused(order, LineWish(line=1, quantity=0)) == "nothing_left"
    _, less = amended(order, LineWish(line=1, quantity=1))
    assert less.owed == 1000  # by this amendment: what is owed adds up over all of them


def test_what_is_released_is_stopped_what_is_picked_is_recalled_what_left_returns() -> None:
    released = act(allocated().order, "release")
    order, _ = amended(released, LineWish(line=1, quantity=1))
    assert (order.lines[0].allocated, order.lines[0].released) == (1, 1)
    picked = act(released, "pick", fulfilment=1)
    assert refused(picked, LineWish(line=1, quantity=1)) == "recall_first"
    assert refused(picked, region="310115") == "recall_first"
    shipped = act(act(picked, "pack", fulfilment=1), "ship", fulfilment=1)
    assert refused(shipped, LineWish(line=1, quantity=1)) == "use_return"
    assert refused(shipped, region="310115") == "use_return"
    later, _ = amended(shipped, LineWish(line=2, quantity=0))
    assert stage(later).word == "shipped"


def test_a_dearer_order_waits_for_the_supplement_and_goes_on_when_it_is_paid() -> None:
    order, data = amended(allocated().order, LineWish(sku="C", quantity=2, price=300))
    assert (data.due, data.owed, order.holds) == (600, 0, ("supplement_due",))
    assert decide.open_units(order.lines[2]) == 2
    told = decide.act(order, decide.Command(event="release"), NOW_MS)
    assert isinstance(told, Refusal)
    assert told.code == "held"
    part = act(order, "pay", amount=200)
    assert part.holds == ("supplement_due",)
    over = decide.act(part, decide.Command(event="pay", amount=401), NOW_MS)
    assert isinstance(over, Refusal)
    assert over.code == "more_than_due"
    whole = act(part, "pay", amount=400)
    assert (whole.holds, whole.paid) == ((), 3600)
    cheaper, less = amended(order, LineWish(line=3, quantity=0))
    assert (cheaper.holds, less.due, less.owed) == ((), 0, 0)


def test_a_price_of_the_whole_is_shared_out_over_the_lines() -> None:
    order, data = amended(allocated().order, total=2_999)
    assert (order.total, order.discount, data.owed) == (2_999, 1, 1)
    assert sum(n.paid for n in order.lines) == 2_999


def test_an_unpaid_order_owes_nothing() -> None:
    order, data = amended(placed(a_draft(paid=False)).order, LineWish(line=1, quantity=5))
    assert (data.due, data.owed, order.holds, order.total) == (0, 0, (), 6000)


def test_another_region_takes_all_back_and_a_pinned_warehouse_stays() -> None:
    order, data = amended(allocated().order, region="310115", receiver="r-1")
    assert (order.region, order.receivers) == ("310115", ("r-1",))
    assert (data.region_was, len(data.freed)) == ("330100", 2)
    assert [n.allocated for n in order.lines] == [0, 0]
    start = allocated().order
    pinned = replace(
        start, fulfilments=(replace(start.fulfilments[0], pinned=True), start.fulfilments[1])
    )
    assert refused(pinned, region="310115") == "pinned_by_person"


def test_a_bundle_changes_whole_and_a_merged_parcel_not_at_all() -> None:
    start = allocated(a_draft(quantities=(4, 2))).order
    of = Bundled(amount=4000, line=1, price=3000, sku="SET", title="套装", units=2)
    lines = (
        replace(start.lines[0], bundle=of),
        replace(start.lines[1], bundle=replace(of, amount=2000)),
    )
    order = replace(start, lines=lines)
    assert refused(order, LineWish(line=1, quantity=2)) == "whole_bundles"
    assert refused(order, LineWish(line=1, price=1)) == "whole_bundles"
    halves = (LineWish(line=1, quantity=2), LineWish(line=2, quantity=1))
    after, data = amended(order, *halves)
    told = [(n.quantity, n.bundle.units, n.bundle.amount) for n in after.lines if n.bundle]
    assert told == [(2, 1, 2000), (1, 1, 1000)]
    assert (after.goods, after.total, data.owed) == (3000, 3000, 3000)
    merged = replace(start, fulfilments=tuple([replace(f, group="g-1") for f in start.fulfilments]))
    assert refused(merged, region="310115") == "merged_parcel"
    assert refused(merged, LineWish(line=1, quantity=1)) == "merged_parcel"


@pytest.mark.parametrize(
    ("lines", "more"),
    [
        ((LineWish(line=9, quantity=1),), {}),
        ((LineWish(line=1, quantity=1), LineWish(line=1, quantity=2)), {}),
        ((LineWish(sku="C", quantity=0, price=1),), {}),
        ((LineWish(line=1, replaces=9, quantity=1),), {}),
        ((LineWish(line=1, quantity=100_000_000),), {}),
        ((), {"total": -1}),
    ],
)
def test_what_cannot_be_said_is_an_error(lines: tuple[LineWish, ...], more: Any) -> None:
    with pytest.raises(InputError):
        amending.amend(allocated().order, wish(*lines, **more))


def test_the_same_again_and_what_has_ended_are_refused() -> None:
    order = allocated().order
    assert refused(order, LineWish(line=1, quantity=2)) == "nothing_amended"
    assert refused(act(order, "cancel"), LineWish(line=1, quantity=1)) == "ended_already"


STEPS = st.one_of(
    st.tuples(
        st.sampled_from(["release", "pick", "pack", "recall", "ship", "deliver", "cancel", "pay"]),
        st.integers(0, 3),
        st.integers(1, 900),
    ),
    st.tuples(st.just("allocate"), st.integers(0, 1), st.integers(1, 3)),
    st.tuples(st.just("amend"), st.integers(0, 4), st.integers(0, 5)),
    st.tuples(st.just("add"), st.integers(0, 2), st.integers(1, 3)),
    st.tuples(st.just("total"), st.just(0), st.integers(0, 9_000)),
    st.tuples(st.just("move"), st.just(0), st.integers(0, 1)),
    st.tuples(st.just("price"), st.integers(1, 3), st.integers(0, 2_000)),
)


def _step(order: Order, kind: str, at: int, n: int) -> decide.Done | Refusal:
    if kind == "allocate":
        plan = [
            (line.no, "XY"[(line.no + at) % 2], min(n, decide.open_units(line)))
            for line in order.lines
            if decide.open_units(line) > 0
        ]
        return decide.BACKORDER if order.cancelled else decide.allocate(order, plan)
    if kind == "amend":
        return amending.amend(order, wish(LineWish(line=at, quantity=n)), regroup=bool(n % 2))
    if kind == "price":
        return amending.amend(order, wish(LineWish(line=at, price=n)))
    if kind == "add":
        return amending.amend(order, wish(LineWish(sku="ABC"[at], quantity=n, price=n * 333)))
    if kind == "total":
        return amending.amend(order, wish(total=n))
    if kind == "move":
        return amending.amend(order, wish(region=("310115", "330100")[n], receiver="r"))
    return decide.act(order, decide.Command(event=kind, fulfilment=at, amount=n), NOW_MS)


def _reserved(said: list[Any]) -> dict[tuple[str, str], int]:
    """Units by warehouse and SKU as the facts add and take them."""
    units: dict[tuple[str, str], int] = {}
    for data in said:
        parts = getattr(data, "fulfilments", None) or getattr(data, "freed", None) or ()
        sign = 1 if isinstance(data, facts.OrderAllocated) else -1
        for part in (data,) if isinstance(data, facts.OrderShipped) else parts:
            for share in part.shares:
                place = part.warehouse, share.sku
                units[place] = units.get(place, 0) + sign * share.quantity
    return {k: v for k, v in units.items() if v}


def _lying(order: Order) -> dict[tuple[str, str], int]:
    """Units by warehouse and SKU that lie there for the order."""
    units: dict[tuple[str, str], int] = {}
    for f in order.fulfilments:
        for share in f.shares if f.state in ("allocated", "released", "picked", "packed") else ():
            place = f.warehouse, share.sku
            units[place] = units.get(place, 0) + share.quantity
    return units


@settings(max_examples=150, deadline=None)
@given(st.booleans(), st.lists(STEPS, max_size=16))
def test_any_life_keeps_lines_stock_and_money_exact(
    paid: bool, steps: list[tuple[str, int, int]]
) -> None:
    first = allocated(a_draft(paid=paid, quantities=(3, 2)))
    order, said = first.order, [s.data for s in first.said]
    for kind, at, n in steps:
        try:
            done = _step(order, kind, at, n)
        except InputError:
            continue
        if isinstance(done, decide.Done):
            order = done.order
            said += [s.data for s in done.said]
    assert _reserved(said) == _lying(order)
    for line in order.lines:
        stages = [line.quantity - line.cancelled, line.allocated, line.released, line.picked]
        stages += [line.packed, line.shipped, line.delivered, 0]
        assert stages == sorted(stages, reverse=True)
    assert order.total == sum(line.paid for line in order.lines) + order.postage
    assert order.total == order.goods - order.discount + order.postage
    if order.paid_ms and not order.cancelled:
        assert ("supplement_due" in order.holds) == (order.total > order.paid)
    assert fold([(data, NOW_MS) for data in said]) == order
