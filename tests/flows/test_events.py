"""Published events: what is subscribed to arrives, in order, at least once, signed; what can't be
delivered holds up itself; what was given up comes back.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from danshu.testing import event_receivers
from danshu.testing.event_receivers import LOSE_ANSWER, Receiver
from tests.fixtures.events import subscribe, tell_events
from tests.fixtures.hub import House
from tests.fixtures.negotiating import add_rider, offer, open_call, speak
from tests.fixtures.policies import negotiate_all, publish

pytest_plugins = ["tests.fixtures.engine", "tests.fixtures.hub"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with event_receivers.serve() as served:
        yield served


def placed(house: House) -> str:
    return str(house.place()["order"])


def view(house: House, id_: str) -> dict[str, Any]:
    found: dict[str, Any] = house.call("GET", f"/v1/subscriptions/{id_}").json()
    return found


def test_what_is_subscribed_to_arrives(house: House, receiver: Receiver) -> None:
    house.place()
    house.work("sequence")
    id_ = subscribe(house, receiver, "order.placed")
    order = house.place()
    tell_events(house)
    (event,) = receiver.events
    assert (event.type, event.subject) == ("danshu.order.placed", order["order"])
    assert receiver.came == {event.id: 1}
    found = view(house, id_)
    assert (found["state"], found["delivered"], found["behind"]) == ("active", 1, 0)


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
