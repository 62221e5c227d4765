"""Conformance kit for feeds: what every signal adapter owes the hub, and a message of each.

A plug-in's own tests build a SignalCase and run CHECKS over it:

    @pytest.mark.parametrize("check", CHECKS)
    def test_conformance(check): check(SignalCase(signal=…, messages=…))
"""

from __future__ import annotations

import json
import math
import random
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec
from msgspec import Struct

from danshu.capabilities.routing.variables import BY_KEY
from danshu.kernel.errors import InputError
from danshu.kernel.fact import rfc3339
from danshu.kernel.limits import EARLIEST_MS, LATEST_MS, SIGNAL_BODY_BYTES
from danshu.ports import registry
from danshu.ports.signal import Message, Signal

if TYPE_CHECKING:
    from collections.abc import Callable

AT_MS: Final = 1_795_164_005_000
_KINDS: Final = ("wh", "rg", "ln", "zn", "ad", "gh")
_DAMAGES: Final = 60
_STRANGE: Final[tuple[Any, ...]] = (None, [], {}, True, "x", -1, 1e308, "9" * 400)


class SignalCase(Struct, frozen=True, kw_only=True):
    """An adapter and messages that it must understand."""

    signal: Signal
    messages: tuple[Message, ...]


def load_signal(name: str) -> Signal:
    """Load a feed's adapter by its entry point and check that it is one."""
    signal = registry.load("signal", name)
    for attribute in ("name", "title", "keys", "parse"):
        assert hasattr(signal, attribute), f"signal {name} has no {attribute}"
    return cast("Signal", signal)


def case_of(name: str) -> SignalCase:
    """Make the case of a feed that this kit has messages of."""
    made = [message(document, place) for document, place in EXAMPLES[name](AT_MS)]
    return SignalCase(signal=load_signal(name), messages=tuple(made))


def message(document: Any, place: str = "", topic: str = "", at_ms: int = AT_MS) -> Message:
    """Put a document into a message."""
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    return Message(body=raw, received_ms=at_ms, place=place, topic=topic)


# What every adapter owes ----------------------------------------------------------------------


def check_named(case: SignalCase) -> None:
    """It has the name under which it was asked for, a title, and speaks of known variables."""
    assert case.signal.name == registry.spell_name(case.signal.name)
    assert case.signal.title.strip()
    assert set(case.signal.keys) <= BY_KEY.keys()


def check_understands(case: SignalCase) -> None:
    """Every example says something, without a fault, and nothing that no variable can be."""
    for told in (case.signal.parse(m) for m in case.messages):
        assert not told.faults, told.faults
        assert told.readings or told.alerts or told.whole
        for reading in told.readings:
            assert not case.signal.keys or reading.key in case.signal.keys
            assert reading.subject.partition(":")[0] in _KINDS, reading.subject
            assert math.isfinite(reading.value)
            assert EARLIEST_MS <= reading.observed_ms <= LATEST_MS
            assert reading.weight > 0
        for alert in told.alerts:
            assert alert.id
            assert alert.place.partition(":")[0] in _KINDS
            assert 0 <= alert.level <= 4
            assert 0 <= alert.type <= 99


def check_repeats(case: SignalCase) -> None:
    """The same bytes say the same, however often: no clock, no memory."""
    for each in case.messages:
        assert case.signal.parse(each) == case.signal.parse(msgspec.structs.replace(each))


