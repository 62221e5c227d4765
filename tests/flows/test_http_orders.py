"""Orders over HTTP: placed once, listed, read, acted upon, proven."""

from __future__ import annotations

import io
import json
import uuid
from typing import Any

import psycopg
import pytest

from danshu.faces import verify
from tests.fixtures.engine import ask
from tests.fixtures.hub import REGIONS, SKUS, UNITS, WAREHOUSES, House, order


def test_an_order_is_placed_once(house: House) -> None:
    body = order(number="A-1")
    first = house.call("POST", "/v1/orders", body)
    assert first.status_code == 201, first.text
    assert first.json()["state"] == "allocated"
    assert first.json()["total"] == 2 * 1990 + 500
    again = house.call("POST", "/v1/orders", body)
    assert again.status_code == 200
    assert again.json()["order"] == first.json()["order"]
    assert again.json()["existing"]
    other = house.call("POST", "/v1/orders", {**body, "postage_fen": 1})
    assert (other.status_code, other.json()["code"]) == (409, "key_reused")
    assert other.headers["content-type"] == "application/problem+json"
    assert ask(house.url, "select count(*) from orders") == 1
    assert ask(house.url, "select sum(reserved) from stock") == 3


def test_the_header_is_the_key_and_the_number_may_repeat(house: House) -> None:
    body = order(number="B-1")
    keys = [{"idempotency-key": k} for k in ("k1", "k2", "k1")]
    answers = [house.call("POST", "/v1/orders", body, headers=k) for k in keys]
    assert [a.status_code for a in answers] == [201, 201, 200]
    first, second, third = (a.json()["order"] for a in answers)
    assert first == third != second


def test_discounts_are_shared_out_to_the_fen(house: House) -> None:
    placed = house.place(discount_fen=100, postage_fen=600)
    assert placed["total"] == 4480 - 100 + 600
    read = house.call("GET", f"/v1/orders/{placed['order']}").json()
    assert [n["paid"] for n in read["lines"]] == [3980 - 89, 500 - 11]
    assert (read["goods"], read["discount"], read["postage"]) == (4480, 100, 600)
    assert read["paid"] == read["total"]


def test_a_note_may_have_lines_and_quotes(house: House) -> None:
    house.place(buyer_note='第一行\n第二行\t"请轻放"')


def test_a_batch_answers_each_line_and_none_spoils_another(house: House) -> None:
    good = order(number="N-1")
    lines = [
        json.dumps(good).encode(),
        b"{broken",
        json.dumps(order(number="N-2", lines=[])).encode(),
        json.dumps(good).encode(),
        json.dumps(
            order(number="N-3", lines=[{"sku": "NO", "quantity": 1, "price_fen": 1}])
        ).encode(),
        json.dumps(order(number="N-4")).encode(),
    ]
    response = house.call(
        "POST",
        "/v1/orders:batch",
        b"\n".join(lines),
        headers={"content-type": "application/x-ndjson"},
    )
    assert response.status_code == 200, response.text
    results = [json.loads(line) for line in response.text.splitlines()]
    assert [r["status"] for r in results] == [201, 400, 422, 200, 422, 201]
    assert [r["line"] for r in results] == [1, 2, 3, 4, 5, 6]
    assert results[4]["problem"]["code"] == "unknown_sku"
    assert results[4]["problem"]["pointer"] == "/lines/0/sku"
    assert results[3]["answer"]["order"] == results[0]["answer"]["order"]
    assert ask(house.url, "select count(*) from orders") == 2


def test_pages_are_stable_while_orders_come(house: House) -> None:
    placed = [house.place()["order"] for _ in range(7)]
    first = house.call("GET", "/v1/orders", params={"limit": 3}).json()
    house.place()
    second = house.call("GET", "/v1/orders", params={"limit": 3, "cursor": first["next"]}).json()
    third = house.call("GET", "/v1/orders", params={"limit": 3, "cursor": second["next"]}).json()
    seen = [i["order"] for page in (first, second, third) for i in page["items"]]
    assert seen == sorted(placed, reverse=True)
    assert third["next"] == ""
    other = house.call("GET", "/v1/orders", params={"channel": "api", "cursor": first["next"]})
    assert (other.status_code, other.json()["code"]) == (400, "bad_cursor")


