"""What may be said of goals, items, experiments and reviews; gives facts or a Refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.capabilities.coe import facts, trial
from danshu.kernel.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from danshu.capabilities.coe.model import (
        BacklogItem,
        Experiment,
        Goal,
        GoalPlan,
        ItemPlan,
        ItemState,
        TrialFigure,
        TrialPlan,
        WeeklyReview,
    )


def _no(code: str, reason: str, reason_en: str) -> Refusal:
    return Refusal(code=code, reason=reason, reason_en=reason_en, clause=f"coe.{code}")


GOAL_ENDED: Final = _no("goal_ended", "这个目标已撤", "This goal has ended")
NOT_RUNNING: Final = _no("not_running", "这个实验没有在进行", "This experiment is not running")
OVER: Final = _no("experiment_over", "截止时间已过", "Its last moment has passed")
CANARY_BUSY: Final = _no(
    "canary_busy",
    "已有策略在灰度：先结束它",
    "Another policy set is the canary: end it first",
)
NO_CONTROL: Final = _no(
    "no_control",
    "全部订单都归实验组，没有对照：比例要小于 100%，或只取部分渠道、地区",
    "Every order is treated and there is no control: take less than 100 %, or some channels or"
    " regions",
)
RAILS_TWICE: Final = _no(
    "guardrail_twice",
    "同一个指标只能有一条护栏，也不能既是主指标又是护栏",
    "A metric has one guardrail at most, and the primary metric has none",
)
NO_SENTENCE: Final = _no("no_sentence", "周报里没有这一句", "The review has no such sentence")
DECIDED: Final = _no(
    "decided_already", "这一句会上已有决定", "The meeting has decided about this sentence"
)


def set_goal(goal: Goal | None, plan: GoalPlan) -> facts.GoalSet | Refusal | None:
    """Set a goal, or set it anew; None where it is as it was."""
    if goal is not None and goal.state == "ended":
        return GOAL_ENDED
    return None if goal is not None and goal.plan == plan else facts.GoalSet(plan=plan)


def end_goal(goal: Goal, note: str) -> facts.GoalEnded | Refusal:
    """End a goal."""
    return GOAL_ENDED if goal.state == "ended" else facts.GoalEnded(note=note)


def change_item(
    item: BacklogItem, plan: ItemPlan, state: ItemState, note: str
) -> facts.BacklogChanged | None:
    """Change an item; None where it is as it was."""
    if (item.plan, item.state) == (plan, state) and (not note or note == item.note):
        return None
    return facts.BacklogChanged(note=note, plan=plan, state=state)


def start_trial(plan: TrialPlan, canary: str, now_ms: int) -> facts.ExperimentStarted | Refusal:
    """Start an experiment; `canary` is the set that rules a share of the orders now."""
    if plan.until_ms <= now_ms:
        return OVER
    if plan.percent >= 100 and not plan.channels and not plan.regions:
        return NO_CONTROL
    rails = [plan.primary, *(g.metric for g in plan.guardrails)]
    if len(set(rails)) < len(rails):
        return RAILS_TWICE
    return CANARY_BUSY if canary else facts.ExperimentStarted(plan=plan)


def measure_trial(
    experiment: Experiment, figures: Sequence[TrialFigure]
) -> facts.ExperimentMeasured | Refusal | None:
    """Say how it stands; None where nothing changed."""
    if experiment.state != "running":
        return NOT_RUNNING
    told = tuple(figures)
    if told == experiment.figures:
        return None
    return facts.ExperimentMeasured(figures=told, verdict=trial.judge(experiment.plan, told))


def end_trial(
    experiment: Experiment, heads: Mapping[str, str], now_ms: int
) -> facts.ExperimentStopped | None:
    """Stop it by itself, where there is a reason to."""
    if experiment.state != "running":
        return None
    why, breached = trial.why_stop(experiment.plan, experiment.figures, heads, now_ms)
    return facts.ExperimentStopped(breached=breached, note="", why=why) if why else None


def stop_trial(experiment: Experiment, note: str) -> facts.ExperimentStopped | Refusal:
    """Stop it as a person."""
    if experiment.state != "running":
        return NOT_RUNNING
    return facts.ExperimentStopped(breached="", note=note, why="person")


def note_review(keys: Sequence[str], key: str, text: str) -> facts.WeeklyReviewNoted | Refusal:
    """Say something of a sentence."""
    return facts.WeeklyReviewNoted(key=key, text=text) if key in keys else NO_SENTENCE


def settle_sentence(
    review: WeeklyReview, keys: Sequence[str], key: str, item: str, note: str
) -> facts.WeeklyReviewDecided | Refusal:
    """Take a sentence up as the backlog's `item`, or ("") don't."""
    if key not in keys:
        return NO_SENTENCE
    if any(a.key == key for a in review.agenda):
        return DECIDED
    return facts.WeeklyReviewDecided(accepted=bool(item), item=item, key=key, note=note)
