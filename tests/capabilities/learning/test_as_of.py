"""What a model learns from is what was known at that moment."""

from __future__ import annotations

from functools import cache
from typing import Any

import duckdb
import numpy as np
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from danshu.capabilities.assets.sources import FOLDED
from danshu.capabilities.learning.features import TARGETS
from danshu.hub import asset_files
from danshu.hub import learning_sql as sql
from danshu.hub.learning_frames import View
from danshu.testing import late_orders

END_MS = 1_796_000_000_000
NOW_MS = END_MS - 20 * sql.DAY_MS
ORDERS = 150


def laid(rows: dict[str, Any], world: str = "live") -> View:
    """A world over sources that are held in memory."""
    engine = duckdb.connect()
    for name in sql.SOURCES:
        made = asset_files.table_of(rows.get(name, []), FOLDED[name].columns)
        engine.register(f"{name} rows", made)
        engine.execute(f'create table {name} as select * from "{name} rows"')
    return View(engine, world, late_orders.MASTERS, END_MS)


@cache
def told() -> dict[str, list[tuple[Any, ...]]]:
    """Sources as rows, some of them behind the moment that is asked about."""
    return late_orders.rows(ORDERS, 40, END_MS)


def asked(rows: dict[str, list[tuple[Any, ...]]]) -> list[tuple[str, str, int]]:
    """Every order that was known twenty days before the end, asked about then."""
    return [
        (late_orders.spell(row[2]), late_orders.PROMISE, NOW_MS)
        for row in rows["orders"]
        if row[5] <= NOW_MS
    ]


def features(view: View, target: str, rows: list[tuple[str, str, int]]) -> dict[Any, Any]:
    """The features of each row, by order and part."""
    frame = view.ask(target, rows)
    columns = [frame.columns[f.name] for f in TARGETS[target]]
    return {
        (frame.order[n], frame.part[n]): [column[n] for column in columns]
        for n in range(frame.rows)
    }


def behind(rows: dict[str, list[tuple[Any, ...]]], moment_ms: int) -> dict[str, Any]:
    """The rows that were recorded up to a moment."""
    return {name: [r for r in each if r[5] <= moment_ms] for name, each in rows.items()}


def test_nothing_behind_the_moment_is_seen() -> None:
    """All that was recorded later may as well not be there, whenever it happened."""
    rows = told()
    late, line = asked(rows), [(order, "1", moment) for order, _, moment in asked(rows)]
    whole, past = laid(rows), laid(behind(rows, NOW_MS))
    assert len(late) > ORDERS // 4
    for target, wanted in (("late", late), ("hand", late), ("way", late), ("return", line)):
        seen = features(whole, target, wanted)
        assert len(seen) == len(wanted)
        assert seen == features(past, target, wanted), target
    # and what was recorded before is seen: the features are not the same for all
    assert len({tuple(each) for each in features(whole, "hand", late).values()}) > ORDERS // 8


@cache
def behind_now() -> tuple[dict[str, Any], dict[str, list[tuple[str, str, int]]], dict[str, Any]]:
    """What was recorded by the moment, what is asked about then, and the features of that. Those of
    `late` and `return` are all there are.
    """
    before, late = behind(told(), NOW_MS), asked(told())
    before["return_lines"] = [r for r in late_orders.returned(told(), 10) if r[5] <= NOW_MS]
    wanted = {"late": late, "return": [(order, "1", moment) for order, _, moment in late]}
    view = laid(before)
    return before, wanted, {name: features(view, name, each) for name, each in wanted.items()}


@settings(
    max_examples=3,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate),  # shrinking takes minutes
)
@given(
    source=st.sampled_from(["steps", "promises", "allocations", "arrangements", "return_lines"]),
    pick=st.integers(0, 10_000),
    happened=st.integers(0, 60 * sql.DAY_MS),
    recorded=st.integers(1, sql.DAY_MS),
)
@example(source="steps", pick=30, happened=0, recorded=1)  # left, told after it had arrived
def test_a_fact_told_late_changes_nothing_before(
    source: str, pick: int, happened: int, recorded: int
) -> None:
    """A fact that is recorded after the moment, however early it happened, and of whomever."""
    before, wanted, seen = behind_now()
    like = told().get(source) or late_orders.returned(told(), 20)
    fact = list(like[pick % len(like)])
    # a fact of its own: the next in the log, and the next of its order
    fact[1], fact[3] = 1 + max(r[1] for r in like), 1 + max(r[3] for r in like)
    fact[4], fact[5] = NOW_MS - happened, NOW_MS + recorded
    view = laid({**before, source: [*before[source], tuple(fact)]})
    for target, each in wanted.items():
        assert features(view, target, each) == seen[target], target


def test_history_that_was_brought_in_is_dated_by_its_own_word() -> None:
    """A month that is recorded today teaches as it would have; live orders don't see it."""
    rows = told()
    brought = {name: [(*r[:5], END_MS, *r[6:]) for r in each] for name, each in rows.items()}
    past, live = laid(brought, "past"), laid(brought)
    assert (live.ended("late").rows, live.ended("way").rows) == (0, 0)
    found, wanted = past.ended("way"), laid(rows).ended("way")
    assert found.rows == wanted.rows > ORDERS // 2
    np.testing.assert_allclose(np.sort(found.y), np.sort(wanted.y))
    assert np.unique(past.ended("late").columns["backlog"]).size > 3


def test_labels_are_what_came_in_the_end() -> None:
    """A row is learned from only while its promise was open, and says how that ended."""
    rows = told()
    frame = laid(rows).ended("late")
    ends = {late_orders.spell(r[2]): (r[8], r[5]) for r in rows["promises"] if r[8] != "made"}
    for order, y, moment in zip(frame.order, frame.y, frame.moment_ms, strict=True):
        verdict, known = ends[order]
        assert y == float(verdict == "broken")
        assert moment < known
    assert 0 < frame.y.mean() < 1
