"""Never one model: what each scorer says of a plan, when a person should look, and that no vote
ever changes a plan.
"""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from danshu.capabilities.routing.batch import Request, RequestLine
from danshu.capabilities.routing.decide import Decision, decide_batch, replay
from danshu.capabilities.routing.explain import explain
from danshu.capabilities.routing.model import Lane, Region
from danshu.capabilities.routing.network import Network, Site, build_network
from danshu.capabilities.routing.panel import PARTS, SITUATIONS, UNKNOWN, Panel, load_panel
from danshu.capabilities.routing.score import CHILLED, CLASSES
from danshu.capabilities.routing.scorers import conformal
from danshu.capabilities.routing.scorers.vote import Budget, Votes
from danshu.capabilities.routing.signals import Signals
from danshu.capabilities.routing.snapshot import Cautions, Snapshot, load_snapshot
from danshu.kernel.canonical import encode_struct
from danshu.kernel.errors import InputError
from danshu.kernel.limits import ESCALATION_BURST, ESCALATION_PERMILLE, SCORER_CALIBRATION
from tests.capabilities.routing.worlds import make_requests, make_world

SIGNALS = Signals(0, {})


def make_pair(near_min: int = 600, far_min: int = 900) -> Network:
    """A near and dear warehouse, a far and cheap one; one region."""
    sites = [Site("NEAR", 31, 1000, 1440), Site("FAR", 31, 1000, 1440)]
    lanes = [
        Lane(warehouse="NEAR", region="110100", transit_min=near_min, sd_min=60,
             first_kg_fen=900, extra_kg_fen=100),
        Lane(warehouse="FAR", region="110100", transit_min=far_min, sd_min=60,
             first_kg_fen=500, extra_kg_fen=100),
    ]  # fmt: skip
    return build_network(sites, [Region(code="110100", name="京")], lanes)


def make_panel(
    network: Network,
    near_min: int,
    far_min: int,
    radius: int = 60,
    cost_error_fen: int = 0,
    limit_fen: int = 0,
) -> Panel:
    """S2 that says one thing at all times: medians, and an hour to both sides."""
    middle = np.array([[near_min, far_min]], np.int16)
    eta = np.stack([middle - 60, middle, middle + 60], axis=-1)
    eta[middle < 0] = -1
    return Panel(
        network.codes,
        network.regions,
        eta_min=np.broadcast_to(eta, (PARTS, SITUATIONS, *eta.shape)).copy(),
        radius_min=np.full((len(CLASSES), 2), radius, np.int64),
        cost_error_fen=cost_error_fen,
        limit_fen=limit_fen,
    )


def decide_one(
    panel: Panel | None,
    network: Network | None = None,
    promise_min: int = 1_440,
    value_fen: int = 20_000,
    storage: int = 1,
    cautions: Cautions | None = None,
    stock: tuple[int, int] = (9, 9),
    budget: Budget | None = None,
) -> Decision:
    network = network or make_pair()
    snapshot = Snapshot(network, SIGNALS, panel=panel, cautions=cautions)
    line = RequestLine("S", 0, 1, 500, storage)
    request = Request(region="110100", promise_min=promise_min, value_fen=value_fen, lines=(line,))
    atp, capacity = np.array([stock], np.int32), np.full(2, 99.0)
    (decision,) = decide_batch(
        snapshot, [request], 600, atp, capacity, budget=budget or Budget()
    ).decisions
    raw = encode_struct(decision)
    assert encode_struct(replay(msgspec.json.decode(raw, type=Decision), snapshot)) == raw
    return decision


# S1: FAR, 900 + 30 min wait, plus the declared queue at the dock
@pytest.mark.parametrize(
    ("told", "expected"),
    [
        # S2 says the same: everybody agrees with S1 but the rule, which takes the nearest
        ({"near_min": 620, "far_min": 950}, ("", 0)),
        # S2 says that FAR comes far too late and NEAR does not: another plan, and beyond the radius
        ({"near_min": 620, "far_min": 1_700}, ("scorers_disagree", 1)),
        # the same, but a radius that covers the difference
        ({"near_min": 620, "far_min": 1_700, "radius": 2_000}, ("", 1)),
        # far beyond the radius, but S2 would take the same plan
        ({"near_min": 1_900, "far_min": 1_700}, ("", 0)),
        # nobody knows the radius
        ({"near_min": 620, "far_min": 1_700, "radius": -1}, ("", 1)),
        # a margin below what costs are wrong by, and more at risk than the limit
        ({"near_min": 620, "far_min": 950, "cost_error_fen": 5_000}, ("thin_margin", 0)),
        ({"near_min": 620, "far_min": 950, "cost_error_fen": 5_000, "limit_fen": 30_000}, ("", 0)),
        # S2 has never seen that lane
        ({"near_min": 620, "far_min": -1}, ("", 0)),
    ],
)
def test_what_the_votes_say(told: dict[str, int], expected: tuple[str, int]) -> None:
    network = make_pair(far_min=1_000)  # late with some odds, and still the cheapest
    decision = decide_one(make_panel(network, **told), network)
    assert decision.plan == ((1, "FAR"),)
    votes = decision.votes
    assert votes is not None
    assert (votes.reason, votes.s2_plan) == expected
    assert votes.s3 == ("NEAR",)
    assert not votes.s3_same
    if told["far_min"] < 0:
        assert (votes.s2_min, votes.s2_absent) == (-1, "unknown_lane")