def test_filters_and_words_find_orders(house: House) -> None:
    one = house.place(number="2026XYZ778899", buyer="buyer-7")
    two = house.place(
        channel="shop-b",
        paid_at=None,
        lines=[{"sku": SKUS[3].code, "quantity": 1, "price_fen": 100}],
        receiver={
            "name": "欧阳修文",
            "phone": "13700005678",
            "province": "上海市",
            "city": "上海市",
            "detail": "x",
        },
    )
    house.work("sequence", "rows")

    def found(**params: Any) -> set[str]:
        response = house.call("GET", "/v1/orders", params=params)
        assert response.status_code == 200, response.text
        return {i["order"] for i in response.json()["items"]}

    first, second = one["order"], two["order"]
    assert found() == {first, second}
    assert found(state="allocated") == {first}
    assert found(state="placed") == {second}
    assert found(state="cancelled") == set()
    assert found(channel="shop-b") == {second}
    assert found(warehouse=one["plan"][0]["warehouse"], channel="api") == {first}
    region = house.call("GET", f"/v1/orders/{second}").json()["region"]
    assert found(region=region) == {second}
    assert found(region=REGIONS[70].code) == set()
    assert found(**{"from": "2020-01-01T00:00:00Z"}) == {first, second}
    assert found(to="2020-01-01T00:00:00Z") == set()
    assert found(due_before="2099-01-01T00:00:00Z") == {first}
    assert found(due_before="2020-01-01T00:00:00Z") == set()
    for q in (
        "2026XYZ778899",
        "2026xyz778899",
        "8899",
        "YZ778899",
        "buyer-7",
        "13900001234",
        "1234",
    ):
        assert found(q=q) == {first}, q
    for q in ("欧阳修文", "修文", "欧阳 5678", SKUS[3].code, second):
        assert found(q=q) == {second}, q
    assert found(q="欧阳 1234") == set()
    assert found(q="修文", channel="api") == set()
    assert found(q="修文", region=region, channel="shop-b") == {second}
    assert found(q="nothing") == set()


def test_an_erased_person_is_no_longer_found(house: House) -> None:
    placed = house.place()
    house.work("sequence", "rows")
    assert house.call("GET", "/v1/orders", params={"q": "1234"}).json()["items"]
    with psycopg.connect(house.url, autocommit=True) as c:
        c.execute("update vault set salt='', raw=null, person=null")
        c.execute("delete from cursors where name='rows'")
    house.work("rows")
    assert house.call("GET", "/v1/orders", params={"q": "1234"}).json()["items"] == []
    assert house.call("GET", "/v1/orders", params={"q": placed["number"]}).json()["items"]


def test_an_order_lives_and_tells_its_facts(house: House) -> None:
    placed = house.place()
    path = f"/v1/orders/{placed['order']}"
    for event in ("release", "pick", "pack"):
        done = house.call("POST", f"{path}/transitions", {"event": event}, role="warehouse")
        assert done.status_code == 200, done.text
    refused = house.call("POST", f"{path}/transitions", {"event": "pick"}, role="warehouse")
    assert refused.status_code == 409
    assert refused.json()["reason"]
    assert refused.json()["reason_en"]
    assert refused.json()["clause"]
    shipped = house.call(
        "POST",
        f"{path}/transitions",
        {"event": "ship", "carrier": "SF", "waybill": "SF1234567890"},
    )
    assert shipped.json()["state"] == "shipped"
    read = house.call("GET", path).json()
    assert read["state"] == "shipped"
    assert read["fulfilments"][0]["waybill"] == "SF1234567890"
    assert {p["code"] for p in read["promises"]} == {p["code"] for p in placed["promises"]}
    facts = house.call("GET", f"{path}/facts").json()
    assert [f["seq"] for f in facts["facts"]] == list(range(1, read["seq"] + 1))
    types = [f["type"] for f in facts["facts"]]
    assert types[0] == "order.placed"
    assert {"route.decided", "order.allocated", "order.shipped"} <= set(types)
    tail = house.call("GET", f"{path}/facts", params={"after": read["seq"] - 1}).json()
    assert [f["seq"] for f in tail["facts"]] == [read["seq"]]
    assert ask(house.url, "select sum(on_hand) from stock") == UNITS * 100 - 3
    house.work("sequence", "rows")
    found = house.call("GET", "/v1/orders", params={"q": "567890"}).json()["items"]
    assert [i["order"] for i in found] == [placed["order"]]


