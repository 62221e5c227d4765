"""The twin: floors, a cold zone's physics against a known truth, a judge that only narrows."""

from __future__ import annotations

import math
import random
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from danshu.capabilities.routing import twin
from danshu.capabilities.routing.reasons import Reason
from danshu.capabilities.routing.score import CHILLED
from danshu.capabilities.routing.snapshot import Cautions, Snapshot, load_snapshot, no_cautions
from danshu.capabilities.routing.twin import learning
from danshu.capabilities.routing.twin.episodes import Unit, cut, find_spans
from danshu.capabilities.routing.twin.floor import (
    Floor,
    Physics,
    check_floor,
    default_physics,
    lay_out,
)
from danshu.capabilities.routing.twin.judge import Cause, judge_zone
from danshu.capabilities.routing.twin.state import Frame, Sensors, Told, fold
from danshu.capabilities.routing.twin.thermal import fit_trend, forecast
from danshu.capabilities.routing.variables import Zone
from danshu.kernel.errors import InputError
from danshu.testing.floors import Simulated
from tests.capabilities.routing.worlds import make_world
from tests.fixtures import zones

NOW = 1_800_000_000_000
BAND = (0.0, 10.0)
COLD = default_physics(Zone.CHILLED)


def truth(physics: Physics, start_c: float, cooling: float, minutes: float) -> float:
    """The exact solution of the model: what an honest zone does."""
    goal = physics.ambient_c - cooling * physics.tau_min
    return goal + (start_c - goal) * math.exp(-minutes / physics.tau_min)


def readings(temperature, *, noise: float = 0.0, seed: int = 1, sensors: int = 3) -> list[Told]:
    """A reading a minute of each probe, over the last half hour; `temperature` of the minute."""
    chance = random.Random(seed)
    return [
        Told("chilled", f"s{n + 1}", NOW - 60_000 * m, temperature(-m) + chance.gauss(0, noise))
        for n in range(sensors)
        for m in range(31)
    ]


def zone_of(told: list[Told], health: float = 1.0, at_ms: int = NOW) -> Any:
    state = fold("WH", lay_out(3), told, at_ms, health)
    return state, next(zone for zone in state.zones if zone.zone.storage == "chilled")


@pytest.mark.parametrize("cooling_share", [0.0, 0.2, 0.4])
def test_a_failing_unit_is_found_in_time(cooling_share: float) -> None:
    """Without noise the moment of the excursion is the truth's; with it, within the fan."""
    cooling = COLD.full_c_min * cooling_share

    def at(minute: float) -> float:
        return truth(COLD, 3.0, cooling, minute + 30)

    goal, now_c = COLD.ambient_c - cooling * COLD.tau_min, at(0)
    assert goal > BAND[1]
    hours = -COLD.tau_min * math.log((goal - BAND[1]) / (goal - now_c)) / 60
    _, exact = zone_of(readings(at))
    assert exact.forecast.is_measured
    assert exact.forecast.hours == pytest.approx(hours, rel=0.06)
    inside = 0
    for seed in range(20):
        _, noisy = zone_of(readings(at, noise=0.15, seed=seed))
        seen = noisy.forecast
        assert seen.soonest_h <= seen.hours <= seen.latest_h
        inside += seen.soonest_h - 0.1 * hours <= hours <= seen.latest_h + 0.1 * hours
    assert inside >= 11  # of a fan of one standard deviation 13.6 are expected


def test_a_thermostat_is_no_trend() -> None:
    _, zone = zone_of(readings(lambda m: 4.0, noise=0.2))
    assert zone.sensors is Sensors.FINE
    assert zone.forecast.hours == math.inf
    assert abs(zone.forecast.at(600)[1] - 4.0) < 0.3


def test_open_doors_and_weak_units_warm_a_zone() -> None:
    closed = forecast(COLD, BAND, 4.0, None, power=0.3)
    opened = forecast(COLD, BAND, 4.0, None, power=0.3, door=0.5)
    assert forecast(COLD, BAND, 4.0, None).hours == math.inf
    assert 0 < opened.hours < closed.hours < 24
    assert forecast(COLD, BAND, 10.5, None).hours == 0


def test_a_trend_needs_points_and_time() -> None:
    assert fit_trend([(-float(m), 4.0) for m in range(5)]) is None
    assert fit_trend([(-m / 10, 4.0) for m in range(50)]) is None
    line = fit_trend([(-float(m), 4.0 - 0.02 * m) for m in range(31)])
    assert line is not None
    assert line.slope_c_min == pytest.approx(0.02)


