"""Platforms' messages over HTTP: believed, kept, placed once, brought up to date, cancelled."""

from __future__ import annotations

import json
from typing import Any

import pytest

from danshu.ports import registry
from danshu.testing.messages import CHANNELS, message, sign
from tests.fixtures.engine import ask
from tests.fixtures.hub import APP_KEY, SECRET, House

NOW_MS = 1_795_164_000_123


def send(house: House, channel: str, body: bytes, secret: str = SECRET) -> Any:
    signed = sign(channel, body, secret, APP_KEY, NOW_MS)
    return house.client.post(
        f"/v1/channels/{channel}",
        params={**signed.query, "account": f"{house.tenant}.{channel}"},
        content=body,
        headers=dict(signed.headers),
    )


def accepted(channel: str) -> bytes:
    adapter: Any = registry.load("channel", channel)
    body: bytes = adapter.acknowledge(True).body
    return body


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_message_becomes_one_order(house: House, channel: str) -> None:
    body = message(channel, 7, 1, NOW_MS)
    for _ in range(2):
        response = send(house, channel, body)
        assert (response.status_code, response.content) == (200, accepted(channel))
    assert ask(house.url, "select count(*) from orders") == 1
    assert ask(house.url, "select raw from vault") == body
    assert ask(house.url, "select count(*) from inbox") == 0
    (item,) = house.call("GET", "/v1/orders").json()["items"]
    facts = house.call("GET", f"/v1/orders/{item['order']}/facts").json()["facts"]
    assert facts[0]["actor"] == {
        "grade": "D",
        "key": channel,
        "role": "channel",
        "sub": f"channel:{channel}",
    }
    assert item["channel"] == channel


def test_shops_of_one_channel_do_not_share_numbers(house: House) -> None:
    body = message("woocommerce", 7, 1, NOW_MS)
    assert send(house, "woocommerce", body).status_code == 200
    house.call(
        "PUT",
        "/v1/accounts",
        {"account": "second", "channel": "woocommerce", "secret": "secret-2", "key": "k"},
    )
    signed = sign("woocommerce", body, "secret-2", "k", NOW_MS)
    second = house.client.post(
        "/v1/channels/woocommerce",
        params={**signed.query, "account": f"{house.tenant}.second"},
        content=body,
        headers=dict(signed.headers),
    )
    assert second.status_code == 200
    assert ask(house.url, "select count(*) from orders") == 2


def test_what_verifies_but_cannot_be_read_waits_in_the_inbox(house: House) -> None:
    body = b'{"strange": true}'
    for _ in range(2):
        response = send(house, "shopify", body)
        assert response.content != accepted("shopify") or response.status_code >= 400
    assert ask(house.url, "select count(*) from inbox") == 1
    assert ask(house.url, "select reason from inbox") == "unreadable"
    assert ask(house.url, "select body from inbox") == body
    assert ask(house.url, "select count(*) from orders") == 0


def test_deep_messages_are_refused_and_kept(house: House) -> None:
    send(house, "shopify", b'{"a":' * 20_000 + b"1" + b"}" * 20_000)
    assert ask(house.url, "select count(*) from inbox") == 1
    assert ask(house.url, "select count(*) from orders") == 0


def _shopify(body: bytes, **changes: Any) -> bytes:
    return json.dumps({"order": {**json.loads(body)["order"], **changes}}).encode()


def test_news_pays_a_known_order(house: House) -> None:
    paid = message("shopify", 9, 1, NOW_MS)
    unpaid = _shopify(paid, financial_status="pending", processed_at=None)
    assert send(house, "shopify", unpaid).status_code == 200
    (item,) = house.call("GET", "/v1/orders").json()["items"]
    before = house.call("GET", f"/v1/orders/{item['order']}").json()
    assert (before["paid"], before["paid_at"]) == (0, "")
    assert send(house, "shopify", paid).status_code == 200
    after = house.call("GET", f"/v1/orders/{item['order']}").json()
    assert after["paid"] == after["total"] > 0
    assert after["paid_at"]
    assert ask(house.url, "select count(*) from orders") == 1
    assert ask(house.url, "select reason from inbox") == "news"
    assert ask(house.url, "select body from inbox") == paid


def test_a_cancellation_cancels_the_known_order_once(house: House) -> None:
    body = message("shopify", 9, 1, NOW_MS)
    gone = _shopify(body, cancelled_at="2026-11-21T10:00:00Z", cancel_reason="customer")
    early = send(house, "shopify", gone)
    assert early.status_code == 200
    assert ask(house.url, "select reason from inbox") == "cancel_of_unknown"
    assert ask(house.url, "select count(*) from orders") == 0
    assert send(house, "shopify", body).status_code == 200
    assert ask(house.url, "select sum(reserved) > 0 from stock") in (True, False)
    for _ in range(2):
        assert send(house, "shopify", gone).status_code == 200
    (item,) = house.call("GET", "/v1/orders").json()["items"]
    assert item["state"] == "cancelled"
    assert ask(house.url, "select sum(reserved) from stock") == 0


def test_a_dispatched_order_is_not_cancelled_but_told_to_people(house: House) -> None:
    body = message("shopify", 9, 1, NOW_MS)
    send(house, "shopify", body)
    (item,) = house.call("GET", "/v1/orders").json()["items"]
    skus = {n["sku"] for n in house.call("GET", f"/v1/orders/{item['order']}").json()["lines"]}
    have = {s["code"] for s in house.call("GET", "/v1/skus").json()["items"]}
    if not skus <= have:  # the small merchant sells little: take in what the message sells
        rows = [{"code": s, "name": s, "weight_g": 100} for s in sorted(skus - have)]
        house.call("PUT", "/v1/skus", rows)
    gone = _shopify(body, cancelled_at="2026-11-21T10:00:00Z", cancel_reason="customer")
    path = f"/v1/orders/{item['order']}/transitions"
    done = [house.call("POST", path, {"event": e}).status_code for e in ("release", "pick")]
    assert send(house, "shopify", gone).status_code == 200
    state = house.call("GET", f"/v1/orders/{item['order']}").json()["state"]
    assert (state != "cancelled") == (done[-1] == 200)