def check_damage(case: SignalCase) -> None:
    """Damaged bytes are an InputError or faults, never another exception."""
    chance = random.Random(5)
    for each in case.messages:
        for _ in range(_DAMAGES):
            raw = bytearray(each.body)
            for _ in range(chance.randint(1, 4)):
                raw[chance.randrange(len(raw))] = chance.choice(b'0{}[]",:-.eE9nul\xff')
            _try(case.signal, msgspec.structs.replace(each, body=bytes(raw)))
        _try(case.signal, msgspec.structs.replace(each, body=each.body[: len(each.body) // 2]))


def check_strangers(case: SignalCase) -> None:
    """JSON of any other form, and members of any other type, are refused in the same way."""
    for body in (b"", b"null", b"1", b"[]", b"{}", b'"x"', b"[1]", b"[[]]", b"{" * 2_000):
        _try(case.signal, message(body))
    for each in case.messages:
        for strange in _STRANGE:
            for changed in _change(json.loads(each.body), strange):
                _try(case.signal, msgspec.structs.replace(each, body=json.dumps(changed).encode()))
    assert _try(case.signal, message(b" " * (SIGNAL_BODY_BYTES + 1))) == "too_large"


CHECKS: Final = (check_named, check_understands, check_repeats, check_damage, check_strangers)


def _try(signal: Signal, each: Message) -> str:
    """Parse; gives the code of the refusal, "" when it was read."""
    try:
        told = signal.parse(each)
    except InputError as error:
        return error.code
    for reading in told.readings:
        assert math.isfinite(reading.value), reading
    for alert in told.alerts:
        assert 0 <= alert.level <= 4
    return ""


def _change(document: Any, strange: Any) -> list[Any]:
    """Give the document once with each of its members replaced."""
    if isinstance(document, dict):
        return [
            {**document, name: changed}
            for name, value in document.items()
            for changed in [strange, *_change(value, strange)]
        ]
    if isinstance(document, list):
        return [
            [*document[:n], changed, *document[n + 1 :]]
            for n, value in enumerate(document)
            for changed in [strange, *_change(value, strange)]
        ]
    return []


# A message of each feed: documented shapes, invented content ----------------------------------

Documents = list[tuple[Any, str]]


def _bms(at_ms: int) -> Documents:
    probes = [
        {"zone": "chilled", "sensor": f"s{n}", "temperature_c": 3.4 + n / 10, "humidity_rh": 61}
        for n in range(3)
    ]
    unit = {"unit": "U1", "power_kw": 7.1, "rated_kw": 9.0, "door_open_s": 60, "alarm": False}
    whole = {"warehouse": "BJ01", "observed": rfc3339(at_ms), "probes": probes, "units": [unit]}
    return [(whole, "")]


def _caiyun(at_ms: int) -> Documents:
    second = at_ms // 1000
    old = {
        "province": "北京市",
        "status": "预警中",
        "code": "0204",
        "regionId": "101010200",
        "city": "海淀区",
        "pubtimestamp": second - 600,
        "latlon": [39.96, 116.30],
        "alertId": "11010841600000_20211229072633",
        "title": "海淀区气象台发布暴雨红色预警[I/特别严重]",
        "adcode": "110108",
        "source": "国家预警信息发布中心",
    }
    new = {"alert_id": "N1", "area_code": "310115", "alert_type": 156110214, "level": "yellow"}
    event = {"event": "ALERT_ON", "alert_id": "W1", "area_code": "440300", "level": "red"}
    listed = {"status": "ok", "result": {"alert": {"status": "ok", "content": [old]}}}
    return [
        (listed, "ad:110000"),
        ({"alerts": [new | {"pub_time": second}]}, ""),
        (event | {"nonce": "n", "signature": "s", "pub_time": second}, ""),
    ]


def _compliance(at_ms: int) -> Documents:
    paper = {"kind": "licence", "valid_until": rfc3339(at_ms + 86_400_000)}
    states = [
        {"warehouse": "BJ01", "forbids": ["cold_certificate"], "certificates": [paper]},
        {"adcode": "310000", "forbids": ["lockdown"]},
    ]
    return [({"observed": rfc3339(at_ms), "states": states}, "")]


def _equipment(at_ms: int) -> Documents:
    agvs = [
        {"agv_id": f"A{n}", "state": "idle" if n else "charging", "battery": 0.8} for n in (0, 1)
    ]
    sorter = {"machine": "sorter-1", "weight": 3, "state": "running", "alarms": ["minor"]}
    whole = {"warehouse": "BJ01", "observed": rfc3339(at_ms), "agvs": agvs, "machines": [sorter]}
    return [(whole, "")]


def _qweather(at_ms: int) -> Documents:
    alert = {
        "id": "202611290930001",
        "senderName": "北京市气象台",
        "issuedTime": rfc3339(at_ms - 600_000),
        "messageType": {"code": "alert", "supersedes": []},
        "eventType": {"name": "暴雨", "code": "1003"},
        "urgency": "immediate",
        "severity": "extreme",
        "color": {"code": "red", "red": 255, "green": 0, "blue": 0, "alpha": 1},
        "expireTime": rfc3339(at_ms + 6 * 3_600_000),
        "headline": "北京市气象台发布暴雨红色预警",
    }
    warning = {
        "id": "10101010020230403103000500681616",
        "sender": "上海市气象台",
        "pubTime": rfc3339(at_ms),
        "title": "上海市气象台发布大风蓝色预警",
        "status": "active",
        "severity": "Minor",
        "severityColor": "Blue",
        "type": "1006",
        "typeName": "大风",
    }
    return [
        ({"metadata": {"zeroResult": False}, "alerts": [alert]}, "ad:110000"),
        ({"code": "200", "warning": [warning]}, "ad:310000"),
        ({"metadata": {"zeroResult": True}, "alerts": []}, "ad:440300"),
    ]


def _riders(at_ms: int) -> Documents:
    cells = [{"geohash": "wx4g0e", "online_riders": 12, "open_orders": 30}]
    couriers = [{"courier_id": 1, "lng": 116.4, "lat": 39.9, "online": True}]
    orders = [{"order_id": n, "lng": 116.4, "lat": 39.9, "delivery_time": None} for n in range(2)]
    at = {"observed": rfc3339(at_ms)}
    return [({"cells": cells} | at, ""), ({"couriers": couriers, "orders": orders} | at, "")]


def _stations(at_ms: int) -> Documents:
    near = {"station_id": "S1", "adcode": "110000", "parcels_today": 820, "capacity": 1000}
    far = {"station_id": "S2", "lng": 121.4, "lat": 31.2, "parcels_today": 90, "capacity": 100}
    return [({"observed": rfc3339(at_ms), "stations": [near, far]}, "")]


def _telemetry(at_ms: int) -> Documents:
    reading = {"key": "zone_temp", "subject": "zn:BJ01/chilled/s1", "value": 38.5, "unit": "°F"}
    many = [reading | {"observed": at_ms, "quality": "good", "source": "probe-17"}]
    return [(reading, ""), (many, ""), ({"readings": many}, "")]


def _tms(at_ms: int) -> Documents:
    lane = {"warehouse": "BJ01", "region": "310000", "eta_min": 1620, "road_index": 0.2}
    shut = {"warehouse": "SH01", "region": "110000", "closed": True}
    return [({"observed": rfc3339(at_ms), "lanes": [lane, shut]}, "")]


def _wms(at_ms: int) -> Documents:
    row = {"warehouse": "BJ01", "open_units": 5400, "throughput_per_hour": 3000}
    row |= {"present": 42, "needed": 50}
    return [({"observed": rfc3339(at_ms), "warehouses": [row]}, "")]


def _yard(at_ms: int) -> Documents:
    events = [
        {"truck": "京A12345", "event": "arrive", "at": rfc3339(at_ms - 1_800_000)},
        {"truck": "京A12345", "event": "dock", "at": rfc3339(at_ms - 600_000)},
        {"truck": "京B54321", "event": "arrive", "at": rfc3339(at_ms - 2_400_000)},
    ]
    points = [(116.4, 39.9), (116.4005, 39.9)]
    track = [
        {"lng": lng, "lat": lat, "at": rfc3339(at_ms - 60_000 * (2 - n))}
        for n, (lng, lat) in enumerate(points)
    ]
    whole = {"warehouse": "BJ01", "observed": rfc3339(at_ms), "events": events}
    return [
        (whole | {"forklifts": [{"forklift": "F1", "track": track}], "forklifts_needed": 2}, "")
    ]


EXAMPLES: Final[dict[str, Callable[[int], Documents]]] = {
    "bms": _bms,
    "caiyun": _caiyun,
    "compliance": _compliance,
    "equipment": _equipment,
    "qweather": _qweather,
    "riders": _riders,
    "stations": _stations,
    "telemetry": _telemetry,
    "tms": _tms,
    "wms": _wms,
    "yard": _yard,
}
