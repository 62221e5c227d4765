"""`danshu routing explain` and `replay`: why this warehouse, and the same decision once more."""

from __future__ import annotations

import hashlib

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from danshu.capabilities.orders.facts import RouteOverridden
from danshu.capabilities.routing import tables
from danshu.capabilities.routing.decide import Decision
from danshu.capabilities.routing.decide import replay as decide_again
from danshu.capabilities.routing.explain import Explanation, WarehouseView
from danshu.capabilities.routing.explain import explain as explain_decision
from danshu.capabilities.routing.snapshot import Snapshot, load_snapshot
from danshu.faces.cli import opening
from danshu.hub import panels
from danshu.hub.compose import Hub
from danshu.kernel import fact
from danshu.kernel.errors import InputError

_encode = msgspec.json.Encoder(order="sorted").encode
_FACTS = "select body from facts where tenant=%s and stream=%s order by v"


class Recorded(Struct, frozen=True, kw_only=True):
    """A decision as the order's facts hold it, with the snapshot that it names."""

    order: str
    fact: str  # id of the fact
    decision: Decision
    snapshot: Snapshot
    override: RouteOverridden | None = None  # a person's choice, where the decision follows one
    by: str = ""


def explain(order: str, tenant: str, as_json: bool) -> int:
    """Tell why the newest decision on an order chose as it did."""
    recorded = _read(order, tenant)
    told = explain_decision(recorded.decision, recorded.snapshot)
    if as_json:
        whole = msgspec.to_builtins(told)
        override = None
        if recorded.override is not None:
            override = {"by": recorded.by, **msgspec.to_builtins(recorded.override)}
        head = {"order": recorded.order, "fact": recorded.fact, "override": override}
        opening.show_json({**head, **whole})
    else:
        _describe(recorded, told)
    return 0


def replay(order: str, tenant: str, as_json: bool) -> int:
    """Decide again on the stored snapshot; exit 0 when the bytes are equal, else 1."""
    recorded = _read(order, tenant)
    before = _encode(recorded.decision)
    again = _encode(decide_again(recorded.decision, recorded.snapshot))
    is_equal = before == again
    report = {
        "order": recorded.order,
        "fact": recorded.fact,
        "equal": is_equal,
        "recorded_sha256": hashlib.sha256(before).hexdigest(),
        "replayed_sha256": hashlib.sha256(again).hexdigest(),
        "snapshot": recorded.decision.snapshot,
        "code": recorded.decision.code,
    }
    if as_json:
        opening.show_json(report)
    else:
        word = "字节相同" if is_equal else "字节不同:记录或算法已变"
        Console().print(f"{recorded.fact}:重算{word}({report['replayed_sha256']})")
    return 0 if is_equal else 1


def _read(order: str, tenant: str) -> Recorded:
    async def work(hub: Hub) -> Recorded:
        number = await opening.find_tenant(hub, tenant)
        id_ = await opening.find_order(hub, number, order)
        async with hub.connection() as connection:
            cursor = await connection.execute(_FACTS, (number, id_), binary=True)
            facts = [
                fact.read(body)
                for (row,) in await cursor.fetchall()
                for body in fact.unpack(bytes(row))
            ]
            decided = [(f.id, f.data) for f in facts if isinstance(f.data, Decision)]
            if not decided:
                raise InputError("no_decision", f"order {id_} was never routed")
            name, decision = decided[-1]
            is_chosen = decision.ruling is not None and bool(decision.ruling.only)
            chosen = [
                (f.data, f"{f.actor.sub} ({f.actor.grade})")
                for f in facts
                if is_chosen and isinstance(f.data, RouteOverridden)
            ]
            override, by = chosen[-1] if chosen else (None, "")
            key = (number, bytes.fromhex(decision.snapshot))
            cursor = await connection.execute(tables.READ_SNAPSHOT, key, binary=True)
            row = await cursor.fetchone()
            if row is None:
                raise InputError("no_snapshot", f"snapshot {decision.snapshot} is not stored")
            snapshot = load_snapshot(bytes(row[0]), decision.snapshot)
            if not await panels.attach(connection, number, snapshot):
                raise InputError("no_snapshot", f"panel {snapshot.panel_digest} is not stored")
        return Recorded(
            order=str(id_),
            fact=name,
            decision=decision,
            snapshot=snapshot,
            override=override,
            by=by,
        )

    return opening.with_hub(work)


def _describe(recorded: Recorded, told: Explanation) -> None:
    console = Console()
    plan = "、".join(f"第 {no} 行 → {code or '无仓可发'}" for no, code in told.plan)
    console.print(f"订单 {recorded.order}  决策 {recorded.fact}")
    if recorded.override is not None:
        more = (recorded.override.cost_fen - recorded.override.router_fen) / 100
        router = "、".join(recorded.override.router)
        why = f"{recorded.override.reason}:{recorded.override.note}"
        console.print(f"人工指定:{recorded.by},{why};系统选 {router},相差 {more:+.2f} 元")
    console.print(f"方案:{plan};领先次优 {told.margin_fen / 100:.2f} 元")
    parts = "、".join(f"{name} {fen / 100:.2f}" for name, fen in told.parts_fen.items() if fen)
    console.print(f"成本(元):{parts or '0'}")
    for rank, other in enumerate(told.plans[1:], 2):
        where = "+".join(other.warehouses) or "不发"
        console.print(f"第 {rank} 方案:{where},{other.total_fen / 100:.2f} 元")
    table = Table(
        "仓", "结果", "整单独发(元)", "比选中贵(元)", title=f"全部 {len(told.warehouses)} 仓"
    )
    for view in sorted(told.warehouses, key=_rank):
        alone = sum(view.alone_fen.values())
        more = sum(view.more_fen.values())
        table.add_row(
            view.code,
            "[green]选中[/green]"
            if view.chosen
            else ";".join(r.zh for r in view.reasons) or "可发,但更贵",
            f"{alone / 100:.2f}" if view.alone_fen else "—",
            f"{more / 100:+.2f}" if view.more_fen and not view.chosen else "",
        )
    console.print(table)
    variables = Table("#", "变量", "值", "单位", "来源", "状态", title="决策所见的变量")
    for v in told.variables:
        variables.add_row(str(v.number), v.zh, f"{v.value:g}", v.unit, v.source, v.status)
    console.print(variables)


def _rank(view: WarehouseView) -> tuple[bool, bool, int]:
    return not view.chosen, view.bits != 0, sum(view.alone_fen.values())
