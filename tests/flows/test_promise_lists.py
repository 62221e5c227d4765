"""Promises in lists and groups, their gaps; definitions and calendars that a merchant publishes."""

from __future__ import annotations

import asyncio
import datetime
import uuid
from typing import Any

import psycopg
import pytest

from danshu.hub import clocks
from danshu.hub.worlds import Worlds
from tests.fixtures.hub import WAREHOUSES, House
from tests.flows.asking import ask, everything, get

HOUR_MS = 3_600_000
STEPS = ("release", "pick", "pack", "ship")


def act(house: House, order: str, *events: str, **more: Any) -> None:
    """Let an order go through events."""
    for event in events:
        answer = house.call("POST", f"/v1/orders/{order}/transitions", {"event": event, **more})
        assert answer.status_code == 200, answer.text


def hours_ago(hours: float) -> str:
    """Give the instant so many hours ago."""
    now = datetime.datetime.now(datetime.UTC)
    return (now - datetime.timedelta(hours=hours)).isoformat()


def ring(house: House) -> None:
    """Let the clocks ring that are due by now, and the rooms follow."""

    async def fire() -> None:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            await clocks.fire(c, Worlds(house.url), house.hub.clock())

    asyncio.run(fire())
    house.work("sequence", "rows")


def paid(house: House, hours: float, **more: Any) -> str:
    """Place an order that was paid so many hours ago; gives its id."""
    order: str = house.place(paid_at=hours_ago(hours), **more)["order"]
    return order


def test_the_next_to_fall_due_comes_first_whatever_warns_first(house: House) -> None:
    late = paid(house, 47)  # due in 1 hour
    early = paid(house, 33.5)  # its first warning rings in minutes, due in 14.5 hours
    middle = paid(house, 40)
    house.work("sequence", "rows")
    rows = everything(house, "/v1/promises", limit=1, code="ship48h")
    assert [r["order"] for r in rows] == [late, middle, early]
    assert rows[0]["number"].startswith("T")
    assert rows[0]["name_zh"] == "48小时发货"
    called = {w.code: w.name for w in WAREHOUSES}
    assert rows[0]["warehouse_name"] == called[rows[0]["warehouse"]]
    assert rows[0]["channel"] == "api"
    assert rows[0]["carrier"]
    assert rows[0]["started"] < rows[0]["due"]
    soon = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=2)).isoformat()
    assert [r["order"] for r in everything(house, "/v1/promises", due_before=soon)] == [late]
    act(house, late, *STEPS)
    house.work("sequence", "rows")
    assert late not in {r["order"] for r in everything(house, "/v1/promises", code="ship48h")}
    kept = everything(house, "/v1/promises", state="kept")
    assert [(r["order"], r["code"]) for r in kept] == [(late, "ship48h")]
    assert kept[0]["gap_ms"] < 0
    assert kept[0]["warehouse"] == rows[0]["warehouse"]
    assert kept[0]["carrier"]


def test_filters_and_pages(house: House) -> None:
    placed = [paid(house, n) for n in range(1, 8)]
    house.work("sequence", "rows")
    rows = everything(house, "/v1/promises", limit=2, state="ticking")
    assert {r["order"] for r in rows} == set(placed)
    assert rows == sorted(rows, key=lambda r: (r["due"], r["order"], r["code"]))
    warehouse, carrier = rows[0]["warehouse"], rows[0]["carrier"]
    for params in ({"warehouse": warehouse}, {"carrier": carrier}, {"channel": "api"}):
        ((key, value),) = params.items()
        mine = everything(house, "/v1/promises", limit=1, **params)
        assert mine == [r for r in rows if r[key] == value]
    assert everything(house, "/v1/promises", channel="taobao") == []
    assert everything(house, "/v1/promises", warehouse="-") == []
    bad = house.call("GET", "/v1/promises", params={"warehouse": "nope"})
    assert (bad.status_code, bad.json()["pointer"]) == (400, "/warehouse")
    other = house.call("GET", "/v1/promises", params={"cursor": "AAAA"})
    assert other.json()["code"] == "bad_cursor"


