"""The overview over HTTP, and what the consoles of a merchant hear."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

from danshu.hub import live_sources
from danshu.hub.board_views import Boards
from danshu.hub.compose import Hub, open_hub
from danshu.hub.live import RELOAD, Listener, Live
from danshu.kernel import limits
from tests.fixtures.engine import ask, tell
from tests.fixtures.hub import WAREHOUSES, House, order

pytest_plugins = ["tests.fixtures.engine"]
ALL = frozenset({"orders", "figures", "trust", "jobs"})


def overview(house: House, role: str = "viewer", **asked: str) -> Any:
    response = house.call("GET", "/v1/board/overview", params=asked, role=role)
    assert response.status_code == 200, response.text
    return response.json()


def act(house: House, id_: str, event: str, **more: str) -> None:
    path = f"/v1/orders/{id_}/transitions"
    response = house.call("POST", path, {"event": event, **more})
    assert response.status_code == 200, response.text


def count(house: House) -> None:
    house.work("sequence", "rows")


def test_what_was_done_is_on_the_board(house: House) -> None:
    placed = [house.place() for _ in range(6)]
    house.place(channel="shopify", paid_at=None)
    first, second = placed[0]["order"], placed[1]["order"]
    for event in ("release", "pick", "pack"):
        act(house, first, event)
    act(house, first, "ship", carrier="SF", waybill="SF1")
    act(house, second, "hold", reason="地址不清")
    count(house)
    seen = overview(house)
    figures = seen["figures"]
    assert figures["orders"]["count"] == 7
    assert figures["orders"]["amount_fen"] == sum(p["total"] for p in placed) + 4480
    assert figures["orders"]["change"] is None
    assert figures["exceptions"]["held"] == figures["exceptions"]["orders"] == 1
    assert figures["exceptions"]["amount_fen"] == placed[1]["total"]
    assert {s["state"]: s["count"] for s in seen["stages"] if s["count"]} == {
        "shipped": 1,
        "held": 1,
        "allocated": 4,
        "placed": 1,
    }
    assert {c["channel"]: c["orders"] for c in seen["channels"]} == {"api": 6, "shopify": 1}
    assert sum(n["open"] for n in seen["warehouses"]) == 5
    assert len(seen["warehouses"]) == len(WAREHOUSES)
    assert [(a["kind"], a["code"], a["n"]) for a in seen["alerts"]] == [("hold", "地址不清", 1)]
    assert sum(seen["pace"]["values"][:-1]) * 10 <= 7
    assert seen["pace"]["band"] is None
    assert seen["pace"]["weeks"] == 0
    assert (seen["behind"], seen["rebuilding"]) == (0, False)
    assert figures["latency"]["samples"] == 7
    assert figures["latency"]["answer_p99_us"] > figures["latency"]["decision_p99_us"] > 0


def test_verdicts_are_on_the_board(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """48 hours after a payment in the past: broken as soon as the clock rings."""
    monkeypatch.setattr("danshu.hub.board_views.BOARD_FRESH_MS", -1)
    late = house.place(paid_at="2020-01-01T00:00:00Z")
    house.work("timers")
    count(house)
    seen = overview(house)
    ship = next(p for p in seen["promises"] if p["code"] == "ship48h")
    assert ship["name_zh"] == "48小时发货"
    assert ship["broken"] == 0, "it broke in 2020, not today"
    assert seen["figures"]["exceptions"]["owed"] == 1
    assert seen["figures"]["exceptions"]["oldest"].startswith("2020-01-03")
    (alert,) = seen["alerts"]
    assert (alert["kind"], alert["code"], alert["n"]) == ("broken", "ship48h", 1)
    act(house, late["order"], "cancel", reason="买家取消")
    count(house)
    again = overview(house)
    assert again["figures"]["exceptions"]["owed"] == 0
    assert again["alerts"] == []


def test_filters_narrow_everything(house: House) -> None:
    for channel in ("api", "jd", "jd"):
        house.place(channel=channel)
    count(house)
    every = overview(house)
    jd = overview(house, channel="jd")
    assert [every["figures"]["orders"]["count"], jd["figures"]["orders"]["count"]] == [3, 2]
    assert [c["channel"] for c in jd["channels"]] == ["jd"]
    assert "channel.in.jd" in jd["stages"][0]["link"]
    by_warehouse = {
        w.code: overview(house, warehouse=w.code)["figures"]["orders"]["count"] for w in WAREHOUSES
    }
    assert sum(by_warehouse.values()) == 3
    week = overview(house, range="7d")
    assert week["figures"]["orders"]["count"] == 3
    assert week["pace"]["step_min"] == 60
    assert len(week["pace"]["values"]) >= 6 * 24 + 1
    for asked in ({"warehouse": "NOWHERE"}, {"range": "year"}):
        response = house.call("GET", "/v1/board/overview", params=asked)
        assert response.status_code in (400, 422), asked


def test_links_are_questions_that_the_workbench_understands(house: House) -> None:
    from urllib.parse import parse_qs, urlsplit

    from danshu.hub import filters

    house.place()
    count(house)
    numbers = {w.code: n for n, w in enumerate(WAREHOUSES)}
    for asked in ({}, {"channel": "api", "warehouse": WAREHOUSES[0].code, "range": "7d"}):
        seen = overview(house, **asked)
        links = [f["link"] for f in seen["figures"].values() if "link" in f]
        for part in ("channels", "promises", "warehouses", "alerts", "stages"):
            links += [row["link"] for row in seen[part]]
        assert len(links) > 20
        for link in links:
            if link == "/tasks":
                continue
            text = parse_qs(urlsplit(link).query)["f"][0]
            filters.resolve(filters.parse(text), numbers, "me", 1_795_163_912_000)


def test_other_merchants_see_their_own(house: House) -> None:
    house.place()
    count(house)
    response = house.client.get(
        "/v1/board/overview", headers={"authorization": f"Bearer {house.other}"}
    )
    assert response.status_code == 200
    seen = response.json()
    assert seen["figures"]["orders"]["count"] == 0
    assert seen["warehouses"] == []
    assert all(s["count"] == 0 for s in seen["stages"])


def test_who_may_look(house: House) -> None:
    for path in ("/v1/board/overview", "/v1/board/trust", "/v1/console/live"):
        assert house.client.get(path).status_code == 401
        assert house.call("GET", path, role="channel").status_code == 403


def test_trust_tells_what_is_sealed(house: House) -> None:
    def trust() -> Any:
        return house.call("GET", "/v1/board/trust").json()

    house.place()
    before = trust()
    assert before["waiting_ms"] > 0
    assert before["clock_error_us"] is None
    house.work("sequence")
    between = trust()
    assert between["unsealed"] > 0
    assert between["waiting_ms"] > 0
    house.work("seal")
    after = trust()
    assert (after["unsealed"], after["waiting_ms"], after["tone"]) == (0, 0, "kept")
    assert after["sealed_at"]
    assert after["seal_age_ms"] < 60_000


def read(chunk: bytes) -> dict[str, Any]:
    """Give the messages of a chunk by topic."""
    out = {}
    for block in chunk.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines())
        if "event" in fields:
            out[fields["event"]] = json.loads(fields["data"])
    return out


@contextlib.asynccontextmanager
async def streams(house: House) -> AsyncIterator[tuple[Hub, Live]]:
    async with open_hub(house.url) as hub:
        live = Live(hub, Boards(hub))
        try:
            yield hub, live
        finally:
            await live.stop()


def listener(house: House, topics: frozenset[str] = ALL, person: str = "p") -> Listener:
    key = str(ask(house.url, "select id from api_keys where tenant=%s limit 1", house.tenant))
    return Listener(topics, person, ("key", key))


async def hear(one: Listener, topic: str) -> Any:
    """Wait for a topic."""
    async with asyncio.timeout(20):
        while True:
            chunk = await one.queue.get()
            assert chunk is not None
            seen = read(chunk)
            if topic in seen:
                return seen[topic]


def test_all_hear_the_same_bytes_and_only_what_they_may(house: House) -> None:
    async def listen() -> None:
        async with streams(house) as (_, live):
            one, two = listener(house), listener(house)
            poor = listener(house, frozenset({"figures"}))
            for each in (one, two, poor):
                live.open(house.tenant, each)
            first = await one.queue.get()
            assert first is await two.queue.get()
            assert first is not None
            assert {"pulse", "figures", "trust"} <= read(first).keys()
            chunk = await poor.queue.get()
            assert chunk is not None
            assert read(chunk).keys() == {"pulse", "figures"}
            placed = await asyncio.to_thread(house.place)
            known = await asyncio.to_thread(house.place)
            await asyncio.to_thread(count, house)
            news = await hear(one, "orders")
            assert (news["placed"], news["by_channel"], news["more"]) == (2, {"api": 2}, False)
            assert set(news["ids"]) == {placed["order"], known["order"]}
            await asyncio.to_thread(lambda: act(house, known["order"], "hold", reason="x"))
            await asyncio.to_thread(count, house)
            news = await hear(one, "orders")
            assert (news["placed"], news["ids"]) == (0, [])
            assert news["changed"] == [known["order"]]
            live.publish(house.tenant, "jobs", {"id": "j"}, person="p")
            assert await hear(two, "jobs") == {"id": "j"}
            live.publish(house.tenant, "jobs", {"id": "k"}, person="another")
            live.publish(house.tenant, "jobs", {"id": "l"})
            assert await hear(two, "jobs") == {"id": "l"}

    asyncio.run(listen())


def test_a_slow_listener_is_let_go(house: House) -> None:
    async def listen() -> None:
        async with streams(house) as (_, live):
            slow = listener(house)
            live.open(house.tenant, slow)
            for n in range(limits.LIVE_QUEUE + 5):
                live.publish(house.tenant, "jobs", {"n": n})
            assert not slow.is_open
            assert [await slow.queue.get(), await slow.queue.get()] == [RELOAD, None]
            live.leave(house.tenant, slow)
            assert live.listeners == 0

    asyncio.run(listen())


def test_a_stream_resumes_where_this_process_remembers(house: House) -> None:
    async def listen() -> None:
        async with streams(house) as (_, live):
            stays = listener(house)
            live.open(house.tenant, stays)
            first = await stays.queue.get()
            assert first is not None
            last = first.decode().rpartition("id: ")[2].splitlines()[0]
            await asyncio.to_thread(house.place)
            await asyncio.to_thread(count, house)
            await hear(stays, "orders")
            back, lost = listener(house), listener(house)
            live.open(house.tenant, back, last)
            assert (await hear(back, "orders"))["placed"] == 1
            live.open(house.tenant, lost, "elsewhere-7")
            assert await lost.queue.get() == RELOAD

    asyncio.run(listen())


def test_who_has_been_signed_out_hears_no_more(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("danshu.hub.live.LIVE_CHECK_S", 0)

    async def listen() -> None:
        async with streams(house) as (_, live):
            stays, goes = listener(house), listener(house)
            goes.token = ("key", "gone")
            session = listener(house)
            session.token = ("session", "00000000-0000-0000-0000-000000000001")
            for each in (stays, goes, session):
                live.open(house.tenant, each)
            async with asyncio.timeout(20):
                for each in (goes, session):
                    while await each.queue.get() is not None:
                        pass
            assert stays.is_open

    asyncio.run(listen())


def test_too_many_listeners(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("danshu.hub.live.LIVE_LISTENERS", 0)
    assert house.call("GET", "/v1/console/live").status_code == 429


def test_jobs_of_other_nodes_are_heard(house: House) -> None:
    tell(
        house.url,
        "insert into jobs(tenant,id,kind,state,question,asked_by,caller,actor,total,exact,done)"
        f" values ({house.tenant}, '{_new()}', 'hold', 'running', '', 'p', '', '', 10, true, 3)",
    )

    async def look() -> None:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as connection:
            source = live_sources.Source(house.tenant)
            seen = await source.look(connection, house.hub.clock())
            ((person, job),) = seen.personal
            assert (person, job.kind, job.done, job.total) == ("p", "hold", 3, 10)
            assert (await source.look(connection, house.hub.clock())).personal == []
            await connection.execute("update jobs set done=4")
            ((_, job),) = (await source.look(connection, house.hub.clock())).personal
            assert job.done == 4

    asyncio.run(look())


def _new() -> str:
    import os

    from danshu.hub.compose import now_ms
    from danshu.kernel import ids

    return str(ids.uuid7(now_ms(), os.urandom(10)))


def test_the_order_of_the_tests_is_one(house: House) -> None:
    """The fixture's order comes to 44.80: what the sums above count on."""
    assert sum(n["quantity"] * n["price_fen"] for n in order()["lines"]) == 4480