def test_decisions_are_explained(house: House) -> None:
    placed = house.place()
    (decision,) = house.call("GET", f"/v1/orders/{placed['order']}/decisions").json()
    assert decision["decision"]["snapshot"] == decision["explanation"]["snapshot"]
    chosen = {w["code"] for w in decision["explanation"]["warehouses"] if w["chosen"]}
    assert chosen == {f["warehouse"] for f in placed["plan"]}
    assert len(decision["explanation"]["warehouses"]) == len(WAREHOUSES)


def test_evidence_verifies_offline(house: House) -> None:
    placed = house.place()
    path = f"/v1/orders/{placed['order']}/evidence"
    early = house.call("GET", path)
    assert early.status_code == 503
    assert early.headers["retry-after"] == "1"
    house.work("sequence", "seal")
    bundle = house.call("GET", path)
    assert bundle.status_code == 200, bundle.text
    assert bundle.headers["content-type"] == "application/zip"
    trust = house.call("GET", "/v1/trust", role="viewer").json()["vkeys"]
    assert verify.verify(io.BytesIO(bundle.content), trust).code == 0
    assert house.call("GET", path, role="viewer").status_code == 403


def test_a_transition_is_done_once_under_a_key(house: House) -> None:
    path = f"/v1/orders/{house.place()['order']}/transitions"
    key = {"idempotency-key": "t-1"}
    first = house.call("POST", path, {"event": "release"}, headers=key)
    again = house.call("POST", path, {"event": "release"}, headers=key)
    assert first.status_code == again.status_code == 200
    assert first.content == again.content
    other = house.call("POST", path, {"event": "pick"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "key_reused")
    refused = house.call("POST", path, {"event": "deliver"}, headers={"idempotency-key": "t-2"})
    assert refused.status_code == 409
    house.call("POST", path, {"event": "pick"})
    same = house.call("POST", path, {"event": "deliver"}, headers={"idempotency-key": "t-2"})
    assert same.content == refused.content


def test_a_cancelled_order_frees_its_stock(house: House) -> None:
    placed = house.place()
    assert ask(house.url, "select sum(reserved) from stock") == 3
    done = house.call("POST", f"/v1/orders/{placed['order']}/cancel", {"reason": "buyer"})
    assert (done.status_code, done.json()["state"]) == (200, "cancelled")
    assert ask(house.url, "select sum(reserved) from stock") == 0
    again = house.call("POST", f"/v1/orders/{placed['order']}/cancel", {})
    assert again.status_code == 409


def test_another_merchants_order_is_not_there(house: House) -> None:
    placed = house.place()
    stranger = {"authorization": f"Bearer {house.other}"}
    base = f"/v1/orders/{placed['order']}"
    for method, path, body in (
        ("GET", base, None),
        ("GET", f"{base}/facts", None),
        ("GET", f"{base}/decisions", None),
        ("GET", f"{base}/evidence", None),
        ("GET", f"{base}/stream", None),
        ("POST", f"{base}/transitions", {"event": "release"}),
        ("POST", f"{base}/cancel", {}),
    ):
        response = house.client.request(method, path, json=body, headers=stranger)
        assert (response.status_code, response.json()["code"]) == (404, "no_order"), path
    listed = house.client.get("/v1/orders", headers=stranger)
    assert listed.json() == {"items": [], "next": ""}


@pytest.mark.parametrize("path", ["", "/facts", "/decisions", "/evidence", "/stream"])
def test_an_unknown_order_is_404(shared_house: House, path: str) -> None:
    response = shared_house.call("GET", f"/v1/orders/{uuid.uuid4()}{path}")
    assert (response.status_code, response.json()["code"]) == (404, "no_order")
