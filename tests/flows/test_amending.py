"""Amendments over a whole hub: one commit, stock to the unit, money to the fen, the facts fold."""

from __future__ import annotations

import asyncio
import concurrent.futures
import datetime
import re
import uuid
from typing import Any

import psycopg

from danshu.hub import clocks
from danshu.hub.worlds import Worlds
from tests.fixtures.engine import ask, tell
from tests.fixtures.hub import SKUS, UNITS, WAREHOUSES, House
from tests.flows.asking import own, post, publish
from tests.flows.test_buyer_requests import link
from tests.flows.test_workbench_acts import audit, reserved

A, B, C = (s.code for s in SKUS[:3])
SHANGHAI = {
    "province": "上海市",
    "city": "上海市",
    "district": "浦东新区",
    "detail": "示例路 2 号",
}


def amend(house: House, order: str, code: int = 200, **body: Any) -> Any:
    told = house.call("POST", f"/v1/orders/{order}/amendments", {"reason": "买家来电", **body})
    assert told.status_code == code, told.text
    return told.json()


def preview(house: House, order: str, code: int = 200, **body: Any) -> Any:
    path = f"/v1/orders/{order}/amendments/preview"
    told = house.call("POST", path, {"reason": "买家来电", **body})
    assert told.status_code == code, told.text
    return told.json()


def act(house: House, order: str, event: str, code: int = 200, **body: Any) -> Any:
    told = house.call("POST", f"/v1/orders/{order}/transitions", {"event": event, **body})
    assert told.status_code == code, told.text
    return told.json()


def see(house: House, order: str) -> Any:
    return house.call("GET", f"/v1/orders/{order}").json()


def test_what_is_shown_is_what_is_done_and_two_people_cannot_overwrite_each_other(
    house: House,
) -> None:
    id_ = house.place()["order"]
    (before,) = reserved(house).items()
    seq = see(house, id_)["seq"]
    wanted: dict[str, Any] = {
        "lines": [{"line": 1, "quantity": 1}, {"sku": C, "quantity": 3, "price_fen": 100}]
    }
    shown = preview(house, id_, **wanted)
    assert reserved(house) == dict([before])
    assert (shown["total_was"], shown["total"]) == (4480, 2790)
    assert (shown["owed"], shown["due"], shown["open_units"]) == (1690, 0, 0)
    assert [n["quantity"] for n in shown["lines"]] == [1, 1, 3]
    assert sum(p["units"] for p in shown["planned"]) == 5
    assert sum(f["units"] for f in shown["freed"]) == 3
    done = amend(house, id_, version=shown["version"], **wanted)
    assert (done["total"], done["open_units"]) == (2790, 0)
    assert [sum(n["quantity"] for n in p["lines"]) for p in done["plan"]] == [5]
    assert sum(reserved(house).values()) == 5
    late = amend(house, id_, 409, version=seq, lines=[{"line": 1, "quantity": 9}])
    assert late["code"] == "order_changed"
    assert audit(house) == []


def test_another_address_is_decided_again_and_its_words_lie_in_the_vault(house: House) -> None:
    id_ = house.place()["order"]
    old = see(house, id_)["region"]
    done = amend(house, id_, receiver=SHANGHAI)
    assert sum(reserved(house).values()) == 3
    seen = see(house, id_)
    assert seen["region"] != old
    assert seen["region"].startswith("31")
    assert seen["fulfilments"][0]["state"] == "cancelled"
    facts = house.call("GET", f"/v1/orders/{id_}/facts").json()["facts"]
    (said,) = [f for f in facts if f["type"] == "order.amended"]
    assert "示例路" not in str(facts)
    assert [e["kind"] for e in said["evidence"]] == ["receiver"]
    body = {"fields": ["name", "address"], "reason": "核对"}
    shown = house.call("POST", f"/v1/orders/{id_}/reveal", body).json()
    assert (shown["name"], shown["address"]["detail"]) == ("张示例", "示例路 2 号")
    gone = {"reason": "个人信息保护法第四十七条", "reference": "buyer"}
    assert house.call("POST", f"/v1/orders/{id_}/erase", gone).status_code == 200
    assert ask(house.url, "select count(*) from vault where person is not null") == 0
    assert amend(house, id_, 409, receiver=SHANGHAI)["code"] == "erased_already"
    assert done["open_units"] == 0
    assert audit(house) == []