def test_two_of_three_must_agree_and_be_fresh() -> None:
    def three(*values: float) -> list[Told]:
        return [Told("chilled", f"s{n}", NOW, v) for n, v in enumerate(values)]

    assert zone_of(three(4.0, 4.2, 15.0))[1].sensors is Sensors.FINE
    assert zone_of(three(1.0, 4.5, 9.0))[1].sensors is Sensors.DISAGREE
    assert zone_of(three(4.0))[1].sensors is Sensors.SILENT
    assert zone_of(three(12.0, 12.1, 12.2))[1].sensors is Sensors.OUTSIDE
    assert zone_of([])[1].sensors is Sensors.NONE
    stale = zone_of(three(4.0, 4.2, 4.1), at_ms=NOW + 121_000)[1]
    assert stale.sensors is Sensors.SILENT
    assert stale.value_c is not None
    assert all(probe.is_silent for probe in stale.probes)


def test_a_shared_trend_is_a_veto_and_no_contradiction() -> None:
    state, zone = zone_of(readings(lambda m: truth(COLD, 4.0, 0.0, m + 30)), health=0.1)
    assert judge_zone(state, zone, 24 * 60).cause == Cause.FORECAST
    assert judge_zone(state, zone, 5).cause == ""
    assert twin.veto(state, "chilled", 24 * 60)
    assert not twin.veto(state, "frozen", 24 * 60)


def test_still_probes_beside_a_dead_unit_contradict_the_twin() -> None:
    """The drill: the compressor is dead, and the probes say that nothing changes."""
    state, zone = zone_of(readings(lambda m: 4.0, noise=0.02), health=0.0)
    assert zone.sensors is Sensors.FINE
    verdict = judge_zone(state, zone, 24 * 60)
    assert (verdict.cause, verdict.detail) == (Cause.CONTRADICTION, "still")


def test_probes_that_jump_contradict_the_twin() -> None:
    """The reverse: the probes say warm, and no zone of this physics can warm so fast."""
    state, zone = zone_of(readings(lambda m: 4.0 if m < -2 else 14.0))
    assert zone.sensors is Sensors.OUTSIDE
    verdict = judge_zone(state, zone, 60)
    assert (verdict.cause, verdict.detail) == (Cause.CONTRADICTION, "jump")


def test_single_units_of_a_frame_come_before_the_health_of_the_house() -> None:
    told = readings(lambda m: 4.0)
    floor = lay_out(3)
    unit = next(z for z in floor.zones if z.storage == "chilled").units[0].code
    body = {"observed_ms": NOW, "units": [{"id": unit, "power": 0.0, "door_open_s": 900}]}
    frame = msgspec.convert(body, Frame)
    state = fold("WH", floor, told, NOW, 1.0, frame)
    zone = next(z for z in state.zones if z.zone.storage == "chilled")
    assert zone.forecast is not None
    assert zone.forecast.goal_c == pytest.approx(COLD.ambient_c)
    assert zone.forecast.tau_min == pytest.approx(COLD.tau_min / 3)


@pytest.mark.parametrize("bits", range(1, 32))
def test_every_default_floor_is_valid(bits: int) -> None:
    floor = check_floor(lay_out(bits))
    assert msgspec.convert(msgspec.to_builtins(floor), Floor) == floor
    assert sum(1 for zone in floor.zones if zone.storage) == bits.bit_count()


def test_what_can_be_no_floor_is_refused() -> None:
    good = msgspec.to_builtins(lay_out(3))
    for change in (
        lambda f: f["zones"].append(f["zones"][0]),
        lambda f: f["zones"][0].update(storage="warm"),
        lambda f: f["zones"][0].update(polygon=[[1, 1], [2, 2], [3, 3]]),
        lambda f: f["docks"][0].update(x_m=1_999),
        lambda f: f["zones"][1]["probes"][0].update(x_m=1, y_m=1),
        lambda f: f["tracks"][0].update(kind="train"),
    ):
        bad = msgspec.json.decode(msgspec.json.encode(good))
        change(bad)
        with pytest.raises(InputError) as refused:
            check_floor(msgspec.convert(bad, Floor))
        assert refused.value.code == "bad_floor"


WORLD = make_world(7)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), share=st.floats(0, 1))
def test_cautions_only_narrow(seed: int, share: float) -> None:
    """S4 never enlarges the candidates of any class, nor makes any warehouse cheaper."""
    plain = WORLD.snapshot
    network = plain.network
    dice = np.random.default_rng(seed)
    silent = no_cautions(network)
    veto = (dice.random(silent.veto.shape) < share).astype(np.uint8)
    extra = dice.integers(0, 500, silent.surcharge_fen.shape)
    wary = Snapshot(network, plain.signals, plain.prices, plain.figures, "", Cautions(veto, extra))
    assert not (wary.tables.class_ok & ~plain.tables.class_ok).any()
    assert (wary.tables.lane_ok == plain.tables.lane_ok).all()
    assert (wary.tables.fixed_fen >= plain.tables.fixed_fen).all()
    assert ((wary.tables.class_bits & Reason.TWIN != 0) == (veto != 0)).all()
    again = load_snapshot(wary.dump(), wary.digest)
    assert (again.cautions.veto == veto).all()
    assert (again.tables.fixed_fen == wary.tables.fixed_fen).all()


