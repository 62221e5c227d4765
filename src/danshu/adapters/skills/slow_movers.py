"""Skill `slow-movers`: goods that cost more to keep than they will bring are marked down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.adapters.skills._telling import DAY_MS, idle, percent, reason, yuan
from danshu.kernel.limits import MARKDOWN_MAX
from danshu.ports.skill import Draft, Told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from danshu.ports.skill_views import SlowMover

LIFE_MS: Final = 7 * DAY_MS


class SlowMovers:
    """Proposes a lower price, once a SKU: where most of it lies."""

    name = "slow-movers"
    title = Told(zh="清滞销", en="Clear slow movers")
    about = Told(
        zh="看到卖得太慢、放着要跌价的货，提议降价",
        en="Sees goods that sell too slowly and lose value, and proposes to mark them down",
    )
    version = 1
    action = "clear_slow_movers"
    views = ("slow_movers",)
    every_s = 24 * 3_600

    def propose(self, views: Mapping[str, Sequence[Any]], now_ms: int) -> Iterator[Draft]:
        """Give a draft for each SKU: its price is the same in every warehouse."""
        rows: Sequence[SlowMover] = views.get("slow_movers", ())
        told = [r for r in rows if r.worth.mid_fen > 0 and r.on_hand > 0 and r.markdown > 0]
        told = [r for r in told if r.cites]
        seen: set[str] = set()
        for row in sorted(told, key=lambda r: (-r.worth.mid_fen, r.warehouse, r.sku)):
            if row.sku not in seen:
                seen.add(row.sku)
                yield _draft(row, now_ms)


def _draft(r: SlowMover, now_ms: int) -> Draft:
    markdown = min(r.markdown, MARKDOWN_MAX)
    given = r.value_fen * markdown // 1000
    return Draft(
        action="clear_slow_movers",
        key=r.sku,
        title=Told(
            zh=f"{r.sku} 标价降 {percent(markdown)}，清 {r.warehouse} 的 {r.on_hand} 件",
            en=f"Mark {r.sku} down by {percent(markdown)} to clear {r.on_hand} in {r.warehouse}",
        ),
        parameters={
            "warehouse": r.warehouse,
            "sku": r.sku,
            "markdown": markdown,
        },
        worth=r.worth,
        cost_fen=given,
        lost_at_most_fen=max(given, -r.worth.low_fen),
        reasons=(
            reason(
                f"{r.warehouse} 的 {r.on_hand} 件还要卖 {r.cover_days} 天",
                f"{r.on_hand} units in {r.warehouse} last {r.cover_days} days",
                r.cites,
                r.name,
            ),
            reason(
                f"卖不完的部分预计跌价 {yuan(r.write_down_fen)} 元，降价卖掉少收 {yuan(given)} 元",
                f"{yuan(r.write_down_fen)} yuan would be written down of what will not sell; "
                f"selling it for less gives up {yuan(given)} yuan",
                r.cites,
            ),
        ),
        expires_ms=now_ms + LIFE_MS,
        alternatives=(
            idle(
                f"预计跌价 {yuan(r.write_down_fen)} 元",
                f"{yuan(r.write_down_fen)} yuan would be written down",
            ),
        ),
    )
