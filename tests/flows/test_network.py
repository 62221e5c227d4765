"""The network in the product: who will be short, what should move, scenarios, settings, walls."""

from __future__ import annotations

import asyncio
import datetime
import time
import uuid
from typing import Any

import psycopg
import pytest

from danshu.capabilities.stock.model import StockLevel
from danshu.hub import (
    agent_views,
    network_child,
    network_inputs,
    network_plan,
    network_reading,
    network_room,
    network_runs,
    shelves,
)
from danshu.hub.network_audit import NetworkFolder
from danshu.ledger import audit
from danshu.ledger.write import connect
from danshu.ports.skill_views import VIEWS
from tests.fixtures import network
from tests.fixtures.hub import SKUS, TESTER, WAREHOUSES, House

FAST, SLOW = SKUS[0].code, SKUS[3].code
POOR, RICH = WAREHOUSES[0].code, WAREHOUSES[1].code
LAST_S = 60.0
COUNTS = [n for n in network_plan.NetworkFigures.__struct_fields__ if n != "forecast"]
ROWS = len(network.rates())  # of what something is foretold


@pytest.fixture
def town(house: House) -> House:
    """One warehouse has five days of what sells fast, its neighbour two hundred."""
    network.foretell(house)
    network.sell_before(house)

    async def count() -> None:
        levels = [
            StockLevel(warehouse=POOR, sku=FAST, on_hand=50),
            StockLevel(warehouse=RICH, sku=FAST, on_hand=2_000),
        ]
        async with house.hub.connection() as c:
            await shelves.count_stock(c, house.tenant, levels, "tests", TESTER)

    inside(house, count)
    return house


def inside(house: House, work: Any, *given: Any) -> Any:
    with house.client.portal() as portal:
        return portal.call(work, *given)


def call(house: House, method: str, path: str, body: Any = None, **more: Any) -> Any:
    told = house.call(method, path, body, **more)
    assert told.status_code < 300, told.text
    return told.json()


def finish(house: House, run: dict[str, Any]) -> dict[str, Any]:
    """Wait until a run has ended."""
    until = time.monotonic() + LAST_S
    while True:
        now = call(house, "GET", f"/v1/network/runs/{run['id']}")
        if now["state"] not in ("waiting", "running"):
            return dict(now)
        assert time.monotonic() < until, now
        time.sleep(0.05)


def test_a_network_is_planned_and_tried(town: House) -> None:
    """One house for all of it: setting it up costs more than what is asked of it."""
    plan(town)
    read_rows(town)
    read_views(town)
    set_up(town)
    launch(town)
    play(town)
    keep_once(town)
    check(town)


def plan(town: House) -> None:
    """A plan is asked for by the room once, and finds what is short."""
    empty = call(town, "GET", "/v1/network")
    assert (empty["plan"], empty["has_forecast"]) == (None, True)
    assert call(town, "GET", "/v1/network/rows")["items"] == []

    async def look() -> int:
        async with town.hub.connection() as connection:
            return await network_room.look(connection) + await network_room.look(connection)

    assert inside(town, look) == 1
    (waiting,) = call(town, "GET", "/v1/network/runs")["items"]
    done = finish(town, waiting)
    assert (done["state"], done["trouble"]) == ("done", ""), done
    figures = done["figures"]
    assert (figures["rows"], figures["unknown"]) == (ROWS, len(WAREHOUSES) * len(SKUS) - ROWS)
    assert figures["moves"] >= 1
    assert 0 <= figures["worth_fen"] <= figures["bound_fen"]
    assert call(town, "GET", "/v1/network")["plan"]["id"] == done["id"]


