"""The ways in: NATS and MQTT, acknowledged after the commit, so that none is lost and none doubled;
services that are asked; webhooks that are believed.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import time
from collections.abc import Iterator
from typing import Any

import nats
import psycopg
import pytest

from danshu.faces.work import telemetry, waves
from danshu.hub import readings
from danshu.kernel.errors import NotAvailable
from danshu.ledger.engine import Engine
from danshu.testing import vibrations
from danshu.testing.signals import EXAMPLES
from tests.fixtures import engine as stores
from tests.fixtures.engine import ask
from tests.fixtures.hub import House, open_house
from tests.fixtures.nats import Bus, open_bus, publish
from tests.fixtures.serving import serve
from tests.fixtures.signals import now_ms, value_of

CODE = "small"


@pytest.fixture(scope="module")
def house(engine: Engine, template: str) -> Iterator[House]:
    with stores._fresh(engine, template) as make, open_house(make()) as opened:
        yield opened


@pytest.fixture(scope="module")
def bus() -> Iterator[Bus]:
    with pytest.MonkeyPatch.context() as patch, open_bus() as opened:
        patch.setattr(telemetry, "_ACK_WAIT_S", 1)
        patch.setattr(telemetry, "_FETCH_S", 0.1)
        yield opened


async def step(house: House, consumer: telemetry.Consumer) -> int:
    """One step of the room."""
    async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as connection:
        return await consumer.step(connection)


async def drain(house: House, bus: Bus) -> int:
    """A worker comes, takes all there is, and goes."""
    consumer = telemetry.Consumer(house.url, bus.url)
    try:
        taken = await step(house, consumer)
        while more := await step(house, consumer):
            taken += more
        return taken
    finally:
        await consumer.close()


async def pending(bus: Bus) -> int:
    """Messages that nobody has acknowledged."""
    client = await nats.connect(bus.url)
    info = await client.jetstream().consumer_info(telemetry.STREAM, telemetry.DURABLE)
    await client.close()
    return int(info.num_pending or 0) + int(info.num_ack_pending or 0)


async def say(bus: Bus, subject: str, *bodies: bytes) -> None:
    client = await nats.connect(bus.url)
    for body in bodies:
        await client.jetstream().publish(f"danshu.signals.{subject}", body)
    await client.close()


def count(house: House, subject: str) -> Any:
    query = (
        "select count(*) from readings r join signal_sources s using (tenant, no)"
        " where starts_with(s.subject, %s)"
    )
    return ask(house.url, query, subject)


def test_probes_speak_mqtt(house: House, bus: Bus) -> None:
    asyncio.run(drain(house, bus))  # the stream is there from the first worker on
    topics = [(f"danshu/signals/{CODE}/telemetry/zone_temp/BJ01/chilled/s{n}", n) for n in range(3)]
    publish(bus.mqtt_port, [(topic, json.dumps({"value": 3 + n}).encode()) for topic, n in topics])
    assert asyncio.run(drain(house, bus)) == 3
    assert count(house, "zn:BJ01/chilled/") == 3
    page = house.call("GET", "/v1/signals?key=zone_temp&warehouse=BJ01&zone=chilled").json()
    assert [(i["status"], i["value"]) for i in page["items"]] == [("fresh", 4.0)]


def test_a_machine_speaks_mqtt(house: House, bus: Bus) -> None:
    async def drain_waves() -> int:
        consumer = waves.Waves(house.url, bus.url)
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            try:
                return await consumer.step(c)
            finally:
                await consumer.close()

    asyncio.run(drain_waves())  # the stream is there from the first worker on
    recorded = vibrations.record(vibrations.draw(3), 0, seconds=2.0)
    sent = vibrations.frame(recorded, device="cnc-07")
    topic = f"danshu/originals/{CODE}/cnc-07"
    publish(bus.mqtt_port, [(topic, sent), (topic, b"")])
    assert asyncio.run(drain_waves()) == 2  # what is nothing is ended, and stands in the log
    (row,) = house.call("GET", "/v1/originals").json()["items"]
    assert (row["modality"], row["bytes"]) == ("waveform", len(sent))
    assert (row["source"]["device"], row["source"]["via"]) == ("cnc-07", "mqtt")


def test_a_worker_killed_before_its_ack_loses_and_doubles_nothing(
    house: House, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = {"key": "pick_backlog", "subject": "wh:GZ01"}
    at_ms = time.time_ns() // 1_000_000 - 10
    bodies = [json.dumps(reading | {"value": n, "observed": at_ms + n}).encode() for n in range(5)]

    async def play() -> None:
        await drain(house, bus)
        await say(bus, f"{CODE}.telemetry", *bodies)
        first = telemetry.Consumer(house.url, bus.url)
        with monkeypatch.context() as patch:

            async def killed(_: Any) -> None:
                raise NotAvailable("killed after the commit, before the ack")

            patch.setattr("nats.aio.msg.Msg.ack", killed)
            with pytest.raises(NotAvailable):
                await step(house, first)
        await first.close()

    asyncio.run(play())
    assert count(house, "wh:GZ01") == 5  # committed, and NATS does not know it
    assert asyncio.run(pending(bus)) == 5
    taken = 0
    while taken < 5:  # they come again when the wait for their ack is over
        taken += asyncio.run(drain(house, bus))
    assert count(house, "wh:GZ01") == 5
    assert asyncio.run(pending(bus)) == 0


def test_a_full_door_leaves_the_message_with_nats(
    house: House, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = json.dumps({"key": "pick_backlog", "subject": "wh:TJ01", "value": 1}).encode()
    asyncio.run(drain(house, bus))
    asyncio.run(say(bus, f"{CODE}.telemetry", body))
    monkeypatch.setattr(readings, "SIGNAL_QUEUE", 0)
    monkeypatch.setattr(telemetry, "RETRY_AFTER_S", 0.01)
    consumer = telemetry.Consumer(house.url, bus.url)

    async def once() -> int:
        taken = await step(house, consumer)
        await consumer.close()
        return taken

    assert asyncio.run(once()) == 0
    assert asyncio.run(pending(bus)) == 1
    monkeypatch.undo()
    while not asyncio.run(drain(house, bus)):
        continue
    assert count(house, "wh:TJ01") == 1


def test_what_cannot_be_read_is_ended_and_named(
    house: House, bus: Bus, caplog: pytest.LogCaptureFixture
) -> None:
    asyncio.run(drain(house, bus))
    asyncio.run(say(bus, f"{CODE}.telemetry", b"{"))
    asyncio.run(say(bus, "nobody.telemetry", b"{}"))
    asyncio.run(say(bus, f"{CODE}.unplugged", b"{}"))
    with caplog.at_level(logging.WARNING, "danshu.telemetry"):
        assert asyncio.run(drain(house, bus)) == 3
    assert len([r for r in caplog.records if "cannot be read" in r.message]) == 3
    assert asyncio.run(pending(bus)) == 0


def test_no_bus_is_said_so(house: House) -> None:
    consumer = telemetry.Consumer(house.url, "nats://127.0.0.1:1")
    with pytest.raises(NotAvailable):
        asyncio.run(step(house, consumer))


def test_a_feed_is_asked_and_a_webhook_believed(house: House) -> None:
    document, _ = EXAMPLES["qweather"](now_ms())[0]
    seen: list[tuple[str, str]] = []

    async def service(scope: Any, receive: Any, send: Any) -> None:
        """QWeather's side: alerts of a point, for whoever has the key."""
        key = dict(scope["headers"]).get(b"x-qw-api-key", b"").decode()
        seen.append((scope["path"], key))
        status = 200 if key == "right" else 401
        await receive()
        head = {"type": "http.response.start", "status": status, "headers": []}
        await send(head)
        await send({"type": "http.response.body", "body": json.dumps(document).encode()})

    with serve(service) as address:
        feed: dict[str, Any] = {
            "name": "gz",
            "feed": "qweather",
            "url": address,
            "place": "ad:440106",
        }
        feed |= {"key": "right", "every_s": 300}
        answer = house.call("PUT", "/v1/signals/feeds", feed)
        assert answer.status_code == 200, answer.text
        assert "right" not in answer.text
        wrong = {**feed, "name": "wrong", "key": "wrong"}
        assert house.call("PUT", "/v1/signals/feeds", wrong).status_code == 200
        house.work("feeds")
        assert house.call("DELETE", "/v1/signals/feeds/wrong").status_code == 204
    assert ("/weatheralert/v1/current/23.13/113.26", "right") in seen
    assert value_of(house, "wx_alert", "wh:GZ01")["value"] == 204
    items = house.call("GET", "/v1/signals/feeds").json()["items"]
    assert [(i["name"], i["trouble"]) for i in items] == [("gz", "")]
    for refused in (
        {**feed, "every_s": 5},
        {**feed, "url": "http://10.0.0.1"},
        {**feed, "feed": "wms"},
        {**feed, "secret": "x"},
    ):
        assert house.call("PUT", "/v1/signals/feeds", refused).status_code in (400, 422)
    hook = {"name": "cy", "feed": "caiyun", "secret": "s3cret"}
    assert house.call("PUT", "/v1/signals/feeds", hook).status_code == 200
    event: dict[str, Any] = {"event": "ALERT_ON", "alert_id": "W9", "adcode": "120101"}
    event |= {"code": "0104", "nonce": "n1", "pub_time": now_ms() // 1000}
    event["signature"] = hashlib.sha1(b"s3cretW9n1").hexdigest()
    path = f"/v1/signals/caiyun/hook?account={house.tenant}.cy"
    assert house.client.post(path, json={**event, "nonce": "n2"}).status_code == 401
    other = f"/v1/signals/caiyun/hook?account={house.tenant + 1}.cy"
    assert house.client.post(other, json=event).status_code == 401
    assert house.client.post(path, json=event).json()["accepted"] >= 1
    assert value_of(house, "wx_alert", "wh:TJ01")["value"] == 104
