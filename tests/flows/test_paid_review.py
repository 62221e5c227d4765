"""What is asked when an order is paid, against reference parties, and checked in their books."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator
from typing import Any

import pytest

from danshu.hub import clocks, connecting, connector_outbox
from danshu.hub.worlds import Worlds
from danshu.kernel.limits import PAID_UNDO_AGAIN_S
from danshu.ledger.write import connect as connect_to
from danshu.testing import paid_parties
from danshu.testing.paid_parties import SECRET, Party
from tests.fixtures.engine import ask as query
from tests.fixtures.engine import tell
from tests.fixtures.far_sides import connect
from tests.fixtures.hub import House
from tests.flows.test_workbench_acts import audit

NAMES = ("risk", "finance", "logistics")
Parties = dict[str, Party]


@pytest.fixture
def parties(house: House) -> Iterator[Parties]:
    with contextlib.ExitStack() as stack:
        found = {n: stack.enter_context(paid_parties.serve(n)) for n in NAMES}
        for name, party in found.items():
            connect(house, f"{name}-desk", party.url, {"signing_secret": SECRET})
        yield found


def turn_on(house: House, *parties: dict[str, Any], on: bool = True) -> None:
    version = house.call("GET", "/v1/paid-review-settings").json()["version"]
    wanted = parties or tuple({"name": n} for n in NAMES)
    body = {"version": version, "on": on, "parties": wanted}
    told = house.call("PUT", "/v1/paid-review-settings", body)
    assert told.status_code == 200, told.text


def work(house: House) -> None:
    house.work("sequence", "paid")
    house.work("connectors")


def review(house: House, id_: str) -> Any:
    return house.call("GET", f"/v1/orders/{id_}/paid-review").json()


def states(house: House, id_: str) -> dict[str, str]:
    return {p["name"]: p["state"] for p in review(house, id_)["parties"]}


def ring(house: House, after_s: int) -> None:
    """Let the clocks ring as they will in so many seconds."""
    at_ms = time.time_ns() // 1_000_000 + after_s * 1000

    async def run() -> None:
        async with await connect_to(house.url, "danshu-test") as connection:
            await clocks.fire(connection, Worlds(house.url), at_ms)

    asyncio.run(run())


def hurry(house: House) -> None:
    """Let what waits for its next try be tried now."""
    tell(house.url, "update connector_calls set next_try=now() where state='due'")


def release(house: House, id_: str) -> Any:
    return house.call("POST", f"/v1/orders/{id_}/transitions", {"event": "release"})


def see(house: House, id_: str) -> Any:
    return house.call("GET", f"/v1/orders/{id_}").json()


def test_all_are_asked_by_the_standard_event_and_agree(house: House, parties: Parties) -> None:
    before = house.place()["order"]  # paid before anybody was to be asked
    house.work("sequence")
    turn_on(house)
    id_ = house.place()["order"]
    assert see(house, id_)["holds"] == ["paid_review"]
    assert release(house, id_).status_code == 409
    for party in parties.values():
        party.lose = 1  # an answer that is lost is asked for again under its key
    work(house)
    for name, party in parties.items():
        (held,) = party.held(id_)
        assert (held.event["type"], held.event["subject"]) == ("danshu.order.paid", id_), name
        assert party.held(before) == []
    hurry(house)
    work(house)
    assert states(house, id_) == dict.fromkeys(NAMES, "agreed")
    shown = review(house, id_)
    assert (shown["outcome"], shown["over"]) == ("agreed", True)
    assert shown["parties"][0]["reference"] == parties["risk"].held(id_)[0].id
    assert all(len(p.held(id_)) == 1 for p in parties.values())
    assert release(house, id_).status_code == 200
    assert audit(house) == []


def test_one_refuses_and_the_others_undo_until_a_person_asks_anew(
    house: House, parties: Parties
) -> None:
    turn_on(house)
    parties["logistics"].refuses_all = True
    parties["risk"].refuses_undo = 1
    id_ = house.place()["order"]
    work(house)
    work(house)  # what is to be undone is asked as well
    assert see(house, id_)["holds"] == ["paid_review_refused"]
    assert states(house, id_) == {"risk": "stuck", "finance": "undone", "logistics": "refused"}
    assert house.call("POST", f"/v1/orders/{id_}/paid-review").status_code == 409
    ring(house, after_s=PAID_UNDO_AGAIN_S - 10)
    assert states(house, id_)["risk"] == "stuck"
    ring(house, after_s=PAID_UNDO_AGAIN_S + 10)
    hurry(house)
    house.work("connectors")
    assert states(house, id_)["risk"] == "undone"
    parties["logistics"].refuses_all = False
    shown = house.call("POST", f"/v1/orders/{id_}/paid-review")
    assert (shown.status_code, shown.json()["no"]) == (200, 2), shown.text
    assert see(house, id_)["holds"] == ["paid_review"]
    house.work("connectors")
    assert (see(house, id_)["holds"], review(house, id_)["outcome"]) == ([], "agreed")
    assert audit(house) == []


def test_an_order_that_is_cancelled_takes_back_what_was_agreed(
    house: House, parties: Parties
) -> None:
    turn_on(house)
    parties["finance"].slow = True
    id_ = house.place()["order"]
    work(house)
    assert states(house, id_) == {"risk": "agreed", "finance": "asked", "logistics": "agreed"}
    told = house.call("POST", f"/v1/orders/{id_}/transitions", {"event": "cancel", "reason": "x"})
    assert told.status_code == 200, told.text
    (held,) = parties["finance"].held(id_)
    headers, body = parties["finance"].decide(held.key, yes=True)
    (desk,) = [p["connector"] for p in review(house, id_)["parties"] if p["name"] == "finance"]
    path = f"/v1/connectors/{desk}/callbacks"
    forged = {**headers, "webhook-id": "another"}
    assert house.client.post(path, content=body, headers=forged).status_code == 401
    for _ in range(2):  # said again, it does nothing again
        assert house.client.post(path, content=body, headers=headers).status_code == 204
    work(house)
    assert states(house, id_) == dict.fromkeys(NAMES, "undone")
    for name, party in parties.items():
        (thing,) = party.held(id_)
        assert (thing.state, thing.undos) == (paid_parties.WORDS[name][4], 1)
    assert audit(house) == []


def test_a_process_that_dies_leaves_all_of_a_step_or_none(
    house: House, parties: Parties, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It dies between any two calls of the asking, and between an answer and its record."""
    turn_on(house)
    id_ = house.place()["order"]
    calls, put = "select count(*) from connector_calls", connecting.ask
    for nth in range(len(NAMES)):
        left = nth

        async def ask_some(*told: Any, **more: Any) -> Any:
            nonlocal left
            if not left:
                raise KeyboardInterrupt
            left -= 1
            return await put(*told, **more)

        monkeypatch.setattr(connecting, "ask", ask_some)
        with pytest.raises(KeyboardInterrupt):
            house.work("sequence", "paid")
        assert query(house.url, calls) == 0
        assert review(house, id_)["parties"] == []
    monkeypatch.setattr(connecting, "ask", put)
    house.work("sequence", "paid")
    assert query(house.url, calls) == len(NAMES)
    record = connector_outbox.record

    async def die(connection: Any, outcomes: Any) -> Any:
        await record(connection, outcomes)
        if any(o.is_final for o in outcomes):
            raise KeyboardInterrupt
        return set()

    monkeypatch.setattr(connector_outbox, "record", die)
    with pytest.raises(KeyboardInterrupt):
        house.work("connectors")
    assert set(states(house, id_).values()) == {"asked"}
    monkeypatch.setattr(connector_outbox, "record", record)
    hurry(house)
    house.work("connectors")
    assert states(house, id_) == dict.fromkeys(NAMES, "agreed")
    assert all(len(p.held(id_)) == 1 for p in parties.values())
    assert audit(house) == []


def test_who_asks_nobody_any_more_holds_nothing(house: House, parties: Parties) -> None:
    turn_on(house)
    id_ = house.place(paid_at=None)["order"]
    assert see(house, id_)["holds"] == []
    due = see(house, id_)["total"]
    body = {"event": "pay", "amount_fen": due}
    told = house.call("POST", f"/v1/orders/{id_}/transitions", body)
    assert told.status_code == 200, told.text
    assert see(house, id_)["holds"] == ["paid_review"]
    turn_on(house, on=False)
    work(house)
    assert see(house, id_)["holds"] == []
    assert parties["risk"].books == {}
    stale = {"version": 1, "on": True, "parties": [{"name": "risk"}]}
    assert house.call("PUT", "/v1/paid-review-settings", stale).status_code == 409
    assert audit(house) == []