def read_rows(town: House) -> None:
    """The list begins with what will be short; pages join without a gap; a move helps."""
    first = call(town, "GET", "/v1/network/rows?limit=7")
    row = first["items"][0]
    assert (row["warehouse"], row["sku"], row["on_hand"]) == (POOR, FAST, 50)
    assert row["chance_3"] < 50 < 900 < row["chance_7"] <= row["chance_14"]
    assert row["out_day"]
    seen, page = [r["no"] for r in first["items"]], first
    while page["next"]:
        page = call(town, "GET", f"/v1/network/rows?limit=7&cursor={page['next']}")
        seen += [r["no"] for r in page["items"]]
    assert seen == list(range(1, ROWS + 1))
    assert town.call("GET", "/v1/network/rows?cursor=x").status_code == 400
    (move, *_) = call(town, "GET", f"/v1/network/moves?warehouse={POOR}&sku={FAST}")["items"]
    assert move["quantity"] % 6 == 0
    assert move["before"] - move["after"] > 200
    assert move["low_fen"] <= move["mid_fen"] <= move["high_fen"]
    one = call(town, "GET", f"/v1/network/row?warehouse={POOR}&sku={FAST}")
    assert [s["taken"] for s in one["sources"]].count(True) >= 1
    assert len(one["days"]) == network_reading.CHART_DAYS
    assert one["days"][-1]["left"][3] == 0 < one["days"][-1]["then"]
    told = town.call("GET", "/v1/network/row?warehouse=nowhere&sku=nothing")
    assert told.json()["code"] == "no_row"
    slow = call(town, "GET", "/v1/network/rows?view=slow&limit=3")["items"]
    assert slow[0]["value_fen"] >= slow[-1]["value_fen"] > 0
    gaps = call(town, "GET", "/v1/network/rows?view=safety&limit=3")["items"]
    assert all(r["advised"] != r["safety"] for r in gaps)


def read_views(town: House) -> None:
    """What skills read cites the run, the forecast and the row of stock."""
    now = town.hub.clock()
    readers = agent_views.readers()
    for name in ("stock_risks", "transfer_options", "safety_gaps", "slow_movers"):
        rows = inside(town, readers[name], town.hub, town.tenant, now)
        assert rows
        assert all(isinstance(row, VIEWS[name]) for row in rows)
        assert {c.kind for c in rows[0].cites} >= {"forecast", "stock", "model"}
    assert inside(town, readers["promotion_splits"], town.hub, town.tenant, now) == []
    first = network_inputs.today(now)
    days = [(first + datetime.timedelta(days=n)).isoformat() for n in (1, 3)]
    wish = {"name": "年末促销", "skus": [FAST], "first_day": days[0], "last_day": days[1]}
    call(town, "POST", "/v1/forecasts/promotions", wish)
    for channel, cap in (("taobao", 1), ("jd", 40)):
        quota = {"warehouse": POOR, "sku": FAST, "channel": channel, "cap": cap}
        call(town, "PUT", "/v1/quotas", quota)
    (split,) = inside(town, readers["promotion_splits"], town.hub, town.tenant, now)
    assert (split.promotion, dict(split.now)) == ("年末促销", {"taobao": 1, "jd": 40})
    told = dict(split.advised)  # nothing was sold on either yet: they are alike
    assert abs(told["taobao"] - told["jd"]) <= 1
    assert sum(told.values()) == 41
    assert split.worth.mid_fen > 0
    assert split.chance_after < split.chance_before


def set_up(town: House) -> None:
    """Settings follow the version that was read, contradict nothing, and are a planner's."""
    kept = call(town, "GET", "/v1/network/settings")
    assert kept["version"] == 0
    kept["settings"]["service_a"] = 990
    kept["settings"]["skus"] = [{"sku": FAST, "service": 999, "lot": 10, "season_days": 0}]
    assert call(town, "PUT", "/v1/network/settings", kept)["version"] == 1
    assert town.call("PUT", "/v1/network/settings", kept).json()["code"] == "settings_moved"
    wrong = {**kept, "version": 1, "settings": {**kept["settings"], "share_a": 950}}
    assert town.call("PUT", "/v1/network/settings", wrong).json()["code"] == "bad_shares"
    assert town.call("PUT", "/v1/network/settings", kept, role="viewer").status_code == 403
    done = finish(town, call(town, "POST", "/v1/network/runs", {}))
    assert done["state"] == "done"
    (move, *_) = call(town, "GET", f"/v1/network/moves?warehouse={POOR}&sku={FAST}")["items"]
    assert move["quantity"] % 10 == 0


