"""The fact types of the order COE; each goal, item, experiment and review is its own stream."""

from __future__ import annotations

from msgspec import Struct

from danshu.capabilities.coe.model import (
    BookEnd,
    GoalPlan,
    ItemPlan,
    ItemState,
    TrialFigure,
    TrialPlan,
    TrialVerdict,
    TrialWhy,
)
from danshu.kernel.fact import fact_type


@fact_type("goal.set")
class GoalSet(Struct, frozen=True, kw_only=True):
    """定目标: what a metric should come to, and who answers for it; said again, it replaces."""

    plan: GoalPlan


@fact_type("goal.ended")
class GoalEnded(Struct, frozen=True, kw_only=True):
    """撤目标: the goal no longer holds."""

    note: str


@fact_type("weekly_review.made")
class WeeklyReviewMade(Struct, frozen=True, kw_only=True):
    """出周报: a version of the review of a week or of seven days, as known at `as_of`.

    `digest` is SHA-256 (hex) of its canonical bytes, `positions` how far each book was read.
    """

    as_of: str
    digest: str
    positions: tuple[BookEnd, ...]
    version: int
    week: str


@fact_type("weekly_review.noted")
class WeeklyReviewNoted(Struct, frozen=True, kw_only=True):
    """会上意见: what a person said of a sentence of the review."""

    key: str
    text: str


@fact_type("weekly_review.decided")
class WeeklyReviewDecided(Struct, frozen=True, kw_only=True):
    """会上决定: a sentence of the review is taken up, as an item of the backlog, or is not."""

    accepted: bool
    item: str
    key: str
    note: str


@fact_type("backlog.added")
class BacklogAdded(Struct, frozen=True, kw_only=True):
    """加入待办: what is to be done about a policy, by whom, what it may be worth."""

    plan: ItemPlan


@fact_type("backlog.changed")
class BacklogChanged(Struct, frozen=True, kw_only=True):
    """改待办: the item as it is from now on."""

    note: str
    plan: ItemPlan
    state: ItemState


@fact_type("experiment.started")
class ExperimentStarted(Struct, frozen=True, kw_only=True):
    """开始实验: a policy set rules a share of the orders as its canary, with guardrails."""

    plan: TrialPlan


@fact_type("experiment.measured")
class ExperimentMeasured(Struct, frozen=True, kw_only=True):
    """实验计量: both arms so far, and whether enough is known."""

    figures: tuple[TrialFigure, ...]
    verdict: TrialVerdict


@fact_type("experiment.stopped")
class ExperimentStopped(Struct, frozen=True, kw_only=True):
    """停止实验: the canary ends. `why` is person, guardrail (`breached` names it), worse, ended or
    gone: the canary had been ended by somebody else.
    """

    breached: str
    note: str
    why: TrialWhy