def test_what_nobody_can_give_stays_open_and_nothing_is_lost(house: House) -> None:
    """All that is left of a SKU is reserved by the order itself; another order waits for it."""
    give = "update stock s set on_hand=%s from skus k where k.no=s.sku and k.code='%s'"
    tell(house.url, give % (0, A))
    tell(house.url, "update stock set on_hand=2 where wh=0 and sku=0")
    house.hub.worlds.forget(house.tenant)
    first = house.place(lines=[{"sku": A, "quantity": 2, "price_fen": 100}])
    assert first["open_units"] == 0
    grown = amend(house, first["order"], lines=[{"line": 1, "quantity": 5}])
    assert grown["open_units"] == 3
    assert sum(reserved(house).values()) == 2
    less = amend(house, first["order"], lines=[{"line": 1, "quantity": 1}])
    assert less["open_units"] == 0
    assert sum(reserved(house).values()) == 1
    assert {d.code for d in audit(house)} == {"stock_differs"}  # counts set beside the facts


def test_a_supplement_is_paid_and_the_order_goes_on(house: House) -> None:
    id_ = house.place()["order"]
    done = amend(house, id_, lines=[{"sku": C, "quantity": 1, "price_fen": 700}])
    assert done["holds"] == ["supplement_due"]
    assert act(house, id_, "release", 409)["code"] == "held"
    assert act(house, id_, "pay", amount_fen=700)["holds"] == []
    facts = house.call("GET", f"/v1/orders/{id_}/facts").json()["facts"]
    assert [f["data"].get("stage", "") for f in facts if f["type"] == "order.paid"] == [
        "",
        "supplement",
    ]
    act(house, id_, "release")
    act(house, id_, "pick")
    assert amend(house, id_, 409, lines=[{"line": 1, "quantity": 1}])["code"] == "recall_first"
    act(house, id_, "pack")
    act(house, id_, "ship", carrier="sf", waybill="SF1")
    assert amend(house, id_, 409, lines=[{"line": 1, "quantity": 1}])["code"] == "use_return"
    assert audit(house) == []


def test_amend_cancel_and_ship_race_and_no_unit_or_fen_is_lost(house: House) -> None:
    """Concurrent clients on the same orders: whatever came first, rows are what the facts say."""
    placed = [house.place()["order"] for _ in range(4)]
    moves = ("release", "pick", "pack", "ship")

    def deed(no: int) -> int:
        id_, kind = placed[no % 4], no // 4 % 9
        body: dict[str, Any]
        if kind == 4:
            path, body = f"/v1/orders/{id_}/cancel", {"reason": "不要了"}
        elif kind < 4:
            path, body = f"/v1/orders/{id_}/transitions", {"event": moves[kind]}
        else:
            path = f"/v1/orders/{id_}/amendments"
            body = {"reason": "并发", "lines": [{"line": 1 + kind % 2, "quantity": kind - 5}]}
        return int(house.call("POST", path, body).status_code)

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        codes = list(pool.map(deed, [7 * n % 72 for n in range(72)]))
    assert set(codes) <= {200, 409, 503}
    assert codes.count(200) >= len(placed)
    assert audit(house) == []
    with psycopg.connect(house.url) as connection:
        rows = connection.execute("select reserved, on_hand from stock").fetchall()
    kept = gone = 0
    for id_ in placed:
        seen = see(house, id_)
        for line in seen["lines"]:
            stages = [line["quantity"] - line["cancelled"]]
            stages += [line[k] for k in ("allocated", "released", "picked", "packed", "shipped")]
            assert stages == sorted(stages, reverse=True)
            kept += line["allocated"] - line["shipped"]
            gone += line["shipped"]
        assert seen["total"] == sum(n["paid"] for n in seen["lines"])
        assert ("supplement_due" in seen["holds"]) <= (seen["total"] > seen["paid"])
    assert sum(r for r, _ in rows) == kept
    assert sum(h for _, h in rows) == UNITS * len(WAREHOUSES) * len(SKUS) - gone
    assert all(0 <= r <= h for r, h in rows)


