"""Replan in the product: open orders moved by the door of a re-route, prices behind their gate."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from danshu.capabilities.routing.policy.model import Graph, GraphEdge, GraphNode, PolicySet
from danshu.hub import policy_sets
from danshu.kernel.fact import rfc3339
from danshu.ledger.engine import Engine
from tests.fixtures import engine as stores
from tests.fixtures.engine import ask, tell
from tests.fixtures.hub import SKUS, TESTER, WAREHOUSES, House, open_house
from tests.flows.test_workbench_acts import audit

PATIENCE_S = 120.0  # only so that a failing test ends
ORDERS = 60
CITIES = (("北京市", "北京市"), ("上海市", "上海市"), ("天津市", "天津市"))


@pytest.fixture(scope="module")
def house(engine: Engine, template: str) -> Iterator[House]:
    with stores._fresh(engine, template) as make, open_house(make()) as opened:
        yield opened


def place_some(house: House) -> list[str]:
    """Orders of one and of two lines, into several cities."""
    made = []
    for n in range(ORDERS):
        province, city = CITIES[n % len(CITIES)]
        lines = [{"sku": SKUS[n % 7].code, "quantity": 1 + (n % 5 == 0), "price_fen": 1000}]
        if n % 4 == 0:
            lines.append({"sku": SKUS[8].code, "quantity": 1, "price_fen": 500})
        receiver = {
            "name": "张示例",
            "phone": "13900001234",
            "province": province,
            "city": city,
            "detail": "示例路 1 号",
        }
        made.append(house.place(lines=lines, receiver=receiver)["order"])
    return made


def finish(house: House, run: str) -> dict[str, Any]:
    end = time.monotonic() + PATIENCE_S
    while True:
        seen = house.call("GET", f"/v1/replans/{run}", role="viewer").json()
        if seen["state"] not in ("waiting", "running"):
            return dict(seen)
        assert time.monotonic() < end, seen
        time.sleep(0.05)


def places(house: House) -> Counter[str]:
    """Live fulfilment orders by warehouse."""
    docs: Any = ask(house.url, "select array_agg(doc) from orders where tenant=%s", house.tenant)
    live = [f for doc in docs for f in json.loads(bytes(doc)).get("fulfilments", [])]
    return Counter(f["warehouse"] for f in live if f.get("state", "allocated") != "cancelled")


def lock_down(house: House, codes: list[str], *, forbids: list[str]) -> None:
    states = [{"warehouse": code, "forbids": forbids} for code in codes]
    now = rfc3339(time.time_ns() // 1_000_000)
    told = house.call("POST", "/v1/signals/compliance", {"observed": now, "states": states})
    assert told.status_code == 200, told.text
    assert told.json()["accepted"] == len(codes), told.text
    house.work("signals")
    with house.client.portal() as portal:
        portal.call(house.hub.worlds.look)


def forbid(house: House, where: str) -> None:
    """Let policy forbid warehouses to every order, as if that had been drawn and approved."""
    effects = json.dumps([{"effect": "forbid", "where": where}])
    content = {"expressions": [{"id": "1", "key": "effects", "value": effects}]}
    nodes = (
        GraphNode(id="a", type="inputNode", name="in"),
        GraphNode(id="b", type="expressionNode", name="it", content=content),
        GraphNode(id="c", type="outputNode", name="out"),
    )
    edges = (
        GraphEdge(id="1", source_id="a", target_id="b"),
        GraphEdge(id="2", source_id="b", target_id="c"),
    )
    policy = PolicySet(graphs=(Graph(code="out", zh="禁用", en="out", nodes=nodes, edges=edges),))
    asyncio.run(_publish(house, policy))
    told = house.call("POST", f"/v1/routing/policies/sets/{policy.digest}/activate", {})
    assert told.status_code == 200, told.text


async def _publish(house: House, policy: PolicySet) -> None:
    async with (
        await psycopg.AsyncConnection.connect(house.url, autocommit=True) as connection,
        connection.transaction(),
    ):
        await policy_sets.publish(
            connection, house.tenant, policy, "KEEP-OUT", TESTER, drafted_by="tests", simulation=""
        )


def test_three_warehouses_are_locked_down_and_their_orders_go_elsewhere(house: House) -> None:
    place_some(house)
    before = places(house)
    closed = [code for code, _ in before.most_common(3)]
    begun = house.place()["order"]  # its picking has begun: it stays
    for event in ("release", "pick"):
        told = house.call("POST", f"/v1/orders/{begun}/transitions", {"event": event})
        assert told.status_code == 200, told.text
    lock_down(house, closed, forbids=["lockdown"])
    house.work("replan")
    (run,) = house.call("GET", "/v1/replans").json()["items"]
    assert run["cause"] == f"closed {' '.join(sorted(closed))}"
    done = finish(house, run["id"])
    assert done["state"] == "done", done
    assert done["orders"] == ORDERS
    assert done["pinned"] == 1
    assert done["moved"] == sum(before[code] for code in closed) - 0, done
    assert done["refused"] == 0
    assert done["after_fen"] < done["before_fen"]
    assert 0 < done["bound_fen"] <= done["after_fen"]
    after = places(house)
    assert sum(after[code] for code in closed) == 1  # what was picked
    assert after.total() >= ORDERS
    moves = house.call("GET", f"/v1/replans/{run['id']}/moves?limit=200").json()["items"]
    assert len(moves) == done["planned"] == done["moved"]
    assert all(m["gain_fen"] > 0 and m["state"] == "moved" for m in moves)
    assert not {code for m in moves for code in m["becomes"]} & set(closed)
    house.work("sequence", "rows")
    audit(house)
    # the same lockdown again is no event
    house.work("replan")
    assert len(house.call("GET", "/v1/replans").json()["items"]) == 1


def test_a_replan_by_hand_moves_nobody_twice(house: House) -> None:
    begun = house.call("POST", "/v1/replans", {"cause": "手动"})
    assert begun.status_code == 202, begun.text
    done = finish(house, begun.json()["id"])
    assert (done["state"], done["moved"], done["asked_by"]) == ("done", 0, "admin")
    facts = ask(
        house.url,
        "select count(*) from facts where tenant=%s and position('replan.finished'::bytea in body)"
        ">0",
        house.tenant,
    )
    assert facts == 2


def test_a_replan_keeps_out_of_where_policy_forbids(house: House) -> None:
    before = places(house)
    ((taken, count),) = before.most_common(1)
    forbid(house, f"code == '{taken}'")
    house.work("signals")
    with house.client.portal() as portal:
        portal.call(house.hub.worlds.look)
    run = house.call("POST", "/v1/replans", {"cause": "策略"}).json()["id"]
    done = finish(house, run)
    moves = house.call("GET", f"/v1/replans/{run}/moves?limit=200").json()["items"]
    assert done["state"] == "done", done
    assert len(moves) == done["moved"] == count
    assert not any(taken in m["becomes"] for m in moves)
    assert not places(house)[taken]
    house.work("sequence", "rows")
    audit(house)


def test_one_that_ended_is_not_cancelled(house: House) -> None:
    (run, *_) = house.call("GET", "/v1/replans").json()["items"]
    told = house.call("POST", f"/v1/replans/{run['id']}/cancel")
    assert (told.status_code, told.json()["code"]) == (422, "not_now")
    assert house.call("POST", "/v1/replans", {}, role="viewer").status_code == 403


def test_a_waiting_one_is_joined_and_cancelled(house: House) -> None:
    tell(house.url, "update jobs set lease=null where ended is null")
    first = house.call("POST", "/v1/replans", {"cause": "一"}).json()
    told = house.call("POST", f"/v1/replans/{first['id']}/cancel")
    assert told.status_code == 200, told.text
    done = finish(house, first["id"])
    assert done["state"] in ("cancelled", "done")


def test_settings_hold(house: House) -> None:
    wanted = {"every_min": 0, "switching_fen": 250}
    assert house.call("PUT", "/v1/replan-settings", wanted).status_code == 200
    assert house.call("GET", "/v1/replan-settings").json() == wanted
    assert WAREHOUSES
