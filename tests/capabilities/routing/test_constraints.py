"""Each hard constraint sets its own bit, keeps the order away, and is told in words."""

from __future__ import annotations

import numpy as np
import pytest

from danshu.capabilities.routing.batch import Request, RequestLine
from danshu.capabilities.routing.decide import Decision, decide_batch, replay
from danshu.capabilities.routing.explain import explain
from danshu.capabilities.routing.model import Lane, Region
from danshu.capabilities.routing.network import Site, build_network
from danshu.capabilities.routing.reasons import REASON_TEXTS, Reason, read_reasons
from danshu.capabilities.routing.score import wait_to_wave
from danshu.capabilities.routing.signals import Reading, resolve
from danshu.capabilities.routing.snapshot import Snapshot
from danshu.capabilities.routing.variables import VARIABLES
from danshu.kernel.errors import InputError

NOW = 1_800_000_000_000
GOAL = Region(code="310100", name="上海")


def lane(code: str, first: int, transit: int = 600) -> Lane:
    return Lane(
        warehouse=code,
        region=GOAL.code,
        transit_min=transit,
        sd_min=60,
        first_kg_fen=first,
        extra_kg_fen=100,
    )


def make_snapshot(signals: dict[str, list[tuple[str, float]]], **how) -> Snapshot:
    """NEAR is cheap and FAR is dear; whatever closes NEAR sends the order to FAR."""
    sites = [
        Site("NEAR", how.get("classes", 31), 100, how.get("cutoff", 1_440)),
        Site("FAR", 31, 100, 1_440),
    ]
    lanes = [lane("FAR", 3_000)]
    if how.get("lane", True):
        lanes.append(lane("NEAR", 500, how.get("transit", 600)))
    network = build_network(sites, [GOAL], lanes)
    readings = [
        Reading(key=key, subject=subject, value=value, observed_ms=NOW, received_ms=NOW, source="t")
        for key, pairs in signals.items()
        for subject, value in pairs
    ]
    return Snapshot(network, resolve(readings, network, NOW))


def sensors(zone: str, *values: float) -> dict[str, list[tuple[str, float]]]:
    return {"zone_temp": [(f"zn:NEAR/{zone}/{n}", value) for n, value in enumerate(values)]}


def one(key: str, value: float, subject: str = "wh:NEAR") -> dict[str, list[tuple[str, float]]]:
    return {key: [(subject, value)]}


TABLE: list[tuple[str, dict, dict, Reason]] = [
    ("stock", {}, {"stock": 0}, Reason.STOCK),
    ("capacity", {}, {"capacity": 1.0}, Reason.CAPACITY),
    ("cutoff", {}, {"cutoff": 600, "promise": 700}, Reason.CUTOFF),
    ("lockdown", one("policy_compliance", 4), {}, Reason.REGION),
    ("hours", one("policy_compliance", 16), {}, Reason.REGION),
    ("class", {}, {"classes": 1, "storage": 2}, Reason.STORAGE),
    ("two classes", {}, {"classes": 3, "storage": 10}, Reason.STORAGE),
    ("licence", one("policy_compliance", 1), {"storage": 8}, Reason.STORAGE),
    ("certificate", one("policy_compliance", 2), {"storage": 4}, Reason.STORAGE),
    ("dangerous", one("policy_compliance", 8), {"storage": 16}, Reason.STORAGE),
    ("red rainstorm", one("wx_alert", 204), {}, Reason.WEATHER),
    ("equipment", one("equipment_health", 0.29), {}, Reason.EQUIPMENT),
    ("cold unit", one("cold_unit_health", 0.59), {"storage": 2}, Reason.EQUIPMENT),
    ("labour", one("labour_redundancy", 0.49), {}, Reason.LABOUR),
    ("excursion", sensors("frozen", -10, -10, -10), {"storage": 4}, Reason.TEMPERATURE),
    ("dead sensors", sensors("frozen", 90, 90, 90), {"storage": 4}, Reason.STALE_SAFETY),
    ("disagreeing", sensors("chilled", 1, 5, 9), {"storage": 2}, Reason.DISAGREE),
    ("no riders", one("rider_heat", 0, "rg:310100"), {"transit": 100}, Reason.CARRIER),
    ("road closed", one("lane_road", 1, "ln:NEAR>310100"), {}, Reason.LANE),
    ("no lane", {}, {"lane": False}, Reason.LANE),
]
HARMLESS: list[tuple[str, dict, dict]] = [
    ("nothing", {}, {}),
    ("orange rainstorm", one("wx_alert", 203), {}),
    ("red heat", one("wx_alert", 704), {}),
    ("unknown type, red", one("wx_alert", 9104), {}),
    ("tomorrow, past cut-off", {}, {"cutoff": 600, "promise": 2_880}),
    ("same day, before cut-off", {}, {"cutoff": 700, "promise": 700}),
    ("certificate, ambient goods", one("policy_compliance", 2), {}),
    ("cold unit, ambient goods", one("cold_unit_health", 0.1), {}),
    ("warm freezer, chilled goods", sensors("frozen", -10, -10, -10), {"storage": 2}),
    ("no riders on a long lane", one("rider_heat", 0, "rg:310100"), {"transit": 600}),
    ("slow road", one("lane_road", 0.99, "ln:NEAR>310100"), {}),
    ("tired equipment", one("equipment_health", 0.3), {}),
]