def test_a_substitute_stands_in_at_most_for_what_was_paid(house: House) -> None:
    give = "update stock s set on_hand=0 from skus k where k.no=s.sku and k.code='%s'"
    tell(house.url, give % A)
    house.hub.worlds.forget(house.tenant)
    pairs = [
        {"sku": A, "substitute": C, "rank": 1, "consent": False},
        {"sku": A, "substitute": B, "rank": 2},
    ]
    assert house.call("PUT", "/v1/substitutes", pairs).status_code == 200
    assert len(house.call("GET", "/v1/substitutes").json()["items"]) == 2
    id_ = house.place(lines=[{"sku": A, "quantity": 2, "price_fen": 1_000}])["order"]
    offered = house.call("GET", f"/v1/orders/{id_}/substitutes").json()["items"]
    assert [(o["substitute"], o["short"], o["most"]) for o in offered] == [
        (C, 2, 2_000),
        (B, 2, 2_000),
    ]
    give_up = {"line": 1, "quantity": 0}
    other = {"sku": SKUS[3].code, "quantity": 2, "replaces": 1}
    assert amend(house, id_, 409, lines=[give_up, other])["code"] == "no_substitute"
    asked = {"sku": B, "quantity": 2, "replaces": 1}
    assert amend(house, id_, 409, lines=[give_up, asked])["code"] == "consent_needed"
    many = {"sku": C, "quantity": 3, "replaces": 1}
    assert amend(house, id_, 422, lines=[give_up, many])["code"] == "bad_line"
    dear = {"sku": C, "quantity": 2, "replaces": 1, "price_fen": 1_500}
    done = amend(house, id_, lines=[give_up, dear])
    assert (done["open_units"], done["total"], done["holds"]) == (0, 2_000, [])
    line = see(house, id_)["lines"][1]
    assert (line["sku"], line["price"], line["paid"]) == (C, 1_500, 2_000)
    assert house.call("DELETE", f"/v1/substitutes/{A}").status_code == 204


def test_a_promise_that_names_the_place_or_the_day_asks_for_the_buyer_s_own_word(
    house: House,
) -> None:
    here = re.sub(rb"applies:.*?\n(?=\w)", b'applies: {regions: ["11"]}\n', own(), flags=re.S)
    assert publish(house, here).status_code == 201
    id_ = house.place(promises=["nextday"])["order"]
    no = amend(house, id_, 409, receiver=SHANGHAI)
    assert (no["code"], no["clause"]) == ("consent_needed", "promise.gift.v1")
    no = amend(house, id_, 409, wanted="2099-01-01")
    assert (no["code"], no["clause"]) == ("consent_needed", "promise.nextday.v1")
    today = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d")
    amend(house, id_, wanted=today)  # sooner than promised: nobody has to agree
    assert see(house, id_)["wanted"] == today
    for consent in ("mine", f"{id_}/1", f"{uuid.uuid4()}/1"):
        told = amend(house, id_, 422, receiver=SHANGHAI, consent=consent)
        assert told["code"] == "no_consent"
    path = link(house, id_)
    assert post(house, path, {"kind": "address_change", "text": "请改", **SHANGHAI}) == "asked"
    facts = house.call("GET", f"/v1/orders/{id_}/facts").json()["facts"]
    (asked,) = [f for f in facts if f["type"] == "request.made"]
    consent = f"{id_}/{asked['seq']}"
    assert amend(house, id_, 422, wanted="2099-01-01", consent=consent)["code"] == "no_consent"
    accepted = house.call("POST", f"/v1/orders/{id_}/requests/1", {"act": "accept"})
    assert accepted.status_code == 200, accepted.text
    facts = house.call("GET", f"/v1/orders/{id_}/facts").json()["facts"]
    said = [f for f in facts if f["type"] == "order.amended"][-1]
    assert (said["data"]["consent"], said["cause"]) == (consent, consent)
    assert audit(house) == []


