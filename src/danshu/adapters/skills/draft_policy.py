"""Skill `draft-policy`: what a person asked for in words becomes a draft of a policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from danshu.adapters.skills._telling import DAY_MS, idle, reason
from danshu.ports.skill import Draft, Told, Worth

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from danshu.ports.skill_views import PolicyWish


class DraftPolicy:
    """Proposes the plan that rules have read from the words; who reads it, judges it."""

    name = "draft-policy"
    title = Told(zh="按话起草策略", en="Policies from words")
    about = Told(
        zh="把业务人员用话说的策略读成决策表，提议起草；检查、试算、审批照旧",
        en="Reads a policy told in words into a decision table; checks, trial and approval follow",
    )
    version = 1
    action = "draft_policy"
    views = ("policy_wishes",)
    every_s = 300

    def propose(self, views: Mapping[str, Sequence[Any]], now_ms: int) -> Iterator[Draft]:
        """Give a draft for each wish that was understood whole."""
        rows: Sequence[PolicyWish] = views.get("policy_wishes", ())
        for row in rows:
            if row.plan and row.cites:
                yield _draft(row, now_ms)


def _draft(row: PolicyWish, now_ms: int) -> Draft:
    return Draft(
        action="draft_policy",
        key=row.wish,
        title=Told(
            zh=f"起草策略 {row.wish[-6:]}", en=f"Draft policy {row.wish[-6:]}"
        ),
        parameters={"wish": row.wish},
        worth=Worth(low_fen=0, mid_fen=0, high_fen=0),
        cost_fen=0,
        lost_at_most_fen=0,
        reasons=(
            reason(
                f"读成的决策表:{row.title}", f"Read as the decision table: {row.title}",
                row.cites, row.words,
            ),
        ),
        expires_ms=now_ms + 30 * DAY_MS,
        alternatives=(idle("策略照旧", "policies stay as they are"),),
    )  # fmt: skip
