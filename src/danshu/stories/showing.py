"""What the demo did: its totals, and its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from rich.table import Table

from danshu.capabilities.orders.model import State

if TYPE_CHECKING:
    from rich.console import Console

_SHOWN = 10
_STATES = {
    State.PLACED: "已下单",
    State.CONFIRMED: "已确认",
    State.PAID: "已付款",
    State.HELD: "挂起",
    State.ALLOCATED: "已分仓",
    State.RELEASED: "已下发",
    State.PICKED: "已拣货",
    State.PACKED: "已打包",
    State.SHIPPED: "已揽收",
    State.DELIVERED: "已签收",
    State.COMPLETED: "已完成",
    State.CANCELLED: "已取消",
}


class Access(Struct, frozen=True, kw_only=True):
    """Where the console is, and as whom one signs in: login -> role; one password for all."""

    address: str
    merchant: str
    people: dict[str, str]
    password: str


class Totals(Struct, kw_only=True):
    """What the demo did, as `--once` prints it. `checks` are what it says is true."""

    merchant: str
    warehouses: int = 0
    skus: int = 0
    orders: dict[str, dict[str, int]] = {}  # by channel, then state
    states: dict[str, int] = {}
    orders_total: int = 0
    promises: dict[str, int] = {}  # by state
    decisions: int = 0
    bundle: dict[str, Any] = {}
    late_model: str = ""  # in which state the model is that tells how late orders will be
    checks: dict[str, bool] = {}
    access: Access | None = None
    seconds: float = 0.0


def show(console: Console, totals: Totals, seen: list[dict[str, Any]]) -> None:
    """Show orders by channel and state, what was decided, what was promised, what was checked."""
    console.print(_by_channel(totals))
    console.print(_decided(seen))
    console.print(_promised(seen))
    for name, holds in totals.checks.items():
        console.print(f"{'[green]✓[/green]' if holds else '[red]✗[/red]'} {name}")
    console.print(f"用时 {totals.seconds} 秒。")


def show_access(console: Console, access: Access) -> None:
    """Say where the console is and as whom to sign in."""
    table = Table("账号", "角色", title="演示人员")
    for login, name in access.people.items():
        table.add_row(login, name)
    console.print(table)
    console.print(f"打开 {access.address} ,用任一账号登录,密码都是 {access.password}")


def _by_channel(totals: Totals) -> Table:
    states = [s for s in _STATES if totals.states.get(s.word)]
    table = Table("渠道", *(_STATES[s] for s in states), "合计", title="订单:渠道 × 状态")
    for channel, found in totals.orders.items():
        cells = [str(found.get(s.word, 0) or "") for s in states]
        table.add_row(channel, *cells, str(sum(found.values())))
    cells = [str(totals.states.get(s.word, 0)) for s in states]
    table.add_section()
    table.add_row("合计", *cells, str(totals.orders_total))
    return table


def _one_a_channel(seen: list[dict[str, Any]]) -> list[dict[str, Any]]:
    firsts: dict[str, dict[str, Any]] = {}
    for order in seen:
        firsts.setdefault(order["channel"], order)
    return list(firsts.values())[:_SHOWN]


def _decided(seen: list[dict[str, Any]]) -> Table:
    table = Table("渠道", "订单", "发往", "仓", "成本(元)", "比次优省(元)", "原因", title="决策")
    for order in _one_a_channel(seen):
        if not order["decisions"] or order["decisions"][-1]["explanation"] is None:
            continue
        told = order["decisions"][-1]["explanation"]
        unable = sum(1 for w in told["warehouses"] if w["bits"])
        chosen = [w["code"] for w in told["warehouses"] if w["chosen"]]
        table.add_row(
            order["channel"],
            order["number"],
            order["region"],
            "+".join(chosen) or "—",
            f"{sum(told['parts_fen'].values()) / 100:.2f}",
            f"{told['margin_fen'] / 100:.2f}",
            f"{len(told['warehouses']) - unable} 仓可发,成本最低" if chosen else "无仓可发",
        )
    return table


def _promised(seen: list[dict[str, Any]]) -> Table:
    table = Table("渠道", "订单", "承诺", "状态", "到期(UTC)", title="承诺")
    for order in _one_a_channel(seen):
        for promise in order["promises"]:
            table.add_row(
                order["channel"],
                order["number"],
                promise["shown"]["text"],
                promise["state_label"]["zh"],
                promise["due"] or "未起表",
            )
    return table
