"""Skill `tune-policy`: a figure of a live policy with another value, as its simulation says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from danshu.adapters.skills._telling import DAY_MS, idle, percent, reason, yuan
from danshu.ports.skill import Chance, Draft, Told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from danshu.ports.skill_views import PolicyKnob


class TunePolicy:
    """Proposes a draft of the policy set; it takes the road of every draft."""

    name = "tune-policy"
    title = Told(zh="调策略参数", en="Tune a policy")
    about = Told(
        zh="拿在用策略里的数字换个值，在过去的订单上试算；更好就提议起草",
        en="Tries another value of a live policy's figure on past orders; proposes it where better",
    )
    version = 1
    action = "tune_policy"
    views = ("policy_knobs",)
    every_s = 21_600

    def propose(self, views: Mapping[str, Sequence[Any]], now_ms: int) -> Iterator[Draft]:
        """Give the best value of each figure, the dearest first."""
        best: dict[tuple[str, str], PolicyKnob] = {}
        for row in views.get("policy_knobs", ()):
            if not (row.simulated and row.changed_orders and row.worth.low_fen > 0 and row.cites):
                continue
            place = (row.policy, row.path)
            if place not in best or row.worth.mid_fen > best[place].worth.mid_fen:
                best[place] = row
        for row in sorted(best.values(), key=lambda r: (-r.worth.mid_fen, r.path)):
            yield _draft(row, now_ms)


def _draft(row: PolicyKnob, now_ms: int) -> Draft:
    return Draft(
        action="tune_policy",
        key=f"{row.policy[:16]}/{row.path}",
        title=Told(
            zh=f"策略 {row.path} 的 {row.now} 改成 {row.advised}",
            en=f"Policy {row.path}: {row.advised} instead of {row.now}",
        ),
        parameters={
            "policy": row.policy,
            "path": row.path,
            "now": row.now,
            "value": row.advised,
            "simulated": row.simulated,
        },
        worth=row.worth,
        cost_fen=0,
        lost_at_most_fen=max(0, -row.worth.low_fen),
        reasons=(
            reason(
                f"在过去的订单上试算:{row.changed_orders} 单会变，"
                f"预计每周省 {yuan(row.worth.mid_fen)} 元",
                f"Tried on past orders: {row.changed_orders} would change, "
                f"{yuan(row.worth.mid_fen)} yuan a week are expected",
                row.cites,
            ),
        ),
        expires_ms=now_ms + 7 * DAY_MS,
        chance=Chance(
            of=Told(zh="按时", en="on time"), before=row.kept_before, after=row.kept_after
        ),
        alternatives=(
            idle(
                f"按时保持 {percent(row.kept_before)}",
                f"stays at {percent(row.kept_before)} on time",
                row.kept_before,
            ),
        ),
    )
