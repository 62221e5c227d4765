"""Skill `safety_stock`: safety stock as its service level asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.adapters.skills._telling import DAY_MS, idle, percent, reason, yuan
from danshu.ports.skill import Chance, Draft, Told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from danshu.ports.skill_views import SafetyGap

LIFE_MS: Final = 7 * DAY_MS
LEAST: Final = 2
"""Units of difference for which nobody is asked."""


class SafetyStock:
    """Proposes to set it row by row, what pays most first."""

    name = "safety-stock"
    title = Told(zh="安全库存", en="Safety stock")
    about = Told(
        zh="看到安全库存与服务水平要求的不一样，提议调整",
        en="Sees safety stock that is not what its service level asks for, and proposes to set it",
    )
    version = 1
    action = "safety_stock"
    views = ("safety_gaps",)
    every_s = 6 * 3_600

    def propose(self, views: Mapping[str, Sequence[Any]], now_ms: int) -> Iterator[Draft]:
        """Give a draft for each row whose difference is worth it."""
        gaps: Sequence[SafetyGap] = views.get("safety_gaps", ())
        told = [
            g for g in gaps if abs(g.advised - g.now) >= LEAST and g.worth.mid_fen > 0 and g.cites
        ]
        for gap in sorted(told, key=lambda g: (-g.worth.mid_fen, g.warehouse, g.sku)):
            yield _draft(gap, now_ms)


def _draft(g: SafetyGap, now_ms: int) -> Draft:
    up = g.advised > g.now
    change = f"{g.now} → {g.advised}"
    return Draft(
        action="safety_stock",
        key=f"{g.warehouse} {g.sku}",
        title=Told(
            zh=f"{g.warehouse} 的 {g.sku} 安全库存{'调高' if up else '调低'} {change} 件",
            en=f"{'Raise' if up else 'Lower'} safety stock of {g.sku} in {g.warehouse} {change}",
        ),
        parameters={
            "warehouse": g.warehouse,
            "sku": g.sku,
            "now": g.now,
            "safety": g.advised,
        },
        worth=g.worth,
        cost_fen=g.holding_fen if up else 0,
        lost_at_most_fen=max(g.holding_fen if up else 0, -g.worth.low_fen),
        reasons=(
            reason(
                f"服务水平要求 {percent(g.service)}，现在的 {g.now} 件只够 "
                f"{percent(1000 - g.chance_before)}"
                if up
                else f"服务水平要求 {percent(g.service)}，{g.advised} 件已经够 "
                f"{percent(1000 - g.chance_after)}",
                f"Its service level is {percent(g.service)}; {g.now} units give "
                f"{percent(1000 - g.chance_before)}"
                if up
                else f"Its service level is {percent(g.service)}; {g.advised} units give "
                f"{percent(1000 - g.chance_after)}",
                g.cites,
                g.name,
            ),
            reason(
                f"持有成本{'多' if up else '省'} {yuan(abs(g.holding_fen))} 元一年",
                f"Holding it costs {yuan(abs(g.holding_fen))} yuan a year "
                f"{'more' if up else 'less'}",
                g.cites,
            ),
        ),
        expires_ms=now_ms + LIFE_MS,
        chance=Chance(
            of=Told(zh="补货到之前断货", en="runs out before more comes"),
            before=g.chance_before,
            after=g.chance_after,
        ),
        alternatives=(
            idle(
                f"断货的可能停在 {percent(g.chance_before)}" if up else "多占的库存继续占着",
                f"it goes on running out at {percent(g.chance_before)}"
                if up
                else "stock stays tied up that nobody needs",
                g.chance_before,
            ),
        ),
    )
