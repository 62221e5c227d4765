"""What `danshu learn` does."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from danshu.faces.cli import opening
from danshu.hub import learning, learning_child, learning_rows

if TYPE_CHECKING:
    from danshu.capabilities.learning.model import Marks, Model
    from danshu.hub.compose import Hub
    from danshu.hub.job_child import Told

_TARGETS: Final = {"late": "承诺违约", "hand": "下单到交运", "way": "交运到签收", "return": "退货"}
_KINDS: Final = {"rates": "费率表", "trees": "提升树"}
_STATES: Final = {
    "base": "兜底",
    "challenger": "候选",
    "champion": "在用",
    "fallen": "已退回",
    "retired": "已停用",
}
_LAST: Final = uuid.UUID(int=2**128 - 1)
_SHOWN: Final = 50


def train(tenant: str, as_json: bool) -> int:
    """Train in a child process; exit 1 when nothing could be learned."""

    async def work(hub: Hub) -> int:
        number = await opening.find_tenant(hub, tenant)

        async def goes_on(told: Told | None) -> bool:
            if told is not None and not as_json:
                share = 100 * learning.progress(told) // learning.TOTAL
                typer.echo(f"\r{share:3} %", nl=False, err=True)
            return True

        _, last = await learning.run(hub.url, number, learning_child.TRAIN, goes_on)
        return last.done if last else 0

    made = opening.with_hub(work)
    if as_json:
        opening.show_json({"models": made})
    else:
        typer.echo("", err=True)
        typer.echo(f"学成 {made} 个模型。" if made else "已结束的订单太少，没有学成。")
    return 0 if made else 1


def show_all(tenant: str, as_json: bool) -> int:
    """List models, the newest first."""

    async def work(hub: Hub) -> list[Model]:
        number = await opening.find_tenant(hub, tenant)
        async with hub.connection() as connection:
            return await learning_rows.list_models(connection, number, _LAST, _SHOWN)

    found = opening.with_hub(work)
    if as_json:
        opening.show_json({"items": msgspec.to_builtins(found)})
        return 0
    table = Table("学什么", "模型", "状态", "之后的日子里", "学自", "摘要", title=tenant)
    for each in found:
        card = each.card
        table.add_row(
            _TARGETS[card.target], _KINDS[card.kind], _STATES[each.state], _spell(card.marks),
            f"{card.from_day} 至 {card.to_day}", each.digest[:12],
        )  # fmt: skip
    Console().print(table)
    return 0


def _spell(marks: Marks) -> str:
    if not marks.rows:
        return ""
    if marks.auc >= 0:
        return f"AUC {marks.auc / 1_000:.3f}, ECE {marks.ece / 1_000:.3f}, {marks.rows:,} 行"
    return f"误差 {marks.error_min / 60:.1f} 时, {marks.rows:,} 行" if marks.error_min >= 0 else ""
