"""Events that come in: each mode, each type, once, whatever repeats, and what is refused."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg

from danshu.capabilities.people import policies
from danshu.hub import event_forms, hearing
from danshu.kernel.limits import HEARD_DAYS, HEARD_EVENTS
from tests.fixtures.engine import ask, tell
from tests.fixtures.hub import SKUS, UNITS, WAREHOUSES, House

SOURCE = "//wms.example/hz"


def event(kind: str, id_: str, data: Any, **more: str) -> dict[str, Any]:
    """An event of the merchant's warehouse."""
    return {
        "specversion": "1.0",
        "id": id_,
        "source": SOURCE,
        "type": f"danshu.{kind}",
        "data": data,
        **more,
    }


def send(house: House, told: Any, role: str = "warehouse", **more: Any) -> Any:
    """Send an event in structured mode, or a list of them as a batch."""
    kind = event_forms.BATCHED if isinstance(told, list) else event_forms.STRUCTURED
    return house.call(
        "POST",
        "/v1/events",
        json.dumps(told).encode(),
        role,
        headers={"content-type": kind},
        **more,
    )


def state(house: House, order: str) -> str:
    """Where an order stands."""
    return str(house.call("GET", f"/v1/orders/{order}").json()["state"])


def rows(house: House) -> Any:
    """How many events were noted."""
    return ask(house.url, "select count(*) from heard_events")


