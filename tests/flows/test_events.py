"""Published events: what is subscribed to arrives, in order, at least once, signed; what can't be
delivered holds up itself; what was given up comes back.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from danshu.hub import event_forms
from danshu.hub.events_room import Engine
from danshu.testing import event_receivers
from danshu.testing.event_receivers import LOSE, LOSE_ANSWER, Receiver
from tests.fixtures.events import subscribe, tell_events
from tests.fixtures.floor import audit
from tests.fixtures.hub import House
from tests.fixtures.negotiating import add_rider, offer, open_call, speak
from tests.fixtures.policies import negotiate_all, publish
from tests.flows.asking import everything, get


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with event_receivers.serve() as served:
        yield served


def placed(house: House) -> str:
    return str(house.place()["order"])


def told_of(house: House, order: str) -> list[str]:
    """The ids of an order's own events, as they are pulled."""
    wanted = json.dumps({"exact": {"subject": order}})
    found = get(house, "/v1/events", types="order.*", filter=wanted)["events"]
    return [each["id"] for each in found]


def hold(house: House, order: str) -> None:
    done = house.call("POST", f"/v1/orders/{order}/transitions", {"event": "hold", "reason": "问"})
    assert done.status_code == 200, done.text


def act(house: House, **asked: Any) -> Any:
    return house.call("POST", "/v1/dead-letters/acts", asked)


def wait_for(house: House, job: str) -> None:
    for _ in range(200):
        if house.call("GET", f"/v1/jobs/{job}").json()["ended"]:
            return
        time.sleep(0.05)
    raise AssertionError("the job does not end")


def view(house: House, id_: str) -> dict[str, Any]:
    found: dict[str, Any] = house.call("GET", f"/v1/subscriptions/{id_}").json()
    return found


def test_topics_of_negotiations_and_policies(house: House, receiver: Receiver) -> None:
    page = add_rider(house, "r1")
    before = open_call(house, placed(house), parties=["r1"])["id"]
    house.work("sequence")
    types = ("danshu.negotiation.*", "policy_set.*", "shipment.arranged")
    id_ = subscribe(house, receiver, *types, width=1)
    call = open_call(house, placed(house), parties=["r1"])["id"]
    assert offer(house, page, call, 1_200).status_code == 200
    speak(house, page, call, "confirm", "c", award="a1")
    receiver.answers = [503]
    tell_events(house)
    assert receiver.events == [], "nothing overtakes what could not be sent"
    waits = view(house, id_)
    assert (waits["state"], waits["parked"], waits["trouble"]) == (
        "broken",
        0,
        "the receiver answers 503",
    )
    receiver.answers = [LOSE_ANSWER]  # taken, and the answer is lost
    tell_events(house)
    publish(house, negotiate_all(review=False), "协商")
    tell_events(house)
    of_call = [e for e in receiver.events if e.subject == call]
    kinds = ["opened", "proposed", "awarded", "confirmed"]
    assert [e.type for e in of_call] == [f"danshu.negotiation.{kind}" for kind in kinds]
    assert sorted(e.type for e in receiver.events if e not in of_call) == [
        "danshu.policy_set.activated",
        "danshu.policy_set.published",
        "danshu.shipment.arranged",
    ]
    assert before not in str(receiver.events)
    assert sorted(receiver.came.values()) == [*[1] * 6, 2]


