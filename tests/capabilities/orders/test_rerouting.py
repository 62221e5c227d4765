"""Taking back what no warehouse has begun: what is freed, what is refused, how it folds."""

from __future__ import annotations

from typing import Any

from danshu.capabilities.orders import decide, rerouting
from danshu.capabilities.orders.facts import OrderWithdrawn
from danshu.capabilities.orders.model import Order, State, state
from danshu.kernel.errors import Refusal
from tests.capabilities.orders.builders import NOW_MS, a_draft, allocated, placed


def act(order: Order, event: str, **more: Any) -> Order:
    done = decide.act(order, decide.Command(event=event, **more), NOW_MS)
    assert isinstance(done, decide.Done), done
    return done.order


def withdraw(order: Order) -> decide.Done:
    done = rerouting.withdraw(order, "暴雨", ("X",))
    assert isinstance(done, decide.Done), done
    return done


def refused(order: Order) -> str:
    done = rerouting.withdraw(order, "", ())
    assert isinstance(done, Refusal), done
    assert done.reason
    assert done.reason_en
    return done.code


def test_all_that_waits_is_taken_back() -> None:
    order = allocated().order
    done = withdraw(order)
    assert [f.state for f in done.order.fulfilments] == ["cancelled", "cancelled"]
    assert [n.allocated for n in done.order.lines] == [0, 0]
    assert state(done.order) is State.PAID
    (said,) = done.said
    assert isinstance(said.data, OrderWithdrawn)
    assert (said.data.excluded, said.data.reason) == (("X",), "暴雨")
    assert sorted(code for code, _ in rerouting.freed(done)) == ["X", "Y"]
    again = decide.allocate(done.order, [(1, "Z", 2), (2, "Z", 1)])
    assert isinstance(again, decide.Done)
    assert state(again.order) is State.ALLOCATED
    assert [f.no for f in again.order.fulfilments] == [1, 2, 3]


def test_what_a_warehouse_has_begun_stays() -> None:
    order = act(allocated().order, "release", fulfilment=1)
    done = withdraw(order)
    assert [f.state for f in done.order.fulfilments] == ["released", "cancelled"]
    assert [n.allocated for n in done.order.lines] == [2, 0]


def test_nothing_to_take_back_is_refused_with_its_reason() -> None:
    released = act(allocated().order, "release")
    assert refused(released) == "begun_already"
    assert refused(act(released, "pick")) == "not_at_reroute"
    assert refused(act(allocated().order, "cancel")) == "ended_already"


def test_what_has_no_warehouse_yet_has_nothing_to_take_back() -> None:
    done = withdraw(placed(a_draft()).order)
    assert done.said == ()
