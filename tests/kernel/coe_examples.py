"""Full examples of the facts of the order COE, see fact_examples.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.capabilities.coe import facts
from danshu.capabilities.coe.model import (
    BookEnd,
    GoalPlan,
    Guardrail,
    ItemPlan,
    TrialFigure,
    TrialPlan,
)

if TYPE_CHECKING:
    from msgspec import Struct

_ITEM: Final = ItemPlan(
    title="仓 GZ01 变差,要不要用策略避开它",
    text="先在上周的订单上试算",
    owner="person:c0ec0ec0-c0ec-70ec-80ec-c0ec0ec0ec01",
    value_fen=1_200_000,
    origin="review",
    ref="2026-W48/question:warehouse:GZ01",
    policy="ab" * 32,
    experiment="c0ec0ec0-c0ec-70ec-80ec-c0ec0ec0ec02",
)
EXAMPLES: Final[list[Struct]] = [
    facts.GoalSet(
        plan=GoalPlan(
            metric="on_time_rate",
            target=970,
            owner="role:policy",
            dimension="channel",
            value="taobao",
            note="双十二之前",
        )
    ),
    facts.GoalEnded(note="渠道已关"),
    facts.WeeklyReviewMade(
        as_of="2026-11-29T22:00:00.000Z",
        digest="c0" * 32,
        positions=(BookEnd(half="2026h2", size=48_211),),
        version=1,
        week="2026-W48",
    ),
    facts.WeeklyReviewNoted(key="change:warehouse:GZ01", text="周三起换了夜班承运商"),
    facts.WeeklyReviewDecided(
        accepted=True,
        item="c0ec0ec0-c0ec-70ec-80ec-c0ec0ec0ec03",
        key="question:warehouse:GZ01",
        note="策略官牵头",
    ),
    facts.BacklogAdded(plan=_ITEM),
    facts.BacklogChanged(note="已交试算", plan=_ITEM, state="doing"),
    facts.ExperimentStarted(
        plan=TrialPlan(
            name="暴雨改派",
            digest="ab" * 32,
            percent=20,
            primary="kept",
            least=20,
            guardrails=(Guardrail(metric="cost", bound=150),),
            until_ms=1_798_761_600_000,
            channels=("taobao",),
            regions=("4401",),
            owner="role:policy",
        )
    ),
    facts.ExperimentMeasured(
        figures=(
            TrialFigure(
                metric="kept",
                treated=412,
                treated_sum=402,
                control=1_604,
                control_sum=1_503,
                effect=39,
                low=3,
                high=75,
                is_known=True,
            ),
        ),
        verdict="better",
    ),
    facts.ExperimentStopped(breached="cost", note="", why="guardrail"),
]
