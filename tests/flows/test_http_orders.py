"""Orders over HTTP."""

from __future__ import annotations

from tests.fixtures.hub import House, order


def test_an_order_is_placed_once(house: House) -> None:
    body = order(number="A-1")
    first = house.call("POST", "/v1/orders", body)
    assert first.status_code == 201, first.text
    assert first.json()["state"] == "allocated"
    again = house.call("POST", "/v1/orders", body)
    assert again.status_code == 200
    assert again.json()["order"] == first.json()["order"]
    other = house.call("POST", "/v1/orders", {**body, "postage_fen": 1})
    assert other.status_code == 409
    assert other.json()["code"] == "key_reused"
