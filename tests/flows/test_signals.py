"""Signals from the outside to the snapshot that decides: the door, the room, the next order."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import psycopg

from danshu.hub import pictures
from danshu.kernel.fact import rfc3339
from tests.fixtures.engine import ask
from tests.fixtures.hub import House


def told(house: House, feed: str, body: Any, role: str = "sensor", query: str = "") -> Any:
    """Send a feed's message and give the answer's JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = house.call("POST", f"/v1/signals/{feed}{query}", raw, role=role)
    assert answer.status_code == 200, answer.text
    return answer.json()


def look(house: House) -> None:
    """Let the room make the head, and the server take it."""
    house.work("signals")
    with house.client.portal() as portal:
        portal.call(house.hub.worlds.look)


def head(house: House) -> pictures.Head:
    async def read() -> pictures.Head | None:
        async with await psycopg.AsyncConnection.connect(house.url, autocommit=True) as c:
            return await pictures.read_head(c, house.tenant)

    found = asyncio.run(read())
    assert found is not None
    return found


def warehouse_of(house: House, placed: dict[str, Any]) -> str:
    """The warehouse that ships a placed order's first line."""
    code: str = placed["plan"][0]["warehouse"]
    return code


def test_a_reading_reaches_the_next_decision(house: House) -> None:
    first = warehouse_of(house, house.place())
    reading = {"key": "labour_redundancy", "subject": f"wh:{first}", "value": 0.2}
    assert told(house, "telemetry", reading) == {"accepted": 1, "repeated": 0, "faults": []}
    before = head(house)
    look(house)
    after = head(house)
    assert after.no == before.no + 1
    assert after.digest != before.digest
    placed = house.place()
    assert warehouse_of(house, placed) != first
    look(house)
    assert head(house).digest == after.digest  # nothing new, nothing stored


def test_the_same_message_again_is_one_reading(house: House) -> None:
    now_ms = time.time_ns() // 1_000_000
    reading = {"key": "dock_queue", "subject": "wh:BJ01", "value": 12, "observed": now_ms}
    assert told(house, "telemetry", [reading])["accepted"] == 1
    assert told(house, "telemetry", [reading]) == {"accepted": 0, "repeated": 1, "faults": []}
    assert ask(house.url, "select count(*) from readings") == 1


def storm(kind: str = "alert", **changes: Any) -> dict[str, Any]:
    """A red rainstorm warning as QWeather lists it (documented shape, invented content)."""
    now_s = time.time()
    alert = {
        "id": "202611290930001",
        "senderName": "北京市气象台",
        "issuedTime": rfc3339(int(now_s - 600) * 1000),
        "messageType": {"code": kind, "supersedes": []},
        "eventType": {"name": "暴雨", "code": "1003"},
        "urgency": "immediate",
        "severity": "extreme",
        "color": {"code": "red", "red": 255, "green": 0, "blue": 0, "alpha": 1},
        "expireTime": rfc3339(int(now_s + 6 * 3600) * 1000),
        "headline": "北京市气象台发布暴雨红色预警",
    }
    return {"metadata": {"tag": "x", "zeroResult": False}, "alerts": [alert | changes]}


def test_a_red_rainstorm_sends_the_next_order_elsewhere(house: House) -> None:
    dry = house.place()
    assert warehouse_of(house, dry) == "BJ01"
    assert told(house, "qweather", storm(), query="?place=ad:110108")["accepted"] == 2
    look(house)
    wet = house.place()
    assert warehouse_of(house, wet) != "BJ01"
    for order in (dry, wet):  # each replays on the snapshot that it was decided on
        replay = house.call("POST", f"/v1/orders/{order['order']}/replay", {})
        assert replay.status_code in (200, 201), replay.text
        assert replay.json()["equal"] is True
    over = storm("cancel", id="202611291000002")
    over["alerts"][0]["messageType"]["supersedes"] = ["202611290930001"]
    time.sleep(0.002)  # another moment than that of the message before
    assert told(house, "qweather", over, query="?place=ad:110108")["accepted"] == 2
    look(house)
    assert warehouse_of(house, house.place()) == "BJ01"
