"""Skill `promotion-split`: a promotion's stock shared among the channels that will sell it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.adapters.skills._telling import DAY_MS, idle, percent, reason, yuan
from danshu.ports.skill import Chance, Draft, Told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from danshu.ports.skill_views import PromotionSplit as Split

LIFE_MS: Final = 3 * DAY_MS


class PromotionSplit:
    """Proposes quotas, where another share sells more."""

    name = "promotion-split"
    title = Told(zh="大促分货", en="Share a promotion's stock")
    about = Told(
        zh="看到大促货分给各渠道的份额与将卖出的不符，提议新的配额",
        en="Sees shares of a promotion's stock that differ from what channels will sell, and "
        "proposes other quotas",
    )
    version = 1
    action = "promotion_split"
    views = ("promotion_splits",)
    every_s = 3_600

    def propose(self, views: Mapping[str, Sequence[Any]], now_ms: int) -> Iterator[Draft]:
        """Give a draft for each promotion, warehouse and SKU whose shares should change."""
        splits: Sequence[Split] = views.get("promotion_splits", ())
        told = [
            s
            for s in splits
            if s.advised and s.advised != s.now and s.worth.mid_fen > 0 and s.cites
        ]
        for s in sorted(told, key=lambda s: (-s.worth.mid_fen, s.promotion, s.warehouse, s.sku)):
            yield _draft(s, now_ms)


def _draft(s: Split, now_ms: int) -> Draft:
    shares = ", ".join(f"{channel} {units}" for channel, units in s.advised)
    before = ", ".join(f"{channel} {units}" for channel, units in s.now)
    return Draft(
        action="promotion_split",
        key=f"{s.promotion} {s.warehouse} {s.sku}",
        title=Told(
            zh=f"{s.warehouse} 的 {s.sku} 大促货重新分给 {len(s.advised)} 个渠道",
            en=f"Share {s.sku} in {s.warehouse} among {len(s.advised)} channels anew",
        ),
        parameters={
            "promotion": s.promotion,
            "warehouse": s.warehouse,
            "sku": s.sku,
            "split": [{"channel": channel, "cap": units} for channel, units in s.advised],
        },
        worth=s.worth,
        cost_fen=0,
        lost_at_most_fen=max(0, -s.worth.low_fen),
        reasons=(
            reason(
                f"有渠道不够卖的可能从 {percent(s.chance_before)} 降到 {percent(s.chance_after)};"
                f"分法:{shares}",
                f"A channel runs out at {percent(s.chance_after)} instead of "
                f"{percent(s.chance_before)}; shares: {shares}",
                s.cites,
                s.name,
            ),
            reason(
                f"现在的分法:{before or '没有配额'}；值得 {yuan(s.worth.mid_fen)} 元",
                f"Shares now: {before or 'no quotas'}; worth {yuan(s.worth.mid_fen)} yuan",
                s.cites,
            ),
        ),
        expires_ms=now_ms + LIFE_MS,
        chance=Chance(
            of=Told(zh="有渠道不够卖", en="a channel runs out"),
            before=s.chance_before,
            after=s.chance_after,
        ),
        alternatives=(
            idle("先到先得，卖得慢的渠道占着货", "first come, first served", s.chance_before),
        ),
    )
