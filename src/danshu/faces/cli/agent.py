"""What `danshu agent` does: each command on a hub of its own."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

import msgspec
from rich.console import Console
from rich.table import Table

from danshu.faces.cli import opening
from danshu.hub import agent, agent_acts, agent_figures, agent_rows, agent_skills, agent_switch

if TYPE_CHECKING:
    from danshu.capabilities.agent.model import Proposal, Standing
    from danshu.hub.compose import Hub

_SHOWN: Final = 50
_TOP: Final = 2**62
_FIRST: Final = uuid.UUID(int=0)


def status(tenant: str, as_json: bool) -> int:
    """Show how the agent stands."""

    async def work(hub: Hub) -> tuple[Standing, dict[str, int], agent_figures.Figures]:
        number = await opening.find_tenant(hub, tenant)
        async with hub.connection() as connection:
            standing = await agent_switch.read(connection, number)
            counts = await agent_rows.count_states(connection, number)
            figures = await agent_figures.read(connection, number, hub.clock())
        return standing, counts, agent_figures.add_up(figures)

    standing, counts, figures = opening.with_hub(work)
    if as_json:
        told = {
            "stopped": standing.stopped,
            "dry": standing.dry,
            "counts": counts,
            "levels": {a: standing.of(a).level for a in agent_acts.known()},
            "figures": msgspec.to_builtins(figures),
        }
        opening.show_json(told)
        return 0
    console = Console()
    console.print("已停用全部自动" if standing.stopped else "在运行", end="")
    console.print(";只演练" if standing.dry else "")
    table = Table("动作", "等级", "每日额度(元)", title="自主等级")
    for action in agent_acts.known():
        rules = standing.of(action)
        table.add_row(action, rules.level, f"{rules.day_fen / 100:,.0f}")
    console.print(table)
    real = f"{figures.real_fen / 100:,.0f}"
    console.print(
        f"近 30 天:采纳 {figures.accepted}/{figures.decided},计效 {figures.measured},"
        f"实际收益 {real} 元,撤销 {figures.rollbacks};待定 {counts.get('waiting', 0)}"
    )
    return 0


def show_all(tenant: str, state: str, as_json: bool) -> int:
    """List proposals of a state."""

    async def work(hub: Hub) -> list[Proposal]:
        number = await opening.find_tenant(hub, tenant)
        async with hub.connection() as connection:
            return await agent_rows.list_by_value(
                connection, number, [state], "", (_TOP, _FIRST), _SHOWN
            )

    found = opening.with_hub(work)
    if as_json:
        opening.show_json({"items": [msgspec.to_builtins(one) for one in found]})
        return 0
    table = Table("提案", "动作", "预期(元)", "id")
    for one in found:
        worth = f"{one.terms.mid_fen / 100:,.0f}"
        table.add_row(one.terms.title_zh, one.action, worth, str(one.id))
    Console().print(table)
    return 0


def skills(tenant: str, as_json: bool) -> int:
    """List skills, and what came of their last look."""

    async def work(hub: Hub) -> tuple[Any, dict[str, agent_skills.Run]]:
        number = await opening.find_tenant(hub, tenant)
        async with hub.connection() as connection:
            return await agent_skills.describe(), await agent_skills.read_runs(connection, number)

    shown, runs = opening.with_hub(work)
    if as_json:
        told = {
            "skills": msgspec.to_builtins(shown),
            "runs": {name: msgspec.to_builtins(run) for name, run in runs.items()},
        }
        opening.show_json(told)
        return 0
    table = Table("技能", "版本", "动作", "草案", "成立", "挡下", "停着")
    for one in shown:
        run = runs.get(one.name)
        counts = (str(run.drafts), str(run.made), str(len(run.refusals))) if run else ("-",) * 3
        trouble = one.trouble or (run.trouble if run else "")
        table.add_row(one.name, str(one.version), one.action, *counts, trouble)
    Console().print(table)
    return 0


def look(skill: str, tenant: str, as_json: bool) -> int:
    """Let a skill look now; 1 when it failed."""

    async def work(hub: Hub) -> agent_skills.Run:
        number = await opening.find_tenant(hub, tenant)
        return await agent_skills.look(hub, number, await agent_skills.find(skill))

    run = opening.with_hub(work)
    if as_json:
        opening.show_json(msgspec.to_builtins(run))
    else:
        refused = "、".join(one.code for one in run.refusals)
        Console().print(
            f"{run.skill}:{run.drafts} 条草案,{run.made} 条成立,用时 {run.took_ms} ms"
            + (f";挡下:{refused}" if refused else "")
            + (f";失败:{run.trouble}" if run.trouble else "")
        )
    return 1 if run.trouble else 0


def stop(tenant: str, note: str) -> int:
    """Stop the agent."""

    async def work(hub: Hub) -> None:
        number = await opening.find_tenant(hub, tenant)
        await agent.stop_all(hub, number, note, opening.CLI)

    opening.with_hub(work)
    Console().print("已停用全部自动。")
    return 0


def resume(tenant: str, reason: str) -> int:
    """Let acts be carried out again; 1 without a reason."""
    if not reason.strip():
        Console().print("恢复要写明原因:--reason")
        return 1

    async def work(hub: Hub) -> None:
        number = await opening.find_tenant(hub, tenant)
        await agent.resume(hub, number, reason, opening.CLI)

    opening.with_hub(work)
    Console().print("已恢复。")
    return 0
