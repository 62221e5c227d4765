"""Re-decision in the product: what a signal closes finds its open orders, and they go elsewhere."""

from __future__ import annotations

import asyncio
import datetime
import json
import math
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import msgspec
import psycopg
import pytest
from msgspec.structs import replace

from danshu.bench import redecide as bench
from danshu.hub import decision_views, redeciding_walk, replays
from danshu.hub.redeciding_room import RedecideRoom
from danshu.hub.redeciding_shares import Shares
from danshu.hub.urgency import Urgency
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import URGENT_S
from danshu.ledger import write
from danshu.ledger.engine import Engine
from tests.fixtures import engine as stores
from tests.fixtures.engine import ask, tell
from tests.fixtures.hub import SKUS, WAREHOUSES, House, open_house
from tests.fixtures.policies import negotiate_all, publish
from tests.flows.test_workbench_acts import audit

ORDERS = 24
CITIES = (("北京市", "北京市"), ("上海市", "上海市"), ("天津市", "天津市"))


@pytest.fixture(scope="module")
def house(engine: Engine, template: str) -> Iterator[House]:
    with stores._fresh(engine, template) as make, open_house(make()) as opened:
        yield opened


def place_some(house: House) -> list[str]:
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


def live(house: House) -> dict[str, list[str]]:
    """Warehouses of live fulfilment orders by number of the order."""
    docs: Any = ask(house.url, "select array_agg(doc) from orders where tenant=%s", house.tenant)
    orders = [json.loads(bytes(doc)) for doc in docs]
    return {
        order["number"]: [
            f["warehouse"]
            for f in order.get("fulfilments", [])
            if f.get("state", "allocated") != "cancelled"
        ]
        for order in orders
    }


def places(house: House) -> Counter[str]:
    return Counter(code for codes in live(house).values() for code in codes)


