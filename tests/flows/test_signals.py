"""Signals from the outside to the snapshot that decides: the door, the room, the next order."""

from __future__ import annotations

import asyncio
import datetime
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pyarrow.parquet
import pytest

from danshu.capabilities.routing.variables import Per
from danshu.hub import reading_days, signals_room
from danshu.kernel.fact import rfc3339
from danshu.ledger.engine import Engine
from danshu.testing.signals import EXAMPLES
from tests.fixtures import engine as stores
from tests.fixtures.engine import ask, tell
from tests.fixtures.hub import House, open_house
from tests.fixtures.signals import head, look, now_ms, told, value_of

DAY_MS = 86_400_000


@pytest.fixture(scope="module")
def house(engine: Engine, template: str) -> Iterator[House]:
    """One for all tests here: each speaks of subjects of its own."""
    with stores._fresh(engine, template) as make, open_house(make()) as opened:
        yield opened


def warehouse_of(placed: dict[str, Any]) -> str:
    """The warehouse that ships a placed order's first line."""
    code: str = placed["plan"][0]["warehouse"]
    return code


def test_a_red_rainstorm_sends_the_next_order_elsewhere(house: House) -> None:
    document, _ = EXAMPLES["qweather"](now_ms())[0]
    dry = house.place()
    assert warehouse_of(dry) == "BJ01"
    assert told(house, "qweather", document, query="?place=ad:110108")["accepted"] == 2
    before = head(house)
    look(house)
    assert head(house).no == before.no + 1
    wet = house.place()
    assert warehouse_of(wet) != "BJ01"
    for order in (dry, wet):  # each replays on the snapshot that it was decided on
        replay = house.call("POST", f"/v1/orders/{order['order']}/replay", {})
        assert replay.status_code in (200, 201), replay.text
        assert replay.json()["equal"] is True
    # a neighbour's all-clear, and a word that is older, change nothing
    calm: dict[str, Any] = {"metadata": {}, "alerts": []}
    told(house, "qweather", calm, query="?place=ad:110105")
    look(house)
    assert warehouse_of(house.place()) != "BJ01"
    over = json.loads(json.dumps(document))
    over["alerts"][0] |= {"id": "C1", "issuedTime": rfc3339(now_ms())}
    over["alerts"][0]["messageType"] = {
        "code": "cancel",
        "supersedes": [document["alerts"][0]["id"]],
    }
    told(house, "qweather", over, query="?place=ad:110108")
    told(house, "caiyun", {"alerts": []}, query="?place=ad:110108")
    look(house)
    assert warehouse_of(house.place()) == "BJ01"
    assert value_of(house, "wx_alert", "wh:BJ01")["value"] == 0


def test_alerts_come_in_any_order_and_end_by_themselves(house: House) -> None:
    at_s = now_ms() // 1000
    event: dict[str, Any] = {"event": "ALERT_ON", "area_code": "440304", "code": "0204"}
    on = event | {"alert_id": "A", "pub_time": at_s - 60}
    off = event | {"event": "ALERT_OFF", "alert_id": "A", "pub_time": at_s - 30}
    told(house, "caiyun", off)
    told(house, "caiyun", on)  # came late: it was over already
    assert value_of(house, "wx_alert", "wh:SZ01")["value"] == 0
    ended = event | {"alert_id": "B", "pub_time": at_s - 60, "expires": at_s - 1}
    yellow = event | {"alert_id": "C", "pub_time": at_s - 60, "code": "0502"}
    told(house, "caiyun", ended)
    told(house, "caiyun", yellow)
    assert value_of(house, "wx_alert", "wh:SZ01")["value"] == 502
    # another feed's silence does not undo a warning
    told(house, "qweather", {"alerts": []}, query="?place=ad:440300")
    assert value_of(house, "wx_alert", "wh:SZ01")["value"] == 502
    assert value_of(house, "wx_alert", "wh:SZ01")["source"] == "caiyun"