async def swept(url: str) -> int:
    """How many rows a sweep takes away."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        return await hearing.sweep(connection)


def test_a_parcel_s_way_is_told_by_events(house: House) -> None:
    id_ = house.place(number="H-1")["order"]
    act = f"/v1/orders/{id_}/transitions"
    assert house.call("POST", act, {"event": "release"}).status_code == 200
    # the packing is told before the picking: refused, and nothing of it stays
    packed = event("wms.fulfilment.packed", "2", {}, subject=id_)
    early = send(house, packed)
    assert early.status_code == 409, early.text
    assert early.headers["content-type"] == "application/problem+json"
    assert rows(house) == 0
    picked = event("wms.fulfilment.picked", "1", {"order": id_})
    first = send(house, picked)
    assert first.json() == {"id": "1", "source": SOURCE, "outcome": "accepted", "status": 200}
    again = send(house, picked)
    assert again.json()["outcome"] == "repeated"
    other = send(house, {**picked, "data": {"order": id_, "fulfilment": 1}})
    assert (other.status_code, other.json()["code"]) == (409, "event_conflict")
    binary = house.call(
        "POST",
        "/v1/events",
        b"{}",
        "warehouse",
        headers={f"ce-{k}": v for k, v in packed.items() if k != "data"},
    )
    assert binary.json()["outcome"] == "accepted", binary.text
    assert send(house, packed).json()["outcome"] == "repeated"  # the mode is no part of an event
    shipped = {"channel": "api", "number": "H-1", "carrier": "SF", "waybill": "SF1"}
    batch = [
        event("wms.fulfilment.shipped", "3", shipped),
        event("wms.fulfilment.shipped", "3", shipped),
        event("weather.changed", "4", {}),
        event("wms.fulfilment.picked", "5", {"order": "no uuid"}),
        event("payment.received", "6", {"amount": 1, "order": id_}),
        {"specversion": "1.0", "id": "7"},
    ]
    told = send(house, batch)
    assert told.status_code == 200
    found = [(i["outcome"], i["status"]) for i in told.json()["items"]]
    no = [("refused", 422), ("refused", 422), ("refused", 403), ("refused", 400)]
    assert found == [("accepted", 200), ("repeated", 200), *no]
    problems = [i["problem"] for i in told.json()["items"] if "problem" in i]
    assert "danshu.weather.changed" in problems[0]["detail"]
    assert problems[2]["action"] == "order.pay"
    tracked = event("carrier.parcel.delivered", "8", {"carrier": "SF", "waybill": "SF1"})
    assert send(house, tracked, "operator").status_code == 404  # the index has not read it yet
    house.work("sequence", "rows")
    assert send(house, tracked, "operator").json()["outcome"] == "accepted"
    assert state(house, id_) == "delivered"
    assert rows(house) == 4


def test_counts_cancellations_and_payments_are_told_by_events(house: House) -> None:
    warehouse, sku = WAREHOUSES[0].code, SKUS[5].code
    level = {"sku": sku, "on_hand": UNITS + 7}
    counted = event("stock.counted", "c1", {"warehouse": warehouse, "levels": [level]})
    assert send(house, counted).json()["outcome"] == "accepted"
    sought = f"/v1/stock?sku={sku}&warehouse={warehouse}"
    assert house.call("GET", sought).json()["items"][0]["on_hand"] == UNITS + 7
    less = event(
        "stock.counted", "c2", {"warehouse": warehouse, "levels": [{"sku": "none", "on_hand": 1}]}
    )
    assert send(house, less).json()["code"] == "stock_row"
    id_ = house.place(number="H-2", paid_at=None)["order"]
    paid = event("payment.received", "p1", {"amount": 4480, "channel": "api", "number": "H-2"})
    assert send(house, paid, "operator").json()["outcome"] == "accepted"
    assert house.call("GET", f"/v1/orders/{id_}").json()["paid"] == 4480
    ended = event("order.cancel_requested", "x1", {"order": id_, "reason": "buyer_regret"})
    # eight at once: one does it
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: send(house, ended, "operator").json(), range(8)))
    assert sorted(a["outcome"] for a in answers) == ["accepted"] + ["repeated"] * 7
    assert state(house, id_) == "cancelled"
    other = {**event("order.cancel_requested", "x2", {"order": id_})}
    assert send(house, other, "operator").status_code == 409  # cancelled already
    facts = f"select sum(n) from facts where stream='{id_}'"
    said = ask(house.url, facts)
    assert send(house, ended, "operator").json()["outcome"] == "repeated"
    assert ask(house.url, facts) == said
    tell(
        house.url,
        f"update heard_events set heard=now()-interval '{HEARD_DAYS} days 1 hour' where id='x1'",
    )
    assert asyncio.run(swept(house.url)) == 1
    assert asyncio.run(swept(house.url)) == 0
    assert send(house, ended, "operator").status_code == 409  # it is heard anew, and too late


def test_what_is_no_event_is_refused(shared_house: House) -> None:
    house = shared_house
    good = event("stock.counted", "g", {})
    for told, status, code in (
        (good, 422, "bad_data"),
        ({**good, "specversion": "0.3"}, 400, "bad_event"),
        ({**good, "id": "\x00"}, 400, "bad_event"),
        ({**good, "source": "danshu/1/connectors/x"}, 400, "bad_event"),
        ({**good, "id": "\ud800"}, 400, "bad_event"),
        ({**good, "id": "x" * 201}, 400, "bad_event"),
        ({**good, "time": "yesterday"}, 422, "bad_data"),
        ({**good, "data": {"a": "x" * 65_536}}, 413, "too_large"),
        ({**good, "datacontenttype": "text/plain"}, 422, "bad_data"),
        ([good] * (HEARD_EVENTS + 1), 400, "bad_event"),
        ([], 400, "bad_event"),
    ):
        answer = send(house, told)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    plain = house.call("POST", "/v1/events", b"{}", "warehouse")
    assert (plain.status_code, plain.json()["code"]) == (415, "content_type")
    broken = house.call(
        "POST", "/v1/events", b"{", "admin", headers={"content-type": event_forms.STRUCTURED}
    )
    assert (broken.status_code, broken.json()["code"]) == (400, "bad_json")
    assert send(house, good, "viewer").status_code == 403


def test_types_are_listed_with_their_schemas(shared_house: House) -> None:
    listed = shared_house.call("GET", "/v1/event-types").json()
    types = {i["name"]: i for i in listed["items"]}
    assert {i for i in types if types[i]["direction"] == "in"} == set(hearing.KINDS)
    assert types["danshu.order.paid"]["topic"] == "payment"
    assert {t["right"] for t in types.values() if t["right"]} <= set(policies.actions())
    assert types["danshu.wms.fulfilment.shipped"]["right"] == "order.ship"
    assert any("session." in each["facts"] for each in listed["untold"])
    path = "/v1/event-types/danshu.order.placed"
    seen = shared_house.call("GET", path).json()
    by_name = {f["name"]: f for f in seen["fields"]}
    assert by_name["lines"]["type"] == "Line[]"
    assert by_name["total"]["required"]
    assert seen["example"]["number"] == "999000317001214687"
    schema = shared_house.call("GET", seen["schema"])
    assert schema.headers["content-type"].startswith("application/schema+json")
    assert schema.json()["$id"] == "urn:danshu:event:danshu.order.placed"
    assert shared_house.call("GET", "/v1/event-types/none").json()["code"] == "no_event_type"
