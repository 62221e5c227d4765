"""Parcels over HTTP: split, picked short, lost and sent again, stopped; stock and audit agree."""

from __future__ import annotations

import json
from typing import Any

from danshu.hub.receivers import key_of
from danshu.testing import sf_desk
from tests.fixtures.engine import tell
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
    shown = told(house.call("GET", f"/v1/workbench/rows?ids={id_}"))["items"][0]
    assert shown["parcels"] == ["partial"]
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


def rules(house: House, **more: Any) -> None:
    """Set the merchant's rules for parcels, and let the rooms come after."""
    version = house.call("GET", "/v1/parcel-rules").json()["version"]
    told(house.call("PUT", "/v1/parcel-rules", {"version": version, "rules": more}))


def candidates(house: House) -> Any:
    house.work("sequence", "rows", "merging")
    return told(house.call("GET", "/v1/parcels/candidates"))


def merge(house: House, *ids: str) -> dict[str, Any]:
    body = {"parcels": [[{"order": i, "fulfilment": 1} for i in ids]]}
    return dict(told(house.call("POST", "/v1/parcels:merge", body))["results"][0])


def together(house: House, group: str, event: str, **more: Any) -> Any:
    return house.call("POST", f"/v1/parcels/{group}/transitions", {"event": event, **more})


def test_orders_of_one_receiver_leave_as_one_parcel(house: House) -> None:
    place = {"province": "北京市", "city": "北京市", "district": "海淀区", "detail": "示例路 1 号"}
    first, same, third = (
        house.place(receiver={"name": "张示例", "phone": phone, **place, **more})["order"]
        for phone, more in (
            ("13900001234", {}),
            ("139 0000 1234", {"province": "北京", "detail": "示例路1号"}),
            ("13900001234", {}),
        )
    )
    other = house.place(receiver={"name": "李示例", "phone": "13900001234", **place})["order"]
    assert candidates(house)["on"] is False
    rules(house, merge={"on": True})
    found = candidates(house)
    assert (found["receivers"], found["parcels"], found["indexed"]) == (1, 3, True)
    (bundle,) = found["items"]
    assert {m["order"] for m in bundle["members"]} == {first, same, third}
    assert merge(house, first, other)["problem"]["code"] == "merge_receiver"
    assert merge(house, first, first)["problem"]["code"] == "merge_one"
    group = merge(house, first, same, third)["group"]
    assert merge(house, first, same)["problem"]["code"] == "merge_free"
    assert candidates(house)["items"] == []

    told(together(house, group, "release"))
    told(house.call("POST", f"/v1/orders/{third}/cancel", {"reason": "买家取消"}))
    act(house, first, event="pick")  # one of them was picked by itself
    told(together(house, group, "pick"))
    told(together(house, group, "pack"))
    assert why(house.call("POST", f"/v1/parcels/{group}/unmerge", {})) == "not_at_unmerge"
    alone = house.call("POST", f"/v1/orders/{first}/transitions", {"event": "ship"})
    assert why(alone) == "merged_parcel"
    shown = told(together(house, group, "ship", carrier="yt", waybill="YT9"))
    assert [(m["order"], m["state"], m["waybill"]) for m in shown["members"]] == [
        (id_, "shipped", "YT9") for id_ in sorted((first, same))
    ]
    for id_ in (first, same):
        assert len(facts(house, id_, "fulfilment.merged")) == 1
        assert facts(house, id_, "order.shipped")[0]["data"]["waybill"] == "YT9"
    assert told(house.call("GET", "/v1/parcels"))["items"] == []
    assert audit(house) == []


def key(channel: str = "taobao", shop: str = "一店", **person: Any) -> int | None:
    return key_of(b"k" * 16, channel, shop, json.dumps(person).encode())


def test_receivers_are_compared_by_keyed_hashes() -> None:
    plain = {
        "name": "张示例",
        "phone": "13900001234",
        "province": "北京市",
        "city": "北京市",
        "district": "海淀区",
        "detail": "示例路1号",
    }
    spelt = {"phone": "+86 139-0000-1234", "province": "北京", "city": "", "detail": "示例路 1 号"}
    assert key(**plain) == key("jd", "二店", **{**plain, **spelt})
    assert key(**plain) != key(**{**plain, "detail": "示例路 2 号"})
    assert key(**plain) != key_of(b"j" * 16, "taobao", "", json.dumps(plain).encode())
    masked = {**plain, "name": "张*", "phone": "139****1234"}
    assert key(**masked) is None
    assert key(**{**plain, "phone": ""}) is None
    for handle in ({"token": "oaid-1"}, {"cipher": {"name": "~x~", "phone": "~y~"}}):
        mine = key(**masked, **handle)
        assert mine is not None
        assert mine == key(**masked, **handle)
        assert mine != key("taobao", "二店", **masked, **handle)
        assert mine != key("douyin", **masked, **handle)


