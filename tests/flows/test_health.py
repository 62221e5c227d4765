"""The health board: figures of real work, an alert that fires in a drill, windows, thresholds."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx
import psycopg
import pytest

from danshu.faces.work import metrics
from danshu.hub import alerts, health_room, measuring, scraping, tracing
from danshu.hub.health_audit import HealthFolder
from danshu.hub.meters import Meters
from danshu.kernel.fact import rfc3339
from danshu.ledger.audit import fold_rows
from danshu.testing import collector, robots
from tests.fixtures.engine import tell
from tests.fixtures.hub import House

# Half a minute into a minute: the one before it is complete.
NOW_MS = time.time_ns() // 1_000_000 // 60_000 * 60_000 + 30_000


def board(house: House) -> dict[str, Any]:
    """Read the board."""
    response = house.call("GET", "/v1/health-board")
    assert response.status_code == 200, response.text
    made: dict[str, Any] = response.json()
    return made


def tile(house: House, metric: str) -> dict[str, Any]:
    """Read one tile."""
    (found,) = [t for t in board(house)["tiles"] if t["metric"] == metric]
    assert isinstance(found, dict)
    return found


def deliver(house: House, at_ms: int, ok: int, failed: int) -> None:
    """Have a process deliver events by a webhook in the minute before."""

    async def work() -> None:
        process = Meters(lambda: at_ms / 1000 - 60)
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            process.note(house.tenant, "webhook:erp", 0.02, ok=ok, failed=failed)
            await process.flush(c)

    asyncio.run(work())


def look(house: House, memory: health_room.Memory, at_ms: int, times: int = 1) -> int:
    """Let the room look, ten seconds apart; gives how many incidents changed."""

    async def work() -> int:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            return sum(
                [await health_room.look(c, memory, at_ms + at * 10_000) for at in range(times)]
            )

    return asyncio.run(work())


def ring(house: House) -> None:
    """Send the alerts that are due."""

    async def work() -> None:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            await alerts.send_due(c, NOW_MS + 3_600_000)

    tell(house.url, "update alert_channels set next_try=now()")
    asyncio.run(work())


def test_the_board_shows_what_was_measured(house: House) -> None:
    for _ in range(3):
        house.place()

    async def flush() -> None:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            await measuring.write(c, house.hub.batch)

    asyncio.run(flush())
    memory = health_room.Memory()
    look(house, memory, NOW_MS + 1_000)
    read = board(house)
    assert len(read["tiles"]) == 12
    first = read["tiles"][0]
    assert first["metric"] == "order_create"
    assert first["value"] > 0
    orders = read["rows"][0]
    assert (orders["subject"], orders["calls"], orders["nodes"]) == ("orders", 3, 1)
    assert sum(orders["cells"]) == 1
    assert tile(house, "connector_availability")["value"] is None


def test_a_drill_rings_goes_red_and_is_over(house: House) -> None:
    with robots.serve() as far:
        channel = {"name": "值班群", "adapter": "wecom", "url": far.url("wecom"), "grade": "blue"}
        assert house.call("POST", "/v1/alert-channels", channel).is_success
        memory = health_room.Memory()
        deliver(house, NOW_MS, 900, 100)
        assert look(house, memory, NOW_MS, 1) == 0, "one look alone opens nothing"
        assert look(house, memory, NOW_MS + 10_000) == 1
        read = tile(house, "event_delivery")
        assert (read["value"], read["level"], read["culprit"]) == (90.0, "red", "erp")
        (incident,) = board(house)["incidents"]
        assert (incident["level"], incident["closed"]) == ("red", "")
        ring(house)
        (first,) = far.taken
        assert "事件送达率：指标越线" in first.title
        assert "90 % · ≥ 99.9 % · " in first.text
        assert tile(house, "event_delivery")["burn"] == 100.0
        # the far side delivers again, and no window of the budget knows the failures any more
        later = NOW_MS + 4 * 86_400_000
        deliver(house, later, 1_000, 0)
        assert look(house, memory, later, 6) == 1, "milder only after some looks"
        assert tile(house, "event_delivery")["level"] == "normal"
        assert board(house)["incidents"][0]["closed"]
        ring(house)
        assert "指标已恢复" in far.taken[1].title
        assert audit(house) == []


def audit(house: House) -> list[str]:
    """Fold the facts of the board, and compare the rows."""

    async def work() -> list[str]:
        async with await psycopg.AsyncConnection.connect(house.url) as c:
            report = await fold_rows(c, house.tenant, [HealthFolder(house.tenant)])
            return [f"{d.where}: {d.detail}" for d in report.differences]

    return asyncio.run(work())


def test_maintenance_rings_nothing_and_hides_nothing(house: House) -> None:
    call, memory = house.call, health_room.Memory()
    body = {"scope": "event_delivery", "reason": "ERP 升级", "begins": rfc3339(NOW_MS - 1_000)}
    wrong = {**body, "ends": rfc3339(NOW_MS - 2_000)}
    path = "/v1/health-board/windows"
    assert call("POST", path, wrong).json()["code"] == "bad_window"
    assert call("POST", path, {**body, "ends": "soon"}).json()["code"] == "bad_time"
    far = {**body, "ends": rfc3339(NOW_MS + 3_600_000)}
    assert call("POST", path, {**far, "scope": "everything"}).json()["code"] == "bad_scope"
    assert call("POST", path, far, role="viewer").status_code == 403
    (window,) = call("POST", path, far).json()["windows"]
    deliver(house, NOW_MS, 0, 10)  # too few to burn a budget
    assert look(house, memory, NOW_MS, 3) == 0, "nothing opens"
    read = tile(house, "event_delivery")
    assert (read["level"], read["is_muted"]) == ("red", True)
    ended = call("DELETE", f"{path}/{window['id']}").json()
    assert ended["windows"] == []
    assert look(house, memory, NOW_MS + 60_000) == 1, "what is still bad opens now"
    # a merchant's own thresholds, and back to the shipped ones
    metric = "/v1/health-board/thresholds/event_delivery"
    bad = call("PUT", metric, {"blue": 1, "yellow": 2, "red": 3}).json()
    assert bad["code"] == "bad_thresholds"
    assert call("PUT", metric[:-1], {}).json()["code"] == "no_metric"
    own = [t for t in call("PUT", metric, {"blue": 0}).json()["tiles"] if t["is_own"]]
    assert [(t["metric"], t["thresholds"]) for t in own] == [("event_delivery", {"blue": 0.0})]
    assert look(house, memory, NOW_MS + 70_000, 6) == 1, "as they are now, it is well"
    assert not any(t["is_own"] for t in call("DELETE", metric).json()["tiles"])
    assert audit(house) == []


def scrape(house: House, **headers: str) -> Any:
    """Scrape the server, as somebody on this machine."""
    return house.client.request("GET", "/metrics", headers=headers)


def test_metrics_stay_bounded_for_a_thousand_merchants(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.place()
    looked = """
    insert into health_states(tenant,metric,value,level,since,worse,worst,better,best,at)
    select t, m, t, t % 4, now(), 0, 0, 0, 0, now() from generate_series({}, {}) t,
    unnest(array['order_create','event_delivery']) m
    """
    monkeypatch.setenv("DANSHU_METRICS_TOKEN", "t0ken")
    assert scrape(house).status_code == 403
    assert scrape(house, authorization="Bearer t0ken2").status_code == 403
    told = []
    for first, last in ((1001, 1001), (1002, 2000)):
        tell(house.url, looked.format(first, last))
        answer = scrape(house, authorization="Bearer t0ken")
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        told.append(answer.text)
    few, many = (
        {line.rpartition(" ")[0] for line in text.splitlines() if line[0] != "#"} for text in told
    )
    assert few == many, "merchants add no series"
    assert 'danshu_health{metric="event_delivery"} 1001.0' in told[1], "the worst of all"
    assert 'danshu_health{metric="order_create"} 2000.0' in told[1]
    assert 'danshu_health_merchants{level="red",metric="order_create"} 250.0' in told[1]
    assert "danshu_order_seconds_count 1.0" in told[1]
    tell(house.url, f"update health_states set tenant={house.tenant} where tenant=1001")
    code = house.call("GET", "/v1/merchant").json()["code"]
    monkeypatch.setenv("DANSHU_METRICS_MERCHANTS", f"{code}, nobody")
    named = scrape(house, authorization="Bearer t0ken").text
    mine = [line for line in named.splitlines() if line.startswith("danshu_merchant_health{")]
    assert [line.partition(" ")[2] for line in mine] == ["1001.0", "1001.0"]


def test_a_worker_answers_scrapes(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> list[int]:
        async with metrics.serve(house.url, 0) as port, httpx.AsyncClient() as web:
            at = f"http://127.0.0.1:{port}"
            asked = [
                (f"{at}/metrics", {}),
                (f"{at}/other", {}),
                (f"{at}/metrics", {"x-forwarded-for": "8.8.8.8"}),
                (f"{at}/metrics", {"x-long": "x" * 40_000}),
            ]
            return [(await web.get(url, headers=more)).status_code for url, more in asked]

    monkeypatch.delenv("DANSHU_METRICS_TOKEN", raising=False)
    assert asyncio.run(work()) == [200, 404, 403, 431]


@pytest.mark.parametrize(
    ("peer", "headers", "may"),
    [
        ("127.0.0.1", {}, True),
        ("::1", {}, True),
        ("10.0.0.8", {}, False),
        ("", {}, False),
        ("testclient", {}, False),
        ("127.0.0.1", {"x-forwarded-for": "10.0.0.8"}, False),
        ("127.0.0.1", {"forwarded": "for=10.0.0.8"}, False),
    ],
)
def test_without_a_token_this_machine_alone_scrapes(
    peer: str, headers: dict[str, str], *, may: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DANSHU_METRICS_TOKEN", raising=False)
    assert scraping.may_scrape(peer, headers) is may


def test_traces_reach_a_collector_and_go_on_with_the_caller_s(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracing.note("nothing", 1.0)  # off: nothing of it is loaded
    with collector.serve() as far:
        monkeypatch.setenv("DANSHU_OTLP_URL", far.url)
        tracing.begin("tests")
        try:
            house.place()
            parent = f"00-{'ab' * 16}-{'cd' * 8}-01"
            house.call("GET", "/v1/health-board", headers={"traceparent": parent})
            house.call("GET", "/v1/health-board", headers={"traceparent": "00-none"})
            tracing.note("connector.call", 0.25, trouble="no answer", adapter="customs")
        finally:
            tracing.end()
    spans = {span.name: span for span in far.spans}
    assert spans["orders.commit"].attributes == {"orders": 1}
    boards = [span for span in far.spans if span.name == "http GET /v1/health-board"]
    assert (boards[0].trace, boards[0].parent) == ("ab" * 16, "cd" * 8)
    assert boards[1].parent == ""
    call = spans["connector.call"]
    assert (call.service, call.failed, round(call.ms)) == ("tests", True, 250)
