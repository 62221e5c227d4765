"""Models of orders: how they are judged, calibrated, kept, compared, and when they step back."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from danshu.capabilities.learning import (
    calibrate,
    facts,
    habits,
    lanes,
    marks,
    rates,
    training,
    trees,
)
from danshu.capabilities.learning import registry as reg
from danshu.capabilities.learning.frames import split_by_time
from danshu.capabilities.learning.model import Model, Shadow, Watch
from danshu.kernel.errors import InputError, ProgramError, Refusal
from tests.fixtures import learning

DAY_MS = 86_400_000
NOW_MS = 1_796_000_000_000


@pytest.mark.parametrize(
    ("y", "said", "auc"),
    [
        ([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9], 1.0),
        ([0, 0, 1, 1], [0.9, 0.8, 0.2, 0.1], 0.0),
        ([0, 1, 0, 1], [0.5, 0.5, 0.5, 0.5], 0.5),
        ([0, 1, 1], [0.4, 0.4, 0.6], 0.75),
    ],
)
def test_auc_counts_pairs(y: list[float], said: list[float], auc: float) -> None:
    assert marks.auc(np.array(y, float), np.array(said)) == pytest.approx(auc)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.floats(-5, 5), st.booleans()), min_size=1, max_size=60))
def test_calibration_never_turns_rows_round(rows: list[tuple[float, bool]]) -> None:
    """Whatever the slice says, a row that the model holds likelier stays at least as likely."""
    margin, y = np.array([m for m, _ in rows]), np.array([float(b) for _, b in rows])
    for fit in (calibrate.fit_curve, calibrate._pool):
        told = fit(margin, y).tell(np.sort(margin))
        assert ((told >= 0) & (told <= 1)).all()
        assert (np.diff(told) >= -1e-12).all()


def test_chances_mean_what_they_say_after_calibration() -> None:
    """A model that is three times too sure is put right on a later slice."""
    rng = np.random.default_rng(3)
    truth = rng.normal(size=4_000)
    y = (rng.random(4_000) < calibrate.logistic(truth)).astype(float)
    curve = calibrate.fit_curve(3.0 * truth[:2_000], y[:2_000])
    before = marks.calibration_error(y[2_000:], calibrate.logistic(3.0 * truth[2_000:]))
    after = marks.calibration_error(y[2_000:], curve.tell(3.0 * truth[2_000:]))
    assert before > 0.1 > 0.04 > after


def test_times_are_widened_until_they_cover() -> None:
    rng = np.random.default_rng(4)
    y = rng.gamma(4.0, 60.0, 2_000)
    told = np.column_stack([np.full(2_000, 200.0), np.full(2_000, 220.0), np.full(2_000, 240.0)])
    low, high = calibrate.widen(told[:1_000], y[:1_000])
    inside = (y[1_000:] >= 200.0 - low) & (y[1_000:] <= 240.0 + high)
    assert 0.76 < inside.mean() < 0.84
    assert calibrate.widen(told[:5], y[:5]) == (0.0, 0.0)  # five say nothing of a tenth


def test_a_cut_by_time_leaves_out_what_was_not_known_yet() -> None:
    frame, _ = learning.late()
    split = split_by_time(frame)
    cut = frame.placed_ms[split.fit].max()
    assert (frame.known_ms[split.fit] <= frame.placed_ms[split.calibrate].min()).all()
    assert (frame.placed_ms[split.calibrate] > cut).all()
    assert (frame.placed_ms[split.judge] > frame.placed_ms[split.calibrate].max()).all()


def test_both_tell_lateness_of_later_days_better_than_its_share_does() -> None:
    simple, grown = learning.trained()
    assert (simple.card.kind, grown.card.kind) == ("rates", "trees")
    assert grown.card.plain == simple.card.marks
    frame, _ = learning.late()
    judged = frame.pick(split_by_time(frame).judge)
    whole = np.full(judged.rows, frame.y.mean())
    for made in (simple, grown):
        assert 700 < made.card.marks.auc < 1_000
        assert made.card.marks.brier_ppm < 1e6 * ((judged.y - whole) ** 2).mean()
    assert grown.card.marks.loss_ppm < grown.card.plain.loss_ppm


def test_where_nothing_was_known_by_the_first_cut_rates_are_learned_all_the_same() -> None:
    """Many orders came in at once and hardly any has ended: that must not end the training."""
    frame, _ = learning.late()
    late = frame._replace(known_ms=frame.known_ms + 10**12)
    (only,) = training.train(late, "tests", with_trees=False)
    assert (only.card.fitted, only.card.calibrated) == (0, 0)
    told = trees.load(only.body, only.digest).tell(frame.pick(np.arange(3)))
    np.testing.assert_allclose(told, 0.5)


def test_an_explanation_names_what_moves_a_chance() -> None:
    """Taken away one by one, the pushes of a row are those of its features; rates have steps."""
    frame, _ = learning.late()
    some = frame.pick(np.arange(40))
    for made in learning.trained():
        fitted = trees.load(made.body, made.digest)
        names, moved = fitted.explain(some)
        assert moved.shape == (40, len(names))
        assert np.abs(moved).max() > 0.02
        assert set(names) <= set(some.columns)
    # a row whose promise is nearly over is held likelier by that
    sure = frame.pick(np.flatnonzero((frame.columns["left"] < 10) & (frame.columns["stage"] < 5)))
    names, moved = trees.load(made.body, made.digest).explain(sure)
    assert moved[:, names.index("left")].mean() > 0.05


@pytest.mark.parametrize("spoil", ["byte", "digest", "features", "format", "text"])
def test_a_file_that_is_not_the_one_that_was_kept_is_refused(spoil: str) -> None:
    made = learning.trained()[-1]
    body, digest = made.body, made.digest
    if spoil == "byte":
        body = body[:-2] + b" }"
    elif spoil == "digest":
        digest = "0" * 64
    else:
        file: dict[str, Any] = msgspec.json.decode(body)
        changed = {
            "features": {"features": file["features"][1:]},
            "format": {"format": 2},
            "text": {"boosters": ["tree\nversion=v9"]},
        }[spoil]
        body = msgspec.json.encode({**file, **changed})
        digest = hashlib.sha256(body).hexdigest()
    with pytest.raises(InputError) as refused:
        trees.load(body, digest)
    assert refused.value.code == "model_damaged"


def test_without_the_extra_rates_are_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    frame, _ = learning.late()
    (only,) = training.train(frame, "tests", with_trees=False)
    assert only.card.kind == "rates"
    # of a warehouse that nobody has heard of the coarser cell is told
    row = frame.pick(np.arange(1))
    strange = row._replace(columns={**row.columns, "warehouse": np.array(["new"], object)})
    fitted = rates.fit(frame)
    coarse = rates.walk(fitted, strange)
    np.testing.assert_allclose(coarse[2], coarse[-1])
    monkeypatch.setattr("importlib.import_module", _missing)
    with pytest.raises(InputError) as missing:
        trees.load_engine()
    assert missing.value.code == "no_extra"


def _missing(name: str) -> Any:
    raise ImportError(name)


def parcels(slow_share: float, seed: int = 5) -> Any:
    """Two months of a lane that took a day, and then more often two."""
    rng = np.random.default_rng(seed)
    shipped = np.sort(NOW_MS - rng.integers(2, 60, 400) * DAY_MS)
    took = rng.normal(24, 2, 400)
    recent = shipped > NOW_MS - 14 * DAY_MS
    took = np.where(recent & (rng.random(400) < slow_share), 40.0, took)
    return shipped.astype(np.int64), (shipped + took * 3_600_000).astype(np.int64)


@pytest.mark.parametrize(("slow", "is_late"), [(0.0, False), (0.6, True)])
def test_a_lane_that_got_slower_is_called(slow: float, is_late: bool) -> None:
    shipped, arrived = parcels(slow)
    lane = lanes.describe(("SF", "WH", "11"), shipped, arrived, ["o"] * 400, NOW_MS)
    assert lane is not None
    (called,) = lanes.call_late([lane])
    assert called.is_late is is_late
    assert called.low <= called.share <= called.high
    assert called.minutes[0] < called.minutes[1] < called.minutes[2]


def test_a_lane_that_stands_still_is_called_before_anything_arrives() -> None:
    """What is still on the way counts once it is past what nine in ten took."""
    shipped, arrived = parcels(0.0)
    stuck = np.where(shipped >= NOW_MS - 14 * DAY_MS, 0, arrived)
    orders = [f"o{n}" for n in range(400)]
    lane = lanes.describe(("SF", "WH", "11"), shipped, stuck, orders, NOW_MS)
    assert lane is not None
    (called,) = lanes.call_late([lane])
    assert (called.is_late, called.late) == (True, called.counted)
    assert set(called.on_way) == {o for o, at in zip(orders, stuck, strict=True) if not at}
    assert lanes.describe(("SF", "WH", "11"), shipped[:1], stuck[:1] * 0, ["o"], NOW_MS) is None


def test_of_many_usual_lanes_none_is_called_by_chance() -> None:
    told = []
    for seed in range(60):
        shipped, arrived = parcels(0.0, seed)
        lane = lanes.describe((f"C{seed}", "WH", "11"), shipped, arrived, ["o"] * 400, NOW_MS)
        assert lane is not None
        told.append(lane)
    assert sum(lane.is_late for lane in lanes.call_late(told)) <= 1


def test_a_habit_is_said_only_where_it_prevails() -> None:
    told = habits.describe("b", 9, ("18-21", 5, 8), ("SF", 4, 9), (6, 6))
    assert (told.window, told.carrier, told.dislikes_splits) == ("18-21", "", True)
    few = habits.describe("b", 3, ("18-21", 2, 2), ("SF", 3, 3), (2, 2))
    assert (few.window, few.carrier, few.dislikes_splits) == ("", "SF", False)


def model(state: Any = "challenger") -> Model:
    made = learning.trained()[-1]
    return Model(id=uuid.UUID(int=1), digest=made.digest, state=state, card=made.card, trained_ms=1)


def test_a_challenger_is_promoted_by_the_margin_alone() -> None:
    frame, _ = learning.late()
    _, grown = (trees.load(m.body, m.digest) for m in learning.trained())
    unseen = frame.pick(split_by_time(frame).judge)
    turned = frame._replace(y=frame.y[::-1])  # what it learned is true of other orders
    simple = trees.Fitted(trees.keep_rates(rates.fit(turned)))
    better = reg.shadow(grown, simple, unseen)
    assert better.ready
    assert better.gain > reg.MARGIN
    worse = reg.shadow(simple, grown, unseen)
    assert not worse.ready
    assert worse.gain < 0
    assert not reg.shadow(grown, simple, unseen.pick(np.arange(10))).ready
    ready = replace(model(), watch=Watch(shadow=better))
    promoted = reg.promote_by_rule(ready)
    assert isinstance(promoted, facts.LearningPromoted)
    assert promoted.by_rule
    assert reg.promote_by_rule(replace(ready, watch=Watch(shadow=Shadow(gain=500)))) is None
    assert reg.promote_by_rule(replace(ready, state="retired")) is None
    assert isinstance(reg.promote(replace(ready, state="base"), ""), Refusal)
    assert isinstance(reg.retire(replace(ready, state="base"), ""), Refusal)
    with pytest.raises(ProgramError):
        reg.evolve("base", facts.LearningConfigured(by_rule=True))


def test_a_champion_steps_back_when_its_inputs_or_its_chances_go() -> None:
    frame, _ = learning.late()
    champion = model("champion")
    fitted = trees.load(learning.trained()[-1].body, champion.digest)
    split = split_by_time(frame)
    fit = frame.pick(split.fit)
    later = frame.pick(np.concatenate([split.calibrate, split.judge]))
    steady = reg.watch(champion, fitted, fit, later, 1)
    assert (steady.trouble, steady.drift) == ("", ())
    assert reg.fall_back(replace(champion, watch=steady)) is None
    weeks = {**fit.columns, "left": fit.columns["left"] * 9 + 400}
    moved = reg.watch(champion, fitted, fit._replace(columns=weeks), later, 1)
    assert [each.name for each in moved.drift] == ["left"]
    fell = reg.fall_back(replace(champion, watch=moved))
    assert isinstance(fell, facts.LearningFellBack)
    assert fell.why == "drift"
    turned = reg.watch(champion, fitted, fit, later._replace(y=1.0 - later.y), 1)
    assert turned.trouble == "calibration"
    assert reg.fall_back(replace(champion, state="base", watch=turned)) is None
