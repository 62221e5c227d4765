"""Learning a target: the simple model and the trees, cut by time, calibrated on a later slice,
judged on a still later one. What was judged is what is kept: nothing is fitted again afterwards.
"""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from msgspec.structs import replace

from danshu.capabilities.learning import marks, rates, trees
from danshu.capabilities.learning.calibrate import fit_curve, widen
from danshu.capabilities.learning.features import CHANCES, STAGES, TARGETS
from danshu.capabilities.learning.frames import split_at_random, split_by_time
from danshu.capabilities.learning.model import Card, Marks, Slice, Spread
from danshu.kernel.limits import LEARNING_COMPARED, LEARNING_LEAST

if TYPE_CHECKING:
    from collections.abc import Callable

    from danshu.capabilities.learning.frames import Floats, Frame, Split
    from danshu.capabilities.learning.trees import File, Fitted

_SLICED: Final = {
    "late": ("promise", "stage", "warehouse", "channel"),
    "hand": ("warehouse",),
    "way": ("carrier",),
    "return": ("channel",),
}
_SLICES_EACH: Final = 6
_EDGES: Final = 10
_NOTHING: Final = Marks(rows=0)
_UTC8_MS: Final = 8 * 3_600_000


class Trained(NamedTuple):
    """A model as it is kept: its bytes, their digest, its card."""

    body: bytes
    digest: str
    card: Card


def train(
    frame: Frame, code: str, *, with_trees: bool, tell: Callable[[float], None] | None = None
) -> list[Trained]:
    """Learn the simple model, and the trees where rows and the extra allow; gives the simple one
    first. `code` is the version that did it. Raises InputError `no_extra`.
    """
    split = split_by_time(frame)
    simple = calibrate(trees.keep_rates(rates.fit(frame.pick(split.fit))), frame, split)
    judged = judge(simple, frame.pick(split.judge))
    made = [_keep(simple, frame, split, code, judged, _NOTHING)]
    is_enough = len(split.fit) >= LEARNING_LEAST and len(split.calibrate) >= LEARNING_COMPARED
    if not with_trees or not is_enough:
        return made
    if len(np.unique(frame.y[split.fit])) < 2:
        return made  # nothing was ever late: there is nothing to tell apart
    grown = calibrate(trees.grow(frame.pick(split.fit), tell), frame, split)
    made.append(_keep(grown, frame, split, code, judged, flatter(frame)))
    return made


def flatter(frame: Frame) -> Marks:
    """Judge trees of a split at random, to lay beside: rows of one order lie on both sides, and of
    one week. Of `late` alone.
    """
    if frame.target != "late":
        return _NOTHING
    split = split_at_random(frame)
    grown = calibrate(trees.grow(frame.pick(split.fit)), frame, split)
    return judge(grown, frame.pick(split.judge))


def calibrate(file: File, frame: Frame, split: Split) -> Fitted:
    """Calibrate a model on the slice after the one that it was fitted to."""
    later = frame.pick(split.calibrate)
    raw = trees.Fitted(file).raw(later)
    if file.target in CHANCES:
        return trees.Fitted(replace(file, curve=fit_curve(raw, later.y)))
    return trees.Fitted(replace(file, widen_min=widen(raw, later.y)))


def judge(fitted: Fitted, frame: Frame) -> Marks:
    """Hold a model against rows whose outcome is known."""
    told = fitted.tell(frame)
    if fitted.file.target in CHANCES:
        return marks.judge_chance(frame.y, told)
    return marks.judge_times(frame.y, told)


def compare(mine: Floats, other: Floats, y: Floats, *, is_chance: bool) -> tuple[float, float]:
    """How much less one loses than another on the same rows, and the lower end of that."""
    lost = marks.losses if is_chance else marks.pinballs
    return marks.paired_low(lost(y, mine), lost(y, other))


def _keep(
    fitted: Fitted, frame: Frame, split: Split, code: str, simple: Marks, shuffled: Marks
) -> Trained:
    body, digest = trees.dump(fitted.file)
    later = frame.pick(split.judge)
    seen = frame.placed_ms
    told = fitted.tell(later)
    is_chance = frame.target in CHANCES
    card = Card(
        target=frame.target,
        kind=fitted.file.kind,
        from_day=_day(int(seen.min())) if len(seen) else "",
        to_day=_day(int(seen.max())) if len(seen) else "",
        data=frame.digest(),
        code=code,
        fitted=len(split.fit),
        calibrated=len(split.calibrate),
        seconds=0,
        marks=judge(fitted, later),
        plain=simple,
        shuffled=shuffled,
        bins=marks.bins_of(later.y, told) if is_chance else (),
        slices=_slice(fitted, later) if later.rows >= LEARNING_COMPARED else (),
        spreads=spreads_of(fitted, frame.pick(split.fit)),
        until_ms=_seen_until(frame, split),
    )
    return Trained(body, digest, card)


def _seen_until(frame: Frame, split: Split) -> int:
    seen = np.concatenate([split.fit, split.calibrate])
    return int(frame.placed_ms[seen].max()) if len(seen) else 0


def _day(at_ms: int) -> str:
    return datetime.date.fromordinal(719_163 + (at_ms + _UTC8_MS) // 86_400_000).isoformat()


def _slice(fitted: Fitted, frame: Frame) -> tuple[Slice, ...]:
    found = []
    for name in _SLICED[frame.target]:
        column = frame.columns[name]
        values, counts = np.unique(_words(name, column), return_counts=True)
        most = np.argsort(-counts, kind="stable")[:_SLICES_EACH]
        for value in values[most]:
            part = frame.pick(_words(name, column) == value)
            found.append(Slice(by=name, value=str(value), marks=judge(fitted, part)))
    return tuple(found)


def _words(name: str, column: Floats) -> Floats:
    """A stage by its word, anything else as it is spelt."""
    if name == "stage":
        return np.array([STAGES[int(no)] for no in column], str)
    return column.astype(str)


def spreads_of(fitted: Fitted, frame: Frame) -> tuple[Spread, ...]:
    """Keep how each feature lay, to see later whether it still does."""
    weights = fitted.weights()
    found = []
    for feature in TARGETS[frame.target]:
        column = frame.columns[feature.name]
        if feature.kind == "value":
            words, counts = np.unique(column.astype(str), return_counts=True)
            most = np.argsort(-counts, kind="stable")[: 2 * _EDGES]
            empty = Spread(name=feature.name, values=tuple(str(words[n]) for n in most))
        else:
            levels = np.linspace(0, 1, _EDGES + 1)[1:-1]
            edges = np.unique(np.quantile(column, levels)) if frame.rows else np.empty(0)
            empty = Spread(name=feature.name, edges=tuple(float(e) for e in edges))
        shares = tuple(round(1_000 * share) for share in share_out(empty, column))
        found.append(replace(empty, shares=shares, weight=weights.get(feature.name, 0)))
    return tuple(found)


def share_out(spread: Spread, column: Floats) -> list[float]:
    """Give which share of a column lies in each part of a spread; the last is the rest."""
    count = max(len(column), 1)
    if spread.values:
        shares = [float((column == value).sum()) / count for value in spread.values]
        return [*shares, max(0.0, 1.0 - sum(shares))]
    places = np.searchsorted(np.array(spread.edges), column, side="left")
    found = np.bincount(places, minlength=len(spread.edges) + 1) / count
    return [float(share) for share in found]