def test_the_door_names_what_is_wrong_and_keeps_the_rest(house: House) -> None:
    good: dict[str, Any] = {"key": "agv_availability", "subject": "wh:SH01", "value": 0.9}
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"key": "mood"}, "unknown_key"),
        ({"key": "stock_atp"}, "unknown_key"),
        ({"subject": "wh:XX99"}, "unknown_subject"),
        ({"subject": "rg:310000"}, "unknown_subject"),  # not what this variable is about
        ({"observed": now_ms() + 60_000}, "skew"),
        ({"observed": now_ms() - 2 * DAY_MS}, "too_late"),
        ({"value": 7}, "unbelievable"),  # kept, clamped where it is used
    ]
    answer = told(house, "telemetry", [good, *(good | bad for bad, _ in wrong)])
    assert [fault["code"] for fault in answer["faults"]] == [code for _, code in wrong]
    assert answer["accepted"] >= 1
    shut = {"key": "cold_unit_health", "subject": "wh:SH01", "value": 1.7}
    assert told(house, "telemetry", shut)["faults"][0]["code"] == "unbelievable"
    assert value_of(house, "cold_unit_health", "wh:SH01")["status"] == "stale"
    assert house.call("POST", "/v1/signals/none", b"{}").status_code == 404
    assert house.call("POST", "/v1/signals/telemetry", b"{").status_code == 400
    assert house.call("POST", "/v1/signals/telemetry", b"{}", role="viewer").status_code == 403
    assert house.call("GET", "/v1/signals", role="sensor").status_code == 403
    assert house.call("GET", "/v1/signals?key=mood").status_code == 400


def test_a_message_again_is_one_reading_and_an_old_one_is_not_the_newest(house: House) -> None:
    at_ms = now_ms()
    new = {"key": "dock_queue", "subject": "wh:SH01", "value": 12, "observed": at_ms}
    old = new | {"value": 50, "observed": at_ms - 20_000}
    assert told(house, "telemetry", [new])["accepted"] == 1
    assert told(house, "telemetry", [old])["accepted"] == 1
    again = told(house, "telemetry", [new, old])
    assert (again["accepted"], again["repeated"]) == (0, 2)
    assert value_of(house, "dock_queue", "wh:SH01")["value"] == 12
    # as it was known then: the older word, before the newer one was said
    at = rfc3339(at_ms - 10_000).replace("+", "%2B")
    past = value_of(house, "dock_queue", "wh:SH01", f"&at={at}")
    assert past["status"] == "declared"  # nobody had told anything by then
    history = house.call("GET", "/v1/signals/history?key=dock_queue&subject=wh:SH01&limit=1").json()
    assert [item["value"] for item in history["items"]] == [12]
    rest = f"/v1/signals/history?key=dock_queue&subject=wh:SH01&cursor={history['next']}"
    assert [item["value"] for item in house.call("GET", rest).json()["items"]] == [50]


def test_sensors_that_disagree_close_and_a_dead_feed_grows_stale(house: House) -> None:
    def probe(sensor: str, value: float, ago_ms: int = 0) -> dict[str, Any]:
        subject = f"zn:GZ01/chilled/{sensor}"
        return {
            "key": "zone_temp",
            "subject": subject,
            "value": value,
            "observed": now_ms() - ago_ms,
        }

    told(house, "telemetry", [probe("s1", 3.0), probe("s2", 3.4), probe("s3", 30.0)])
    agreed = value_of(house, "zone_temp", "zn:GZ01/chilled")
    assert (agreed["status"], round(agreed["value"], 1)) == ("fresh", 3.2)
    told(house, "telemetry", probe("s2", 9.0))
    assert value_of(house, "zone_temp", "zn:GZ01/chilled")["status"] == "disagree"
    quiet = {"key": "zone_temp", "subject": "zn:GZ01/frozen/s1", "value": -20}
    told(house, "telemetry", quiet | {"observed": now_ms() - 130_000})
    stale = value_of(house, "zone_temp", "zn:GZ01/frozen")
    assert (stale["status"], stale["on_stale"]) == ("stale", "closed")
    sources = house.call("GET", "/v1/signals/sources?subject=zn:GZ01/frozen").json()["items"]
    assert [s["subject"] for s in sources] == ["zn:GZ01/frozen/s1"]
    gone = house.call("DELETE", f"/v1/signals/sources/{sources[0]['no']}")
    assert gone.status_code == 204, gone.text
    assert value_of(house, "zone_temp", "zn:GZ01/frozen")["status"] == "declared"
    told(house, "telemetry", quiet)  # it speaks again
    assert value_of(house, "zone_temp", "zn:GZ01/frozen")["status"] == "stale"  # one of three
    assert house.call("DELETE", "/v1/signals/sources/999999").status_code == 404