def test_the_room_merges_by_rule_and_takes_apart_what_is_left_alone(house: House) -> None:
    one, two = house.place()["order"], house.place()["order"]
    rules(house, merge={"on": True, "auto": True, "wait_min": 0})
    candidates(house)
    (said,) = facts(house, one, "fulfilment.merged")
    assert said["data"]["rule"] == "auto"
    told(house.call("POST", f"/v1/orders/{two}/cancel", {"reason": "r"}))
    rules(house, merge={"on": True})
    house.work("merging")
    (left,) = facts(house, one, "fulfilment.unmerged")
    assert left["data"]["reason"] == "alone"
    three, four = house.place()["order"], house.place()["order"]
    group = merge(house, three, four)["group"]
    body = {"order": three, "reason": "加急"}
    assert told(house.call("POST", f"/v1/parcels/{group}/unmerge", body)) == {"orders": 2}
    assert not any(p.get("group") for id_ in (three, four) for p in parts(house, id_))
    assert audit(house) == []


def test_a_release_waits_for_a_second_order_and_goes_by_itself(house: House) -> None:
    rules(house, merge={"on": True, "auto": True, "wait_min": 0, "hold_min": 30})
    one = house.place()["order"]
    act(house, one, event="release")
    (said,) = facts(house, one, "release.deferred")
    assert parts(house, one)[0].get("state", "allocated") == "allocated"
    (waits,) = told(house.call("GET", "/v1/parcels/waiting"))["items"]
    assert (waits["order"], waits["until"]) == (one, said["data"]["until"])
    two = house.place()["order"]
    candidates(house)  # the room merges both
    assert facts(house, one, "fulfilment.merged")
    tell(house.url, "update release_waits set next_try=now()")  # its time has come
    house.work("merging")
    assert [parts(house, i)[0]["state"] for i in (one, two)] == ["released", "released"]
    assert told(house.call("GET", "/v1/parcels/waiting"))["items"] == []
    three = house.place()["order"]
    act(house, three, event="release")
    act(house, three, event="release")  # asked again: now
    assert parts(house, three)[0]["state"] == "released"
    gone = house.place()["order"]
    act(house, gone, event="release")
    told(house.call("POST", f"/v1/orders/{gone}/cancel", {"reason": "r"}))
    assert told(house.call("GET", "/v1/parcels/waiting"))["items"] == []
    assert audit(house) == []
    bad = {"merge": {"on": True, "hold_min": 5}}
    version = house.call("GET", "/v1/parcel-rules").json()["version"]
    refused = house.call("PUT", "/v1/parcel-rules", {"version": version, "rules": bad})
    assert refused.json()["code"] == "bad_rules"


def test_rules_split_at_release(house: House) -> None:
    bad = {"split": [{"name": "", "kind": "max_units", "limit": 0}]}
    refused = house.call("PUT", "/v1/parcel-rules", {"version": 0, "rules": bad})
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_rules")
    rules(house, split=[{"name": "两件一包", "kind": "max_units", "limit": 2}])
    id_ = house.place()["order"]
    act(house, id_, event="release")
    assert [p["state"] for p in parts(house, id_)] == ["released", "released"]
    (said,) = facts(house, id_, "fulfilment.split")
    assert said["data"]["rule"] == "两件一包"
    rules(house, whole_channels=["api"])
    whole = house.place()["order"]
    body = {"parts": [{"lines": [{"line": 1, "quantity": 1}]}]}
    assert why(post(house, whole, 1, "split", body)) == "channel_forbids_split"
    assert audit(house) == []