def decide_one(signals: dict, how: dict) -> tuple[Snapshot, Decision]:
    """Decide at 10:50 with both engines; they and the replay must agree."""
    snapshot = make_snapshot(signals, **how)
    request = Request(
        region=GOAL.code,
        promise_min=how.get("promise", -1),
        value_fen=10_000,
        lines=(RequestLine("S0", 0, 1, 500, how.get("storage", 1)),),
    )
    decisions = []
    for engine in ("python", "numba"):
        atp = np.array([[how.get("stock", 5), 5]], np.int32)
        capacity = np.array([how.get("capacity", 100.0), 100.0])
        decided = decide_batch(snapshot, [request], 650, atp, capacity, engine)
        decisions.append(decided.decisions[0])
        assert replay(decisions[-1], snapshot) == decisions[-1]
    assert decisions[0].plan == decisions[1].plan
    assert decisions[0].plans == decisions[1].plans
    return snapshot, decisions[1]


@pytest.mark.parametrize(("name", "signals", "how", "bit"), TABLE, ids=[row[0] for row in TABLE])
def test_a_constraint_sends_the_order_elsewhere(
    name: str, signals: dict, how: dict, bit: Reason
) -> None:
    snapshot, decision = decide_one(signals, how)
    assert decision.plan == ((1, "FAR"),)
    near, far = explain(decision, snapshot).warehouses
    assert near.bits == bit
    assert far.bits == 0
    assert [reason.bit for reason in near.reasons] == [bit]


@pytest.mark.parametrize(("name", "signals", "how"), HARMLESS, ids=[row[0] for row in HARMLESS])
def test_what_is_no_constraint_closes_nothing(name: str, signals: dict, how: dict) -> None:
    snapshot, decision = decide_one(signals, how)
    near, _ = explain(decision, snapshot).warehouses
    assert near.bits == 0
    if name != "tomorrow, past cut-off":
        assert decision.plan == ((1, "NEAR"),)


def test_a_crowded_last_mile_closes_the_region_for_promises_of_a_day() -> None:
    crowded = one("station_saturation", 1.31, "rg:310100")
    for promise, plan in ((1_439, ""), (1_440, "NEAR"), (-1, "NEAR")):
        snapshot, decision = decide_one(crowded, {"promise": promise})
        assert decision.plan == ((1, plan),)
        bits = {view.bits for view in explain(decision, snapshot).warehouses}
        assert bits == ({int(Reason.CARRIER)} if not plan else {0})


