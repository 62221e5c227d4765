"""Skill `rebalance`: stock moves to where it will be short, from where it will not be missed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.adapters.skills._telling import DAY_MS, percent, reason, yuan
from danshu.ports.skill import Alternative, Chance, Draft, Told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from danshu.ports.skill import Reason
    from danshu.ports.skill_views import StockRisk, TransferOption

LIFE_MS: Final = DAY_MS
"""A plan of moves is a day old at most: tomorrow's knows today's sales."""
WHY_NOT: Final = {
    "also_short": Told(zh="那里自己也会缺货", en="it will be short itself"),
    "dearer": Told(zh="运费更贵", en="the way costs more"),
    "slower": Told(zh="到得更晚", en="it would come later"),
    "empty": Told(zh="那里拿不出这么多", en="it can't give that much"),
}
"""Why another source was not taken, by the word that the plan says."""
WORSE: Final = Told(zh="值得的更少", en="it is worth less")


class Rebalance:
    """Proposes the moves of the newest plan, the dearest first."""

    name = "rebalance"
    title = Told(zh="仓间调拨", en="Rebalance stock")
    about = Told(
        zh="看到哪个仓将要缺货、哪个仓用不着，提议调拨",
        en="Sees which warehouse will be short and which won't miss it, and proposes a transfer",
    )
    version = 1
    action = "transfer"
    views = ("transfer_options", "stock_risks")
    every_s = 3_600

    def propose(self, views: Mapping[str, Sequence[Any]], now_ms: int) -> Iterator[Draft]:
        """Give a draft for each move that is worth more than it costs."""
        options: Sequence[TransferOption] = views.get("transfer_options", ())
        risks = {(r.warehouse, r.sku): r for r in views.get("stock_risks", ())}
        worth = [o for o in options if o.worth.mid_fen > 0 and o.quantity > 0 and o.cites]
        for o in sorted(worth, key=lambda o: (-o.worth.mid_fen, o.to_warehouse, o.sku)):
            yield _draft(o, risks.get((o.to_warehouse, o.sku)), now_ms)


def _draft(o: TransferOption, risk: StockRisk | None, now_ms: int) -> Draft:
    chart = o.chart or (risk.chart if risk is not None else ())
    return Draft(
        action="transfer",
        key=f"{o.from_warehouse} {o.to_warehouse} {o.sku}",
        title=Told(
            zh=f"把 {o.sku} {o.quantity} 件从 {o.from_warehouse} 调到 {o.to_warehouse}",
            en=f"Move {o.quantity} of {o.sku} from {o.from_warehouse} to {o.to_warehouse}",
        ),
        parameters={
            "from_warehouse": o.from_warehouse,
            "to_warehouse": o.to_warehouse,
            "sku": o.sku,
            "quantity": o.quantity,
            "truck": o.truck,
            "cost_fen": o.cost_fen,
            "days": o.days,
        },
        worth=o.worth,
        cost_fen=o.cost_fen,
        lost_at_most_fen=max(o.cost_fen, -o.worth.low_fen),
        reasons=tuple(_reasons(o, risk)),
        expires_ms=now_ms + LIFE_MS,
        chance=Chance(
            of=Told(
                zh=f"{o.to_warehouse} 在 {o.chance_days} 天内断货",
                en=f"{o.to_warehouse} runs out within {o.chance_days} days",
            ),
            before=o.chance_before,
            after=o.chance_after,
        ),
        alternatives=tuple(_others(o)),
        chart=chart,
        chart_unit="件" if chart else "",
    )


def _reasons(o: TransferOption, risk: StockRisk | None) -> Iterator[Reason]:
    yield reason(
        f"{o.to_warehouse} 在 {o.chance_days} 天内断货的可能从 {percent(o.chance_before)} 降到 "
        f"{percent(o.chance_after)}",
        f"{o.to_warehouse} runs out within {o.chance_days} days at {percent(o.chance_after)} "
        f"instead of {percent(o.chance_before)}",
        o.cites,
        o.name,
    )
    if risk is not None and risk.cites:
        free = max(0, risk.on_hand - risk.reserved)
        daily = f"{risk.daily_milli / 1000:.1f}"
        out = f",照中位数 {risk.out_day} 卖完" if risk.out_day else ""
        out_en = f"; the middle case is out on {risk.out_day}" if risk.out_day else ""
        yield reason(
            f"{risk.warehouse} 还有 {free} 件可卖，在途 {risk.in_transit} 件，"
            f"一天约卖 {daily} 件{out}",
            f"{risk.warehouse} has {free} to sell and {risk.in_transit} on the way, about {daily} "
            f"a day are asked for{out_en}",
            risk.cites,
        )
    yield reason(
        f"用 {o.truck} 走 {o.days} 天，运费 {yuan(o.cost_fen)} 元；净值中位数 "
        f"{yuan(o.worth.mid_fen)} 元",
        f"{o.days} days by {o.truck} for {yuan(o.cost_fen)} yuan; worth {yuan(o.worth.mid_fen)} "
        "yuan net in the middle case",
        o.cites,
    )


def _others(o: TransferOption) -> Iterator[Alternative]:
    for warehouse, fen, chance, why in o.others:
        yield Alternative(
            title=Told(zh=f"从 {warehouse} 调", en=f"Take it from {warehouse}"),
            why_not=WHY_NOT.get(why, WORSE),
            worth_fen=fen,
            chance=min(1000, max(0, chance)),
        )
    yield Alternative(
        title=Told(zh="不调", en="Do nothing"),
        why_not=Told(
            zh=f"{percent(o.chance_before)} 的可能断货",
            en=f"it runs out at {percent(o.chance_before)}",
        ),
        worth_fen=0,
        chance=o.chance_before,
    )
