"""What a campaign may do: proposed, started by a person, stopped by one or by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.capabilities.associations import trial
from danshu.capabilities.associations.facts import (
    AssociationEnrolled,
    AssociationMeasured,
    AssociationProposed,
    AssociationStarted,
    AssociationStopped,
    AssociationTold,
)
from danshu.kernel.errors import Refusal

if TYPE_CHECKING:
    from danshu.capabilities.associations.model import Campaign, Figures, Plan, Why
    from danshu.capabilities.associations.trial import Arms

BOUGHT_MIN: Final = 10
"""Buyers who bought, in both arms, before an effect is called absent within the window."""
NOT_PROPOSED: Final = Refusal(
    code="campaign_not_proposed",
    reason="这个动作已启动过或已停止",
    reason_en="This campaign was started or stopped already",
    clause="association.state",
)
NOT_RUNNING: Final = Refusal(
    code="campaign_not_running",
    reason="这个动作没有在进行",
    reason_en="This campaign is not running",
    clause="association.state",
)
OVER: Final = Refusal(
    code="campaign_over",
    reason="截止时间已过",
    reason_en="Its last moment has passed",
    clause="association.until",
)
DEAR: Final = Refusal(
    code="coupon_without_budget",
    reason="优惠券须有面额和预算，提醒不花钱",
    reason_en="A coupon has a cost and a budget, a reminder has none",
    clause="association.budget",
)
SAME: Final = Refusal(
    code="same_goods",
    reason="前后是同一种商品",
    reason_en="Both are the same goods",
    clause="association.then",
)


def propose(plan: Plan, now_ms: int) -> AssociationProposed | Refusal:
    """Propose a campaign."""
    if plan.first == plan.then:
        return SAME
    if plan.until_ms <= now_ms:
        return OVER
    if (plan.act == "coupon") != (plan.cost > 0 and plan.budget >= plan.cost):
        return DEAR
    return AssociationProposed(plan=plan)


def start(campaign: Campaign, note: str, now_ms: int) -> AssociationStarted | Refusal:
    """Start what was proposed."""
    if campaign.state != "proposed":
        return NOT_PROPOSED
    if campaign.plan.until_ms <= now_ms:
        return OVER
    return AssociationStarted(note=note)


def stop(campaign: Campaign, why: Why, note: str) -> AssociationStopped | Refusal:
    """Stop it; what was only proposed is withdrawn by that."""
    if campaign.state == "stopped":
        return NOT_RUNNING
    return AssociationStopped(note=note, why=why)


def enrol(
    campaign: Campaign, treated: tuple[str, ...], holdout: tuple[str, ...]
) -> AssociationEnrolled | Refusal:
    """Take buyers in."""
    if campaign.state != "running":
        return NOT_RUNNING
    return AssociationEnrolled(holdout=holdout, treated=treated)


def tell(campaign: Campaign, told: int, unreached: int) -> AssociationTold | Refusal:
    """Say how many were reached, also of a campaign that has stopped meanwhile."""
    if campaign.state == "proposed":
        return NOT_RUNNING
    return AssociationTold(told=told, unreached=unreached)


def measure(campaign: Campaign, arms: Arms, used: int) -> AssociationMeasured | None:
    """Measure; None where nothing changed. `used`: the treated who bought, counted yet or not."""
    figures = trial.measure(campaign.figures, arms, campaign.plan.cost * used)
    return None if figures == campaign.figures else AssociationMeasured(figures=figures)


def why_stop(campaign: Campaign, figures: Figures, recent: Arms, now_ms: int) -> Why | None:
    """Say why a running campaign stops by itself. `recent` are those enrolled last."""
    plan = campaign.plan
    if plan.until_ms <= now_ms:
        return "ended"
    if plan.budget and figures.spent + plan.cost > plan.budget:
        return "budget"
    bought = figures.bought_treated + figures.bought_holdout
    if bought < BOUGHT_MIN and plan.counted_after_h < 24 * plan.window_d:
        return None  # whose window is still open may yet buy
    if figures.always_high < plan.least_effect:
        return "no_effect"
    if round(1000 * trial.always_valid(recent)[1]) < plan.least_effect:
        return "faded"
    return None