def lock_down(house: House, *codes: str, forbids: tuple[str, ...] = ("lockdown",)) -> None:
    states = [{"warehouse": code, "forbids": list(forbids)} for code in codes]
    now = rfc3339(time.time_ns() // 1_000_000)
    told = house.call("POST", "/v1/signals/compliance", {"observed": now, "states": states})
    assert told.status_code == 200, told.text
    assert told.json()["accepted"] == len(codes), told.text
    house.work("signals")
    with house.client.portal() as portal:
        portal.call(house.hub.worlds.look)


def settle(house: House) -> None:
    """Let the time pass in which servers may still decide on the snapshot before."""
    tell(house.url, "update redecisions set began=began - interval '1 minute' where ended is null")


def look(house: House, shares: Shares | None = None) -> None:
    """Let the room work until nothing is left to do."""

    async def work() -> None:
        room = RedecideRoom(house.url, shares=shares)
        connection = await write.connect(house.url)
        async with connection:
            while await room.look(connection):
                pass
            settle(house)
            while await room.look(connection):
                pass
        if shares is not None:
            await shares.close()

    asyncio.run(work())


def test_a_lockdown_moves_its_orders_and_says_why(house: House) -> None:
    look(house)  # the first snapshot closes nothing
    place_some(house)
    begun = house.place()["order"]
    for event in ("release", "pick"):
        told = house.call("POST", f"/v1/orders/{begun}/transitions", {"event": event})
        assert told.status_code == 200, told.text
    before = places(house)
    code = before.most_common(1)[0][0]
    publish(house, negotiate_all(review=False), "协商")
    lock_down(house, code)
    look(house)
    after = places(house)
    assert after[code] == 1  # what was picked
    assert after.total() >= before.total() - 1
    moved = ask(
        house.url,
        "select count(*) from redecision_items where tenant=%s and outcome='moved'",
        house.tenant,
    )
    assert moved == before[code] - 1
    # what policy wants negotiated is called for about the new decision: a timer in its commit
    assert ask(house.url, "select count(*) from timers where kind=5") == moved
    back = house.call("POST", "/v1/routing/policies/rollback", {})
    assert back.status_code == 200, back.text
    assert ask(house.url, "select count(*) from redecisions where ended is null") == 0
    house.work("sequence", "rows")
    audit(house)


def test_what_was_redecided_is_listed_and_told(house: House) -> None:
    (run,) = house.call("GET", "/v1/redecisions").json()["items"]
    assert run["orders"]["moved"] > 0
    assert run["orders"]["stays"] == run["orders"]["held"] == 0
    assert [c["reason"] for c in run["closed"]] == ["region"]
    assert run["ended"]
    orders = house.call("GET", f"/v1/redecisions/{run['no']}/orders?outcome=moved&limit=2").json()
    assert len(orders["items"]) == 2
    assert orders["next"]
    id_ = orders["items"][0]["order"]
    told = house.call("GET", f"/v1/orders/{id_}/timeline").json()
    kinds = [e["kind"] for e in told["entries"]]
    at = kinds.index("route.redecided")
    assert kinds[at : at + 3] == ["route.redecided", "order.withdrawn", "route.decided"]
    shown = {f["name"]: f["text"] for f in told["entries"][at]["figures"]}
    assert shown["reason"] == "区域政策不允许"
    assert house.call("GET", f"/v1/redecisions/{run['no'] + 999}").status_code == 404


def test_answered_heads_are_not_answered_again(house: House) -> None:
    before = places(house)
    look(house)
    assert places(house) == before
    tell(house.url, "delete from redecided_heads")  # as one who knows nothing of before
    look(house)
    assert places(house) == before


def work_at(house: House, code: str) -> dict[str, float]:
    """Work units of a warehouse by order, those first that leave last: soonest due, oldest."""
    rows: Any = ask(
        house.url,
        "select array_agg(doc order by due nulls last, id) from orders where tenant=%s",
        house.tenant,
    )
    found = {}
    for order in (json.loads(bytes(doc)) for doc in rows):
        for f in order.get("fulfilments", []):
            if f["warehouse"] == code and f.get("state", "allocated") != "cancelled":
                found[order["number"]] = 1 + 0.5 * len(f["shares"])
    return found


def test_less_capacity_than_lies_there_moves_who_is_due_last(house: House) -> None:
    code, _ = places(house).most_common(1)[0]
    was = work_at(house, code)
    *stay, begun = list(was)  # due last, it would be the first to leave
    id_ = ask(
        house.url, "select id from orders where position(%s::bytea in doc) > 0", begun.encode()
    )
    for event in ("release", "pick"):
        told = house.call("POST", f"/v1/orders/{id_}/transitions", {"event": event})
        assert told.status_code == 200, told.text
    stay = stay[:3]
    units = math.ceil(was[begun] + sum(was[number] for number in stay))
    site = next(w for w in WAREHOUSES if w.code == code)
    cut = msgspec.to_builtins(replace(site, capacity_units=units))
    assert house.call("PUT", "/v1/warehouses", [cut]).status_code == 200
    house.work("signals")
    look(house)
    assert list(work_at(house, code)) == [*stay, begun]
    run = house.call("GET", "/v1/redecisions").json()["items"][0]
    assert [(c["warehouse"], c["reason"]) for c in run["closed"]] == [(code, "capacity")]
    assert run["orders"]["moved"] == len(was) - 4
    assert sum(run["orders"].values()) == len(was) - 4  # nobody else was asked
    look(house)
    assert list(work_at(house, code)) == [*stay, begun]
    house.work("sequence", "rows")
    audit(house)


class _Told(Shares):
    """Processes that tell how many orders had their outcome before and after their work."""

    told: tuple[int, int] = (0, 0)

    async def walk(self, tenant: int, no: int) -> bool:
        async with await psycopg.AsyncConnection.connect(self._url, autocommit=True) as plain:
            sql = "select count(*) from redecision_items where tenant=%s and no=%s"
            counts = []
            for step in (None, super().walk(tenant, no)):
                walked = await step if step is not None else False
                row = await (await plain.execute(sql, (tenant, no))).fetchone()
                assert row is not None
                counts.append(row[0])
        self.told = (counts[0], counts[1])
        return walked


def test_where_nothing_else_is_found_the_order_stays_and_is_named(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = sorted(places(house))
    lock_down(house, *(w.code for w in WAREHOUSES))
    monkeypatch.setattr(redeciding_walk, "REDECIDE_GROUP", 4)
    shares = _Told(house.url, 1)
    look(house, shares)
    assert shares.told[0] == 4  # the room's own first group; a process took all others
    assert shares.told[1] >= len(codes) - 2
    assert sorted(places(house)) == codes
    run = house.call("GET", "/v1/redecisions").json()["items"][0]
    assert run["orders"]["stays"] > 0
    assert run["orders"]["moved"] == 0
    (one,) = house.call("GET", f"/v1/redecisions/{run['no']}/orders?outcome=stays&limit=1").json()[
        "items"
    ]
    told = house.call("GET", f"/v1/orders/{one['order']}/timeline").json()
    assert told["entries"][-1]["kind"] == "route.redecided"
    house.work("sequence", "rows")
    audit(house)


def test_a_day_is_decided_again_and_a_difference_is_an_incident(house: House) -> None:
    today = datetime.datetime.now(datetime.UTC).date()

    async def check(day: datetime.date) -> tuple[int, int]:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            told = await replays.check_day(c, house.tenant, day, one_in=1)
            return told.equal, told.differed

    # what no decision, no re-decision names goes first: it is needed for none of this
    tell(house.url, "update snapshots set replaced=now() - interval '2 h' where replaced < now()")
    house.work("snapshots")
    runs = "select count(*) from redecisions r where not exists (select 1 from snapshots s"
    assert ask(house.url, f"{runs} where s.digest=r.after)") == 0
    equal, differed = asyncio.run(check(today))
    assert equal > ORDERS
    assert differed == 0
    decision_views._kept.clear()
    lost = "delete from snapshots where digest not in (select digest from routing_heads)"
    tell(house.url, lost, "delete from replays")
    some, lost_ones = asyncio.run(check(today))
    assert some + lost_ones == equal
    assert lost_ones > 0
    said = "select count(*) from facts where position('replay.differed'::bytea in body) > 0"
    assert ask(house.url, said) == 1
    asyncio.run(check(today))  # once a day
    assert ask(house.url, said) == 1
    paged = "select count(*) from incident_notices where kind='replay_differed' and state='due'"
    assert ask(house.url, paged) == 1
    alerts = house.call("GET", "/v1/board/overview").json()["alerts"]
    assert [a["n"] for a in alerts if a["code"] == "replay_differed"] == [lost_ones]


class _Killed(Exception):
    """The process is gone: nothing after this call happens, and nothing is cleaned up."""


def test_killed_at_any_call_it_goes_on_and_says_each_once(
    databases: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_house(databases()) as house:
        look(house)
        place_some(house)
        before = places(house)
        code = before.most_common(1)[0][0]
        monkeypatch.setattr(redeciding_walk, "REDECIDE_GROUP", 4)
        lock_down(house, code)
        killed = asyncio.run(_die_often(house, monkeypatch))
        assert killed > 5
        assert places(house)[code] == 0
        look(house)
        told = ask(
            house.url,
            "select array_agg(n) from (select count(*) as n from facts"
            " where position('route.redecided'::bytea in body) > 0 group by stream) t",
        )
        assert isinstance(told, list)
        assert set(told) == {1}
        assert len(told) == before[code]
        house.work("sequence", "rows")
        audit(house)


async def _die_often(house: House, monkeypatch: pytest.MonkeyPatch) -> int:
    """Let a process work until it is killed at its n-th call, n growing, until one gets through."""
    execute = psycopg.AsyncConnection.execute
    left = 0

    async def dying(self: Any, query: Any, *rest: Any, **more: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise _Killed
        return await execute(self, query, *rest, **more)

    for killed in range(60):
        room = RedecideRoom(house.url)
        await room.worlds.ensure(house.tenant)
        connection = await write.connect(house.url)
        left = 4 + 3 * killed
        monkeypatch.setattr(psycopg.AsyncConnection, "execute", dying)
        try:
            while await room.look(connection):
                pass
        except _Killed:
            pass
        else:
            return killed
        finally:
            monkeypatch.setattr(psycopg.AsyncConnection, "execute", execute)
            await connection.close()
    raise AssertionError("it never got through")


def test_the_benchmark_tells_open_orders_and_the_worst_case_apart() -> None:
    took = bench.Took(
        seconds=2.0,
        touched=100,
        floor_s=0.5,
        worker_us=5_000.0,
        database_us=4_000.0,
        outcomes={"moved": 100},
    )
    told = bench.report(25_000, took, replace(took, seconds=6.0, touched=25_000))
    assert told.figures["seconds_50k"] == told.figures["seconds_50k_open"] == 4.0
    assert told.figures["seconds_50k_touched"] == 12.0
    assert told.floor["seconds_50k_touched"] == 1.0
    assert told.figures["open_worker_us_per_order"] == 50.0
    assert told.met  # the budget is that of open orders
    assert not bench.report(25_000, replace(took, seconds=3.0), took).met
    one, two, three = (UUID(int=n) for n in (1, 2, 3))
    beijing, shanghai = "BJ01", "SH01"
    assert bench._most({beijing: [one], shanghai: [two, three]}) == ([shanghai], [two, three])
    assert bench._most({beijing: [one, two, three], shanghai: [two]})[0] == [beijing]


def test_lists_wait_for_a_large_redecision_but_not_for_ever() -> None:
    now_s = [1000.0]
    urgency = Urgency(lambda: now_s[0])
    assert not urgency.asks_to_wait
    for _ in range(3):  # three steps of one run, 4 s each
        with urgency.hold():
            waits = [urgency.asks_to_wait]
            now_s[0] += 4
            waits.append(urgency.asks_to_wait)
        assert not urgency.asks_to_wait
    assert waits == [True, False]  # 8 and 12 s after it began
    now_s[0] += URGENT_S + 1
    with urgency.hold():
        assert urgency.asks_to_wait
