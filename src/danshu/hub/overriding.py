"""Override 人工指定仓: a person chooses the warehouse of an order against the router.

It is decided by the same engine with every other warehouse shut, so that no hard constraint is ever
lifted and the record replays like any other. Beside it stands what the router would have done on
the same stock at the same moment: the difference is what the choice costs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.contract import decide as contract
from danshu.capabilities.orders import decide as orders
from danshu.capabilities.orders import rerouting as withdrawing
from danshu.capabilities.orders.facts import OrderWithdrawn
from danshu.capabilities.routing.decide import Decision
from danshu.capabilities.routing.explain import explain
from danshu.capabilities.routing.reasons import Reason, ReasonText, read_reasons
from danshu.hub import policy_calls, policy_holds, rerouting, routing
from danshu.hub.changes import Change, Held, sum_units
from danshu.hub.offers import untouched
from danshu.hub.world import goods_of
from danshu.kernel.errors import InputError, ProgramError, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from danshu.capabilities.orders.model import Fulfilment
    from danshu.hub.world import World

REASON: Final = "override"
NOT_ROUTED: Final = Refusal(
    code="not_aligned",
    reason="主数据里还没有其商品或收货区域",
    reason_en="Master data does not hold the SKU or the region",
    clause="intake.alignment",
)
ALREADY: Final = Refusal(
    code="pinned_there_already",
    reason="已由人工指定在该仓",
    reason_en="A person has chosen that warehouse already",
    clause="routing.override",
)
FREE_ALREADY: Final = Refusal(
    code="not_pinned",
    reason="没有人工指定,本来就由系统选仓",
    reason_en="No person chose its warehouse: the router does already",
    clause="routing.override",
)
TOO_DEAR: Final = Refusal(
    code="beyond_penalty",
    reason="该仓发货比不发还贵,引擎不出此方案",
    reason_en="To ship from there costs more than not to ship at all",
    clause="routing.hard",
)


class Choice(Struct, frozen=True, kw_only=True):
    """What is wanted: `warehouse` "" gives it back to the router; `fulfilment` 0 = all that no
    warehouse has begun.
    """

    warehouse: str
    fulfilment: int = 0


class Chosen(Struct, frozen=True, kw_only=True, eq=False):
    """What a choice comes to. `change` holds everything but the override's own fact.

    `ruled` is why it may not be by policy: the rules that forbid the warehouse, () for none. `pins`
    are the new fulfilment orders; `was` the warehouses before.
    """

    change: Change
    decision: Decision
    router: Decision
    was: tuple[str, ...]
    pins: tuple[int, ...]
    ruled: tuple[str, ...]


class Closed(Struct, frozen=True, kw_only=True, eq=False):
    """Why a choice cannot be: a refusal, with what the engine said of both where it was asked."""

    refusal: Refusal
    decision: Decision | None = None
    router: Decision | None = None


def choose(
    world: World,
    held: Held,
    choice: Choice,
    now_ms: int,
    check: Callable[[Chosen], Refusal | None] = lambda _: None,
) -> Chosen | Closed:
    """Decide an order for the warehouse that a person wants; takes it from the predicted stock,
    unless `check` refuses what came out.

    Raises InputError for a warehouse or a fulfilment order that is not there.
    """
    order = held.order
    if choice.warehouse and choice.warehouse not in world.warehouse_no:
        raise InputError("unknown_warehouse", f"no warehouse {choice.warehouse!r}", "/warehouse")
    live = [f for f in order.fulfilments if f.state != "cancelled"]
    touched = [f for f in live if choice.fulfilment in (0, f.no)]
    if choice.fulfilment and not touched:
        raise InputError("no_fulfilment", f"no {choice.fulfilment} is open", "/fulfilment")
    refusal = _idle(touched, choice)
    if refusal is not None:
        return Closed(refusal=refusal)
    only = (choice.fulfilment,) if choice.fulfilment else None
    withdrawn = withdrawing.withdraw(order, REASON, (), only, lifts_pins=True)
    if isinstance(withdrawn, Refusal):
        return Closed(refusal=withdrawn)
    ask = _ask(world, held, withdrawn, choice)
    if isinstance(ask, Refusal):
        return Closed(refusal=ask)
    was = tuple(dict.fromkeys(f.warehouse for f in touched))
    kept = _Prediction(world, held)
    rerouting.give_back(world, order.channel, withdrawn)
    with untouched(world, order):
        (free,) = routing.route(world, [replace(ask, only="")], now_ms)
    (plan,) = routing.route(world, [ask], now_ms)
    decision, router = _decision(plan), _decision(free)
    wanted = sum(q for _, _, q, _ in ask.lines)
    if sum(q for *_, q in plan.plan) < wanted and (choice.warehouse or not plan.plan):
        kept.restore()
        return Closed(refusal=_why(world, decision, choice), decision=decision, router=router)
    done = orders.allocate(
        withdrawn.order, [(no, world.warehouses[w].code, q) for no, w, _, q in plan.plan]
    )
    if isinstance(done, Refusal):
        kept.restore()
        return Closed(refusal=done, decision=decision, router=router)
    after, stopped = policy_holds.heed(done.order, None if held.released else plan.ruling)
    first = len(order.fulfilments)
    ruling = plan.ruling
    chosen = Chosen(
        change=Change(
            order=after,
            said=[*withdrawn.said, plan.said, *done.said, *stopped],
            promises=held.promises,
            reserved=sum_units((w, sku, q) for _, w, sku, q in plan.plan),
            call_ms=policy_calls.heed(plan.ruling, now_ms),
            zones=plan.zones,
        ),
        decision=decision,
        router=router,
        was=was,
        pins=tuple(f.no for f in after.fulfilments[first:]) if choice.warehouse else (),
        ruled=ruling.rules if ruling and ruling.only in ruling.forbid else (),
    )
    refusal = check(chosen)
    if refusal is not None:
        kept.restore()
        return Closed(refusal=refusal, decision=decision, router=router)
    return chosen


def total_fen(decision: Decision) -> int:
    """Give what a decision's plan costs, in 分."""
    return decision.plans[0].total_fen if decision.plans else 0