def test_a_line_that_no_warehouse_holds_is_cut_by_units_and_stays_one_promise(house: House) -> None:
    held = dict(zip(stock(house, ONE.code), (6, 5, 0, 0, 0), strict=True))
    levels = [{"warehouse": w, "sku": ONE.code, "on_hand": n} for w, n in held.items()]
    assert house.call("PUT", "/v1/stock", {"levels": levels}).status_code == 200
    lines = [{"sku": ONE.code, "quantity": 10, "price_fen": 100}]
    id_ = house.place(lines=lines)["order"]
    assert parts(house, id_) == []
    rules(house, split_lines="when_short", whole_channels=["api"])
    assert why(house.call("POST", f"/v1/orders/{id_}/transitions", {"event": "allocate"}))
    rules(house, split_lines="when_short")
    act(house, id_, event="allocate")
    assert house.place(lines=lines)["open_units"] == 10  # what is left of it is too little
    two = parts(house, id_)
    decided = told(house.call("GET", f"/v1/orders/{id_}/decision"))["decision"]
    (cut,) = decided["cut"]
    parcel_units = {p["warehouse"]: sum(s["quantity"] for s in p["shares"]) for p in two}
    assert {p["warehouse"]: p["units"] for p in cut["parts"]} == parcel_units
    assert (cut["units"], sorted(parcel_units.values())) in ((10, [4, 6]), (10, [5, 5]))
    assert {p["warehouse"] for p in decided["plans"][0]["parcels"]} == {p["warehouse"] for p in two}
    entries = told(house.call("GET", f"/v1/orders/{id_}/timeline"))["entries"]
    assert any("没有一个仓凑得齐" in str(e) for e in entries)
    for event in ("release", "pick", "pack"):
        act(house, id_, event=event)
    for no in (1, 2):
        act(house, id_, event="ship", fulfilment=no, carrier="yt", waybill=f"YT{no}")
        # the rest has a clock of its own, and the buyer is told which parcel this is
        promises = told(house.call("GET", f"/v1/promises/{id_}"))["items"]
        (rest,) = [p for p in promises if p["code"] == "rest72h"]
        assert rest["state"] == ("running" if no == 1 else "kept")
        notices = told(house.call("GET", f"/v1/orders/{id_}/requests"))["notices"]
        assert [(n["code"], n["to"], n["parcel"]) for n in notices] == [("rest72h", "buyer", "1/2")]
        act(house, id_, event="deliver", fulfilment=no)
        state = house.call("GET", f"/v1/orders/{id_}").json()["state"]
        assert (state == "delivered") == (no == 2)
    assert audit(house) == []


def test_a_carrier_is_asked_to_bring_a_parcel_back(house: House) -> None:
    ids = [house.place()["order"] for _ in range(3)]
    for n, id_ in enumerate(ids):
        for event in ("release", "pick", "pack"):
            act(house, id_, event=event)
        act(house, id_, event="ship", carrier="顺丰", waybill=f"SF{n}")
        assert why(house.call("POST", f"/v1/orders/{id_}/cancel", {})) == "left_already"
        act(house, id_, event="intercept", reason="买家取消")
    house.work("carriers")  # nobody can be asked yet
    with sf_desk.serve() as desk:
        desk.delivered.add("SF1")
        desk.trouble.append("A1005")
        service = {"adapter": "sf", "url": desk.url, "options": sf_desk.OPTIONS}
        lacking = {**service, "options": {"partner_id": "x"}}
        path = "/v1/carrier-services/顺丰"
        assert house.call("PUT", path, lacking).json()["code"] == "bad_options"
        shown = told(house.call("PUT", path, service))
        assert sf_desk.CHECKWORD not in str(shown)
        house.work("carriers")
        tell(house.url, "update carrier_intercepts set next_try=now()")
        house.work("carriers")
        assert {a["waybillNo"] for a in desk.asked} == {"SF0", "SF1", "SF2"}
    seen = [parts(house, id_)[0]["intercept"] for id_ in ids]
    assert [i["state"] for i in seen] == ["stopped", "too_late", "stopped"]
    (answered,) = facts(house, ids[0], "intercept.answered")
    assert answered["data"]["by"] == "顺丰"
    cases = [told(house.call("GET", f"/v1/orders/{i}/after-sales"))["items"] for i in ids]
    assert [[c["kind"] for c in one] for one in cases] == [["return"], [], ["return"]]
    act(house, ids[0], event="send_back")
    act(house, ids[1], event="deliver")
    assert [parts(house, i)[0]["state"] for i in ids[:2]] == ["returned", "delivered"]
    assert audit(house) == []
