"""Figures of policies: found where they stand, set to another value, nothing else touched."""

from __future__ import annotations

import pytest

from danshu.capabilities.routing.policy import figures as policy_figures
from danshu.capabilities.routing.policy import lint, templates
from danshu.capabilities.routing.policy.model import PolicySet
from danshu.hub import policy_wishes
from danshu.kernel.errors import InputError


def shipped(code: str) -> PolicySet:
    return next(t for t in templates.shipped() if t.code == code).policy()


def test_bounds_and_weights_are_figures_dates_are_not() -> None:
    found = {f.path.rpartition("/")[2]: f.value for f in policy_figures.find(shipped("promotion"))}
    assert set(found.values()) == {500, 5_000_000}  # not 20261111, not the limit of parcels


def test_another_value_changes_one_cell() -> None:
    policy = shipped("promotion")
    (figure,) = [f for f in policy_figures.find(policy) if f.value == 5_000_000]
    turned = policy_figures.turn(policy, figure.path, 4_000_000)
    assert [f.value for f in policy_figures.find(turned)] == [
        4_000_000 if f == figure else f.value for f in policy_figures.find(policy)
    ]
    assert policy.content == shipped("promotion").content  # what was given is as it was
    assert len(turned.content) == len(policy.content)
    with pytest.raises(InputError):
        policy_figures.turn(policy, "promotion/rules/r9/i2", 1)


def test_only_sound_values_are_tried() -> None:
    policy = shipped("promotion")
    for figure in policy_figures.find(policy):
        for value, turned in policy_figures.near(figure, policy):
            assert 0.7 < value / figure.value < 1.3
            assert lint.is_sound(lint.check(turned))


def test_a_plan_stands_behind_what_rules_and_its_cases_hold() -> None:
    live, plan = shipped("rainstorm"), shipped("promotion")
    joined, more = policy_wishes.join(live, plan)
    assert [g.code for g in joined.graphs] == ["rainstorm", "promotion"]
    assert lint.is_sound(lint.check(joined))
    assert 0 <= more <= len(live.cases)
    again, _ = policy_wishes.join(joined, plan)
    assert len(again.graphs) == 2  # told twice, it is there once
