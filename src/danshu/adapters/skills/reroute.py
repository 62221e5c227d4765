"""Skill `reroute`: open orders leave a warehouse that will be short before it is their turn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from danshu.adapters.skills._telling import DAY_MS, idle, percent, reason, yuan
from danshu.kernel.limits import SKILL_ORDERS
from danshu.ports.skill import Alternative, Chance, Draft, Told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from danshu.ports.skill_views import ShortRoute


class Reroute:
    """Proposes to decide such orders again without that warehouse."""

    name = "reroute"
    title = Told(zh="绕开缺货仓", en="Around a shortage")
    about = Told(
        zh="看到某仓的货快用完，提议把还没下发、别仓也能发的订单改派出去",
        en="Sees stock that will run out, and proposes to serve orders that can be from elsewhere",
    )
    version = 1
    action = "reroute"
    views = ("short_routes",)
    every_s = 900

    def propose(self, views: Mapping[str, Sequence[Any]], now_ms: int) -> Iterator[Draft]:
        """Give a draft for each SKU and warehouse, the dearest first."""
        rows: Sequence[ShortRoute] = views.get("short_routes", ())
        for row in sorted(rows, key=lambda r: (-r.worth.mid_fen, r.warehouse, r.sku)):
            if row.orders and row.worth.mid_fen > 0 and row.cites:
                yield _draft(row, now_ms)


def _draft(row: ShortRoute, now_ms: int) -> Draft:
    orders = row.orders[:SKILL_ORDERS]
    n, here, there = len(orders), row.warehouse, row.to_warehouse
    out_zh = f" {row.out_day} " if row.out_day else "很快"
    out_en = f"on {row.out_day}" if row.out_day else "soon"
    extra = row.extra_fen * n // max(1, len(row.orders))
    return Draft(
        action="reroute",
        key=f"{here}/{row.sku}",
        title=Told(
            zh=f"{n} 单 {row.sku} 从 {here} 改派别仓({there} 有货)",
            en=f"Send {n} orders of {row.sku} elsewhere than {here} ({there} has stock)",
        ),
        parameters={
            "warehouse": here, "sku": row.sku, "to_warehouse": there, "orders": list(orders),
        },
        worth=row.worth,
        cost_fen=extra,
        lost_at_most_fen=extra,
        reasons=(
            reason(
                f"{here} 的 {row.sku} 按预测{out_zh}用完；这 {n} 单还没下发，占着的货别仓也有",
                f"{row.sku} in {here} runs out {out_en} as forecast; these {n} orders are not "
                "released yet, and what they hold is elsewhere too",
                row.cites,
            ),
        ),
        expires_ms=now_ms + DAY_MS,
        chance=Chance(
            of=Told(zh="当地后来的订单有货", en="later orders there find stock"),
            before=row.chance_before,
            after=row.chance_after,
        ),
        alternatives=(
            idle(
                f"当地后来的订单只有 {percent(row.chance_before)} 的可能有货",
                f"later orders there find stock at {percent(row.chance_before)} only",
                row.chance_before,
            ),
            Alternative(
                title=Told(zh="调拨补货", en="Move stock there"),
                why_not=Told(
                    zh=f"改派只多花 {yuan(extra)} 元，今天就能走",
                    en=f"sending elsewhere costs {yuan(extra)} yuan more and leaves today",
                ),
            ),
        ),
    )  # fmt: skip
