"""`danshu routing counterfactual`: the newest decision of an order under another policy set."""

from __future__ import annotations

import msgspec
from rich.console import Console
from rich.table import Table

from danshu.faces.cli import opening
from danshu.hub import decision_views, policy_drafts, views, what_if
from danshu.hub.compose import Hub
from danshu.hub.decision_views import DecisionPanel
from danshu.hub.policy_arms import compile_set
from danshu.hub.what_if import Tried


def counterfactual(order: str, policy: str, tenant: str, as_json: bool) -> int:
    """Decide the newest decision again on its own snapshot, as if `policy` had ruled."""
    tried = _try(order, policy, tenant)
    if as_json:
        opening.show_json(
            {
                "order": str(tried.order),
                "fact": tried.before.fact,
                "policy": policy,
                "snapshot": tried.before.snapshot,
                "same_plan": tried.difference.is_same_plan,
                "before": msgspec.to_builtins(tried.before.plans[0]),
                "after": msgspec.to_builtins(tried.after.plans[0]),
                "difference": msgspec.to_builtins(tried.difference),
                "ruling": msgspec.to_builtins(tried.after.ruling),
            }
        )
    else:
        _describe(tried, policy)
    return 0


def _try(order: str, policy: str, tenant: str) -> Tried:
    async def work(hub: Hub) -> Tried:
        number = await opening.find_tenant(hub, tenant)
        id_ = await opening.find_order(hub, number, order)
        world = await hub.worlds.ensure(number)
        seen = await views.read_order(hub, number, id_)
        async with hub.connection() as connection:
            recorded = await decision_views.read_recorded(connection, number, id_)
            asked = decision_views.pick(recorded, "")
            digest = asked.decision.snapshot
            snapshot = await decision_views.read_snapshot(connection, number, digest)
            compiled = None
            if policy != "none":
                compiled = compile_set(await policy_drafts.resolve(connection, number, policy))
        trial = what_if.Trial(policy=policy)
        return what_if.decide(world, id_, seen.order, asked, snapshot, trial, hub.clock(), compiled)

    return opening.with_hub(work)


def _describe(tried: Tried, policy: str) -> None:
    console = Console()
    console.print(f"决策 {tried.before.fact},同一快照,换策略 {policy}")
    table = Table("", "仓", "成本(元)", "策略规则")
    for word, panel in (("当时", tried.before), ("换策略", tried.after)):
        rules = "、".join(panel.ruling.rules) if panel.ruling else ""
        total = f"{panel.plans[0].total_fen / 100:.2f}"
        table.add_row(word, _where(panel), total, rules or "—")
    console.print(table)
    word = "方案不变" if tried.difference.is_same_plan else "方案改变"
    console.print(f"{word},成本相差 {tried.difference.total_fen / 100:+.2f} 元")


def _where(panel: DecisionPanel) -> str:
    names = {node.code: node.name for node in panel.nodes}
    return " + ".join(names.get(w, w) for w in panel.plans[0].warehouses) or "不发"
