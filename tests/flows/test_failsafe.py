"""Cold fails closed: a dead feed, two proofs, the breaker, and the equipment asked at dispatch."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator

import msgspec
import numpy as np
import psycopg
import pytest

from danshu.capabilities.routing.negotiation.model import Award, Negotiation
from danshu.hub import failsafe, incident_rows
from danshu.kernel.limits import CANARY_ORDERS
from danshu.ledger.engine import Engine
from danshu.testing import notice_desk, robots
from tests.fixtures import engine as stores
from tests.fixtures.cold import (
    COLD,
    age,
    count_at,
    fill,
    place,
    place_together,
    proposal,
    publish_prices,
    read_box,
    route_of,
    sense,
    spread,
    stock,
    swap,
    swap_late,
    uuid_at,
)
from tests.fixtures.engine import ask, tell
from tests.fixtures.hub import WAREHOUSES, House, open_house
from tests.flows.test_redecide import look

TTL_MS = 120_000


@pytest.fixture(scope="module")
def house(engine: Engine, template: str) -> Iterator[House]:
    with stores._fresh(engine, template) as make, open_house(make()) as opened:
        asyncio.run(stock(opened))
        opened.hub.worlds.forget(opened.tenant)
        yield opened


def test_a_killed_temperature_feed_takes_no_cold_order_after_its_ttl(house: House) -> None:
    look(house)
    (first,) = place(house)
    code = first["plan"][0]["warehouse"]
    sense(house, code)
    (second,) = place(house)
    assert second["plan"][0]["warehouse"] == code, "two proofs: it goes on"
    look(house)
    held = count_at(house, code)
    assert held == 2
    age(house, TTL_MS + 1_000)
    answers = place(house, 6)
    assert all(p["warehouse"] != code for a in answers for p in a["plan"])
    look(house)
    assert count_at(house, code) == 0
    run = house.call("GET", "/v1/redecisions").json()["items"][0]
    assert run["orders"]["moved"] + run["orders"]["held"] == held
    assert {c["storage"] for c in run["closed"]} == {"chilled"}
    reasons = {c["reason"] for c in run["closed"]}
    assert {"stale_safety", "proof"} <= reasons
    # ambient goods are not concerned
    assert house.place()["plan"]


def test_cold_goods_that_find_no_other_place_are_held(house: House) -> None:
    sense(house, COLD[0])
    for code in COLD:
        sense(house, code)
    look(house)
    (order,) = place(house)
    assert order["plan"]
    age(house, TTL_MS + 1_000)
    look(house)
    read = house.call("GET", f"/v1/orders/{order['order']}").json()
    assert read["holds"] == ["cold_unproven"]
    told = house.call("POST", f"/v1/orders/{order['order']}/transitions", {"event": "release"})
    assert (told.status_code, told.json()["code"]) == (409, "held")
    (later,) = place(house)
    assert later["plan"] == []


def test_one_proof_alone_is_not_enough(house: House) -> None:
    for code in COLD:
        sense(house, code)
    (order,) = place(house)
    assert order["plan"]
    tell(house.url, "update signal_sources set retired=now() where key='cold_unit_health'")
    swap_late(house)
    (order,) = place(house)
    assert order["plan"] == []
    for code in COLD:
        sense(house, code)


def test_the_breaker_stops_a_class_and_a_person_takes_it_again(house: House) -> None:
    async def judge() -> int:
        at_ms = time.time_ns() // 1_000_000
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            return await failsafe.judge(c, house.tenant, at_ms)

    # a day that spread its cold orders over three stores
    spread(house, 240, ago_ms=3_600_000, codes=["A1", "A2", "A3"])
    assert asyncio.run(judge()) == 0
    spread(house, 60, ago_ms=1_000, codes=["A2"])
    assert asyncio.run(judge()) == 1
    assert asyncio.run(judge()) == 0
    alerts = house.call("GET", "/v1/board/overview").json()["alerts"]
    (alert,) = [a for a in alerts if a["kind"] == "breaker"]
    assert (alert["code"], alert["n"], alert["link"]) == ("routing_stopped", 1, "/redecisions")
    with notice_desk.serve() as desk:
        body = {"adapter": "webhook", "url": desk.url, "secret": notice_desk.SECRET}
        assert house.call("PUT", "/v1/notice-settings", body).is_success
        desk.trouble.append(503)
        for _ in range(2):
            tell(house.url, "update incident_notices set next_try=now()")
            house.work("failsafe")
        (paged,) = desk.notices.values()
        assert paged.data["code"] == "routing_stopped"
        assert paged.data["detail"].startswith("chilled A2 60/")
        assert "现场测温" in paged.data["advice"]
    (stop,) = house.call("GET", "/v1/class-stops").json()["items"]
    assert (stop["storage"], stop["place"], stop["resumed"]) == ("chilled", "A2", "")
    swap(house)
    (order,) = place(house)
    assert order["plan"] == []
    body = {"storage": "chilled", "reason": "现场测温正常"}
    assert house.call("POST", "/v1/class-stops/resume", body, role="viewer").status_code == 403
    assert house.call("POST", "/v1/class-stops/resume", body).status_code == 204
    assert house.call("POST", "/v1/class-stops/resume", body).json()["code"] == "not_now"
    assert asyncio.run(judge()) == 0, "what came before a person looked trips nothing again"
    swap(house)
    (order,) = place(house)
    assert order["plan"]


def test_the_canary_takes_no_more_than_the_limit_until_a_temperature_confirms(
    house: House,
) -> None:
    tell(house.url, "delete from cold_canaries")
    for code in COLD:
        sense(house, code)
    there = COLD[0]
    fill(house, there)
    answers = place_together(house, CANARY_ORDERS + 5)
    placed = [a for a in answers if a["plan"]]
    assert [p["warehouse"] for a in placed for p in a["plan"]] == [there] * CANARY_ORDERS
    late = [a["order"] for a in answers if not a["plan"]]
    assert len(late) == 5
    read = house.call("GET", f"/v1/orders/{late[0]}").json()
    assert read["holds"] == ["cold_canary"]
    decision = house.call("GET", f"/v1/orders/{late[0]}/decision").json()
    assert '"canary"' in json.dumps(decision)
    assert house.call("POST", f"/v1/orders/{late[0]}/replay", {}).json()["equal"]
    house.work("failsafe")
    assert house.call("GET", f"/v1/orders/{late[0]}").json()["holds"] == ["cold_canary"]
    sense(house, there, ago_ms=60_000)
    assert place(house)[0]["plan"] == [], "a reading from before the decisions confirms nothing"
    sense(house, there)
    house.work("failsafe")
    for id_ in late:
        read = house.call("GET", f"/v1/orders/{id_}").json()
        assert read["holds"] == []
        assert [f["warehouse"] for f in read["fulfilments"]] == [there], read


def test_cold_goods_leave_only_with_an_active_equipment(house: House) -> None:
    (order,) = place(house)
    path = f"/v1/orders/{order['order']}/transitions"
    told = house.call("PUT", "/v1/cold-equipment", {"code": "BOX-1", "name": "保温箱 1 号"})
    assert told.status_code == 200, told.text
    house.call("PUT", "/v1/cold-equipment", {"code": "BOX-2", "active": False})
    for event in ("release", "pick", "pack"):
        assert house.call("POST", path, {"event": event}).status_code == 200
    ship = {"event": "ship", "carrier": "示例快递"}
    told = house.call("POST", path, ship)
    assert (told.status_code, told.json()["code"]) == (409, "cold_equipment_missing")
    told = house.call("POST", path, {**ship, "equipment": "BOX-2"})
    assert (told.status_code, told.json()["code"]) == (409, "cold_equipment_inactive")
    box = {"code": "BOX-1", "name": "保温箱 1 号"}
    away = next(w.code for w in WAREHOUSES if w.code != order["plan"][0]["warehouse"])
    assert house.call("PUT", "/v1/cold-equipment", {**box, "warehouse": "NO"}).status_code == 422
    for changes, told_of, code in (
        ({"warehouse": away}, {}, "cold_equipment_other"),
        ({}, {"health": 0.2}, "cold_equipment_unhealthy"),
        ({}, {"temperature_c": 12.5}, "cold_equipment_unhealthy"),
        ({}, {"ago_ms": 601_000}, "cold_equipment_unhealthy"),
    ):
        assert house.call("PUT", "/v1/cold-equipment", {**box, **changes}).status_code == 200
        tell(house.url, "delete from cold_equipment_states")
        if told_of:
            assert read_box(house, **told_of) == []
        told = house.call("POST", path, {**ship, "equipment": "BOX-1"})
        assert (told.status_code, told.json()["code"]) == (409, code), told.text
        assert "BOX-1" in told.json()["reason"]
    assert read_box(house, code="BOX-9") == ["BOX-9"]
    assert read_box(house, ago_ms=-60_000) == ["BOX-1"]
    assert read_box(house) == []
    (listed, _) = house.call("GET", "/v1/cold-equipment").json()["items"]
    assert (listed["celsius"], listed["health"]) == (4.5, 0.9)
    told = house.call("POST", path, {**ship, "equipment": "BOX-1"})
    assert told.status_code == 200, told.text
    facts = house.call("GET", f"/v1/orders/{order['order']}/facts").json()["facts"]
    shipped = next(f for f in facts if f["type"] == "order.shipped")
    assert shipped["data"]["equipment"] == "BOX-1"
    ambient = house.place()["order"]
    for event in ("release", "pick", "pack", "ship"):
        told = house.call("POST", f"/v1/orders/{ambient}/transitions", {"event": event})
        assert told.status_code == 200, told.text


@pytest.mark.parametrize(
    "poison", [[np.nan] * 5, [np.inf] * 5, [-50, 0, 0, 0, 0], [2**40] * 5], ids=str
)
def test_poisoned_prices_decide_nothing_and_are_told(house: House, poison: list[float]) -> None:
    """The drill: all prices poisoned. Decisions are those without prices, and people hear of it."""
    tell(house.url, "delete from prices", "delete from incident_notices")
    swap_late(house)
    myopic = route_of(house)
    home = next(n for n, w in enumerate(WAREHOUSES) if w.code == myopic[0][0])
    publish_prices(house, [90_000 * (n == home) for n in range(5)])
    assert route_of(house)[0] != myopic[0], "sound prices do decide"
    publish_prices(house, poison)
    assert route_of(house) == myopic
    alerts = house.call("GET", "/v1/board/overview").json()["alerts"]
    assert "prices_refused" in [a["code"] for a in alerts]
    paged = "select count(*) from incident_notices where kind='prices_refused' and state='due'"
    assert ask(house.url, paged) == 1


def test_who_hands_over_at_the_dock_scans_the_equipment(house: House) -> None:
    """The box that a negotiation's party brings is the one of this order."""
    tell(house.url, "delete from cold_equipment_states")
    house.call("PUT", "/v1/cold-equipment", {"code": "BOX-1"})
    (order,) = place(house)
    id_ = order["order"]
    path = f"/v1/orders/{id_}/transitions"
    for event in ("release", "pick", "pack"):
        assert house.call("POST", path, {"event": event}).status_code == 200
    at_ms = house.hub.clock()
    won = Negotiation(
        state="confirmed",
        order=id_,
        proposals=(proposal("p1", "RIDER", at_ms),),
        award=Award(id="a1", proposal="p1", reserved="", confirm_ms=at_ms),
    )
    with psycopg.connect(house.url, autocommit=True) as c:
        c.execute(
            "insert into parties(tenant,code,name,adapter,equipment) values(%s,%s,'','riders',%s)",
            (house.tenant, "RIDER", "BOX-7"),
        )
        c.execute(
            "insert into negotiations(tenant,id,order_id,fulfilment,state,seq,head,parties,"
            "reply_by,award_by,doc) values(%s,%s,%s,1,'confirmed',1,'',array['RIDER'],now(),now(),"
            "%s)",
            (house.tenant, uuid_at(at_ms, 9), id_, msgspec.json.encode(won)),
        )
    house.call("PUT", "/v1/cold-equipment", {"code": "BOX-7"})
    task = f"/v1/floor/tasks/{id_}/1/handover"
    assert house.call("GET", task).json()["equipment"] is True
    scanned = house.call("POST", f"{task}/scan", {"code": "SF7000000001"})
    assert scanned.status_code == 200, scanned.text
    told = house.call("POST", f"{task}/done", {"carrier": "示例快递"})
    assert told.json()["code"] == "cold_equipment_missing"
    told = house.call("POST", f"{task}/done", {"carrier": "示例快递", "equipment": "BOX-1"})
    assert (told.status_code, told.json()["code"]) == (409, "cold_equipment_other")
    assert "BOX-7" in told.json()["reason"]
    told = house.call("POST", f"{task}/done", {"carrier": "示例快递", "equipment": "BOX-7"})
    assert told.status_code == 200, told.text


