"""State + command + now -> facts | Refusal. Pure: no clock, no store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from danshu.capabilities.orders import facts, holding, intercepts, parcels, supplements
from danshu.capabilities.orders.commands import Command as Command
from danshu.capabilities.orders.commands import Done as Done
from danshu.capabilities.orders.commands import conclude
from danshu.capabilities.orders.evolve import evolve
from danshu.capabilities.orders.machines import FULFILMENT, HOLD, ORDER
from danshu.capabilities.orders.model import (
    REGION_UNKNOWN,
    SKU_UNKNOWN,
    UNROUTABLE,
    Line,
    Order,
    Share,
    stage,
)
from danshu.capabilities.orders.moves import MOVES, move, record_waybill
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import Said, rfc3339
from danshu.kernel.limits import AMOUNT_MINOR, LINE_QUANTITY, ORDER_LINES
from danshu.ports.channel import Draft, DraftKind

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping, Sequence

BACKORDER = Refusal(
    code="no_stock",
    reason="各仓均无可用库存",
    reason_en="No warehouse has stock",
    clause="stock.atp",
)

RETURN = Refusal(
    code="is_return",
    reason="退货单没有发货流程",
    reason_en="A return does not go through dispatch",
    clause="order.kind",
)
ENDED = ORDER.refusals["*", "cancel"]
ALLOCATED = ORDER.refusals["*", "allocate"]


def check(draft: Draft) -> None:
    """Refuse a draft whose numbers cannot be true. Raises InputError with the place."""
    if not draft.lines:
        raise InputError("no_lines", "an order needs at least one line", "/lines")
    if len(draft.lines) > ORDER_LINES:
        raise InputError("too_many_lines", f"at most {ORDER_LINES} lines", "/lines")
    if not draft.number:
        raise InputError("no_number", "the order number is missing", "/number")
    for i, line in enumerate(draft.lines):
        if not 1 <= line.quantity <= LINE_QUANTITY:
            raise InputError(
                "quantity", f"a quantity is 1 to {LINE_QUANTITY}", f"/lines/{i}/quantity"
            )
        if not 0 <= line.price <= AMOUNT_MINOR or not 0 <= line.paid <= AMOUNT_MINOR:
            raise InputError("amount", f"an amount is 0 to {AMOUNT_MINOR}", f"/lines/{i}/price")
    for name in ("goods", "discount", "postage", "total", "paid"):
        if not 0 <= getattr(draft, name) <= AMOUNT_MINOR:
            raise InputError("amount", f"an amount is 0 to {AMOUNT_MINOR}", f"/{name}")


def place(
    draft: Draft,
    *,
    key: str,
    region: str,
    skus: Mapping[str, Any],
    now_ms: int,
    sold: Sequence[Line] | None = None,
) -> Done:
    """Begin an order from a checked draft: order.placed and, where money came in, order.paid.

    `sold` are its lines where they are not the draft's: bundles taken apart, gifts added. What
    cannot be aligned holds the order for a person; a paid order is never turned away.
    """
    holds = [draft.hold] if draft.hold else []
    lines = lines_of(draft, skus) if sold is None else sold
    known = all([n.known for n in lines])
    if draft.kind is DraftKind.ORDER:
        if not known:
            holds.append(SKU_UNKNOWN)
        if not region:
            holds.append(REGION_UNKNOWN)
    placed = facts.OrderPlaced(
        number=draft.number,
        channel=draft.channel,
        shop=draft.shop,
        kind="return" if draft.kind is DraftKind.RETURN else "order",
        status=draft.status,
        key=key,
        currency=draft.currency,
        goods=draft.goods,
        discount=draft.discount,
        postage=draft.postage,
        subsidy=draft.subsidy,
        total=draft.total,
        created=rfc3339(draft.created_ms or now_ms),
        ship_by=rfc3339(draft.ship_by_ms) if draft.ship_by_ms else "",
        region=region,
        buyer=draft.buyer,
        flag=draft.flag,
        of_number=draft.of_number,
        holds=tuple(holds),
        lines=tuple(lines),
    )
    order = begin(placed, draft, now_ms)
    said = [Said(data=placed, occurred_ms=draft.created_ms)]
    if draft.kind is DraftKind.RETURN:
        return Done(order=order, said=tuple(said))
    if draft.paid_ms or (draft.paid and draft.paid >= draft.total):
        at_ms = draft.paid_ms or now_ms
        paid = facts.OrderPaid(amount=draft.paid, at=rfc3339(at_ms))
        said.append(Said(data=paid, occurred_ms=at_ms))
        return Done(
            order=evolve(order, paid), said=tuple(said), heard=(("payment.confirmed", at_ms),)
        )
    return Done(order=order, said=tuple(said))


def lines_of(draft: Draft, skus: Mapping[str, Any]) -> list[Line]:
    """Give the lines of a draft as they are ordered."""
    return [
        Line(
            no=no,
            sku=n.sku,
            title=n.title,
            attributes=n.attributes,
            line=n.line,
            quantity=n.quantity,
            price=n.price,
            paid=n.paid,
            known=n.sku in skus,
            gift="platform" if n.gift else "",
        )
        for no, n in enumerate(draft.lines, 1)
    ]


def begin(placed: facts.OrderPlaced, draft: Draft, now_ms: int) -> Order:
    """Give the order of a fresh `order.placed` without reading its times back from text."""
    return Order(
        number=placed.number,
        channel=placed.channel,
        shop=placed.shop,
        kind=placed.kind,
        status=placed.status,
        currency=placed.currency,
        goods=placed.goods,
        discount=placed.discount,
        postage=placed.postage,
        total=placed.total,
        created_ms=draft.created_ms or now_ms,
        placed_ms=now_ms,
        ship_by_ms=draft.ship_by_ms,
        region=placed.region,
        buyer=placed.buyer,
        flag=placed.flag,
        of_number=placed.of_number,
        holds=placed.holds,
        lines=placed.lines,
    )


def align(order: Order, region: str, skus: Container[str]) -> Done | Refusal:
    """Take up what master data has learnt: SKUs known by now, the region that was meant."""
    if order.cancelled or order.completed:
        return ENDED
    lines = tuple(n.no for n in order.lines if not n.known and n.sku in skus)
    if not lines and region == order.region:
        return Refusal(
            code="nothing_to_align",
            reason="主数据没有新的可对齐内容",
            reason_en="Master data holds nothing new for this order",
            clause="intake.alignment",
        )
    return conclude(order, [facts.OrderAligned(lines=lines, region=region)], 0)


def routable(order: Order) -> bool:
    """Tell whether the order may be routed and reserved now: paid or not, but aligned and alive."""
    return (
        order.kind == "order"
        and not order.cancelled
        and UNROUTABLE.isdisjoint(order.holds)
        and any(open_units(n) for n in order.lines)
    )


def open_units(line: Line) -> int:
    """Give the units of a line that no warehouse has yet."""
    return line.quantity - line.cancelled - line.allocated


def allocate(order: Order, plan: Sequence[tuple[int, str, int]]) -> Done | Refusal:
    """Turn a plan [(line number, warehouse, units)] into fulfilment orders; empty = no stock."""
    if not plan:
        return BACKORDER
    by_warehouse: dict[str, list[Share]] = {}
    skus = {n.no: n.sku for n in order.lines}
    for line_no, warehouse, quantity in plan:
        by_warehouse.setdefault(warehouse, []).append(
            Share(line=line_no, sku=skus[line_no], quantity=quantity)
        )
    first = len(order.fulfilments) + 1
    data = facts.OrderAllocated(
        fulfilments=tuple(
            facts.Planned(no=no, warehouse=w, shares=tuple(shares))
            for no, (w, shares) in enumerate(by_warehouse.items(), first)
        )
    )
    return Done(order=evolve(order, data), said=(Said(data=data),))


def act(order: Order, command: Command, now_ms: int) -> Done | Refusal:
    """Decide an act on an order by its machines. Raises InputError for an unknown word."""
    handler = _ACTS.get(command.event)
    if handler is None:
        raise InputError("unknown_event", f"no event {command.event!r}", "/event")
    if order.kind == "return" and command.event not in ("hold", "unhold"):
        return RETURN
    return handler(order, command, now_ms)


def _order_step(order: Order, event: str) -> Refusal | None:
    answer = ORDER.step(stage(order).word, event)
    return answer if isinstance(answer, Refusal) else None


def _confirm(order: Order, command: Command, now_ms: int) -> Done | Refusal:
    return _order_step(order, "confirm") or conclude(
        order, [facts.OrderConfirmed(by=command.by)], command.occurred_ms
    )


def _pay(order: Order, command: Command, now_ms: int) -> Done | Refusal:
    if supplements.SUPPLEMENT in order.holds:
        return supplements.pay(order, command, now_ms)
    refusal = _order_step(order, "pay")
    if refusal:
        return refusal
    if command.amount < order.total - order.paid:
        return Refusal(
            code="underpaid",
            reason=f"还差 {order.total - order.paid - command.amount} 分",
            reason_en="The amount does not cover what is due",
            clause="payment.amount",
        )
    at_ms = command.occurred_ms or now_ms
    data = facts.OrderPaid(amount=command.amount, at=rfc3339(at_ms))
    return conclude(order, [data], at_ms, "payment.confirmed", at_ms=at_ms)


def _hold(order: Order, command: Command, now_ms: int) -> Done | Refusal:
    if not command.reason:
        raise InputError("no_reason", "a hold needs its reason", "/reason")
    if order.cancelled or order.completed:
        return ENDED
    if command.reason in order.holds:
        return Refusal(
            code="held_for_it",
            reason="已因此挂起",
            reason_en="Held for that reason already",
            clause="hold.once",
        )
    rule = holding.rule_for(command.reason, command.rule)
    return conclude(order, [holding.held(rule)], command.occurred_ms)


def _unhold(order: Order, command: Command, now_ms: int) -> Done | Refusal:
    answer = HOLD.step("held" if order.holds else "free", "unhold")
    if isinstance(answer, Refusal):
        return answer
    reasons = [command.reason] if command.reason else list(order.holds)
    if not set(reasons) <= set(order.holds):
        return HOLD.refusals["free", "unhold"]
    refusal = holding.refuse_unhold(order, reasons)
    if refusal is not None:
        return refusal
    return conclude(order, [facts.OrderUnheld(reason=r) for r in reasons], command.occurred_ms)


def _complete(order: Order, command: Command, now_ms: int) -> Done | Refusal:
    return _order_step(order, "complete") or conclude(
        order, [facts.OrderCompleted(by=command.by)], command.occurred_ms
    )


def _cancel(order: Order, command: Command, now_ms: int) -> Done | Refusal:
    refusal = _order_step(order, "cancel")
    if refusal:
        return refusal
    for f in order.fulfilments:
        if f.state in ("picked", "packed"):
            return FULFILMENT.refusals[f.state, "cancel"]
    freed = [f for f in order.fulfilments if f.state in ("allocated", "released")]
    shares = [
        Share(line=n.no, sku=n.sku, quantity=n.quantity - n.cancelled - n.shipped)
        for n in order.lines
        if n.quantity - n.cancelled - n.shipped > 0
    ]
    data = facts.OrderCancelled(
        reason=command.reason or "unstated",
        freed=tuple(facts.Planned(no=f.no, warehouse=f.warehouse, shares=f.shares) for f in freed),
        shares=tuple(shares),
    )
    at_ms = command.occurred_ms or now_ms
    return conclude(order, [data], command.occurred_ms, "order.cancelled", at_ms=at_ms)


def _report_damage(order: Order, command: Command, now_ms: int) -> Done | Refusal:
    at_ms = command.occurred_ms or now_ms
    if stage(order).word not in ("delivered", "completed"):
        return ORDER.refusals["*", "complete"]
    return conclude(
        order,
        [facts.DamageReported(detail=command.reason)],
        at_ms,
        "buyer.damage_reported",
        at_ms=at_ms,
    )


def _compensate(order: Order, command: Command, now_ms: int) -> Done | Refusal:
    if command.amount <= 0:
        raise InputError("amount", "a compensation is more than 0", "/amount")
    at_ms = command.occurred_ms or now_ms
    return conclude(
        order,
        [facts.CompensationPaid(amount=command.amount)],
        at_ms,
        "compensation.paid",
        at_ms=at_ms,
    )


_ACTS: dict[str, Callable[[Order, Command, int], Done | Refusal]] = {
    "confirm": _confirm,
    "pay": _pay,
    "hold": _hold,
    "unhold": _unhold,
    "complete": _complete,
    "cancel": _cancel,
    "waybill": record_waybill,
    "report_damage": _report_damage,
    "compensate": _compensate,
    "intercept": intercepts.ask,
    **dict.fromkeys(parcels.ENDS, parcels.end),
    **dict.fromkeys(MOVES, move),
}
ACTS = tuple(_ACTS)