def test_one_bad_order_holds_up_itself_alone(house: House, receiver: Receiver) -> None:
    id_ = subscribe(house, receiver, "order.*", width=2)
    batches = subscribe(house, receiver, "order.placed", mode="batch", batch=8)
    bad, good, refused = placed(house), placed(house), placed(house)
    wrong = {bad: 500, refused: 422}
    receiver.refuses = lambda event: wrong.get(event.subject, 0)
    tell_events(house)
    hold(house, bad)
    tell_events(house)
    assert {e.subject for e in receiver.events} == {good}
    for one, dead in ((id_, 3), (batches, 1)):
        waits = view(house, one)
        assert (waits["state"], waits["dead"]) == ("active", dead), waits
    assert view(house, id_)["parked"] == len(told_of(house, bad)) == 4
    assert view(house, id_)["behind"] == 0
    del wrong[bad]
    tell_events(house)
    came = [e for e in receiver.events if e.subject == bad]
    assert [e.id for e in came] == told_of(house, bad), "in their order, none left out"
    assert (view(house, id_)["parked"], view(house, id_)["trouble"]) == (0, "")
    letters = house.call("GET", "/v1/dead-letters").json()
    assert {(each["subject"], each["status"]) for each in letters["items"]} == {(refused, 422)}
    assert sum(reason["count"] for reason in letters["reasons"]) == len(letters["items"])
    one = letters["items"][0]
    event = house.call("GET", f"/v1/dead-letters/{one['id']}/event").json()
    assert (event["id"], event["type"]) == (one["event"], one["type"])
    no = act(house, act="drop", ids=[one["id"]])
    assert (no.status_code, no.json()["code"]) == (422, "no_reason")
    assert act(house, act="drop", ids=[one["id"]], reason="已电话告知").json()["done"] == 1
    del wrong[refused]
    began = act(house, act="replay", subject=refused).json()["job"]
    assert (began["kind"], began["total"]) == ("dead_letters", len(letters["items"]) - 1)
    wait_for(house, began["id"])
    tell_events(house)
    assert house.call("GET", "/v1/dead-letters").json()["items"] == []
    back = {e.id for e in receiver.events if e.subject == refused}
    assert {each["event"] for each in letters["items"][1:]} <= back
    lines = everything(house, f"/v1/subscriptions/{id_}/deliveries", limit=3)
    assert [line["no"] for line in lines] == sorted([line["no"] for line in lines], reverse=True)
    assert {line["kind"] for line in lines} == {"log", "parked"}
    failed = everything(house, f"/v1/subscriptions/{id_}/deliveries", failed=True)
    assert {line["status"] for line in failed} == {500, 422}
    assert audit(house) == []


def test_a_receiver_that_is_down_costs_a_row(house: House, receiver: Receiver) -> None:
    id_ = subscribe(house, receiver, "order.placed", mode="batch", batch=3)
    orders = [placed(house) for _ in range(8)]
    receiver.answers = [LOSE] * 40
    for _ in range(8):
        tell_events(house)
    waits = view(house, id_)
    assert (waits["state"], waits["parked"], waits["delivered"]) == ("broken", 0, 0), waits
    assert all([waits["next_try"], waits["failing_since"], waits["behind"]])
    receiver.answers = [LOSE_ANSWER]  # it took the probe, and its answer is lost
    tell_events(house)
    receiver.headers = {"retry-after": "120"}
    receiver.answers = [429]
    tell_events(house)
    waits = view(house, id_)
    assert (waits["trouble"], waits["parked"]) == ("the receiver answers 429", 0)
    tell_events(house)
    assert sorted([e.subject for e in receiver.events]) == sorted(orders)
    assert sorted(receiver.came.values()) == [*[1] * 7, 2]
    batch = next(p for p in reversed(receiver.posts) if p.status == 200)
    assert batch.id == f"{batch.events[0]}+{len(batch.events)}"
    assert batch.type == "application/cloudevents-batch+json; charset=utf-8"
    assert len(batch.events) <= 3
    receiver.answers = [410]
    later = placed(house)
    tell_events(house)
    gone = view(house, id_)
    assert (gone["state"], gone["why"], gone["dead"]) == ("paused", "gone", 0)
    house.call("POST", f"/v1/subscriptions/{id_}/resume")
    tell_events(house)
    assert receiver.events[-1].subject == later
    at = house.call("POST", f"/v1/subscriptions/{id_}/replay", {"place": "2000h1/0"}).json()
    assert at["place"] == "2000h1/0"
    tell_events(house)
    assert sorted(receiver.came.values()) == [*[2] * 8, 3]
    assert audit(house) == []