def warehouses(decision: Decision) -> tuple[str, ...]:
    """Give the warehouses of a decision's plan."""
    return tuple(dict.fromkeys(code for _, code in decision.plan if code))


def _idle(touched: list[Fulfilment], choice: Choice) -> Refusal | None:
    """Say why a choice changes nothing."""
    if not choice.warehouse:
        return None if any(f.pinned for f in touched) else FREE_ALREADY
    there = touched and all(f.pinned and f.warehouse == choice.warehouse for f in touched)
    return ALREADY if there else None


def _ask(world: World, held: Held, withdrawn: orders.Done, choice: Choice) -> routing.Ask | Refusal:
    """Ask for what was taken back, and where the whole order is meant for what nobody has yet."""
    order = withdrawn.order
    freed: dict[int, int] = {}
    for said in withdrawn.said:
        if isinstance(said.data, OrderWithdrawn):
            for part in said.data.freed:
                for share in part.shares:
                    freed[share.line] = freed.get(share.line, 0) + share.quantity
    units = {
        n.no: freed.get(n.no, 0) if choice.fulfilment else orders.open_units(n) for n in order.lines
    }
    region = world.regions.get(order.region, -1)
    lines = [n for n in order.lines if units[n.no]]
    if region < 0 or any(n.sku not in world.skus for n in lines):
        return NOT_ROUTED
    return routing.Ask(
        id=held.id,
        region=region,
        channel=order.channel,
        promise_ms=contract.delivery_due_ms(held.promises),
        value=order.total,
        lines=[(n.no, world.skus[n.sku][0], units[n.no], goods_of(world, n)) for n in lines],
        only=choice.warehouse,
    )


def _decision(plan: routing.Plan) -> Decision:
    if not isinstance(plan.said.data, Decision):
        raise ProgramError("a plan says a decision")
    return plan.said.data


def reasons_against(world: World, decision: Decision, code: str) -> tuple[ReasonText, ...]:
    """Give what speaks against a warehouse: hard constraints, and what policy forbids."""
    told = explain(decision, world.snapshot, code)
    return next(view.reasons for view in told.warehouses if view.code == code)


def _why(world: World, decision: Decision, choice: Choice) -> Refusal:
    """Say which hard constraints close a warehouse; no person lifts one."""
    if not choice.warehouse:
        return orders.BACKORDER
    bits = 0
    for reason in reasons_against(world, decision, choice.warehouse):
        bits |= reason.bit
    hard = read_reasons(bits & ~int(Reason.POLICY))
    if not hard:
        return TOO_DEAR
    return Refusal(
        code="hard_constraint",
        reason=f"硬约束不能由人解除:{'、'.join(r.zh for r in hard)}",
        reason_en=f"No person lifts a hard constraint: {', '.join(r.en for r in hard)}",
        clause="routing.hard",
    )


class _Prediction:
    """What deciding changes of a world, to be put back when nothing comes of it."""

    def __init__(self, world: World, held: Held) -> None:
        self._world = world
        lines = held.order.lines
        self._skus = sorted({world.skus[n.sku][0] for n in lines if n.sku in world.skus})
        self._atp = world.atp[self._skus].copy()
        self._capacity = world.capacity.copy()
        self._quotas = {k: dict(v) for k, v in world.quotas.items() if k[0] in self._skus}
        self._awaiting = dict(world.awaiting)

    def restore(self) -> None:
        """Put it back."""
        self._world.atp[self._skus] = self._atp
        self._world.capacity[:] = self._capacity
        self._world.quotas.update(self._quotas)
        self._world.awaiting = self._awaiting
