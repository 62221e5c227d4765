"""Skill `expedite`: orders about to break their promise come first on the floor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from danshu.adapters.skills._telling import HOUR_MS, idle, percent, reason, yuan
from danshu.kernel.limits import SKILL_ORDERS
from danshu.ports.skill import Chance, Draft, Told, Worth

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from danshu.ports.skill import Reason
    from danshu.ports.skill_views import OrderRisk

INSIDE: Final = frozenset({"allocated", "released", "picked", "packed"})
"""States in which the floor can still do something."""
LEAST: Final = 200
"""Chance to be late, in thousandths, below which nobody is hurried."""
HELPS: Final = 500
"""Share of the lateness, in thousandths, that coming first takes away at best."""


class Expedite:
    """Proposes to raise such orders, warehouse by warehouse, to the top of the floor's list."""

    name = "expedite"
    title = Told(zh="要误时的单先做", en="Late ones first")
    about = Told(
        zh="看到还在仓里、很可能要误承诺的订单，提议让现场先做",
        en="Sees orders still in the house that will likely be late, and proposes to do them first",
    )
    version = 1
    action = "expedite"
    views = ("order_risks",)
    every_s = 600

    def propose(self, views: Mapping[str, Sequence[Any]], now_ms: int) -> Iterator[Draft]:
        """Give a draft for each warehouse, the one that owes most first."""
        by: dict[str, list[OrderRisk]] = {}
        for row in views.get("order_risks", ()):
            if row.state in INSIDE and row.chance >= LEAST and row.due_ms > now_ms and row.cites:
                by.setdefault(row.warehouse, []).append(row)
        drafts = [_draft(wh, rows, now_ms) for wh, rows in sorted(by.items())]
        yield from sorted(drafts, key=lambda d: (-d.worth.mid_fen, d.key))


def _draft(warehouse: str, rows: Sequence[OrderRisk], now_ms: int) -> Draft:
    first = sorted(rows, key=lambda r: (-r.owed_fen * r.chance, r.due_ms, r.order))[:SKILL_ORDERS]
    n = len(first)
    owed = sum(r.owed_fen * r.chance for r in first) // 1_000
    mid = owed * HELPS // 1_000
    before = sum(r.chance for r in first) // n
    due_ms = min(r.due_ms for r in first)
    return Draft(
        action="expedite",
        key=warehouse,
        title=Told(
            zh=f"{warehouse} 先做 {n} 张要误时的订单",
            en=f"{warehouse}: do {n} orders first that will be late",
        ),
        parameters={"warehouse": warehouse, "orders": sorted(r.order for r in first)},
        worth=Worth(low_fen=0, mid_fen=mid, high_fen=max(mid, owed)),
        cost_fen=0,
        lost_at_most_fen=0,
        reasons=(*_reasons(first, owed),),
        expires_ms=max(now_ms + HOUR_MS, due_ms),
        chance=Chance(
            of=Told(zh="误时", en="late"), before=before, after=before * (1_000 - HELPS) // 1_000
        ),
        alternatives=(
            idle(
                f"平均误时可能 {percent(before)}，照承诺要赔 {yuan(owed)} 元",
                f"late at {percent(before)} on average; the promises would cost {yuan(owed)} yuan",
                before,
            ),
        ),
    )


def _reasons(first: Sequence[OrderRisk], owed: int) -> Iterator[Reason]:
    worst = max(first, key=lambda r: (r.chance, r.order))
    yield reason(
        f"{len(first)} 单在仓内，误时的可能最高 {percent(worst.chance)}，期望赔付 {yuan(owed)} 元",
        f"{len(first)} orders are in the house, late at up to {percent(worst.chance)}; "
        f"{yuan(owed)} yuan are expected to be owed",
        tuple(c for r in first[:5] for c in r.cites[:1]),
        worst.remark,
    )
    if worst.why:
        most = [name for name, _ in worst.why[:3]]
        yield reason(
            f"最主要的因素：{'、'.join(name.zh for name in most)}",
            f"What pushes most: {', '.join(name.en for name in most)}",
            worst.cites,
        )