def test_what_a_person_does_with_subscriptions(house: House, receiver: Receiver) -> None:
    receiver.allows = "elsewhere.example"
    body = {"name": "仓", "url": receiver.url, "types": ["order.placed"], "verify": True}
    assert house.call("POST", "/v1/subscriptions", body).json()["code"] == "not_allowed"
    receiver.allows = "*"
    made = house.call("POST", "/v1/subscriptions", body)
    assert made.status_code == 201
    first = made.json()["subscription"]["id"]
    assert house.call("DELETE", f"/v1/subscriptions/{first}").json()["items"] == []
    for change, code in (
        ({"types": ["order.nosuch"]}, "bad_type"),
        ({"types": ["Order"]}, "bad_type"),
        ({"filters": [{"sql": "true"}]}, "bad_filter"),
        ({"url": "http://shop.example/events"}, "bad_url"),
        ({"secret": "whsec_?"}, "bad_secret"),
        ({"mode": "avro"}, "bad_field"),
    ):
        no = house.call("POST", "/v1/subscriptions", {**body, "verify": False, **change})
        assert (no.status_code, no.json()["code"]) in ((422, code), (400, code)), no.text
    id_ = subscribe(
        house,
        receiver,
        "danshu.order.placed",
        mode="binary",
        filters=[{"not": {"exact": {"data.channel": "taobao"}}}],
    )
    ping = house.call("POST", f"/v1/subscriptions/{id_}/ping").json()
    assert (ping["status"], ping["trouble"]) == (200, "")
    assert receiver.events.pop().type == "danshu.subscription.ping"
    renewed = house.call("POST", f"/v1/subscriptions/{id_}/secret").json()["secret"]
    order = placed(house)
    tell_events(house)
    assert [e.subject for e in receiver.events] == [order], "the former secret still signs"
    assert receiver.posts[-1].signatures == 2
    receiver.secrets[:] = [renewed]
    house.call("POST", f"/v1/subscriptions/{id_}/pause", {"reason": "升级"})
    later = placed(house)
    tell_events(house)
    assert (view(house, id_)["state"], view(house, id_)["why"]) == ("paused", "升级")
    house.call("POST", f"/v1/subscriptions/{id_}/resume")
    changed = {"name": "仓二", "url": receiver.url, "types": ["order.placed", "order.placed"]}
    kept = house.call("PUT", f"/v1/subscriptions/{id_}", changed).json()
    assert (kept["name"], kept["types"]) == ("仓二", ["danshu.order.placed"])
    tell_events(house)
    assert receiver.events[-1].subject == later
    assert house.call("DELETE", f"/v1/subscriptions/{id_}").status_code == 200
    assert house.call("GET", f"/v1/subscriptions/{id_}").status_code == 404
    assert house.call("GET", "/v1/subscriptions", role="viewer").status_code == 403
    assert audit(house) == []


def test_events_are_pulled(house: House) -> None:
    orders = [placed(house) for _ in range(3)]
    house.work("sequence")
    page = get(house, "/v1/events", types="order.placed", limit=2)
    assert [each["subject"] for each in page["events"]] == orders[:2]
    assert not page["is_end"]
    page = get(house, "/v1/events", types="order.placed", after=page["next"])
    assert ([each["subject"] for each in page["events"]], page["is_end"]) == (orders[2:], True)
    assert get(house, "/v1/events", after=page["next"])["events"] == []
    wanted = json.dumps({"exact": {"subject": orders[1]}})
    found = get(house, "/v1/events", filter=wanted, since="2000-01-01T00:00:00Z")["events"]
    of_order = [each["id"] for each in found if each["type"].startswith("danshu.order.")]
    assert of_order == told_of(house, orders[1])
    for asked, code in (({"after": "x"}, "bad_place"), ({"filter": "{"}, "bad_filter")):
        no = house.call("GET", "/v1/events", params=asked)
        assert no.json()["code"] == code


@pytest.mark.parametrize("received", [False, True])
def test_a_worker_dies_between_a_post_and_its_commit(
    house: House, receiver: Receiver, received: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscribe(house, receiver, "order.placed", mode="batch", batch=2)
    orders = [placed(house) for _ in range(5)]
    house.work("sequence")
    receiver.answers = [] if received else [LOSE] * 20

    async def die() -> None:
        """Post what there is, and be gone before anything is written down."""
        engine = Engine()
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            monkeypatch.setattr(engine, "settle", gone)
            with contextlib.suppress(ConnectionResetError):
                while await engine(c):
                    pass

    async def gone(*_: object) -> None:
        raise ConnectionResetError

    asyncio.run(die())
    assert bool(receiver.events) is received
    receiver.answers = []
    tell_events(house)
    assert sorted([e.subject for e in receiver.events]) == sorted(orders)
    assert set(receiver.came.values()) == {2 if received else 1}


def test_a_program_error_stops_one_subscription_alone(
    house: House, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: bytes) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(event_forms, "to_binary", fail)
    broken = subscribe(house, receiver, "order.placed", mode="binary")
    subscribe(house, receiver, "order.paid")
    placed(house)
    tell_events(house)
    assert [e.type for e in receiver.events] == ["danshu.order.paid"]
    stopped = view(house, broken)
    assert (stopped["trouble"], stopped["parked"]) == ("program: ZeroDivisionError", 0)
    monkeypatch.undo()
    tell_events(house)
    assert receiver.events[-1].type == "danshu.order.placed"
