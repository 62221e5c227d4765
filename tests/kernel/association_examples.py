"""Full examples of the facts of campaigns, see fact_examples.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.capabilities.associations import facts
from danshu.capabilities.associations.model import Figures, Plan

if TYPE_CHECKING:
    from msgspec import Struct

EXAMPLES: Final[list[Struct]] = [
    facts.AssociationProposed(
        plan=Plan(
            act="coupon",
            first="DW-600",
            then="DET-1KG",
            window_d=30,
            text="洗碗机专用清洁剂,凭 DET5 立减 5 元",
            basis="会员已同意接收营销信息",
            until_ms=1_798_761_600_000,
            level="family",
            holdout=250,
            cost=500,
            budget=500_000,
            least_effect=20,
            counted_after_h=240,
            confidence=412,
            otherwise=38,
        )
    ),
    facts.AssociationStarted(note="先试一个月"),
    facts.AssociationEnrolled(holdout=("b3" * 12,), treated=("a1" * 12, "c5" * 12)),
    facts.AssociationTold(told=98, unreached=2),
    facts.AssociationMeasured(
        figures=Figures(
            treated=400,
            holdout=100,
            told=392,
            unreached=8,
            counted_treated=380,
            counted_holdout=95,
            bought_treated=152,
            bought_holdout=19,
            effect=200,
            low=98,
            high=283,
            always_low=41,
            always_high=359,
            spent=76_000,
        )
    ),
    facts.AssociationStopped(note="预算用完", why="budget"),
]
