"""Parcels over HTTP: split, picked short, lost and sent again, stopped; stock and audit agree."""

from __future__ import annotations

from typing import Any

from tests.fixtures.floor import ONE, TWO, act, audit, claim, facts, scan, waiting, work
from tests.fixtures.hub import SKUS, House


def post(house: House, id_: str, no: int, path: str, body: Any, **more: Any) -> Any:
    return house.call("POST", f"/v1/orders/{id_}/parcels/{no}/{path}", body, **more)


def parts(house: House, id_: str) -> list[dict[str, Any]]:
    return list(house.call("GET", f"/v1/orders/{id_}").json()["fulfilments"])


def stock(house: House, sku: str) -> dict[str, tuple[int, int]]:
    places = house.call("GET", f"/v1/stock/sku?sku={sku}").json()["places"]
    return {p["warehouse"]: (p["on_hand"], p["reserved"]) for p in places}


def told(response: Any) -> Any:
    assert response.status_code == 200, response.text
    return response.json()


def why(response: Any) -> str:
    assert response.status_code == 409, response.text
    return str(response.json()["code"])


def test_a_split_may_go_to_another_warehouse(house: House) -> None:
    id_ = house.place()["order"]
    (first,) = parts(house, id_)
    body = {"parts": [{"lines": [{"line": 1, "quantity": 1}]}], "reason": "先发一件"}
    told(post(house, id_, 1, "split", body))
    other = next(w for w, n in stock(house, ONE.code).items() if w != first["warehouse"] and n[0])
    assert why(post(house, id_, 2, "split", body)) == "split_all"
    told(post(house, id_, 1, "split", {**body, "to": other}))
    live = [p for p in parts(house, id_) if p.get("state") != "cancelled"]
    assert [p["warehouse"] for p in live] == [first["warehouse"], first["warehouse"], other]
    assert stock(house, ONE.code)[other][1] == 1
    act(house, id_, event="release")
    act(house, id_, event="pick", fulfilment=live[0]["no"])
    assert why(post(house, id_, live[0]["no"], "split", body)) == "not_at_split"
    titles = [e["title"] for e in told(house.call("GET", f"/v1/orders/{id_}/timeline"))["entries"]]
    assert "拆单" in titles
    assert audit(house) == []


def test_what_is_short_at_the_shelf_comes_from_elsewhere(house: House) -> None:
    id_ = house.place()["order"]
    (first,) = parts(house, id_)
    here, before = first["warehouse"], stock(house, ONE.code)
    act(house, id_, event="release")
    told(claim(house, "pick", order=id_))
    told(scan(house, id_, "pick", ONE.barcode, 1))
    body = {"found": [{"sku": ONE.code, "found": 1}]}
    assert why(work(house, id_, "pick", "short", body)) == "not_all_scanned"
    told(scan(house, id_, "pick", TWO.code, 1))
    wrong = work(house, id_, "pick", "short", {"found": [{"sku": ONE.code, "found": 0}]})
    assert why(wrong) == "count_differs"
    told(work(house, id_, "pick", "short", body))
    mine, theirs = parts(house, id_)
    assert (mine["state"], [s["quantity"] for s in mine["shares"]]) == ("picked", [1, 1])
    assert theirs["warehouse"] != here
    after = stock(house, ONE.code)
    assert after[here] == (before[here][0] - 1, before[here][1] - 1)
    assert after[theirs["warehouse"]][1] == before[theirs["warehouse"]][1] + 1
    (said,) = facts(house, id_, "fulfilment.short_picked")
    assert [s["quantity"] for s in said["data"]["missing"]] == [1]
    (worked,) = facts(house, id_, "fulfilment.worked")
    assert worked["data"]["units"] == 2
    act(house, id_, event="pack", fulfilment=1)
    act(house, id_, event="ship", fulfilment=1, carrier="yt", waybill="YT1")
    assert house.call("GET", f"/v1/orders/{id_}").json()["state"] == "allocated"
    moves = house.call("GET", f"/v1/stock/moves?sku={ONE.code}").json()["items"]
    assert any(m["reason"] == "short_pick" for m in moves)
    assert audit(house) == []


def test_a_lost_parcel_is_sent_again(house: House) -> None:
    id_ = house.place()["order"]
    for event in ("release", "pick", "pack"):
        act(house, id_, event=event)
    act(house, id_, event="ship", carrier="yt", waybill="YT2")
    assert why(post(house, id_, 1, "reship", {"cause": "lost"})) == "not_at_reship"
    act(house, id_, event="lose", fulfilment=1, reason="网点查无此件")
    key = {"headers": {"idempotency-key": "again-1"}}
    once = told(post(house, id_, 1, "reship", {"cause": "lost"}, **key))
    assert told(post(house, id_, 1, "reship", {"cause": "lost"}, **key)) == once
    assert [p.get("state", "allocated") for p in parts(house, id_)] == ["lost", "allocated"]
    assert house.call("GET", f"/v1/orders/{id_}").json()["state"] == "allocated"
    assert audit(house) == []


def test_a_cancel_of_what_is_picked_asks_the_floor(house: House) -> None:
    id_ = house.place()["order"]
    for event in ("release", "pick"):
        act(house, id_, event=event)
    asked = told(house.call("POST", f"/v1/orders/{id_}/cancel", {"reason": "买家取消"}))
    assert asked["state"] == "picked"
    (task,) = [t for t in waiting(house, "pack")["items"] if t["order"] == id_]
    assert task["intercept"]
    assert why(claim(house, "pack", order=id_)) == "intercept_asked"
    (sheet,) = told(house.call("GET", f"/v1/orders/{id_}/sheet"))["parcels"]
    assert sheet["intercept"]["state"] == "asked"
    path = f"/v1/orders/{id_}/parcels/1/intercept"
    assert told(house.call("POST", path, {"answer": "stopped"}, role="warehouse"))
    assert house.call("GET", f"/v1/orders/{id_}").json()["state"] == "cancelled"
    assert why(house.call("POST", path, {"answer": "stopped"})) == "no_intercept"
    assert all(n[1] == 0 for n in stock(house, SKUS[0].code).values())
    assert audit(house) == []
