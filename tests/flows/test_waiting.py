"""Units that wait for stock, and holds with rules: served in turn, each in one commit."""

from __future__ import annotations

import asyncio
import datetime
from typing import Any

import psycopg

from danshu.faces.work import rooms
from danshu.hub import clocks
from danshu.hub.worlds import Worlds
from danshu.ledger.write import connect
from tests.fixtures.engine import ask
from tests.fixtures.hub import PAID_MS, SKUS, WAREHOUSES, House
from tests.flows.test_amending import act, amend, see
from tests.flows.test_workbench_acts import audit, reserved

A, B = SKUS[0].code, SKUS[5].code
HERE = WAREHOUSES[0].code


def wait_for(house: House, units: int, sku: str = A, **more: Any) -> str:
    lines = [{"sku": sku, "quantity": units, "price_fen": 100}]
    return str(house.place(lines=lines, **more)["order"])


def receive(house: House, units: int, sku: str = A) -> None:
    body = {"reason": "到货", "levels": [{"warehouse": HERE, "sku": sku, "on_hand": units}]}
    told = house.call("PUT", "/v1/stock", body)
    assert told.status_code == 200, told.text


def serve(house: House) -> None:
    """The room as it runs: its connection set up as a worker's is."""

    async def run() -> None:
        (room,) = [r for r in rooms.ROOMS if r.name == "waiting"]
        step = room.begin(house.url)
        async with await connect(house.url, "danshu-test") as connection:
            for setting in rooms._BY_INDEX:
                await connection.execute(setting)
            while await step(connection):
                pass

    house.work("sequence", "rows")
    asyncio.run(run())
    house.work("sequence", "rows")


def empty(house: House, sku: str = A) -> None:
    for w in WAREHOUSES:
        body = {"reason": "清点", "levels": [{"warehouse": w.code, "sku": sku, "on_hand": 0}]}
        assert house.call("PUT", "/v1/stock", body).status_code == 200
    house.hub.worlds.forget(house.tenant)


def waits(house: House, id_: str) -> int:
    return sum(n["quantity"] - n["cancelled"] - n["allocated"] for n in see(house, id_)["lines"])


def test_who_waits_is_served_in_turn_when_stock_comes_in(house: House) -> None:
    """Earlier deadline first, then arrival; what cannot be served holds up nobody behind it."""
    empty(house)
    late = datetime.datetime.fromtimestamp(PAID_MS / 1000 + 3600, datetime.UTC).isoformat()
    third = wait_for(house, 2, paid_at=late)
    first, second = wait_for(house, 2), wait_for(house, 2)
    house.work("sequence", "rows")
    assert ask(house.url, "select count(*) from waiting_units") == 3
    serve(house)
    assert [waits(house, i) for i in (first, second, third)] == [2, 2, 2]
    receive(house, 3)
    serve(house)
    assert [waits(house, i) for i in (first, second, third)] == [0, 2, 2]
    facts = house.call("GET", f"/v1/orders/{first}/facts").json()["facts"]
    (said,) = [f for f in facts if f["type"] == "order.allocated"]
    assert said["actor"]["sub"] == "waiting"
    receive(house, 6)
    serve(house)
    assert [waits(house, i) for i in (first, second, third)] == [0, 0, 0]
    assert ask(house.url, "select count(*) from waiting_units") == 0
    serve(house)
    assert ask(house.url, "select count(*) from waiting_turns") == 0
    assert reserved(house) == {HERE: 6}
    assert audit(house) == []


def test_a_hold_that_frees_gives_stock_to_others_and_takes_it_back(house: House) -> None:
    id_ = house.place()["order"]
    assert sum(reserved(house).values()) == 3
    assert act(house, id_, "hold", reason="fraud_suspected")["holds"] == ["fraud_suspected"]
    assert reserved(house) == {}
    assert act(house, id_, "allocate", 409)["code"] == "held_unreserved"
    serve(house)
    assert reserved(house) == {}
    assert act(house, id_, "unhold")["open_units"] == 0
    assert sum(reserved(house).values()) == 3
    assert audit(house) == []


def test_a_hold_ends_at_its_time_and_one_for_stock_when_all_of_it_came(house: House) -> None:
    timed = house.place()["order"]
    until = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)
    body = {"reason": "买家出差", "until": until.isoformat(), "frees": True}
    told = house.call("POST", f"/v1/orders/{timed}/holds", body)
    assert told.status_code == 200, told.text
    assert ask(house.url, "select count(*) from timers where kind=31") == 1

    async def ring(at_ms: int) -> int:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            return await clocks.fire(c, Worlds(house.url), at_ms)

    asyncio.run(ring(int(until.timestamp() * 1000) - 1))
    assert see(house, timed)["holds"] == ["买家出差"]
    asyncio.run(ring(int(until.timestamp() * 1000)))
    assert see(house, timed)["holds"] == []
    assert sum(reserved(house).values()) == 3
    empty(house, B)
    other = wait_for(house, 2, sku=B)
    act(house, other, "hold", reason="stock_awaited")
    receive(house, 1, B)
    serve(house)
    assert (see(house, other)["holds"], waits(house, other)) == (["stock_awaited"], 2)
    receive(house, 2, B)
    serve(house)
    assert (see(house, other)["holds"], waits(house, other)) == ([], 0)
    assert audit(house) == []


def test_what_is_due_is_not_waived_by_lifting_the_hold(house: House) -> None:
    id_ = house.place()["order"]
    amend(house, id_, lines=[{"line": 1, "quantity": 3}])
    assert act(house, id_, "unhold", 409)["code"] == "supplement_due"
    reasons = house.call("GET", "/v1/hold-reasons").json()["items"]
    assert {r["reason"] for r in reasons} >= {"buyer_asked", "stock_awaited", "supplement_due"}