def test_a_server_renews_a_head_that_no_room_renewed(house: House) -> None:
    """The room may be dead; what fails closed closes all the same."""
    last = {"key": "labour_redundancy", "subject": "wh:TJ01", "value": 0.2}
    told(house, "telemetry", last)
    look(house)
    before = head(house)
    tell(house.url, "update routing_heads set until = 1")
    with house.client.portal() as portal:
        portal.call(house.hub.worlds.look)
    after = head(house)
    assert after.no == before.no + 1
    assert after.until_ms > now_ms()


def test_nothing_new_stores_nothing(house: House) -> None:
    room = signals_room.SignalsRoom()

    async def step() -> int:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            return await room.look(c, now_ms())

    asyncio.run(step())
    before, kept = head(house), ask(house.url, "select count(*) from snapshots")
    assert asyncio.run(step()) == 0
    tell(house.url, "update signal_moves set no = no + 1")
    assert asyncio.run(step()) == 1  # looked, and found the same
    assert head(house) == before
    assert ask(house.url, "select count(*) from snapshots") == kept


def test_snapshots_that_no_decision_names_go_and_the_others_stay(house: House) -> None:
    """Growth with placing is what orders were decided on; without, it is the head alone."""
    age = "update snapshots set replaced=now() - interval '61 min' where replaced is not null"
    tell(house.url, age)
    house.work("snapshots")
    before = count(house, "where named")
    assert count(house) == before + 1 - is_head_named(house)
    orders = []
    for n in range(6):
        told(house, "telemetry", {"key": "pick_backlog", "subject": "wh:TJ01", "value": 300 + n})
        look(house)
        if n % 3 == 0:
            orders += [house.place(), house.place()]
    assert count(house, "where named") == before + 2  # one commit names it for all that follow
    assert count(house) >= before + 6
    parts = "select count(distinct part), count(part) > 6 from snapshots where part is not null"
    assert ask(house.url, f'select (count, "?column?")::text from ({parts}) p') == "(1,t)"
    house.work("snapshots")  # too young to go
    assert count(house) >= before + 6
    tell(house.url, age)
    house.work("snapshots")
    assert count(house) == before + 3
    for each in orders:
        replay = house.call("POST", f"/v1/orders/{each['order']}/replay", {})
        assert replay.json()["equal"] is True


def count(house: House, which: str = "") -> int:
    return int(str(ask(house.url, f"select count(*) from snapshots {which}")))


def is_head_named(house: House) -> int:
    heads = "(select digest from routing_heads)"
    return count(house, f"where named and digest in {heads}")


def test_a_room_killed_at_its_commit_leaves_the_head_whole(house: House) -> None:
    """The head and its snapshot are one commit: a killed room leaves both as they were."""
    told(house, "telemetry", {"key": "pick_backlog", "subject": "wh:TJ01", "value": 200})
    before, kept = head(house), ask(house.url, "select count(*) from snapshots")

    async def play() -> None:
        room = signals_room.SignalsRoom()
        async with (
            await psycopg.AsyncConnection.connect(house.url, autocommit=True) as holder,
            await psycopg.AsyncConnection.connect(house.url, autocommit=True) as killer,
        ):
            victim = await psycopg.AsyncConnection.connect(house.url, autocommit=True)
            async with holder.transaction():
                await holder.execute("select 1 from routing_heads for update")
                step = asyncio.create_task(room.look(victim, now_ms()))
                waits = "select 1 from pg_stat_activity where pid=%s and wait_event_type='Lock'"
                while not await (
                    await killer.execute(waits, (victim.info.backend_pid,))
                ).fetchone():
                    await asyncio.sleep(0.01)
                    assert not step.done()
                await killer.execute("select pg_terminate_backend(%s)", (victim.info.backend_pid,))
                with pytest.raises(psycopg.OperationalError):
                    await step

    asyncio.run(play())
    assert head(house) == before
    assert ask(house.url, "select count(*) from snapshots") == kept
    look(house)
    assert head(house).no == before.no + 1
    assert value_of(house, "pick_backlog", "wh:TJ01")["value"] == 200


