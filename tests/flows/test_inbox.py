"""The inbox over HTTP: listed, read masked, taken once more, let be."""

from __future__ import annotations

import json
from typing import Any

import psycopg

from danshu.testing import messages
from tests.fixtures.engine import ask
from tests.fixtures.hub import House
from tests.flows.test_http_channels import NOW_MS, send


def listed(house: House, **params: Any) -> list[Any]:
    response = house.call("GET", "/v1/inbox", params=params)
    assert response.status_code == 200, response.text
    items: list[Any] = response.json()["items"]
    return items


def facts(house: House, kind: str) -> list[Any]:
    """The facts of a type, wherever they stand."""
    from danshu.kernel.fact import unpack

    with psycopg.connect(house.url) as connection:
        bodies = connection.execute("select body from facts order by xid").fetchall()
    read = [json.loads(one) for (body,) in bodies for one in unpack(bytes(body))]
    return [f for f in read if f["type"] == kind]


def test_what_cannot_be_read_is_listed_and_read_masked(house: House) -> None:
    body = json.dumps({"strange": True, "tel": "13900001234", "at": "2026-11-22"}).encode()
    send(house, "shopify", body)
    (item,) = listed(house)
    assert (item["reason"], item["state"], item["channel"]) == ("unreadable", "open", "shopify")
    assert item["detail"]
    assert item["retryable"]
    shown = house.call("GET", f"/v1/inbox/{item['message']}").json()
    assert json.loads(shown["text"]) == {"strange": True, "tel": "****", "at": "2026-11-22"}
    plain = house.call(
        "POST", f"/v1/inbox/{item['message']}/reveal", {"reason": "看是哪个字段"}
    ).json()
    assert plain["text"].encode() == body
    (fact,) = facts(house, "person.revealed")
    assert fact["data"] == {
        "fields": ["raw"],
        "message": item["message"],
        "reason": "看是哪个字段",
    }


def test_a_message_that_still_cannot_be_read_stays(house: House) -> None:
    send(house, "shopify", b'{"strange": true}')
    (item,) = listed(house)
    told = house.call("POST", f"/v1/inbox/{item['message']}/retry").json()
    assert (told["outcome"], told["state"]) == ("refused", "open")
    assert told["code"]
    assert [i["message"] for i in listed(house)] == [item["message"]]
    (fact,) = facts(house, "message.retried")
    assert fact["data"]["outcome"] == "refused"
    assert fact["actor"]["sub"] == "admin"


def test_a_cancellation_that_came_too_early_is_taken_after_its_order(house: House) -> None:
    order = messages.message("jd", 5, 1, NOW_MS)
    cancel = _cancellation(order)
    assert cancel != order
    send(house, "jd", cancel)
    (item,) = listed(house)
    assert item["reason"] == "cancel_of_unknown"
    assert send(house, "jd", order).status_code < 300
    told = house.call("POST", f"/v1/inbox/{item['message']}/retry").json()
    assert (told["outcome"], told["state"]) == ("accepted", "done")
    (placed,) = house.call("GET", "/v1/orders").json()["items"]
    assert placed["state"] == "cancelled"
    assert told["orders"] == [placed["order"]]
    assert listed(house) == []
    assert [i["message"] for i in listed(house, state="done")] == [item["message"]]
    again = house.call("POST", f"/v1/inbox/{item['message']}/retry")
    assert (again.status_code, again.json()["code"]) == (409, "message_closed")


def _cancellation(order: bytes) -> bytes:
    return order.replace(b"WAIT_SELLER_STOCK_OUT", b"TRADE_CANCELED")


def test_a_message_is_dismissed_once_with_its_reason(house: House) -> None:
    send(house, "shopify", b'{"strange": true}')
    (item,) = listed(house)
    path = f"/v1/inbox/{item['message']}/dismiss"
    assert house.call("POST", path, {"reason": ""}).status_code == 422
    told = house.call("POST", path, {"reason": "平台的测试消息"})
    assert (told.json()["state"], told.json()["note"]) == ("dismissed", "平台的测试消息")
    again = house.call("POST", path, {"reason": "再来"})
    assert (again.status_code, again.json()["code"]) == (409, "message_closed")
    (fact,) = facts(house, "message.dismissed")
    assert fact["data"]["message"] == item["message"]
    assert listed(house) == []


def test_pages_and_filters(house: House) -> None:
    for n in range(5):
        for channel in ("shopify", "jd"):
            send(house, channel, json.dumps({"strange": n}).encode())
    assert ask(house.url, "select count(*) from inbox") == 10
    whole = [i["message"] for i in listed(house)]
    seen, cursor = [], ""
    while True:
        page = house.call("GET", "/v1/inbox", params={"limit": 3, "cursor": cursor}).json()
        seen += [i["message"] for i in page["items"]]
        cursor = page["next"]
        if not cursor:
            break
    assert seen == whole
    assert {i["channel"] for i in listed(house, channel="jd")} == {"jd"}
    bad = house.call("GET", "/v1/inbox", params={"cursor": "xx"})
    assert (bad.status_code, bad.json()["code"]) == (400, "bad_cursor")


def test_another_merchant_s_message_is_not_there(house: House) -> None:
    send(house, "shopify", b'{"strange": true}')
    (item,) = listed(house)
    other = {"authorization": f"Bearer {house.other}"}
    base = f"/v1/inbox/{item['message']}"
    assert house.client.get(base, headers=other).status_code == 404
    assert house.client.post(f"{base}/retry", headers=other).status_code == 404
    for act in ("dismiss", "reveal"):
        response = house.client.post(f"{base}/{act}", json={"reason": "x"}, headers=other)
        assert response.status_code == 404, act
    assert house.client.get("/v1/inbox", headers=other).json()["items"] == []
    assert house.call("GET", "/v1/inbox", role="viewer").status_code == 403
    assert facts(house, "person.revealed") == []
