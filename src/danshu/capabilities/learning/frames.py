"""Rows that are learned from or asked about, as columns, and their cut by time."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from danshu.capabilities.learning.features import KNOWN, TARGETS
from danshu.kernel.limits import LEARNING_VALUES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

FITTED: Final = 0.7  # of the orders, the first ones
CALIBRATED: Final = 0.85


class Frame(NamedTuple):
    """Rows of a target. `columns` by feature: float64, or text of a feature of kind `value`.

    `order` and `part` name a row (stream as text; promise, or line), `placed_ms` when its order was
    recorded, `known_ms` when its outcome was, `y` the outcome (NaN where there is none yet).
    """

    target: str
    columns: dict[str, Any]
    order: Any
    part: Any
    moment_ms: Ints
    placed_ms: Ints
    known_ms: Ints
    y: Floats

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.y)

    def pick(self, rows: Any) -> Frame:
        """Give the rows that `rows` (booleans or numbers) names."""
        return self._replace(
            columns={name: column[rows] for name, column in self.columns.items()},
            order=self.order[rows],
            part=self.part[rows],
            moment_ms=self.moment_ms[rows],
            placed_ms=self.placed_ms[rows],
            known_ms=self.known_ms[rows],
            y=self.y[rows],
        )

    def digest(self) -> str:
        """SHA-256 of all that is learned from."""
        told = hashlib.sha256(self.target.encode())
        for name in sorted(self.columns):
            column = self.columns[name]
            told.update(name.encode())
            if column.dtype == object:
                told.update("\n".join(column.tolist()).encode())
            else:
                told.update(np.ascontiguousarray(column).tobytes())
        for more in (self.moment_ms, self.y):
            told.update(np.ascontiguousarray(more).tobytes())
        return told.hexdigest()


def join(frames: Sequence[Frame]) -> Frame:
    """Put frames of one target together."""
    first = frames[0]
    if len(frames) == 1:
        return first

    def all_of(name: str) -> Any:
        return np.concatenate([getattr(frame, name) for frame in frames])

    return first._replace(
        columns={
            name: np.concatenate([frame.columns[name] for frame in frames])
            for name in first.columns
        },
        **{
            name: all_of(name)
            for name in ("order", "part", "moment_ms", "placed_ms", "known_ms", "y")
        },
    )


class Split(NamedTuple):
    """Rows to fit, to calibrate and to be judged on, as numbers of a frame."""

    fit: Ints
    calibrate: Ints
    judge: Ints


def split_by_time(frame: Frame) -> Split:
    """Cut by when orders were placed. What was not known yet at the end of a part is not in it: a
    model that had been made at that moment could not have learned it.
    """
    placed = frame.placed_ms
    if not len(placed):
        nothing = np.empty(0, np.int64)
        return Split(nothing, nothing, nothing)
    first, second = np.quantile(placed, [FITTED, CALIBRATED])
    fit = (placed <= first) & (frame.known_ms <= first)
    calibrate = (placed > first) & (placed <= second) & (frame.known_ms <= second)
    judge = placed > second
    return Split(*(np.flatnonzero(part) for part in (fit, calibrate, judge)))


def split_at_random(frame: Frame, seed: int = 1) -> Split:
    """Cut at random, rows of one order on both sides: what is commonly done, and flatters."""
    order = np.random.default_rng(seed).permutation(frame.rows)
    first, second = round(FITTED * frame.rows), round(CALIBRATED * frame.rows)
    return Split(order[:first], order[first:second], order[second:])


def vocabulary(frame: Frame) -> dict[str, tuple[str, ...]]:
    """Give the words of each feature of kind `value`, the most frequent first."""
    found = {}
    for feature in TARGETS[frame.target]:
        if feature.kind == "value":
            words, counts = np.unique(frame.columns[feature.name].astype(str), return_counts=True)
            most = sorted(range(len(words)), key=lambda n: (-int(counts[n]), str(words[n])))
            found[feature.name] = tuple(str(words[n]) for n in most[:LEARNING_VALUES])
    return found


def lay_out(frame: Frame, features: Sequence[str], words: dict[str, tuple[str, ...]]) -> Floats:
    """Give the table [n, features]; a word that is not known is -1."""
    table = np.empty((frame.rows, len(features)))
    for at, name in enumerate(features):
        column = frame.columns[name]
        if KNOWN[name].kind == "value":
            numbers = {word: float(no) for no, word in enumerate(words.get(name, ()))}
            table[:, at] = [numbers.get(str(word), -1.0) for word in column]
        else:
            table[:, at] = column
    return table