def test_a_page_that_meets_nothing_ends_where_it_stands(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from danshu.hub import promise_views

    for n in range(6):
        paid(house, n)
    house.work("sequence", "rows")
    monkeypatch.setattr(promise_views, "SCAN_ROWS", 2)
    monkeypatch.setattr(promise_views, "PROMISE_PAGE_MS", -1)
    first = get(house, "/v1/promises", channel="taobao")
    assert first["items"] == []
    assert first["next"]
    assert first["looked"] == 2
    assert everything(house, "/v1/promises", channel="taobao") == []


def test_broken_late_and_groups(house: House) -> None:
    broken, late, fresh = paid(house, 50), paid(house, 49), paid(house, 1)
    ring(house)
    act(house, late, *STEPS)
    house.work("sequence", "rows")
    assert [r["order"] for r in everything(house, "/v1/promises", state="broken")] == [broken]
    (row,) = everything(house, "/v1/promises", state="late")
    assert row["order"] == late
    assert abs(row["gap_ms"] - HOUR_MS) < 60_000
    groups = get(house, "/v1/promises/groups", by="channel")
    assert groups["exact"]
    (group,) = groups["items"]
    assert group["key"] == "api"
    assert (group["name_zh"], group["name_en"]) == ("接口", "API")
    assert group["total"] == len(everything(house, "/v1/promises", state="ticking"))
    assert (group["overdue"], group["in_24h"]) == (0, 0)
    both = get(house, "/v1/promises/groups", by="warehouse", then="carrier")["items"]
    assert sum(g["total"] for g in both) == group["total"]
    assert all(g["key"] and g["then"] for g in both)
    told = get(house, "/v1/promises/outcomes", by="code")
    assert told["exact"]
    ship = next(g for g in told["items"] if g["key"] == "ship48h")
    assert (ship["broken"], ship["late"], ship["kept"], ship["total"]) == (1, 1, 0, 2)
    assert ship["name_zh"] == "48小时发货"
    assert ship["worst_ms"] == row["gap_ms"]
    past = get(house, "/v1/promises/outcomes", by="code", to="2020-01-01T00:00:00Z")
    assert past["items"] == []
    assert get(house, "/v1/promises/outcomes", code="damage")["items"] == []
    detail = get(house, f"/v1/promises/{fresh}")
    assert {p["code"] for p in detail["items"]} >= {"ship48h", "damage"}
    running = next(p for p in detail["items"] if p["code"] == "ship48h")
    assert running["state"] == "running"
    assert running["left_s"] > 46 * 3600
    assert running["shown"]["text"]


def test_groups_count_what_is_soon(house: House) -> None:
    for hours in (47.75, 47, 41, 30, 1):
        paid(house, hours)
    house.work("sequence", "rows")
    (ship,) = [
        g for g in get(house, "/v1/promises/groups", by="code")["items"] if g["key"] == "ship48h"
    ]
    counts = [ship[k] for k in ("overdue", "in_30m", "in_2h", "in_8h", "in_24h", "total")]
    assert counts == [0, 1, 1, 1, 1, 5]


def test_totals_are_exact_beyond_what_is_counted(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More promises than are looked through: the board's counters say how many there are."""
    for hours in (50, 49, 47.75, 41, 30, 1):
        paid(house, hours)
    ring(house)

    def groups(path: str, by: str, **more: Any) -> Any:
        return get(house, f"/v1/promises/{path}", by=by, **more)

    def totals(path: str, by: str) -> tuple[dict[str, dict[str, int]], Any]:
        told = groups(path, by)
        timed = {"worst_ms", "soonest", "overdue", "in_30m", "in_2h", "in_8h", "in_24h"}
        items = {g["key"]: {k: v for k, v in g.items() if k not in timed} for g in told["items"]}
        return items, (told["exact"], told.get("exact_min"))

    asked = [(p, by) for p in ("groups", "outcomes") for by in ("channel", "warehouse", "code")]
    full = [totals(*one) for one in asked]
    assert all(exact for _, (exact, _) in full)
    assert any(full[-1][0])
    monkeypatch.setattr("danshu.hub.promise_groups.PROMISES_COUNTED", 2)
    assert [totals(*one)[0] for one in asked] == [items for items, _ in full]
    told = groups("groups", "code")
    # the second to fall due does so in 7 hours: up to 2 hours everything was seen
    assert (told["exact"], told["exact_min"]) == (True, 120)
    for more in ({"carrier": "nobody"}, {"then": "channel"}):
        answer = groups("groups", "code", **more)
        assert answer["items"] == [] or not answer["exact"]
    assert not groups("outcomes", "carrier")["exact"] or len(full[3][0]) < 2
    assert not groups("outcomes", "code", **{"from": "2020-01-01T00:00:00Z"})["exact"]


def test_gaps_tell_when_it_was_due_done_and_heard_of(house: House) -> None:
    late = paid(house, 49)
    ring(house)
    act(house, late, "release", "pick")
    act(house, late, "pack")
    act(house, late, "waybill", waybill="SF001", carrier="顺路达", occurred_at=hours_ago(1.2))
    act(house, late, "ship", occurred_at=hours_ago(0.5), carrier="顺路达", waybill="SF001")
    (gap,) = everything(house, "/v1/promises/gaps", state="late")
    physical = gap["physical"]
    assert gap["promise"]["order"] == late
    assert physical["event"] == "carrier.accepted"
    assert physical["gap_ms"] == gap["promise"]["gap_ms"] > 0
    assert 25 * 60_000 < physical["lag_ms"] < 35 * 60_000  # recorded half an hour after
    (system,) = gap["systems"]
    assert (system["event"], system["verdict"]) == ("waybill.created", "kept")
    way = gap["way"]
    total = sum(s["ms"] for s in way)
    started = datetime.datetime.fromisoformat(
        next(p for p in get(house, f"/v1/promises/{late}")["items"] if p["code"] == "ship48h")[
            "started"
        ]
    )
    done = datetime.datetime.fromisoformat(physical["occurred"])
    assert total == round((done - started).total_seconds() * 1000)
    at_due = way[gap["at_due"]]
    due = datetime.datetime.fromisoformat(gap["promise"]["due"])
    begins = datetime.datetime.fromisoformat(at_due["at"])
    assert begins < due <= begins + datetime.timedelta(milliseconds=at_due["ms"])
    assert way[gap["worst"]]["ms"] == max(s["ms"] for s in way)
    assert {s["holder"] for s in way} <= {"merchant", "warehouse", "carrier", "buyer"}
    assert everything(house, "/v1/promises/gaps", state="late", channel="taobao") == []


def test_a_broken_promise_still_owed_has_no_physical_time(house: House) -> None:
    broken = paid(house, 50)
    ring(house)
    (gap,) = everything(house, "/v1/promises/gaps", state="broken")
    assert gap["promise"]["order"] == broken
    assert gap["physical"] is None
    assert gap["way"][gap["at_due"]]["had_due"]


def test_open_rows_are_what_the_orders_say(house: House) -> None:
    placed = [paid(house, n) for n in (1, 2, 3)]
    house.work("sequence", "rows")
    act(house, placed[0], *STEPS, "deliver")
    house.call("POST", f"/v1/orders/{placed[1]}/cancel", {"reason": "不要了"})
    house.work("sequence", "rows")
    rows = ask(house.url, "select id,code,due,state from ticking order by id,code")
    said = []
    for order in placed:
        for p in get(house, f"/v1/promises/{order}")["items"]:
            if p["state"] in ("running", "paused"):
                due = datetime.datetime.fromisoformat(p["due"])
                said.append((uuid.UUID(order), p["code"], due, p["state"]))
    assert rows == sorted(said)


def test_walls(house: House) -> None:
    order = paid(house, 50)
    ring(house)
    foreign = {"authorization": f"Bearer {house.other}"}
    assert house.client.get(f"/v1/promises/{order}", headers=foreign).status_code == 404
    for path in (
        "/v1/promises?state=broken",
        "/v1/promises?state=ticking",
        "/v1/promises/gaps?state=broken",
        "/v1/promises/groups",
        "/v1/promises/outcomes",
    ):
        assert house.client.get(path, headers=foreign).json()["items"] == []
