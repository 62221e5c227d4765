"""Two proofs of cold, the breaker's band, and what a snapshot closes that another left open."""

from __future__ import annotations

import numpy as np
import pytest

from danshu.capabilities.routing import breaker
from danshu.capabilities.routing.closures import find_closures, name_closures
from danshu.capabilities.routing.cold import find_unproven
from danshu.capabilities.routing.model import Lane, Region
from danshu.capabilities.routing.network import Site, build_network
from danshu.capabilities.routing.reasons import Reason
from danshu.capabilities.routing.score import CHILLED, PROOF_VETO, Coefficients
from danshu.capabilities.routing.signals import Reading, resolve
from danshu.capabilities.routing.snapshot import Cautions, Snapshot, no_cautions

NOW_MS = 1_795_345_200_000
CODES = ("A", "B", "C")
NETWORK = build_network(
    [Site(code, 7, 100, 1_000) for code in CODES],
    [Region(code=code, name=code) for code in ("r1", "r2")],
    [
        Lane(warehouse=w, region=r, transit_min=600, sd_min=60, first_kg_fen=500, extra_kg_fen=50)
        for w in CODES
        for r in ("r1", "r2")
    ],
)


def say(key: str, subject: str, value: float, ago_ms: int = 0) -> Reading:
    at_ms = NOW_MS - ago_ms
    return Reading(
        key=key, subject=subject, value=value, observed_ms=at_ms, received_ms=at_ms, source="s"
    )


def probes(code: str, value: float = 3.0, ago_ms: int = 0) -> list[Reading]:
    return [say("zone_temp", f"zn:{code}/chilled/s{n}", value, ago_ms) for n in range(3)]


UNIT = say("cold_unit_health", "wh:A", 0.9)
PAPER = say("policy_compliance", "wh:A", 0.0)


@pytest.mark.parametrize(
    ("told", "is_closed"),
    [
        ([], False),
        (probes("A"), True),
        ([UNIT], True),
        ([PAPER], False),
        ([*probes("A"), UNIT], False),
        ([*probes("A"), PAPER], False),
        ([UNIT, PAPER], False),
        ([*probes("A", 12.0), UNIT], True),
        ([*probes("A", ago_ms=121_000), UNIT], True),
        ([*probes("A"), say("cold_unit_health", "wh:A", 0.2)], True),
        ([*probes("A"), say("policy_compliance", "wh:A", 2.0)], True),
        ([*probes("A", ago_ms=121_000), UNIT, PAPER], False),
    ],
)
def test_cold_that_is_told_needs_two_proofs(told: list[Reading], is_closed: bool) -> None:
    found = find_unproven(NETWORK, resolve(told, NETWORK, NOW_MS), Coefficients())
    assert bool(found[CHILLED, 0]) is is_closed
    assert not found[:, 1:].any()


def snapshot(*told: Reading, network: object = NETWORK) -> Snapshot:
    return Snapshot(NETWORK, resolve(told, NETWORK, NOW_MS))


def test_what_is_not_proven_has_a_reason_of_its_own() -> None:
    veto = no_cautions(NETWORK).veto.copy()
    veto[CHILLED, 0] = PROOF_VETO
    made = Snapshot(
        NETWORK, resolve([], NETWORK, NOW_MS), cautions=Cautions(veto, np.zeros(3, np.int64))
    )
    assert made.tables.class_bits[CHILLED].tolist()[0] == Reason.PROOF
    assert not made.tables.class_ok[1 << CHILLED] & 1


def test_only_what_begins_to_be_closed_counts() -> None:
    calm = snapshot()
    red = snapshot(say("wx_alert", "wh:B", 204.0))
    closures = find_closures(calm, red)
    assert closures.warehouses() == [1]
    assert closures.regions() == [0, 1]
    assert closures.bits(0, 1, 1) == Reason.WEATHER
    assert closures.bits(0, 0, 1) == 0
    (named,) = name_closures(closures, NETWORK)
    assert (named.warehouse, named.reason, named.storage, named.regions) == ("B", "weather", "", 2)
    assert find_closures(red, red).is_empty
    assert find_closures(red, calm).is_empty
    worse = snapshot(say("wx_alert", "wh:B", 204.0), say("equipment_health", "wh:B", 0.1))
    assert find_closures(red, worse).is_empty


def test_a_class_that_closes_touches_its_goods_alone() -> None:
    closures = find_closures(snapshot(), snapshot(*probes("C", 12.0)))
    assert closures.bits(1, 2, 1 << CHILLED) == Reason.TEMPERATURE
    assert closures.bits(1, 2, 1) == 0
    assert closures.regions() == [0, 1]


def test_networks_are_compared_by_their_codes() -> None:
    smaller = build_network(
        [Site("B", 7, 100, 1_000)],
        [Region(code="r2", name="r2")],
        [Lane(warehouse="B", region="r2", transit_min=9, sd_min=1, first_kg_fen=1, extra_kg_fen=1)],
    )
    before = Snapshot(smaller, resolve([say("wx_alert", "wh:B", 204.0)], smaller, NOW_MS))
    closures = find_closures(before, snapshot(say("wx_alert", "wh:B", 204.0)))
    assert closures.bits(1, 1, 1) == 0  # known and closed already
    assert closures.bits(0, 1, 1) == Reason.WEATHER  # a region that is new was open


USUAL = {"A": 400, "B": 300, "C": 300}


@pytest.mark.parametrize(
    ("recent", "closed", "place"),
    [
        ({"A": 40, "B": 30, "C": 30}, (), None),
        ({"A": 48, "B": 22, "C": 30}, (), None),
        ({"A": 5, "B": 90, "C": 5}, (), "B"),
        ({"A": 20, "B": 10, "": 40}, (), ""),
        ({"B": 24}, (), None),
        ({"A": 57, "B": 43}, ("C",), None),
        ({"B": 100}, ("A", "C"), None),
    ],
)
def test_a_share_outside_its_band_trips(
    recent: dict[str, int], closed: tuple[str, ...], place: str | None
) -> None:
    trip = breaker.judge(recent, USUAL, closed)
    assert (trip.place if trip else None) == place


def test_without_a_past_nothing_trips() -> None:
    assert breaker.judge({"A": 1, "B": 99}, {"A": 60, "B": 60}) is None
