"""Negotiations in the product: parties that are silent, late, refuse or speak twice; services."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from danshu.kernel.fact import epoch_ms
from danshu.ledger.engine import Engine
from danshu.testing import riders
from tests.fixtures import engine as stores
from tests.fixtures.hub import SKUS, House, open_house
from tests.fixtures.negotiating import (
    add_rider,
    add_service,
    audit,
    offer,
    open_call,
    read_call,
    ring,
    said,
    speak,
    windows,
)
from tests.fixtures.policies import negotiate_all, publish


@pytest.fixture(scope="module")
def house(engine: Engine, template: str) -> Iterator[House]:
    with stores._fresh(engine, template) as make, open_house(make()) as opened:
        yield opened


@pytest.fixture(scope="module")
def pages(house: House) -> dict[str, str]:
    return {code: add_rider(house, code) for code in ("r1", "r2", "r3")}


def kinds(call: dict[str, Any]) -> list[str]:
    return [m["type"].removeprefix("negotiation.") for m in call["messages"]]


def fulfilment(house: House, order: str) -> dict[str, Any]:
    whole = house.call("GET", f"/v1/orders/{order}").json()
    return dict(whole["fulfilments"][0])


def test_the_best_offer_becomes_the_shipments_carrier_and_window(
    house: House, pages: dict[str, str]
) -> None:
    order = house.place()["order"]
    call = open_call(house, order, parties=["r1", "r2"], windows=windows((30, 90), (90, 150)))
    assert call["state"] == "cfp_open"
    assert call["decision"].startswith(f"{order}/")
    assert offer(house, pages["r1"], call["id"], 1_400).status_code == 200
    shown = offer(house, pages["r2"], call["id"], 1_200).json()["calls"][0]
    assert shown["award"] == "a1"
    assert shown["address"] == ""
    won = speak(house, pages["r2"], call["id"], "confirm", "c", award="a1").json()["calls"][0]
    assert "示例路 1 号" in won["address"]  # told to whoever carries it
    lost = house.client.get(f"{pages['r1']}/calls").json()["calls"][0]
    assert lost["address"] == ""
    done = read_call(house, call["id"])
    assert (done["state"], done["party"]) == ("confirmed", "r2")
    assert kinds(done) == ["opened", "proposed", "proposed", "awarded", "confirmed"]
    causes = [m["cause"] for m in done["messages"]]
    stream = call["id"]
    assert causes == [call["decision"], f"{stream}/1", f"{stream}/1", f"{stream}/3", f"{stream}/4"]
    (fact,) = said(house, order, "shipment.arranged")
    assert fact["data"]["negotiation"] == fact["cause"] == f"{stream}/5"
    assert fulfilment(house, order)["carrier"] == "骑手 r2"


def test_nobody_answers_and_the_default_stands_by_its_time(
    house: House, pages: dict[str, str]
) -> None:
    order = house.place()["order"]
    call = open_call(house, order, parties=["r1"])
    again = house.call("POST", f"/v1/orders/{order}/negotiations", {"parties": ["r1"]})
    assert (again.status_code, again.json()["code"]) == (409, "negotiation_open")
    ring(house, 7_000)
    assert read_call(house, call["id"])["state"] == "cfp_open"
    ring(house, 9_000)
    done = read_call(house, call["id"])
    assert (done["state"], done["carrier"]) == ("expired", done["fallback"])
    assert len(said(house, order, "shipment.arranged")) == 1
    late = offer(house, pages["r1"], call["id"], 100)
    assert late.status_code == 409
    assert late.json()["code"] == "negotiation_over"
    assert kinds(read_call(house, call["id"]))[-1] == "disregarded"


def test_a_message_that_comes_again_and_one_that_differs(
    house: House, pages: dict[str, str]
) -> None:
    call = open_call(house, house.place()["order"], parties=["r1", "r2"])
    for _ in range(3):
        assert offer(house, pages["r1"], call["id"], 1_400, "same").status_code == 200
    other = offer(house, pages["r1"], call["id"], 1_300, "same")
    assert other.json()["code"] == "message_differs"
    assert kinds(read_call(house, call["id"])) == ["opened", "proposed"]


def test_a_winner_that_confirms_twice_at_once_makes_one_contract(
    house: House, pages: dict[str, str]
) -> None:
    order = house.place()["order"]
    call = open_call(house, order, parties=["r1", "r2"])
    offer(house, pages["r1"], call["id"], 1_400)
    offer(house, pages["r2"], call["id"], 1_500)

    def confirm(n: int) -> Any:
        page = pages["r2" if n == 3 else "r1"]  # who only stands in reserve confirms too
        return speak(house, page, call["id"], "confirm", f"c{n}", award="a1").status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(confirm, range(4))) == [200, 409, 409, 409]
    done = read_call(house, call["id"])
    assert (done["state"], done["party"]) == ("confirmed", "r1")
    assert kinds(done).count("confirmed") == 1
    assert len(said(house, order, "shipment.arranged")) == 1


def test_a_refusal_a_counter_and_the_next_best(house: House, pages: dict[str, str]) -> None:
    call = open_call(house, house.place()["order"], parties=["r1", "r2", "r3"], ceiling_fen=9_000)
    id_ = call["id"]
    for fee, code in ((1_000, "r1"), (1_200, "r2"), (1_400, "r3")):
        offer(house, pages[code], id_, fee)
    speak(house, pages["r1"], id_, "refuse", "no", award="a1", reason="车坏了")
    first = speak(house, pages["r2"], id_, "counter", "k1", award="a2", fee_fen=1_300)
    assert first.status_code == 200, first.text
    second = speak(house, pages["r2"], id_, "counter", "k2", award="a3", fee_fen=1_350)
    assert second.json()["code"] == "countered_already"
    speak(house, pages["r2"], id_, "confirm", "ok", award="a3")
    done = read_call(house, id_)
    assert done["party"] == "r2"
    (won,) = [o for o in done["offers"] if o["fate"] == "confirmed"]
    assert won["fee_fen"] == 1_300


def test_a_winner_that_stays_silent_loses_to_the_next_best(
    house: House, pages: dict[str, str]
) -> None:
    order = house.place()["order"]
    call = open_call(house, order, parties=["r1", "r2"])
    offer(house, pages["r1"], call["id"], 1_000)
    offer(house, pages["r2"], call["id"], 1_200)
    ring(house, 8_500)
    assert kinds(read_call(house, call["id"]))[-2:] == ["lapsed", "awarded"]
    late = speak(house, pages["r1"], call["id"], "confirm", "late", award="a1")
    assert (late.status_code, late.json()["code"]) == (409, "award_over")
    assert read_call(house, call["id"])["state"] == "awarded"
    ring(house, 30_000)
    done = read_call(house, call["id"])
    assert done["state"] in ("expired", "rejected")
    assert [f["data"].get("party", "") for f in said(house, order, "shipment.arranged")] == [""]


def test_an_order_that_is_gone_ends_the_call(house: House, pages: dict[str, str]) -> None:
    order = house.place()["order"]
    call = open_call(house, order, parties=["r1"])
    gone = house.call(
        "POST", f"/v1/orders/{order}/transitions", {"event": "cancel", "reason": "买家不要"}
    )
    assert gone.status_code == 200, gone.text
    assert offer(house, pages["r1"], call["id"], 1_000).status_code == 409
    done = read_call(house, call["id"])
    assert (done["state"], done["reason"]) == ("withdrawn", "order_gone")


def test_a_link_opens_one_partys_calls_and_nothing_else(
    house: House, pages: dict[str, str]
) -> None:
    call = open_call(house, house.place()["order"], parties=["r1"])
    assert offer(house, pages["r2"], call["id"], 1_000).json()["code"] == "not_invited"
    ids = {c["id"] for c in house.client.get(f"{pages['r2']}/calls").json()["calls"]}
    assert call["id"] not in ids
    assert house.client.get("/r/AAAA/calls").status_code == 404
    again = add_rider(house, "r2")
    assert house.client.get(f"{pages['r2']}/calls").status_code == 404  # the earlier link ended
    pages["r2"] = again


@pytest.mark.parametrize("form", ["uber-direct", "dada", "sf-city"])
def test_a_service_quotes_is_awarded_and_delivers_once(house: House, form: str) -> None:
    with riders.serve(form, fee_fen=1_250) as fleet:
        add_service(house, f"s-{form}", form, fleet)
        order = house.place()["order"]
        call = open_call(house, order, parties=[f"s-{form}"])
        house.work("negotiations")
        (offer_,) = read_call(house, call["id"])["offers"]
        assert (offer_["fee_fen"], offer_["fate"]) == (1_250, "confirmed")
        done = read_call(house, call["id"])
        (made,) = fleet.deliveries.values()
        assert (made.came, made.cancelled) == (1, False)
        assert done["party"] == f"s-{form}"
        assert said(house, order, "shipment.arranged")[0]["data"]["number"] == made.number
        told = json.dumps(done, ensure_ascii=False)
        assert "示例路" not in told  # who receives is told to the service alone


def test_a_service_whose_answer_is_lost_is_asked_again_under_its_key(house: House) -> None:
    with riders.serve("uber-direct") as fleet:
        add_service(house, "lossy", "uber-direct", fleet)
        fleet.break_after = 1
        call = open_call(house, house.place()["order"], parties=["lossy"], kind="half_day")
        house.work("negotiations")
        for _ in range(30):
            if read_call(house, call["id"])["state"] == "confirmed":
                break
            tell_now(house)
            house.work("negotiations")
        (made,) = fleet.deliveries.values()
        assert made.came == 2
        assert kinds(read_call(house, call["id"])).count("confirmed") == 1


def test_a_service_that_refuses_and_one_that_is_silent(house: House) -> None:
    with riders.serve("dada") as full, riders.serve("sf-city") as mute:
        add_service(house, "full", "dada", full)
        add_service(house, "mute", "sf-city", mute)
        full.refuse = mute.silent = True
        order = house.place()["order"]
        call = open_call(house, order, parties=["full", "mute"])
        house.work("negotiations")
        assert [o["fate"] for o in read_call(house, call["id"])["offers"]] == ["open"]
        ring(house, 8_100)
        tell_now(house)
        house.work("negotiations")
        ring(house, 8_100)  # the refusal came before the time of offers was really over
        done = read_call(house, call["id"])
        assert (done["state"], full.deliveries) == ("rejected", {})
        assert done["carrier"] == done["fallback"]


def test_what_was_ordered_too_late_is_given_back(house: House) -> None:
    with riders.serve("dada") as fleet:
        add_service(house, "slow", "dada", fleet)
        call = open_call(house, house.place()["order"], parties=["slow"])
        fleet.break_after = 1  # it takes the order on, and we do not hear of it
        house.work("negotiations")
        assert read_call(house, call["id"])["state"] == "awarded"
        told = house.call("POST", f"/v1/negotiations/{call['id']}/withdraw", {"reason": "测试"})
        assert told.json()["state"] == "withdrawn"
        for _ in range(40):
            if all(d.cancelled for d in fleet.deliveries.values()):
                break
            tell_now(house)
            house.work("negotiations")
        assert [d.cancelled for d in fleet.deliveries.values()] == [True]


def tell_now(house: House) -> None:
    """Let no message wait for its next try."""
    with psycopg.connect(house.url, autocommit=True) as c:
        c.execute("update negotiation_sends set next_try=now() where state='due'")


def test_cold_goods_are_offered_for_with_cold_equipment_alone(
    house: House, pages: dict[str, str]
) -> None:
    sku = SKUS[9]
    order = house.place(lines=[{"sku": sku.code, "quantity": 1, "price_fen": 900}])["order"]
    # what it is stored at is corrected after it was placed: the call says what holds now
    cold = {"code": sku.code, "name": sku.name, "weight_g": sku.weight_g, "storage": 2}
    told = house.call("PUT", "/v1/skus", [cold])
    assert told.status_code == 200, told.text
    house.hub.worlds.forget(house.tenant)
    call = open_call(house, order, parties=["r1", "r3"])
    assert call["cold"]
    refused = offer(house, pages["r1"], call["id"], 900)
    assert (refused.status_code, refused.json()["code"]) == (409, "no_equipment")
    body = {"name": "骑手 r3", "equipment": "COLD-BOX-3"}
    assert house.call("PUT", "/v1/parties/r3", body).status_code == 200
    assert offer(house, pages["r3"], call["id"], 1_900).status_code == 200
    (only,) = read_call(house, call["id"])["offers"]
    assert only["party"] == "r3"


def test_who_may_not_negotiate(house: House, pages: dict[str, str]) -> None:
    order = house.place()["order"]
    path = f"/v1/orders/{order}/negotiations"
    assert house.call("POST", path, {"parties": ["r1"]}, role="viewer").status_code == 403
    assert house.call("POST", path, {"parties": ["nobody"]}).status_code == 404
    one = {"windows": windows((30, 60))}
    assert house.call("POST", path, one).json()["code"] == "bad_field"
    past = {"windows": windows((-30, 60), (60, 90))}
    assert house.call("POST", path, past).json()["pointer"] == "/windows/0"


def test_the_consumer_agrees_to_a_later_window_in_the_words_shown(
    house: House, pages: dict[str, str]
) -> None:
    order = house.place(promises=["nextday"])["order"]
    asked = windows((60, 120), (60 * 72, 60 * 73))
    call = open_call(house, order, parties=["r1"], windows=asked, reply_ms=600_000)
    assert [w["consent"] for w in call["windows"]] == [False, True]
    late = speak(
        house, pages["r1"], call["id"], "propose", "p", window="w2", fee_fen=500, minutes=4_330
    )
    assert late.status_code == 200
    assert read_call(house, call["id"])["state"] == "proposed"
    link = house.call("POST", f"/v1/orders/{order}/links", {}).json()["url"]
    page = "/e/" + link.rpartition("/")[2]
    text = house.client.get(f"{page}?lang=zh").text
    fields = dict(re.findall(r'name="(negotiation|window|digest)" value="([^"]+)"', text))
    forged = {**fields, "digest": "0" * 64}
    told = house.client.post(f"{page}/windows?lang=zh", data=forged, follow_redirects=False)
    assert "said=window_over" in told.headers["location"]
    told = house.client.post(f"{page}/windows?lang=zh", data=fields, follow_redirects=False)
    assert (told.status_code, "said=window_agreed" in told.headers["location"]) == (303, True)
    awarded = read_call(house, call["id"])
    assert kinds(awarded)[-2:] == ["consented", "awarded"]
    words = json.loads(awarded["messages"][-2]["data"])["text"]
    assert words in text
    assert fields["digest"] == hashlib.sha256(words.encode()).hexdigest()
    assert not said(house, order, "promise.amended"), "a yes alone moves no promise"
    speak(house, pages["r1"], call["id"], "confirm", "c", award="a1")
    (fact,) = said(house, order, "shipment.arranged")
    assert fact["data"]["consent"] == f"{call['id']}/3"
    shown = house.client.get(f"{page}?lang=zh").text
    assert "您已同意" in shown
    moved = [f["data"] for f in said(house, order, "promise.amended")]
    assert {m["code"] for m in moved} == {"nextday"}
    (moved_by,) = moved
    assert (moved_by["consent"], moved_by["due"]) == (f"{call['id']}/3", asked[1]["end"])
    assert f'data-before="{moved_by["before"]}"' in shown
    house.work("sequence", "rows")
    listed = house.call("GET", "/v1/promises?code=nextday").json()["items"]
    both = [(p["before"], p["due"]) for p in listed if p["order"] == order]
    assert both == [(moved_by["before"], asked[1]["end"])]
    with psycopg.connect(house.url) as c:
        due = c.execute("select due from orders where id=%s", (order,)).fetchone()
        at = c.execute("select max(due) from timers where id=%s", (order,)).fetchone()
    assert due
    assert at
    assert at[0] >= due[0]


def calls(house: House, order: str) -> list[Any]:
    return list(house.call("GET", f"/v1/negotiations?order={order}").json()["items"])


def test_a_policy_opens_a_call_once_for_each_order_that_goes_on(
    house: House, pages: dict[str, str]
) -> None:
    publish(house, negotiate_all(review=True), "停")
    waits = house.place()["order"]
    publish(house, negotiate_all(review=False), "协商")
    placed = house.place()
    order = placed["order"]
    assert placed["plan"]
    assert calls(house, order) == [], "placing opens nothing itself"
    ring(house)
    (call,) = calls(house, order)
    assert calls(house, waits) == [], "nobody is asked to carry what waits for a person"
    told = read_call(house, call["id"])
    lengths = {epoch_ms(w["end"]) - epoch_ms(w["start"]) for w in told["windows"]}
    assert (len(told["windows"]), lengths) == (3, {45 * 60_000})
    assert epoch_ms(told["reply_by"]) - epoch_ms(told["opened"]) == 20_000
    assert told["decision"].startswith(f"{order}/")
    decided = house.call("GET", f"/v1/orders/{order}/decision").json()["decision"]
    assert decided["ruling"]["negotiate"] == {"windows": 3, "window_min": 45, "expiry_s": 20}
    path = f"/v1/orders/{waits}/transitions"
    released = house.call("POST", path, {"event": "unhold", "reason": "policy_review"})
    assert released.status_code == 200, released.text
    ring(house)
    assert len(calls(house, waits)) == 1
    with psycopg.connect(house.url, autocommit=True) as c:
        c.execute("update parties set active=false")
        alone = house.place()["order"]
        for _ in range(2):  # the second as a node would that did not know of the first
            ring(house)
            c.execute("insert into timers values (%s,now(),%s,5)", (house.tenant, alone))
        c.execute("update parties set active=true")
    ring(house)
    why = [f["data"]["code"] for f in said(house, alone, "negotiation.unopened")]
    assert (why, calls(house, alone)) == (["no_party"], [])


def test_the_audit_finds_every_row_in_its_facts_and_a_row_that_was_touched(house: House) -> None:
    """After all that was played above."""
    house.work("sequence")
    assert audit(house) == []
    with psycopg.connect(house.url, autocommit=True) as c:
        c.execute("update negotiations set state='confirmed' where state='rejected'")
        c.execute("update parties set confirmed=confirmed+1 where code='r1'")
    codes = {each.code for each in audit(house)}
    assert codes == {"negotiation_differs", "party_differs"}
