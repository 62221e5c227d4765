"""`danshu bench learning`: how well lateness is told beforehand, for a merchant whose lateness has
known causes and noise (`testing/late_orders.py`), beside the best that anybody could do.

Trained on the first days, calibrated on later ones, judged on the last. `auc`, `ece`, `brier` are
those of orders as they are placed; `floor` has the chances that the causes themselves give (Bayes)
and the simple model's, and `random_auc` what a split at random would have claimed. Nothing is said
of lateness that has no cause in the features.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from danshu.bench.report import Report, make_report, read_machine
from danshu.capabilities.learning import marks, rates, training, trees
from danshu.capabilities.learning.frames import split_by_time
from danshu.hub import asset_store
from danshu.hub.learning_frames import Frames
from danshu.hub.learning_sql import SOON_MS
from danshu.testing import late_orders

if TYPE_CHECKING:
    from danshu.capabilities.learning.frames import Frame

ORDERS: Final = 60_000
DAYS: Final = 90
BUDGET: Final = {"bayes_gap": 0.06, "ece": 0.06, "train_s": 300.0}
_END_MS: Final = 1_796_000_000_000
_TENANT: Final = 1


def run(seconds: int | None = None, size: int | None = None) -> Report:
    """Draw a merchant of `size` orders, learn, and judge; `seconds` is not used."""
    del seconds
    machine, orders = read_machine(), size or ORDERS
    with tempfile.TemporaryDirectory(prefix="danshu-learning-") as folder:
        place = Path(folder)
        told = late_orders.write(place / str(_TENANT), orders, DAYS, _END_MS)
        with asset_store.open_store(place, _TENANT) as store:
            _tell(f"{orders:,} orders are drawn")
            began_s = time.perf_counter()
            frame = Frames(store, late_orders.MASTERS, _END_MS).ended("late")
            features_s = time.perf_counter() - began_s
            _tell(f"{frame.rows:,} rows in {features_s:.1f} s")
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    split = split_by_time(frame)
    plain = training.calibrate(trees.keep_rates(rates.fit(frame.pick(split.fit))), frame, split)
    grown = training.calibrate(trees.grow(frame.pick(split.fit)), frame, split)
    train_s, train_cpu_s = time.perf_counter() - began_s, time.process_time() - began_cpu_s
    _tell(f"learned in {train_s:.1f} s")
    shuffled = training.flatter(frame)
    judged = frame.pick(split.judge)
    first = judged.pick(judged.moment_ms == judged.placed_ms + SOON_MS)
    chance = np.array([told.chance[str(order)] for order in first.order])
    return _report(machine, frame, judged, first, grown, plain, shuffled, chance, {
        "features_s": round(features_s, 1), "train_s": round(train_s, 1),
        "train_cpu_s": round(train_cpu_s, 1),
    })  # fmt: skip


def _report(
    machine: Any, frame: Frame, judged: Frame, first: Frame, grown: trees.Fitted,
    plain: trees.Fitted, shuffled: Any, chance: Any, took: dict[str, float],
) -> Report:  # fmt: skip
    said, simple = grown.tell(first), plain.tell(first)
    whole = grown.tell(judged)
    bayes = marks.auc(first.y, chance)
    figures = {
        "orders": len(np.unique(frame.order.astype(str))),
        "rows": frame.rows,
        "judged": first.rows,
        "late_share": round(float(first.y.mean()), 4),
        "auc": round(marks.auc(first.y, said), 4),
        "ece": round(marks.calibration_error(first.y, said), 4),
        "brier": round(float(((first.y - said) ** 2).mean()), 4),
        "bayes_gap": round(bayes - marks.auc(first.y, said), 4),
        "under_way_auc": round(marks.auc(judged.y, whole), 4),
        "under_way_ece": round(marks.calibration_error(judged.y, whole), 4),
        "random_auc": shuffled.auc / 1_000,
        "random_ece": shuffled.ece / 1_000,
        **took,
    }
    floor = {
        "bayes_auc": round(bayes, 4),
        "bayes_ece": round(marks.calibration_error(first.y, chance), 4),
        "baseline_auc": round(marks.auc(first.y, simple), 4),
        "baseline_ece": round(marks.calibration_error(first.y, simple), 4),
        "under_way_baseline_auc": round(marks.auc(judged.y, plain.tell(judged)), 4),
    }
    return make_report(
        "learning", figures=figures, floor=floor, budget=BUDGET, machine=machine,
        ratio={"auc": round(figures["auc"] / floor["bayes_auc"], 4)},
    )  # fmt: skip


def _tell(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