def test_a_killed_commit_and_a_dead_room_together(house: House) -> None:
    """The sender hears that the outcome is unknown and repeats; no room, and the server looks."""
    reading = {"key": "equipment_health", "subject": "wh:GZ01", "value": 0.1, "observed": now_ms()}
    told(house, "telemetry", {"key": "dock_queue", "subject": "wh:GZ01", "value": 1})
    look(house)
    before = head(house)
    waits = (
        "select pid from pg_stat_activity where application_name = 'danshu readings'"
        " and wait_event_type = 'Lock'"
    )
    with (
        psycopg.connect(house.url) as holder,
        psycopg.connect(house.url, autocommit=True) as killer,
        ThreadPoolExecutor(1) as sender,
    ):
        holder.execute("select 1 from signal_moves for update")
        sending = sender.submit(house.call, "POST", "/v1/signals/telemetry", reading, role="sensor")
        while (row := killer.execute(waits).fetchone()) is None:
            assert not sending.done()
            time.sleep(0.01)
        killer.execute("select pg_terminate_backend(%s)", row)
        assert sending.result().status_code == 503
        holder.rollback()
    tell(house.url, "update routing_heads set until = 1")  # and the room is dead
    again = told(house, "telemetry", reading)
    assert again["accepted"] + again["repeated"] == 1
    about = "select count(*) from readings join signal_sources using (tenant, no) where subject=%s"
    assert ask(house.url, about + " and key='equipment_health'", "wh:GZ01") == 1
    with house.client.portal() as portal:
        portal.call(house.hub.worlds.look)
        world = portal.call(house.hub.worlds.ensure, house.tenant)
    assert head(house).no > before.no
    field = world.snapshot.signals.fields["equipment_health", Per.WAREHOUSE]
    assert field.value[world.snapshot.network.warehouse_index["GZ01"]] == 0.1


def test_a_full_door_answers_429(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("danshu.hub.readings.SIGNAL_QUEUE", 0)
    reading = {"key": "pick_backlog", "subject": "wh:SH01", "value": 3}
    answer = house.call("POST", "/v1/signals/telemetry", reading, role="sensor")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")


def test_a_day_that_is_over_becomes_a_file(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = {"key": "station_saturation", "subject": "rg:110000", "value": 0.7}
    told(house, "telemetry", [reading | {"observed": now_ms() - n * 1000} for n in range(5)])
    path = "/v1/signals/history?key=station_saturation&subject=rg:110000"
    rows = house.call("GET", path).json()["items"]
    assert len(rows) == 5
    monkeypatch.setattr(reading_days, "folder", lambda: tmp_path)

    async def later(days: int, what: str) -> int:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            at_ms = now_ms() + days * DAY_MS
            if what == "drop":
                return await reading_days.drop(c, at_ms)
            return await reading_days.archive(c, tmp_path, at_ms)

    assert asyncio.run(later(0, "archive")) == 0  # a reading of today may still come
    assert asyncio.run(later(3, "archive")) >= 1
    assert asyncio.run(later(3, "archive")) == 0
    assert asyncio.run(later(3, "drop")) == 0  # rows are kept for their days
    files = sorted((tmp_path / str(house.tenant)).glob("*.parquet"))
    count = sum(pyarrow.parquet.read_metadata(file).num_rows for file in files)
    assert count == ask(house.url, "select count(*) from readings")
    assert asyncio.run(later(40, "drop")) >= 1
    assert ask(house.url, "select count(*) from readings") == 0
    assert house.call("GET", path).json()["items"] == rows  # read from the files now
    for file in files:  # as they were called before their names had digests
        file.rename(file.with_name(f"{file.name[:10]}.parquet"))
    files = sorted((tmp_path / str(house.tenant)).glob("*.parquet"))
    first = house.call("GET", path + "&limit=2").json()
    second = house.call("GET", path + f"&limit=3&cursor={first['next']}").json()
    assert first["items"] + second["items"] == rows
    said = "select count(*) from facts where position('signals.archived'::bytea in body) > 0"
    assert ask(house.url, said) == len(files)
    files[-1].write_bytes(files[-1].read_bytes()[:-1] + b"x")
    assert house.call("GET", path).status_code == 503  # not the file that the fact names
    today = datetime.datetime.now(datetime.UTC).date()
    with psycopg.connect(house.url, autocommit=True) as connection:
        assert reading_days.make_partitions(connection, today, 2) <= 2
