"""The order COE's arithmetic: trees add up, only real changes are named, trials stop when they
must.
"""

from __future__ import annotations

import random
import uuid
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from danshu.capabilities.coe import changes, decide, evolve, facts, kpi, maturity, trial, weeks
from danshu.capabilities.coe.kpi import CoeCell, CoeTree
from danshu.capabilities.coe.model import (
    BacklogItem,
    Experiment,
    Guardrail,
    ItemPlan,
    TrialPlan,
    WeeklyReview,
)
from danshu.capabilities.coe.trial import TrialOrder
from danshu.kernel import shares
from danshu.kernel.errors import InputError, ProgramError, Refusal
from danshu.kernel.limits import COE_TRIAL_POINTS

ID = uuid.UUID(int=7)
OWNERS = ("merchant", "warehouse", "carrier", "buyer")
CELLS = st.lists(
    st.builds(
        CoeCell,
        is_now=st.booleans(),
        channel=st.sampled_from(("taobao", "jd")),
        warehouse=st.sampled_from(("GZ01", "BJ01", "SH01", "")),
        carrier=st.sampled_from(("SF", "")),
        owner=st.sampled_from(OWNERS),
        code=st.just("ship48h"),
        kept=st.integers(0, 40),
        missed=st.integers(0, 40),
    ),
    max_size=12,
)


def rate(cells: list[CoeCell], is_now: bool) -> Fraction | None:
    mine = [c for c in cells if c.is_now is is_now]
    judged = sum(c.kept + c.missed for c in mine)
    return Fraction(sum(c.kept for c in mine), judged) if judged else None


@settings(max_examples=40)
@given(CELLS)
def test_branches_and_the_rest_are_the_change(cells: list[CoeCell]) -> None:
    now, before = rate(cells, True), rate(cells, False)
    for tree in kpi.trees(cells):
        tops = [b for b in tree.branches if not b.parent]
        assert sum(b.rate + b.mix for b in tops) + tree.rest == tree.change
        if now is None or before is None:
            assert tree.change == 0
            continue
        assert tree.now is not None
        assert tree.before is not None
        assert abs(Fraction(tree.change) - 1000 * (now - before)) <= 1
        assert abs(tree.rest) <= len(tops) + 1  # only what rounding leaves


@settings(max_examples=40)
@given(CELLS)
def test_owners_are_divided_among_places(cells: list[CoeCell]) -> None:
    tree = kpi.split_missed(cells)
    for owner in OWNERS:
        missed = [
            sum(b.judged - b.kept for b in tree.branches if (b.key if top else b.parent) == owner)
            for top in (True, False)
        ]
        assert missed[0] == missed[1]


def two(tree: CoeTree) -> dict[str, tuple[int, int]]:
    return {b.key: (b.rate, b.mix) for b in tree.branches}


def cell(is_now: bool, warehouse: str, kept: int, missed: int) -> CoeCell:
    return CoeCell(
        is_now=is_now, channel="c", warehouse=warehouse, carrier="", owner="warehouse", code="p",
        kept=kept, missed=missed,
    )  # fmt: skip


def test_rate_and_mix_are_told_apart() -> None:
    """Alike warehouses that only change their shares; then one that only gets worse."""
    before = [cell(False, "A", 90, 10), cell(False, "B", 50, 50)]
    shifted = [cell(True, "A", 135, 15), cell(True, "B", 25, 25)]
    assert two(kpi.trees([*before, *shifted])[1]) == {"A": (0, 38), "B": (0, 62)}
    worse = [cell(True, "A", 70, 30), cell(True, "B", 50, 50)]
    assert two(kpi.trees([*before, *worse])[1]) == {"A": (-100, 0), "B": (0, 0)}


def test_only_real_changes_are_named() -> None:
    told = [
        changes.compare("warehouse", "broke", (40, 80, 76, 80)),
        changes.compare("warehouse", "small", (0, 8, 8, 8)),
        changes.compare("warehouse", "chance", (70, 80, 74, 80)),
        changes.compare("split", "", (40, 400, 120, 400), is_more_better=False),
        changes.compare("carrier", "nothing", (0, 0, 9, 9)),
    ]
    found = {c.key or c.by: c for c in changes.real(told)}
    assert {key for key, c in found.items() if c.is_real} == {"broke", "split"}
    assert not found["broke"].is_better
    assert found["split"].is_better
    assert found["small"].is_small


def test_chance_alone_is_seldom_named() -> None:
    """A hundred weeks of ten warehouses without any change: false alarms stay below one in ten."""
    luck = random.Random(2026)

    def draw() -> tuple[int, int, int, int]:
        one, two_ = (sum(luck.random() < 0.9 for _ in range(60)) for _ in range(2))
        return one, 60, two_, 60

    alarms = sum(
        any(
            c.is_real
            for c in changes.real([changes.compare("w", str(n), draw()) for n in range(10)])
        )
        for _ in range(100)
    )
    assert alarms < 10


def test_two_sided_agrees_with_tables() -> None:
    """A textbook's z of 2.0 (50/100 against 36/100 is 1.999)."""
    assert shares.two_sided(50, 100, 36, 100) == pytest.approx(0.0456, abs=2e-4)
    assert shares.two_sided(0, 50, 0, 50) == 1.0
    assert shares.two_sided(1, 1, 0, 0) == 1.0


PLAN = TrialPlan(
    name="t", digest="ab" * 32, percent=50, primary="kept", least=50,
    guardrails=(Guardrail(metric="cost", bound=100), Guardrail(metric="refunded", bound=50)),
    until_ms=1_000,
)  # fmt: skip


