"""Full examples of the facts of models, see fact_examples.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from danshu.capabilities.learning import facts

if TYPE_CHECKING:
    from msgspec import Struct

EXAMPLES: Final[list[Struct]] = [
    facts.LearningTrained(
        auc=874,
        code="0.4.0",
        data="5f" * 32,
        digest="a7" * 32,
        ece=31,
        from_day="2026-08-01",
        kind="trees",
        loss=372_561,
        rows=5_870,
        state="challenger",
        target="late",
        to_day="2026-11-29",
    ),
    facts.LearningPromoted(by_rule=False, gain=182, note="近两周更准"),
    facts.LearningFellBack(detail="PSI backlog 0.41", why="drift"),
    facts.LearningRetired(note="仓网已重组", why="person"),
    facts.LearningConfigured(by_rule=True),
]