def test_an_absent_s2_is_recorded_with_its_reason() -> None:
    network = make_pair()
    assert decide_one(None).votes == msgspec.structs.replace(
        decide_one(None).votes or Votes(), s2_absent="unfitted", s2_min=-1
    )
    silent = Panel(network.codes, network.regions, absent="no_extra")
    votes = decide_one(silent, network).votes
    assert votes is not None
    assert votes.s2_absent == "no_extra"


def test_nothing_to_ship_is_named_and_nothing_is_held_for_it() -> None:
    votes = decide_one(None, stock=(0, 0)).votes
    assert votes is not None
    assert (votes.reason, votes.s1_min, votes.escalates) == ("no_plan", -1, False)


def test_the_twin_only_says_no() -> None:
    network = make_pair()
    veto = np.zeros((len(CLASSES), 2), np.uint8)
    veto[CHILLED, 0] = 1  # the nearest
    cautions = Cautions(veto, np.zeros(2, np.int64))
    cold = decide_one(None, network, storage=2, cautions=cautions).votes
    warm = decide_one(None, network, storage=1, cautions=cautions).votes
    assert cold is not None
    assert (cold.s4, cold.reason) == (1, "twin_veto")
    assert warm is not None
    assert (warm.s4, warm.reason) == (-1, "")
    veto = np.zeros((len(CLASSES), 2), np.uint8)
    veto[CHILLED, 1] = 1  # another
    votes = decide_one(
        None, network, storage=2, cautions=Cautions(veto, np.zeros(2, np.int64))
    ).votes
    assert votes is not None
    assert (votes.s4, votes.reason) == (0, "")


def test_records_without_votes_replay_without_them() -> None:
    world = make_world(seed=3)
    atp, capacity = world.counters()
    requests = make_requests(world, 40)
    plain = decide_batch(world.snapshot, requests, 650, atp, capacity).decisions
    assert b"votes" not in encode_struct(plain[0])
    atp, capacity = world.counters()
    voted = decide_batch(world.snapshot, requests, 650, atp, capacity, budget=Budget()).decisions
    for before, after in zip(plain, voted, strict=True):
        assert encode_struct(replay(before, world.snapshot)) == encode_struct(before)
        assert encode_struct(replay(after, world.snapshot)) == encode_struct(after)
        assert msgspec.structs.replace(after, votes=None) == before
        assert explain(after, world.snapshot).votes == after.votes


def test_s3_is_the_nearest_that_may_and_can() -> None:
    world = make_world(seed=11, warehouses=64, skus=80)
    network, tables = world.snapshot.network, world.snapshot.tables
    requests = make_requests(world, 300, lines=(1, 1), twins=0)
    for n, request in enumerate(requests):
        atp, capacity = world.counters()
        (decision,) = decide_batch(
            world.snapshot, [request], 650, atp, capacity, budget=Budget()
        ).decisions
        r, line, votes = (
            network.region_index.get(request.region, -1),
            request.lines[0],
            decision.votes,
        )
        assert votes is not None
        want = ""
        if r >= 0 and line.row >= 0:
            may = [
                w
                for w in range(64)
                if tables.lane_bits[r, w] == 0
                and world.atp[line.row, w] >= line.qty
                and world.capacity[w] >= 1.5
                and all(
                    tables.class_bits[c, w] == 0
                    for c in range(len(CLASSES))
                    if line.storage >> c & 1
                )
                and not (0 <= request.promise_min <= 1_440 - 650 and network.cutoff_min[w] <= 650)
            ]
            want = (
                network.codes[min(may, key=lambda w: (network.transit_min[r, w], w))] if may else ""
            )
        chosen = decision.plan[0][1]
        assert votes.s3_same == (chosen == want), n
        assert votes.s3 == ((want,) if want and want != chosen else ()), n