def orders(treated: float, control: float, n: int, extra_fen: int = 0) -> list[TrialOrder]:
    """Give n orders an arm, of which these shares are kept."""
    return [
        TrialOrder(is_treated, k < share * n, False, 1_000 + k % 7 + is_treated * extra_fen, False)
        for is_treated, share in ((True, treated), (False, control))
        for k in range(n)
    ]


@pytest.mark.parametrize(
    ("seen", "now_ms", "canary", "wanted"),
    [
        (orders(0.9, 0.9, 20, 9_999), 1, PLAN.digest, ("", "")),  # too few to say
        (orders(0.9, 0.9, 200), 1, PLAN.digest, ("", "")),
        (orders(0.9, 0.9, 200, 500), 1, PLAN.digest, ("guardrail", "cost")),
        (orders(0.5, 0.9, 200), 1, PLAN.digest, ("worse", "")),
        (orders(0.9, 0.9, 200), 1, "", ("gone", "")),
        (orders(0.9, 0.9, 200), 2_000, PLAN.digest, ("ended", "")),
    ],
)
def test_a_trial_stops_when_it_must(
    seen: list[TrialOrder], now_ms: int, canary: str, wanted: tuple[str, str]
) -> None:
    figures = trial.measure(PLAN, seen)
    assert trial.why_stop(PLAN, figures, {"canary": canary}, now_ms) == wanted


def test_a_trial_says_when_enough_is_known() -> None:
    assert trial.judge(PLAN, trial.measure(PLAN, orders(0.9, 0.5, 200))) == "better"
    assert trial.judge(PLAN, trial.measure(PLAN, orders(0.9, 0.9, 40))) == ""
    assert trial.judge(PLAN, trial.measure(PLAN, orders(0.9, 0.9, 3_000))) == "no_effect"
    dear = replace(PLAN, primary="cost", guardrails=())
    assert trial.judge(dear, trial.measure(dear, orders(0.9, 0.9, 200, 500))) == "worse"
    assert trial.judge(dear, trial.measure(dear, orders(0.9, 0.9, 200, -500))) == "better"


def test_looking_often_breaks_no_guardrail() -> None:
    """Arms that are alike, looked at after each ten orders: the interval excludes zero at most
    about once in twenty.
    """
    luck, wrong = random.Random(9), 0
    for _ in range(60):
        one = two_ = seen = 0
        for _ in range(40):
            seen += 10
            one += sum(luck.random() < 0.2 for _ in range(10))
            two_ += sum(luck.random() < 0.2 for _ in range(10))
            low, high = shares.always_valid(one, seen, two_, seen)
            if low > 0 or high < 0:
                wrong += 1
                break
    assert wrong <= 6


def test_weeks_are_named() -> None:
    first, end = weeks.bounds("2026-W48")
    assert end - first == weeks.WEEK_MS
    assert (weeks.day(first), weeks.day(end - 1)) == ("2026-11-23", "2026-11-29")
    assert weeks.bounds("2026-11-29") == (first, end)
    monday = end + 6 * 3_600_000
    assert weeks.last_ended(monday - 1) == "2026-W47"  # not before 06:00
    assert weeks.last_ended(monday) == "2026-W48"
    for bad in ("2026-W54", "2026-11-31", "", "2026-W1", "1969-W02", "9999-12-3100"):
        with pytest.raises(InputError):
            weeks.bounds(bad)


def test_what_is_said_is_said_of_its_kind() -> None:
    item = evolve.evolve(None, ID, facts.BacklogAdded(plan=ItemPlan(title="t")), "p", 1)
    assert isinstance(item, BacklogItem)
    assert decide.change_item(item, item.plan, "open", "") is None
    with pytest.raises(ProgramError):
        evolve.evolve(item, ID, facts.GoalEnded(note=""), "p", 2)
    with pytest.raises(ProgramError):
        evolve.evolve(None, ID, facts.GoalEnded(note=""), "p", 2)


def test_a_curve_keeps_its_newest_points() -> None:
    one = evolve.evolve(None, ID, facts.ExperimentStarted(plan=PLAN), "p", 0)
    figures = trial.measure(PLAN, orders(0.9, 0.8, 100))
    for n in range(COE_TRIAL_POINTS + 3):
        said = facts.ExperimentMeasured(figures=figures, verdict="")
        one = evolve.evolve(one, ID, said, "coe", n)
    assert isinstance(one, Experiment)
    assert [one.points[0].at_ms, len(one.points)] == [3, COE_TRIAL_POINTS]


def test_a_sentence_is_decided_about_once() -> None:
    review = WeeklyReview(id=ID, week="2026-W48", version=1, digest="", as_of_ms=0)
    said = decide.settle_sentence(review, ["a"], "a", str(ID), "")
    assert isinstance(said, facts.WeeklyReviewDecided)
    after = evolve.evolve(review, ID, said, "p", 5)
    assert isinstance(after, WeeklyReview)
    assert decide.settle_sentence(after, ["a"], "a", "", "") is decide.DECIDED
    assert isinstance(decide.settle_sentence(after, ["a"], "b", "", ""), Refusal)


def test_maturity_is_met_by_figures_alone() -> None:
    best = {c.code: c.yes for c in maturity.CRITERIA}
    told = maturity.check(best, "2026-11-30T00:00:00.000Z")
    assert told.reached == 3
    assert all(not row.missing_zh for row in told.rows)
    less = maturity.check({**best, "seal_lag": 61}, "")
    assert (less.reached, less.stages[0].partly) == (0, 1)
    assert maturity.check({}, "").reached == 0