def test_a_snapshot_without_cautions_keeps_its_name() -> None:
    plain = WORLD.snapshot
    told = Snapshot(
        plain.network, plain.signals, plain.prices, plain.figures, "", no_cautions(plain.network)
    )
    assert told.digest == plain.digest
    assert b"cautions" not in told.content


def test_the_table_is_of_classes_and_warehouses() -> None:
    network = WORLD.snapshot.network
    told = readings(lambda m: truth(COLD, 4.0, 0.0, m + 30))
    state = fold(network.codes[0], lay_out(3), told, NOW, 0.1)
    horizon = twin.horizons(WORLD.snapshot, 600)
    assert horizon.shape == (len(network.codes),)
    table = twin.judge([state], network, np.full(len(network.codes), 1e5))
    assert table[CHILLED, 0]
    assert table.sum() == 1


def test_the_simulator_s_truth_is_recovered() -> None:
    """The demo's floors: a failing unit is told by its readings alone, when it will be too warm."""
    floor = Simulated("WH", 3, 1, weak=("B",))
    told = []
    for minute in range(30, -1, -1):
        for reading in floor.tell_readings(NOW - 60_000 * minute, 1.0):
            if reading["key"] == "zone_temp":
                sensor = reading["subject"].rpartition("/")[2]
                told.append(Told("chilled", sensor, reading["observed"], reading["value"]))
    _, zone = zone_of(told)
    assert zone.forecast.is_measured
    (truth_zone,) = floor.zones
    hours = 0.0
    while truth_zone.step(1.0) <= BAND[1]:
        hours += 1 / 60
    assert zone.forecast.soonest_h * 0.9 <= hours <= zone.forecast.latest_h * 1.1
    assert zone.forecast.hours == pytest.approx(hours, rel=0.25)
    assert floor.tell_frame(NOW) == floor.tell_frame(NOW)
    msgspec.convert(floor.tell_frame(NOW), Frame)


def episodes_of(told: list[zones.Minute]) -> list[learning.Episode]:
    """What devices told of a zone, cut as the room cuts it."""
    units = [
        Unit(NOW + each.minute * 60_000, each.power, zones.door_open_s(told, each.minute) / 1_800)
        for each in told[::2]
    ]
    chance = random.Random(5)
    read = [
        Told("chilled", f"s{n}", NOW + each.minute * 60_000, each.air_c + chance.gauss(0, 0.1))
        for each in told
        for n in range(3)
    ]
    return cut(find_spans(units), units, read)


@pytest.mark.parametrize(("goods", "off_by"), [(0.0, 0.1), (0.01, 0.4)])
def test_a_zones_physics_are_learned_from_its_defrosts(goods: float, off_by: float) -> None:
    """Of one body the truth is found; beside goods, what foresees the air of such a zone."""
    true = msgspec.structs.replace(zones.TRUE, ambient_c=25.0)
    told = learning.learn(episodes_of(zones.live(12, 3, true, goods)), COLD)
    assert told.passed
    assert (told.learned, told.at_bound) == (("tau_min", "door_factor", "reach_c"), ())
    assert told.physics.tau_min == pytest.approx(true.tau_min, rel=off_by)
    assert told.physics.door_factor == pytest.approx(true.door_factor, rel=off_by)
    assert told.after.error_min < 3 < 10 < told.before.error_min
    assert told.after.rms_mc < told.before.rms_mc / 3
    # learned once more, against itself, nothing is better
    again = learning.learn(episodes_of(zones.live(12, 4, true, goods)), told.physics)
    assert not again.passed


def test_what_a_zone_does_not_tell_stays_as_it_was_declared() -> None:
    episodes = episodes_of(zones.live(9, 3))
    shut = [each._replace(door=each.door * 0) for each in episodes if each.kind == learning.OFF]
    told = learning.learn(shut, COLD)
    assert told.learned == ("tau_min",)
    assert told.physics == msgspec.structs.replace(COLD, tau_min=told.physics.tau_min)
    with pytest.raises(InputError, match="tell too little"):
        learning.learn(shut[:5], COLD)
    # a probe that lies in the sun is no room of this world: a figure at its bound does not pass
    hot = [each._replace(value_c=each.value_c + each.minutes) for each in shut]
    assert not learning.learn(hot, COLD).passed
    assert learning.learn(hot, COLD).at_bound == ("tau_min",)


def test_warm_ups_are_found_where_frames_tell_of_them() -> None:
    told = zones.live(4, 3)
    assert [each.kind for each in episodes_of(told)] == [learning.OFF, learning.DOWN] * 4
    assert episodes_of([each for each in told if each.power]) == []
    # while nobody tells of the unit for long, nothing is known
    gaps = [each for each in told if each.minute % 90 < 4 or each.minute % 90 >= 12]
    kinds = [each.kind for each in episodes_of(gaps)]
    assert kinds.count(learning.DOWN) <= kinds.count(learning.OFF) == 0