def test_a_poisoned_s2_stays_in_its_budget_and_moves_nothing() -> None:
    """Constant nonsense with a radius that it did not earn: the worst that a panel can hold."""
    world = make_world(seed=4, units=1_000_000, density=0.8)
    network = world.snapshot.network
    shape = (PARTS, SITUATIONS, len(network.regions), len(network.codes), 3)
    rng = np.random.default_rng(2)
    wild = np.broadcast_to(rng.integers(1, 20_000, shape[3])[:, None], shape).astype(np.int16)
    panel = Panel(
        network.codes,
        network.regions,
        eta_min=wild,
        radius_min=np.zeros((len(CLASSES), len(network.codes)), np.int64),
    )
    poisoned = Snapshot(network, world.snapshot.signals, panel=panel)
    requests = make_requests(world, 3_000, lines=(1, 2))
    budget, capacity = Budget(), np.full(37, 1e9)
    held = wanted = 0
    plain = decide_batch(world.snapshot, requests, 650, world.atp.copy(), capacity.copy())
    voted = decide_batch(poisoned, requests, 650, world.atp.copy(), capacity.copy(), budget=budget)
    for before, after in zip(plain.decisions, voted.decisions, strict=True):
        assert (before.plan, before.plans, before.parts_fen) == (
            after.plan, after.plans, after.parts_fen,
        )  # fmt: skip
        assert after.votes is not None
        wanted += after.votes.reason == "scorers_disagree"
        held += after.votes.escalates
        assert after.votes.escalates or after.votes.spared or after.votes.reason in ("", "no_plan")
    assert wanted > 200
    assert 0 < held <= ESCALATION_BURST + len(requests) * ESCALATION_PERMILLE // 1000


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["", "no_plan", "thin_margin", "scorers_disagree"]), max_size=400))
def test_the_budget_is_never_passed(reasons: list[str]) -> None:
    budget = Budget()
    held = 0
    for n, reason in enumerate(reasons, 1):
        allowed = budget.allows(reason)
        held += allowed and reason in ("thin_margin", "scorers_disagree")
        assert allowed or reason not in ("", "no_plan")
        assert held * 1000 <= ESCALATION_BURST * 1000 + n * ESCALATION_PERMILLE


def test_a_panel_is_named_by_the_snapshot_and_attached_to_it() -> None:
    network = make_pair()
    panel = make_panel(network, 620, 950)
    again = load_panel(panel.content, panel.digest)
    assert again.digest == panel.digest
    snapshot = Snapshot(network, SIGNALS, panel=panel)
    stored = load_snapshot(snapshot.dump(), snapshot.digest)
    assert stored.digest == snapshot.digest
    assert stored.panel_digest == panel.digest
    decision = decide_one(panel, network)
    with pytest.raises(InputError):
        replay(decision, stored)
    stored.attach(again)
    assert replay(decision, stored) == decision
    with pytest.raises(InputError):
        stored.attach(make_panel(network, 1, 2))
    with pytest.raises(InputError):
        load_panel(panel.content[:-1] + b"x", panel.digest)
    # a snapshot without a panel keeps its bytes, whoever votes
    assert b'"panel"' not in Snapshot(network, SIGNALS).content


def test_a_panel_outlives_a_new_network() -> None:
    old = make_pair()
    panel = make_panel(old, 620, 950)
    new = build_network(
        [Site("NEW", 31, 1000, 1440), Site("FAR", 31, 1000, 1440)],
        [Region(code="120100", name="津"), Region(code="110100", name="京")],
        [],
    )
    spread = panel.spread(new, SIGNALS)
    assert spread.middle[0].tolist() == [[-1, -1], [-1, 950]]
    assert spread.radius[0].tolist() == [-1, 60]


@settings(max_examples=40, deadline=None)
@given(
    st.integers(20, 300),
    st.sampled_from([0.05, 0.1, 0.2]),
    st.integers(0, 2**31),
    st.sampled_from(["normal", "lognormal", "integers"]),
)
def test_the_radius_covers_what_it_promises(n: int, alpha: float, seed: int, kind: str) -> None:
    """Over many draws of exchangeable errors the next one lies within at least 1 - alpha of them:
    by rank, whatever the distribution; 400 draws leave three standard errors.
    """
    rng = np.random.default_rng(seed)
    shape = (400, n + 1)
    errors = {
        "normal": lambda: rng.normal(0, 100, shape),
        "lognormal": lambda: rng.lognormal(3, 1.5, shape),
        "integers": lambda: rng.integers(-5, 6, shape),
    }[kind]().astype(np.int64)
    covered = 0
    for row in errors:
        found = conformal.radius(row[:-1], alpha)
        covered += found == UNKNOWN or abs(int(row[-1])) <= found
    assert covered / 400 >= 1 - alpha - 3.3 * (alpha * (1 - alpha) / 400) ** 0.5


def test_too_few_errors_have_no_radius_and_small_groups_take_that_of_all() -> None:
    assert conformal.radius(np.arange(8), 0.1) == UNKNOWN
    assert conformal.radius(np.arange(9), 0.1) == 8  # ceil(10 * 0.9) = 9th of 9
    assert conformal.radius(np.arange(99), 0.1) == 89
    errors = np.concatenate([np.full(SCORER_CALIBRATION, 5), np.full(3, 900)])
    groups = np.concatenate([np.zeros(SCORER_CALIBRATION, np.int64), np.ones(3, np.int64)])
    assert conformal.radii(errors, groups, 3, 0.1).tolist() == [5, 5, 5]