def launch(town: House) -> None:
    """A launch's units go where they sell, all of them."""
    wish = {"like": FAST, "quantity": 500}
    placed = call(town, "POST", "/v1/network/launches", wish)["items"]
    assert sum(p["quantity"] for p in placed) == 500
    assert max(p["quantity"] for p in placed) - min(p["quantity"] for p in placed) <= 1
    wish["like"] = SKUS[9].code
    assert town.call("POST", "/v1/network/launches", wish).json()["code"] == "no_forecast"


def play(town: House) -> None:
    """A scenario is played beside now; a warehouse that is not there is refused; one is stopped."""
    wish = {"title": "北京停用", "closed": [POOR], "demand": [["11", 1_300]]}
    run = call(town, "POST", "/v1/network/scenarios", wish)
    done = finish(town, run)
    assert (done["state"], done["trouble"], done["title"]) == ("done", "", "北京停用")
    played = done["played"]
    assert [p["policy"] for p in played["now"]] == ["naive", "base_stock", "ours", "past"][
        : len(played["now"])
    ]
    for scene in (played["now"], played["then"]):
        for policy in scene:
            assert policy["short"]["low"] <= policy["short"]["mean"] <= policy["short"]["high"]
            assert len(policy["by_day"]) == played["days"]
    assert played["then"][0]["asked"] > played["now"][0]["asked"]
    wish["closed"] = ["nowhere"]
    assert town.call("POST", "/v1/network/scenarios", wish).json()["code"] == "no_warehouse"
    wish["closed"] = [w.code for w in WAREHOUSES]
    assert town.call("POST", "/v1/network/scenarios", wish).json()["code"] == "all_closed"
    run = call(town, "POST", "/v1/network/scenarios", {"title": "停下"})
    call(town, "POST", f"/v1/network/runs/{run['id']}/cancel", {})
    assert finish(town, run)["state"] == "cancelled"


def keep_once(town: House) -> None:
    """A run that is worked on twice keeps what the first one found, under one head."""
    head = uuid.UUID(call(town, "GET", "/v1/network")["plan"]["id"])

    async def again() -> tuple[bool, int, int]:
        connection = await connect(town.url, "tests")
        try:
            made = network_plan.Made(
                [],
                [],
                network_plan.NetworkFigures(
                    forecast="",
                    **{name: 0 for name in COUNTS},
                ),
                "00" * 32,
            )
            kept = await network_child.keep_plan(connection, town.tenant, head, made)
            cursor = await connection.execute(
                "select count(distinct run), count(*) from network_rows where tenant=%s",
                (town.tenant,),
            )
            row = await cursor.fetchone()
            assert row is not None
            return kept, row[0], row[1]
        finally:
            await connection.close()

    kept, runs, rows = asyncio.run(again())
    assert not kept
    assert (runs, rows) == (2, 2 * ROWS)  # this plan and the one before


def check(town: House) -> None:
    """The facts give the rows, and an altered row shows."""

    async def fold() -> list[str]:
        async with town.hub.connection() as connection:
            report = await audit.fold_rows(connection, town.tenant, [NetworkFolder(town.tenant)])
            return [one.where for one in report.differences]

    town.work("sequence")
    assert inside(town, fold) == []
    with psycopg.connect(town.url, autocommit=True) as plain:
        plain.execute("update network_settings set version=7 where tenant=%s", (town.tenant,))
    assert inside(town, fold) == ["network_settings settings"]


def test_nothing_is_planned_without_a_forecast(house: House) -> None:
    """A merchant without a forecast is told so, and asked for nothing by the room."""
    told = house.call("POST", "/v1/network/runs", {})
    assert told.json()["code"] == "no_forecast"
    told = house.call("POST", "/v1/network/scenarios", {})
    assert told.json()["code"] == "no_history"

    async def look() -> int:
        async with house.hub.connection() as connection:
            return await network_room.look(connection)

    assert inside(house, look) == 0
    assert network_runs.KIND == "network"
