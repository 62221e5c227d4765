"""Devices over HTTP on a real database: normal states learned of waves, what is abnormal ordered
of the supplier, what can't be believed laid before a person.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from danshu.adapters.perceivers.vibration import Vibration
from danshu.hub import connectors_room, originals, perceiving_child
from danshu.hub.device_audit import DevicesFolder
from danshu.hub.repair_audit import RepairsFolder
from danshu.ledger import audit
from danshu.ledger.write import connect
from danshu.testing import repair_desk, vibrations
from tests.fixtures.hub import SKUS, House

if TYPE_CHECKING:
    import httpx
    import pytest

    from danshu.ledger.fold import Folder
    from danshu.ports.perceiver import Perception

SPINDLE = vibrations.Machine(seed=4)
SHORT: dict[str, Any] = {"seconds": 4.2, "rate_hz": 8_000}
BEARING = SKUS[0]
SITE = {
    "kind": "store",
    "code": "PLANT-1",
    "name": "一号车间",
    "address": {"province": "上海市", "city": "上海市", "district": "嘉定区", "detail": "9 号"},
}
MAKER = {"kind": "supplier", "code": "MAKER", "name": "主轴厂"}
DEVICE: dict[str, Any] = {
    "code": "SP-01",
    "name": "主轴一号",
    "kind": "spindle",
    "device_class": "spindle-10kw",
    "site": "PLANT-1",
    "supplier": "MAKER",
    "serial": "2024-0917",
    "bearing": SPINDLE.bearing,
    "rpm": 1_480,
    "zones": "group_2_rigid",
    "warranty_until": "2099-12-31",
    "parts": [{"sku": BEARING.code, "fault": "outer_race_fault"}],
}


def send(house: House, body: bytes, key: str = "", device: str = "SP-01") -> dict[str, Any]:
    headers = {
        "content-type": "application/vnd.danshu.wave",
        "danshu-source": json.dumps({"device": device, "via": "edge", "device_class": "claimed"}),
        "authorization": f"Bearer {house.keys['operator']}",
        **({"idempotency-key": key} if key else {}),
    }
    sent: httpx.Response = house.client.post("/v1/originals", content=body, headers=headers)
    assert sent.status_code in (200, 201), sent.text
    row = sent.json()["row"]
    if row["state"] == "received":
        row = asyncio.run(_read(house, row["id"]))
    return cast("dict[str, Any]", row)


async def _read(house: House, id_: str) -> dict[str, Any]:
    await originals.read(house.hub, house.tenant, uuid.UUID(id_))
    told: dict[str, Any] = house.call("GET", f"/v1/originals/{id_}").json()["row"]
    return told


def wave(nth: int, fault: str = vibrations.HEALTHY, **told: Any) -> bytes:
    recording = vibrations.record(SPINDLE, nth, fault=fault, **{**SHORT, **told})
    return vibrations.frame(recording, "SP-01")


async def _perceive(
    name: str, account: Any, body: bytes, media_type: str, hints: Any
) -> Perception:
    assert name == "vibration"
    return await Vibration().perceive(account, cast("Any", None), body, media_type, hints)


async def _audit(house: House) -> list[Any]:
    folders: list[Folder] = [RepairsFolder(house.tenant), DevicesFolder(house.tenant)]
    async with house.hub.connection() as connection:
        report = await audit.fold_rows(connection, house.tenant, folders)
    return list(report.differences)


def test_a_spindle_is_learned_and_repaired(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    # The child process has tests of its own (tests/faults); a second import of SciPy is spared.
    monkeypatch.setattr(perceiving_child, "perceive_local", _perceive)
    _the_archive_is_written_and_refuses_what_hangs_in_the_air(house)
    _eight_waves_are_the_normal_state(house)
    _what_cannot_be_believed_goes_to_a_person(house)
    with repair_desk.serve() as desk:
        _connect(house, desk)
        repair = _an_outer_race_is_ordered_of_the_supplier(house, desk)
        _the_repair_is_closed_and_stands_in_the_history(house, repair)
    _a_person_says_what_is_normal(house)
    assert asyncio.run(_audit(house)) == []


def _the_archive_is_written_and_refuses_what_hangs_in_the_air(house: House) -> None:
    assert house.call("PUT", "/v1/names/directory", [SITE, MAKER]).status_code == 200
    for change, code in (
        ({"site": "NOWHERE"}, "unknown_code"),
        ({"parts": [{"sku": "NO-SKU"}]}, "unknown_code"),
        ({"bearing": {"rollers": 9, "d": 40, "D": 20}}, "bad_bearing"),
    ):
        told = house.call("PUT", "/v1/devices", [DEVICE | change])
        assert (told.status_code, told.json()["code"]) == (422, code)
    assert house.call("PUT", "/v1/devices", [DEVICE]).json() == {"rows": 1}
    (shown,) = house.call("GET", "/v1/devices?q=主轴").json()["items"]
    assert (shown["device"]["code"], shown["state"]) == ("SP-01", "learning")


def _eight_waves_are_the_normal_state(house: House) -> None:
    for nth in range(8):
        row = send(house, wave(nth), f"w-{nth}")
        assert (row["state"], row["intent"]) == ("acted", "none"), row
    assert row["source"]["device_class"] == "spindle-10kw"  # by the archive, not by who sends
    again = send(house, wave(7), "w-7")
    assert again["id"] == row["id"]
    sheet = house.call("GET", "/v1/devices/SP-01").json()
    assert (sheet["row"]["state"], sheet["row"]["normals"]) == ("normal", 8)
    norms = next(iter(sheet["baseline"]["states"].values()))["norms"]
    assert 1 < norms["comb_outer"]["median"] < 1.6
    assert sheet["spares"][0]["stocked"] > 0
    assert send(house, wave(8))["state"] == "acted"
    judged = house.call("GET", "/v1/devices/SP-01").json()
    assert (judged["judged"], judged["row"]["normals"]) == (1, 8)  # learned no more by itself


def _what_cannot_be_believed_goes_to_a_person(house: House) -> None:
    broken = vibrations.record(SPINDLE, 9, **SHORT)
    broken.samples[5] = np.nan
    for body, trouble in (
        (vibrations.frame(broken, "SP-01"), "not_finite"),
        (wave(10, vibrations.BALL), "ball_suspected"),
        (vibrations.frame(vibrations.record(SPINDLE, 9, **SHORT), "SP-02"), "other_device"),
    ):
        row = send(house, body)
        assert row["state"] == "review", row
        assert trouble in row["troubles"]
    unknown = send(house, wave(11), device="SP-99")
    assert (unknown["state"], unknown["question"]) == ("review", None)
    assert "unknown_device" in unknown["troubles"]


def _connect(house: House, desk: repair_desk.Desk) -> None:
    told = house.call(
        "POST",
        "/v1/connectors",
        {
            "adapter": "repair-desk",
            "title": "主轴厂维修台",
            "url": desk.url,
            "secrets": {"signing_secret": repair_desk.SECRET},
        },
    )
    assert told.status_code == 201, told.text
    path = f"/v1/connectors/{told.json()['id']}/state"
    on = house.call("POST", path, {"state": "on", "reason": "test"})
    assert on.status_code in (200, 201), on.text


async def _deliver(house: House) -> None:
    engine = connectors_room.Engine(house.url)
    connection = await connect(house.url)
    try:
        while await engine.step(connection):
            pass
        await asyncio.gather(*engine._running)
        await engine.step(connection)
    finally:
        await engine._close_wire()
        await connection.close()


def _an_outer_race_is_ordered_of_the_supplier(house: House, desk: repair_desk.Desk) -> str:
    row = send(house, wave(12, vibrations.OUTER))
    assert (row["state"], row["intent"]) == ("review", "maintain"), row
    told = house.call("GET", f"/v1/originals/{row['id']}").json()
    asked = told["draft"]["repair"]
    assert asked["symptoms"] == ["outer_race_fault"]
    assert [p["sku"] for p in asked["parts"]] == [BEARING.code]
    assert 0 < row["confidence"] < 900  # nine normal waves bear out no more
    assert house.call("GET", "/v1/devices").json()["items"][0]["state"] == "abnormal"
    done = house.call("POST", f"/v1/originals/{row['id']}/confirm", {"draft": told["draft"]})
    assert done.status_code == 200, done.text
    shown = done.json()["row"]
    assert shown["state"] == "acted"
    repair = house.call("GET", f"/v1/repairs/{shown['repair']}").json()
    assert (repair["state"], repair["action"]) == ("sent", "replace_bearing")
    assert "24611" in repair["regulation"]
    assert repair["warranty"]
    assert repair["wave"] == row["digest"]
    order = house.call("GET", f"/v1/orders/{repair['order']}").json()
    assert [line["sku"] for line in order["lines"]] == [BEARING.code]
    (original,) = house.call("GET", f"/v1/orders/{repair['order']}/originals").json()
    assert original["id"] == row["id"]
    desk.lose = 1  # the answer is lost; the same order is found under its key
    asyncio.run(_deliver(house))
    asyncio.run(_deliver(house))
    (held,) = desk.held("SP-01")
    assert held.order["action"] == "replace_bearing"
    assert "parts" not in held.order  # the spare lies in our own warehouse
    booked = house.call("GET", f"/v1/repairs/{shown['repair']}").json()
    assert booked["state"] in ("sent", "accepted")
    return str(shown["repair"])


def _the_repair_is_closed_and_stands_in_the_history(house: House, repair: str) -> None:
    closed = house.call("POST", f"/v1/repairs/{repair}/close", {"how": "done", "note": "已换"})
    assert (closed.status_code, closed.json()["state"]) == (200, "closed"), closed.text
    twice = house.call("POST", f"/v1/repairs/{repair}/close", {"how": "done"})
    assert (twice.status_code, twice.json()["code"]) == (409, "repair_closed")
    (event,) = house.call("GET", "/v1/devices/SP-01/events").json()["items"]
    assert (event["what"], event["repair"]) == ("replace_bearing", repair)
    reset = house.call("POST", "/v1/devices/SP-01/reset", {"reason": "换轴承"})
    assert reset.status_code == 204
    assert house.call("GET", "/v1/devices/SP-01").json()["row"]["state"] == "learning"


def _a_person_says_what_is_normal(house: House) -> None:
    waves = house.call("GET", "/v1/devices/SP-01/waves?limit=3").json()
    assert len(waves["items"]) == 3
    assert waves["items"][0]["state"] == "abnormal"
    more = house.call("GET", f"/v1/devices/SP-01/waves?limit=3&cursor={waves['next']}").json()
    assert not {w["original"] for w in waves["items"]} & {w["original"] for w in more["items"]}
    row = send(house, wave(20))
    path = f"/v1/devices/SP-01/waves/{row['id']}"
    assert house.call("GET", "/v1/devices/SP-01").json()["row"]["normals"] == 1
    assert house.call("POST", path, {"normal": False}).status_code == 204
    assert house.call("GET", "/v1/devices/SP-01").json()["row"]["normals"] == 0
