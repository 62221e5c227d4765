"""Freshness: declared, fresh, stale; default, widen, closed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from danshu.capabilities.routing.reasons import Reason
from danshu.capabilities.routing.score import CHILLED, FROZEN, LICENSED
from danshu.capabilities.routing.signals import (
    Quality,
    Reading,
    Signals,
    Status,
    declare_field,
    lane_subject,
    region_subject,
    resolve,
    sensor_subject,
    warehouse_subject,
)
from danshu.capabilities.routing.snapshot import Snapshot, load_snapshot
from danshu.capabilities.routing.variables import BY_KEY, VARIABLES, Per, Zone
from danshu.kernel.errors import InputError
from tests.capabilities.routing.worlds import make_network

NOW = 1_800_000_000_000
NETWORK = make_network(warehouses=4, regions=3, closed=0.0)
W, R = NETWORK.codes[1], NETWORK.regions[2]
SUBJECTS = {
    Per.WAREHOUSE: (warehouse_subject(W), (1,)),
    Per.REGION: (region_subject(R), (2,)),
    Per.LANE: (lane_subject(W, R), (2, 1)),
}


def read(key: str, value: float, subject: str, age_s: float = 0, **more) -> Reading:
    observed = NOW - int(age_s * 1000)
    return Reading(
        key=key,
        subject=subject,
        value=value,
        observed_ms=more.pop("observed_ms", observed),
        received_ms=more.pop("received_ms", observed),
        source=more.pop("source", "probe"),
        **more,
    )


def sensors(zone: Zone, *values: float | None, age_s: float = 0) -> list[Reading]:
    """Readings of sensors 1..n; None is a sensor of bad quality."""
    return [
        read(
            "zone_temp",
            0.0 if value is None else value,
            sensor_subject(W, zone, str(n)),
            age_s,
            quality=Quality.BAD if value is None else Quality.GOOD,
        )
        for n, value in enumerate(values)
    ]


def class_bits(signals: Signals, position: int) -> int:
    """Reasons of one class at W, but for the class that the warehouse does not hold at all."""
    bits = int(Snapshot(NETWORK, signals).tables.class_bits[position, 1])
    return bits & ~int(Reason.STORAGE)


def test_there_are_17_variables_each_with_its_number() -> None:
    assert [variable.number for variable in VARIABLES] == list(range(1, 18))
    assert len(BY_KEY) == 17
    for variable in VARIABLES:
        # A lane's default is its own, from the lane table.
        assert variable.low <= variable.default <= variable.high or variable.key == "lane_eta"


def test_unconnected_variables_are_declared_and_close_nothing() -> None:
    signals = resolve([], NETWORK, NOW)
    assert signals.fields == {}
    tables = Snapshot(NETWORK, signals).tables
    assert not tables.lane_bits.any()
    assert not (tables.class_bits & ~int(Reason.STORAGE)).any()
    for variable in VARIABLES:
        for per in variable.per:
            field = signals.field(variable.key, per, NETWORK)
            assert (field.status == Status.DECLARED).all()
            assert (field.source == 0).all()
            assert not field.observed_ms.any()


@pytest.mark.parametrize(
    ("key", "per"),
    [(v.key, per) for v in VARIABLES for per in v.per if per is not Per.ZONE],
)
def test_every_variable_goes_stale_the_moment_after_its_ttl(key: str, per: Per) -> None:
    variable = BY_KEY[key]
    subject, cell = SUBJECTS[per]
    value = 1.0 if key == "lane_eta" else variable.high
    for late_ms, status in ((0, Status.FRESH), (1, Status.STALE)):
        age = variable.ttl_s + late_ms / 1000
        signals = resolve([read(key, value, subject, age)], NETWORK, NOW)
        field = signals.fields[key, per]
        assert field.status[cell] == status
        others = np.ones(field.status.shape, bool)
        others[cell] = False
        assert (field.status[others] == Status.DECLARED).all()
        if status is Status.FRESH:
            assert field.value[cell] == value
            assert signals.valid_until_ms == NOW
        elif key == "lane_eta":
            assert field.value[cell] == NETWORK.transit_min[cell]
        elif key != "wx_alert":
            assert field.value[cell] == variable.default


@pytest.mark.parametrize(
    ("what", "fresh"),
    [
        ({}, True),
        ({"quality": Quality.UNCERTAIN}, True),
        ({"quality": Quality.BAD}, False),
        ({"value": math.nan}, False),
        ({"value": math.inf}, False),
        ({"observed_ms": NOW + 5_000, "received_ms": NOW}, True),
        ({"observed_ms": NOW + 5_001, "received_ms": NOW + 5_001}, False),
        ({"observed_ms": NOW, "received_ms": NOW - 5_000}, True),
        ({"observed_ms": NOW, "received_ms": NOW - 5_001}, False),
        ({"value": -0.01}, False),  # a CLOSED variable out of its range is a fault
        ({"value": 1.01}, False),
    ],
)
def test_what_counts_as_fresh(what: dict, fresh: bool) -> None:
    more = {"value": 0.9, **what}
    reading = read("cold_unit_health", more.pop("value"), warehouse_subject(W), **more)
    signals = resolve([reading], NETWORK, NOW)
    status = signals.fields["cold_unit_health", Per.WAREHOUSE].status[1]
    assert status == (Status.FRESH if fresh else Status.STALE)
    assert class_bits(signals, FROZEN) == (0 if fresh else Reason.STALE_SAFETY)


def test_out_of_range_scores_are_clamped() -> None:
    signals = resolve([read("dock_queue", 500, warehouse_subject(W))], NETWORK, NOW)
    assert signals.fields["dock_queue", Per.WAREHOUSE].value[1] == 90


def test_a_registered_source_that_never_spoke_is_stale() -> None:
    subject = sensor_subject(W, Zone.CHILLED, "1")
    signals = resolve([], NETWORK, NOW, registered=[("zone_temp", subject)])
    assert class_bits(signals, CHILLED) == Reason.STALE_SAFETY
    assert class_bits(signals, FROZEN) == 0
    signals = resolve([], NETWORK, NOW, registered=[("policy_compliance", warehouse_subject(W))])
    lane_bits = Snapshot(NETWORK, signals).tables.lane_bits
    assert (lane_bits[:, 1] == Reason.STALE_SAFETY).all()
    assert not lane_bits[:, [0, 2, 3]].any()


@pytest.mark.parametrize(
    ("zone", "position", "values", "bits"),
    [
        (Zone.CHILLED, CHILLED, (4, 4.5, 5), 0),
        (Zone.CHILLED, CHILLED, (4, 5, 30), 0),  # two of three agree
        (Zone.CHILLED, CHILLED, (4, 5, None), 0),
        (Zone.CHILLED, CHILLED, (4, None, None), Reason.STALE_SAFETY),
        (Zone.CHILLED, CHILLED, (4,), Reason.STALE_SAFETY),
        (Zone.CHILLED, CHILLED, (None, None, None), Reason.STALE_SAFETY),
        (Zone.CHILLED, CHILLED, (2, 5, 9), Reason.DISAGREE),
        (Zone.CHILLED, CHILLED, (2, 9, None), Reason.DISAGREE),
        (Zone.CHILLED, CHILLED, (11, 11.5, 12), Reason.TEMPERATURE),
        (Zone.CHILLED, CHILLED, (11, 11.5, 4), Reason.TEMPERATURE),
        (Zone.CHILLED, CHILLED, (-1, -0.5, -1), Reason.TEMPERATURE),
        (Zone.FROZEN, FROZEN, (-20, -19, -18), 0),
        (Zone.FROZEN, FROZEN, (-17, -17.5, -17), Reason.TEMPERATURE),
        (Zone.FROZEN, FROZEN, (-127, -127, -127), Reason.STALE_SAFETY),  # a cut wire
        (Zone.LICENSED, LICENSED, (5, 5, 5), 0),
        (Zone.LICENSED, LICENSED, (8.5, 8.5, 8.5), Reason.TEMPERATURE),
    ],
)
def test_temperature_needs_a_quorum_within_its_band(
    zone: Zone, position: int, values: tuple, bits: int
) -> None:
    assert class_bits(resolve(sensors(zone, *values), NETWORK, NOW), position) == bits


def test_a_killed_feed_closes_the_class_within_its_ttl() -> None:
    for age_s, bits in ((120, 0), (120.001, Reason.STALE_SAFETY)):
        signals = resolve(sensors(Zone.FROZEN, -20, -20, -20, age_s=age_s), NETWORK, NOW)
        assert class_bits(signals, FROZEN) == bits
        assert class_bits(signals, CHILLED) == 0


def test_humidity_matters_to_licensed_goods_only() -> None:
    for value, bits in ((50, 0), (80, Reason.TEMPERATURE), (101, Reason.STALE_SAFETY)):
        for zone, position in ((Zone.LICENSED, LICENSED), (Zone.CHILLED, CHILLED)):
            reading = read("zone_humidity", value, sensor_subject(W, zone, "1"))
            expected = bits if zone is Zone.LICENSED else 0
            assert class_bits(resolve([reading], NETWORK, NOW), position) == expected


def test_the_latest_reading_counts_and_order_of_arrival_does_not() -> None:
    readings = [
        read("dock_queue", 10, warehouse_subject(W), 30),
        read("dock_queue", 20, warehouse_subject(W), 10),
        read("agv_availability", 0.5, warehouse_subject(W), 5, source="other"),
    ]
    ours = Snapshot(NETWORK, resolve(readings, NETWORK, NOW))
    theirs = Snapshot(NETWORK, resolve(readings[::-1], NETWORK, NOW))
    assert ours.signals.fields["dock_queue", Per.WAREHOUSE].value[1] == 20
    assert ours.digest == theirs.digest
    assert ours.signals.valid_until_ms == NOW + 50_000


def test_an_alert_keeps_its_level_for_three_hours() -> None:
    hour = 3_600
    for age_s, value in ((600, 204), (601, 204), (3 * hour, 204), (3 * hour + 1, 1)):
        signals = resolve([read("wx_alert", 204, warehouse_subject(W), age_s)], NETWORK, NOW)
        assert signals.fields["wx_alert", Per.WAREHOUSE].value[1] == value
        blocked = Snapshot(NETWORK, signals).tables.lane_bits[:, 1] & Reason.WEATHER
        assert bool(blocked.all()) == (value == 204)


def test_widen_makes_the_arrival_less_certain_and_default_does_not() -> None:
    calm = Snapshot(NETWORK, resolve([], NETWORK, NOW)).tables.sd_min
    for key, wider in (("pick_backlog", 60.0), ("dock_queue", 0.0)):
        old = [read(key, BY_KEY[key].default, warehouse_subject(W), 10_000)]
        sd = Snapshot(NETWORK, resolve(old, NETWORK, NOW)).tables.sd_min
        assert np.allclose(sd[:, 1] - calm[:, 1], wider)
        assert np.array_equal(sd[:, 0], calm[:, 0])


def test_unknown_subjects_are_told_not_swallowed() -> None:
    readings = [
        read("dock_queue", 1, warehouse_subject("nowhere")),
        read("dock_queue", 1, region_subject(R)),
        read("no_such_thing", 1, warehouse_subject(W)),
        read("zone_temp", 1, f"zn:{W}/attic/1"),
        read("lane_road", 1, lane_subject(W, "nowhere")),
        read("dock_queue", 1, "nonsense"),
    ]
    signals = resolve(readings, NETWORK, NOW)
    assert len(signals.ignored) == len(readings)
    assert signals.fields == {}


def test_a_snapshot_comes_back_as_it_was() -> None:
    readings = [
        *sensors(Zone.FROZEN, -20, -21, -20),
        read("lane_eta", 700, lane_subject(W, R), 60),
        read("wx_alert", 202, region_subject(R), 60),
    ]
    ours = Snapshot(NETWORK, resolve(readings, NETWORK, NOW), policy="p" * 64)
    theirs = load_snapshot(ours.dump(), ours.digest)
    assert theirs.digest == ours.digest
    assert theirs.content == ours.content
    for name in ours.tables._fields:
        left, right = getattr(ours.tables, name), getattr(theirs.tables, name)
        assert left.dtype == right.dtype
        assert np.array_equal(left, right), name
    assert not theirs.tables.eta_min.flags.writeable


def test_damaged_snapshots_are_refused() -> None:
    ours = Snapshot(NETWORK, resolve([], NETWORK, NOW))
    raw = ours.dump()
    for broken in (b"", raw[:-5], b"x" + raw, raw[:100] + b"\0" + raw[101:]):
        with pytest.raises(InputError):
            load_snapshot(broken, ours.digest)
    with pytest.raises(InputError):
        load_snapshot(raw, "0" * 64)


def test_the_digest_moves_with_every_part() -> None:
    plain = Snapshot(NETWORK, resolve([], NETWORK, NOW))
    figures = type(plain.figures)(late_fen=1_501)
    others = [
        Snapshot(NETWORK, resolve([], NETWORK, NOW + 1)),
        Snapshot(NETWORK, plain.signals, figures=figures),
        Snapshot(NETWORK, plain.signals, policy="x"),
        Snapshot(make_network(seed=2, warehouses=4, regions=3), plain.signals),
        Snapshot(NETWORK, resolve([read("dock_queue", 20, warehouse_subject(W))], NETWORK, NOW)),
    ]
    assert len({plain.digest, *(other.digest for other in others)}) == len(others) + 1


@given(st.data())
def test_any_readings_resolve_and_only_certain_values_leave_their_default(data) -> None:
    """No reading breaks the snapshot; what is not fresh is the default, or an old alert."""
    number = st.floats(allow_nan=True, allow_infinity=True)
    moment = st.integers(NOW - 200_000_000, NOW + 20_000)
    subjects = [subject for subject, _ in SUBJECTS.values()] + [
        sensor_subject(W, Zone.FROZEN, "1"),
        sensor_subject(W, Zone.FROZEN, "2"),
        "wh:",
        "",
    ]
    reading = st.builds(
        Reading,
        key=st.sampled_from([*BY_KEY, "no_such_thing"]),
        subject=st.sampled_from(subjects),
        value=number,
        observed_ms=moment,
        received_ms=moment,
        source=st.sampled_from(["a", "b"]),
        quality=st.sampled_from(list(Quality)),
    )
    readings = data.draw(st.lists(reading, max_size=8))
    signals = resolve(readings, NETWORK, NOW)
    tables = Snapshot(NETWORK, signals).tables
    assert np.isfinite(tables.eta_min).all()
    assert (tables.sd_min >= 1).all()
    assert signals.valid_until_ms >= NOW
    for (key, per), field in signals.fields.items():
        unsure = (field.status == Status.STALE) | (field.status == Status.DECLARED)
        if key != "wx_alert":
            declared = declare_field(key, per, NETWORK).value
            assert np.array_equal(field.value[unsure], declared[unsure])
        assert np.isfinite(field.value).all()
    shuffled = data.draw(st.permutations(readings))
    again = resolve(shuffled, NETWORK, NOW)
    assert Snapshot(NETWORK, again).tables.lane_bits.tolist() == tables.lane_bits.tolist()
