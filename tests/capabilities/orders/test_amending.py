"""Amendments: what may change when, what is freed, and money that adds up whatever the sequence."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from danshu.capabilities.orders import amending, decide
from danshu.capabilities.orders.amend_facts import OrderAmended
from danshu.capabilities.orders.amending import LineWish, Wish
from danshu.capabilities.orders.model import Order, stage
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