def test_an_unknown_region_goes_nowhere_and_is_told() -> None:
    snapshot = make_snapshot({})
    request = Request(
        region="990000", promise_min=-1, value_fen=1, lines=(RequestLine("S0", 0, 1, 1, 1),)
    )
    for engine in ("python", "numba"):
        atp, capacity = np.array([[5, 5]], np.int32), np.array([9.0, 9.0])
        decision = decide_batch(snapshot, [request], 0, atp, capacity, engine).decisions[0]
        assert decision.plan == ((1, ""),)
        assert {view.bits for view in explain(decision, snapshot).warehouses} == {Reason.LANE}
        assert atp.tolist() == [[5, 5]]
        assert capacity.tolist() == [9.0, 9.0]


def test_lateness_outweighs_a_little_freight() -> None:
    """A late cheap lane loses to a dearer one in time once a promise is at stake."""
    network = build_network(
        [Site("SLOW", 1, 100, 1_440), Site("FAST", 1, 100, 1_440)],
        [GOAL],
        [lane("SLOW", 500, 4_000), lane("FAST", 900, 300)],
    )
    snapshot = Snapshot(network, resolve([], network, NOW))
    for promise, code in ((-1, "SLOW"), (10_000, "SLOW"), (1_440, "FAST")):
        request = Request(
            region=GOAL.code,
            promise_min=promise,
            value_fen=0,
            lines=(RequestLine("S0", 0, 1, 500),),
        )
        atp, capacity = np.array([[5, 5]], np.int32), np.array([9.0, 9.0])
        decision = decide_batch(snapshot, [request], 600, atp, capacity).decisions[0]
        assert decision.plan == ((1, code),)


@pytest.mark.parametrize(
    ("minute", "cutoff", "wait"),
    [
        (0, 1080, 480),
        (449, 1080, 31),
        (451, 1080, 30),
        (1079, 1080, 30),
        (1080, 1080, 360 + 480),
        (1439, 1440, 30),
        (700, 600, 740 + 480),
    ],
)
def test_wait_to_wave(minute: int, cutoff: int, wait: int) -> None:
    assert wait_to_wave(minute, cutoff, 30, 480) == wait


def test_every_bit_has_words_and_every_variable_known_bits() -> None:
    assert set(REASON_TEXTS) == {int(bit) for bit in Reason} == {1 << n for n in range(18)}
    assert len({text.zh for text in REASON_TEXTS.values()}) == 18
    everything = sum(int(bit) for bit in Reason)
    assert [reason.bit for reason in read_reasons(everything)] == [1 << n for n in range(18)]
    assert all(variable.bits & ~everything == 0 for variable in VARIABLES)


@pytest.mark.parametrize(
    "broken",
    [
        lambda: build_network([], [GOAL], []),
        lambda: build_network([Site("A", 1, 1, 0)], [], []),
        lambda: build_network([Site("A", 1, 1, 0)] * 2, [GOAL], []),
        lambda: build_network([Site(f"A{n}", 1, 1, 0) for n in range(65)], [GOAL], []),
        lambda: build_network([Site("A", 1, 1, 1_441)], [GOAL], []),
        lambda: build_network([Site("A", 1, -1, 0)], [GOAL], []),
        lambda: build_network([Site("A", 1, 1, 0)], [GOAL], [lane("B", 1)]),
        lambda: build_network([Site("A", 1, 1, 0)], [GOAL], [lane("A", 1), lane("A", 2)]),
        lambda: build_network([Site("A", 1, 1, 0)], [GOAL], [lane("A", -1)]),
        lambda: build_network([Site("A", 1, 1, 0)], [GOAL], [lane("A", 10**7)]),
        lambda: build_network([Site("A", 1, 1, 0)], [GOAL], [lane("A", 1, 10**6)]),
    ],
)
def test_broken_master_data_is_refused(broken) -> None:
    with pytest.raises(InputError):
        broken()