def offers(house: House, order: str) -> Any:
    return house.call("GET", f"/v1/orders/{order}/substitutes/offers").json()["items"]


def answer(house: House, page: str, no: int, says: str) -> str:
    form = {"substitute": str(no), "answer": says}
    told = house.client.post(f"{page}/requests", data=form, follow_redirects=False)
    assert told.status_code == 303, told.text
    return re.sub(r".*said=(\w+).*", r"\1", told.headers["location"])


def test_a_buyer_is_asked_about_a_substitute_and_a_yes_amends_the_order(house: House) -> None:
    give = "update stock s set on_hand=0 from skus k where k.no=s.sku and k.code='%s'"
    tell(house.url, give % A)
    house.hub.worlds.forget(house.tenant)
    pair = [{"sku": A, "substitute": B}]
    assert house.call("PUT", "/v1/substitutes", pair).status_code == 200
    id_ = house.place(lines=[{"sku": A, "quantity": 3, "price_fen": 700}])["order"]
    path = f"/v1/orders/{id_}/substitutes/offers"

    def offer(code: int, **more: Any) -> Any:
        told = house.call("POST", path, {"line": 1, "sku": B, "units": 2, **more})
        assert told.status_code == code, told.text
        return told.json()

    assert offer(409, units=4)["code"] == "not_offered"
    assert offer(409, sku=C)["code"] == "not_offered"
    assert offer(200, hours=1)["order"] == id_
    assert offer(409)["code"] == "offer_open"
    page = link(house, id_)
    assert "可否换成替代品" in house.client.get(page).text
    assert answer(house, page, 1, "maybe") == "bad_form"
    assert answer(house, page, 1, "no") == "kept_waiting"
    assert answer(house, page, 1, "yes") == "no_offer"
    offer(200, hours=1)
    clock = house.hub.clock
    house.hub.clock = lambda: clock() + 2 * 3_600_000
    try:  # nobody answered in time: a late yes changes nothing, and the timer ends the offer
        assert [o["stale"] for o in offers(house, id_)] == [True]
        assert answer(house, page, 2, "yes") == "offer_over"
        asyncio.run(ring(house, house.hub.clock()))
        assert offers(house, id_) == []
    finally:
        house.hub.clock = clock
    offer(200)
    (asked,) = offers(house, id_)
    assert (asked["units"], asked["paid"], asked["stale"]) == (2, 1400, False)
    assert answer(house, page, 3, "yes") == "substituted"
    done = see(house, id_)
    assert [(n["sku"], n["quantity"]) for n in done["lines"]] == [(A, 1), (B, 2)]
    assert [s["sku"] for f in done["fulfilments"] for s in f["shares"]] == [B]
    facts = house.call("GET", f"/v1/orders/{id_}/facts").json()["facts"]
    told = {f["type"]: f for f in facts}
    assert told["order.amended"]["data"]["consent"] == told["substitute.accepted"]["id"]
    assert told["substitute.accepted"]["actor"]["grade"] == "D"
    assert [f["data"]["reason"] for f in facts if f["type"] == "substitute.ended"] == ["expired"]
    assert house.call("DELETE", f"/v1/substitutes/{A}").status_code == 204
    assert {d.code for d in audit(house)} <= {"stock_differs"}  # counts set beside the facts


async def ring(house: House, at_ms: int) -> None:
    connection = await psycopg.AsyncConnection.connect(house.url, autocommit=True)
    async with connection:
        await clocks.fire(connection, Worlds(house.url), at_ms)