def test_an_incident_is_told_whatever_words_its_key_is_made_of(house: House) -> None:
    """A finding's key has the merchant's own words: a shop's name, a reason that somebody typed."""
    tell(house.url, "delete from incident_notices")

    async def find() -> None:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            key = "missing_order-漏单-华东 旗舰店-3"
            await incident_rows.notify(c, house.tenant, incident_rows.FINDING, key, "漏单 华东")

    asyncio.run(find())
    with notice_desk.serve() as desk:
        body = {"adapter": "webhook", "url": desk.url, "secret": notice_desk.SECRET}
        assert house.call("PUT", "/v1/notice-settings", body).is_success
        house.work("failsafe")
        (paged,) = desk.notices.values()
    assert paged.data["detail"] == "漏单 华东"


def test_groups_and_mailboxes_are_told_of_incidents(house: House) -> None:
    """Each is told once; many at a time are one message; who is switched off hears nothing."""
    path = "/v1/alert-channels"
    tell(house.url, "delete from incident_notices")

    def run(*keys: str, kind: str = "routing_stopped") -> None:
        async def raise_all() -> None:
            async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
                for key in keys:
                    await incident_rows.tell(c, house.tenant, kind, key, f"仓 {key}")

        asyncio.run(raise_all())
        tell(house.url, "update alert_channels set next_try=now()")
        house.work("failsafe")

    with robots.serve() as far:
        wrong = {"name": "群", "adapter": "feishu", "url": "https://evil.example/x", "secret": "s"}
        assert house.call("POST", path, wrong).json()["code"] == "bad_url"
        for kind in ("feishu", "mail", "wecom"):
            secret = robots.PASSWORD if kind == "mail" else robots.SECRET
            told = {"name": kind, "adapter": kind, "url": far.url(kind), "secret": secret}
            grade = "yellow" if kind == "wecom" else "red"
            made = house.call("POST", path, {**told, "grade": grade})
            assert made.is_success, made.text
        assert robots.KEY not in made.text
        assert robots.SECRET not in made.text
        assert house.call("POST", path, told, role="viewer").status_code == 403
        assert house.call("POST", f"{path}/1/test").json() == {"trouble": ""}
        assert house.call("POST", f"{path}/9/test").json()["code"] == "no_channel"
        far.taken.clear()
        run("A1")
        run("A1")
        assert [t.kind for t in far.taken] == ["feishu", "mail", "wecom"]
        run("P1", kind="prices_refused")  # yellow: one of them wants to hear of it
        assert [t.kind for t in far.taken[3:]] == ["wecom"]
        house.call("PUT", f"{path}/3", {"name": "w", "adapter": "wecom", "is_on": False})
        house.call("DELETE", f"{path}/2")
        far.taken.clear()
        far.trouble = [11232]
        run("B1")
        (shown,) = [c for c in house.call("GET", path).json()["items"] if c["no"] == 1]
        assert (shown["waiting"], shown["trouble"]) == (1, "the robot answers 11232")
        run(*[f"C{n:02}" for n in range(30)])
        (one,) = far.taken
        assert "31" in one.text
        assert one.text.count("分仓熔断") == 12
