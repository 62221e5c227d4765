"""What the page offers is what succeeds, whatever has happened to the order before."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fixtures.engine import ask
from tests.fixtures.hub import House, open_house

_reasons = itertools.count(1)


@pytest.fixture(scope="module")
def home(engine: Any, template: str) -> Iterator[House]:
    """One house for all examples of the property: each has orders of its own."""
    from tests.fixtures import engine as stores

    with stores._fresh(engine, template) as make, open_house(make()) as opened:
        yield opened


def offers(house: House, order: str, role: str = "admin", **params: Any) -> list[Any]:
    response = house.call("GET", f"/v1/orders/{order}/actions", role=role, params=params)
    assert response.status_code == 200, response.text
    items: list[Any] = response.json()["items"]
    return items


def do(house: House, order: str, offer: Any, role: str = "admin") -> Any:
    """Do what was offered, telling what it needs."""
    due = house.call("GET", f"/v1/orders/{order}/sheet").json()["due"]
    needs = {n["name"]: n["required"] for n in offer["needs"]}
    body: dict[str, Any] = {"event": offer["event"], "fulfilment": offer["fulfilment"]}
    if needs.get("reason"):
        body["reason"] = f"第 {next(_reasons)} 次"
    if "amount_fen" in needs:
        body["amount_fen"] = due if offer["event"] == "pay" else 1
    if "waybill" in needs:
        body |= {"carrier": "SF", "waybill": "SF1"}
    if offer["exclude"]:
        body["exclude"] = offer["exclude"]
    return house.call("POST", f"/v1/orders/{order}/transitions", body, role=role)


@settings(max_examples=15, deadline=None)
@given(
    paid=st.booleans(),
    lines=st.integers(1, 3),
    draws=st.lists(st.integers(0, 10_000), min_size=1, max_size=12),
)
def test_what_is_offered_succeeds_and_what_is_refused_does_not(
    home: House, paid: bool, lines: int, draws: list[int]
) -> None:
    from tests.fixtures.hub import PAID_AT, SKUS

    order = home.place(
        paid_at=PAID_AT if paid else None,
        lines=[{"sku": SKUS[i].code, "quantity": 2, "price_fen": 700} for i in range(lines)],
    )["order"]
    for draw in draws:
        items = offers(home, order)
        assert len({(o["event"], o["fulfilment"]) for o in items}) == len(items)
        for offer in items:
            assert offer["legal"]
            if offer["state"] == "refused":
                assert offer["reason"]
                assert offer["way"]
                refused = do(home, order, offer)
                assert (refused.status_code, refused.json()["code"]) == (409, offer["code"])
                assert refused.json()["reason"] == offer["reason"]
        able = [o for o in items if o["state"] == "allowed"]
        if not able:
            continue
        offer = able[draw % len(able)]
        done = do(home, order, offer)
        assert done.status_code == 200, (offer, done.text)
        assert done.json()["state"] == offer["effect"]["after"]


def test_offering_leaves_no_trace(home: House) -> None:
    order = home.place()["order"]
    before = ask(home.url, "select count(*) from facts")
    units = ask(home.url, "select sum(reserved) from stock")
    first = offers(home, order)
    for _ in range(3):
        assert offers(home, order) == first
    assert ask(home.url, "select count(*) from facts") == before
    assert ask(home.url, "select sum(reserved) from stock") == units


def test_a_cancellation_says_what_is_owed_and_what_must_stop(home: House) -> None:
    order = home.place(postage_fen=800)["order"]
    home.call("POST", f"/v1/orders/{order}/transitions", {"event": "release"})
    (cancel,) = [o for o in offers(home, order) if o["event"] == "cancel"]
    total = home.call("GET", f"/v1/orders/{order}").json()["total"]
    assert cancel["effect"]["refund"] == total
    assert cancel["reversible"] == "no"
    (freed,) = cancel["effect"]["freed"]
    assert freed["stop"]
    assert freed["units"] == 3
    ended = {p["code"]: p["after"] for p in cancel["effect"]["promises"]}
    assert ended["ship48h"] == "superseded"
    (primary,) = [o for o in offers(home, order) if o["primary"]]
    assert primary["event"] == "pick"


def test_a_refusal_names_the_way_out(home: House) -> None:
    order = home.place()["order"]
    for event in ("release", "pick"):
        home.call("POST", f"/v1/orders/{order}/transitions", {"event": event})
    (cancel,) = [o for o in offers(home, order) if o["event"] == "cancel"]
    assert cancel["effect"]["facts"] == ["intercept.requested"]  # the floor is asked to stop
    for event in ("pack", "ship"):
        home.call("POST", f"/v1/orders/{order}/transitions", {"event": event})
    (cancel,) = [o for o in offers(home, order) if o["event"] == "cancel"]
    assert (cancel["state"], cancel["code"]) == ("refused", "left_already")
    assert cancel["way_event"] == "intercept"
    (english,) = [o for o in offers(home, order, lang="en") if o["event"] == "cancel"]
    assert english["reason"] == "Handed over already: use a return"


def test_each_caller_is_offered_what_they_may(home: House) -> None:
    order = home.place()["order"]
    by_role = {
        role: {(o["event"], o["fulfilment"]): o["state"] for o in offers(home, order, role=role)}
        for role in ("admin", "warehouse", "viewer")
    }
    assert by_role["admin"]["release", 0] == "allowed"
    assert by_role["warehouse"]["release", 0] == "allowed"
    assert by_role["warehouse"]["cancel", 0] == "not_permitted"
    assert by_role["viewer"]["release", 0] == "not_permitted"
    assert ("pick", 0) not in by_role["viewer"]  # neither permitted nor possible now
    assert set(by_role["viewer"].values()) == {"not_permitted"}
    (release,) = [
        o
        for o in offers(home, order, role="viewer")
        if (o["event"], o["fulfilment"]) == ("release", 0)
    ]
    assert "warehouse" in release["roles"]
    assert "service" not in release["roles"]
    assert do(home, order, release, role="viewer").status_code == 403


def test_stock_that_others_took_is_not_offered(databases: Callable[[], str]) -> None:
    with open_house(databases()) as house:
        from tests.fixtures.hub import SKUS, UNITS, WAREHOUSES

        many = {"sku": SKUS[0].code, "quantity": UNITS * len(WAREHOUSES) + 1, "price_fen": 1}
        order = house.place(lines=[many])["order"]
        (allocate,) = [o for o in offers(house, order) if o["event"] == "allocate"]
        assert (allocate["state"], allocate["code"]) == ("refused", "no_stock")
        house.work("sequence")
        (awaited,) = house.call("GET", f"/v1/orders/{order}/timeline").json()["awaited"]
        assert awaited["event"] == "allocate"
        assert awaited["figures"][0]["amount"] == many["quantity"]
