"""Every feed, by its entry point: the kit, and what its figures mean."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from danshu.adapters.signals._form import geohash
from danshu.hub.signal_places import centre_of
from danshu.kernel.errors import InputError
from danshu.ports import registry
from danshu.ports.signal import AlertState, Signed, Told
from danshu.testing.signals import AT_MS, CHECKS, EXAMPLES, case_of, load_signal, message

NAMES = registry.names("signal")


def parse(name: str, document: Any, place: str = "", topic: str = "") -> Told:
    return load_signal(name).parse(message(document, place, topic))


def values(told: Told) -> dict[tuple[str, str], float]:
    return {(r.key, r.subject): round(r.value, 4) for r in told.readings}


def test_every_plugged_feed_is_in_the_kit() -> None:
    assert set(EXAMPLES) <= set(NAMES)


@pytest.mark.parametrize("name", sorted(EXAMPLES))
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_conformance(check: Any, name: str) -> None:
    check(case_of(name))


@pytest.mark.parametrize(
    ("name", "which", "expected"),
    [
        (
            "bms",
            0,
            {
                ("zone_temp", "zn:BJ01/chilled/s0"): 3.4,
                ("zone_temp", "zn:BJ01/chilled/s2"): 3.6,
                ("zone_humidity", "zn:BJ01/chilled/s1"): 61.0,
                ("cold_unit_health", "wh:BJ01"): 0.9,
            },
        ),
        (
            "equipment",
            0,
            {("agv_availability", "wh:BJ01"): 0.5, ("equipment_health", "wh:BJ01"): 0.9},
        ),
        (
            "compliance",
            0,
            {("policy_compliance", "wh:BJ01"): 2, ("policy_compliance", "ad:310000"): 4},
        ),
        ("riders", 0, {("rider_heat", "gh:wx4g0e"): 0.4}),
        ("riders", 1, {("rider_heat", "gh:wx4fbx"): 0.5}),
        ("stations", 0, {("station_saturation", "ad:110000"): 0.82}),
        ("telemetry", 0, {("zone_temp", "zn:BJ01/chilled/s1"): 3.6111}),
        (
            "tms",
            0,
            {("lane_eta", "ln:BJ01>310000"): 1620, ("lane_road", "ln:SH01>110000"): 1.0},
        ),
        ("wms", 0, {("pick_backlog", "wh:BJ01"): 108, ("labour_redundancy", "wh:BJ01"): 0.84}),
        # 20 and 40 min of waiting, one forklift moves where two are needed
        ("yard", 0, {("dock_queue", "wh:BJ01"): 60}),
    ],
)
def test_figures(name: str, which: int, expected: dict[tuple[str, str], float]) -> None:
    document, place = EXAMPLES[name](AT_MS)[which]
    assert values(parse(name, document, place)).items() >= expected.items()


def test_weather_lists() -> None:
    (alerts, place), (warning, older), (nothing, quiet) = EXAMPLES["qweather"](AT_MS)
    (alert,) = parse("qweather", alerts, place).alerts
    assert (alert.type, alert.level, alert.place) == (2, 4, "ad:110000")
    (alert,) = parse("qweather", warning, older).alerts
    assert (alert.type, alert.level) == (5, 1)
    assert parse("qweather", nothing, quiet) == Told(whole=("ad:440300",))
    (listed, place), (newer, _), (event, _) = EXAMPLES["caiyun"](AT_MS)
    (alert,) = parse("caiyun", listed, place).alerts
    assert (alert.type, alert.level, alert.place) == (2, 4, "ad:110108")
    (alert,) = parse("caiyun", newer).alerts
    assert (alert.type, alert.level, alert.place) == (0, 2, "ad:310115")
    (alert,) = parse("caiyun", event).alerts
    assert (alert.level, alert.state) == (4, AlertState.OPEN)
    (alert,) = parse("caiyun", {**event, "event": "ALERT_OFF"}).alerts
    assert alert.state is AlertState.CLOSED


@pytest.mark.parametrize(
    ("event", "colour", "expected"),
    [
        ("9999", "red", (0, 4)),  # unknown types count by their level
        ("1003", "purple", (2, 4)),  # an unknown colour: by the severity's word
        ("", "", (0, 4)),
    ],
)
def test_unknown_codes_are_levels(event: str, colour: str, expected: tuple[int, int]) -> None:
    document, place = EXAMPLES["qweather"](AT_MS)[0]
    document["alerts"][0]["eventType"]["code"] = event
    document["alerts"][0]["color"]["code"] = colour
    (alert,) = parse("qweather", document, place).alerts
    assert (alert.type, alert.level) == expected


@pytest.mark.parametrize(
    ("code", "expected"), [("9604", (0, 4)), ("0291", (2, 1)), ("02", (0, 1)), (204, (0, 1))]
)
def test_unknown_caiyun_codes(code: Any, expected: tuple[int, int]) -> None:
    document, place = EXAMPLES["caiyun"](AT_MS)[0]
    document["result"]["alert"]["content"][0]["code"] = code
    (alert,) = parse("caiyun", document, place).alerts
    assert (alert.type, alert.level) == expected


def test_a_fault_leaves_the_others_and_closes_nothing() -> None:
    document, place = EXAMPLES["qweather"](AT_MS)[0]
    document["alerts"].append({"id": ""})
    told = parse("qweather", document, place)
    assert len(told.alerts) == 1
    assert [(f.at, f.code) for f in told.faults] == [("/alerts/1/id", "signal_missing")]
    assert told.whole == ()


def test_faults_come_in_pairs_with_their_places() -> None:
    good = {"key": "dock_queue", "subject": "wh:BJ01", "value": "12", "unit": "min"}
    told = parse("telemetry", [good, {**good, "value": "x"}, {**good, "unit": "furlong"}, 7])
    assert values(told) == {("dock_queue", "wh:BJ01"): 12}
    assert [(f.at, f.code) for f in told.faults] == [
        ("/1/value", "signal_number"),
        ("/2/unit", "signal_unit"),
        ("/3", "signal_form"),
    ]


def test_a_unit_that_cannot_be_read_is_no_health() -> None:
    document, _ = EXAMPLES["bms"](AT_MS)[0]
    document["units"].append({"unit": "U2"})
    assert ("cold_unit_health", "wh:BJ01") not in values(parse("bms", document))


@pytest.mark.parametrize(
    ("topic", "named"),
    [
        ("zone_temp.BJ01.chilled.s1", ("zone_temp", "zn:BJ01/chilled/s1")),
        ("site/zone_humidity/BJ01/frozen/s2", ("zone_humidity", "zn:BJ01/frozen/s2")),
        ("lane_road.BJ01.310000", ("lane_road", "ln:BJ01>310000")),
        ("dock_queue.BJ01", ("dock_queue", "wh:BJ01")),
        ("rider_heat.310000", ("rider_heat", "rg:310000")),
    ],
)
def test_topics_name_readings(topic: str, named: tuple[str, str]) -> None:
    told = parse("telemetry", {"value": 1}, topic=topic)
    assert list(values(told)) == [named]


def test_the_webhook_proves_itself() -> None:
    document, _ = EXAMPLES["caiyun"](AT_MS)[2]
    caiyun = load_signal("caiyun")
    assert isinstance(caiyun, Signed)
    made = hashlib.sha1(b"secretW1n").hexdigest()
    assert caiyun.verify(message({**document, "signature": made}), "secret")
    assert not caiyun.verify(message({**document, "signature": made}), "other")
    assert not caiyun.verify(message({**document, "alert_id": "W2", "signature": made}), "secret")
    assert not caiyun.verify(message(b"["), "secret")


@pytest.mark.parametrize(
    ("lng", "lat", "cell"), [(10.40744, 57.64911, "u4pruydqqvj"), (-5.6, 42.6, "ezs42")]
)
def test_geohashes_are_those_of_the_world(lng: float, lat: float, cell: str) -> None:
    assert geohash(lng, lat, len(cell)) == cell
    centre = centre_of(cell)
    assert centre is not None
    assert abs(centre[0] - lng) < 0.03
    assert abs(centre[1] - lat) < 0.03
    assert centre_of("a!") is None


def test_nothing_readable_is_said_so() -> None:
    with pytest.raises(InputError):
        parse("qweather", {"alerts": []})  # of which place?
