"""Opening an after-sales case 售后申请: what may be asked of an order, and what it is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg

from danshu.capabilities.after_sales.machines import machine_of
from danshu.capabilities.after_sales.model import (
    CLAIM,
    COMPENSATION,
    EXCHANGE,
    REFUND_ONLY,
    RETURN,
    WITH_GOODS,
)
from danshu.capabilities.contract import decide as contract
from danshu.capabilities.contract.model import Event
from danshu.capabilities.orders import decide as orders
from danshu.capabilities.orders import model, refunding
from danshu.hub import acts, after_sales_money, after_sales_rows
from danshu.hub.after_sales_pleas import Plea, write_new
from danshu.hub.changes import Change
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.limits import AMOUNT_MINOR, ORDER_CASES

if TYPE_CHECKING:
    import uuid

    from danshu.hub.after_sales_rows import Row
    from danshu.hub.changes import Held
    from danshu.hub.world import World
    from danshu.kernel.fact import Actor

Connection = psycopg.AsyncConnection[Any]
_ASKS_MONEY: Final = frozenset({RETURN, REFUND_ONLY})
_OPEN: Final = "select doc from after_sales where tenant=%s and oid=%s"
CASE_OPEN: Final = Refusal(
    code="case_open",
    reason="这些件已有一张同类售后单在处理",
    reason_en="A case of this kind about these lines is open already",
    clause="after_sales.open",
)
TOO_MANY: Final = Refusal(
    code="too_many_cases",
    reason=f"一张订单最多 {ORDER_CASES} 张售后单",
    reason_en=f"An order has at most {ORDER_CASES} cases",
    clause="after_sales.order",
)
NOT_PAID: Final = Refusal(
    code="not_paid",
    reason="这张订单没有付款,没有可退的金额",
    reason_en="Nothing was paid for this order",
    clause="refund.paid",
)
NOT_SENT: Final = Refusal(
    code="not_sent",
    reason="这些件没有发出过,不能退货;请取消或改单",
    reason_en="These units have not left: cancel or amend instead of returning them",
    clause="after_sales.return",
)


def _check_lines(order: model.Order, plea: Plea) -> None:
    by_no = {n.no: n for n in order.lines}
    seen: set[int] = set()
    for i, asked in enumerate(plea.lines):
        line = by_no.get(asked.line)
        if line is None or asked.line in seen or line.sku != asked.sku:
            raise InputError("bad_field", "a line of the order, once", f"/lines/{i}/line")
        seen.add(asked.line)
        if bool(asked.quantity) == bool(asked.lowered):
            raise InputError("bad_field", "units, or an amount", f"/lines/{i}/quantity")


def check(order: model.Order, plea: Plea) -> Refusal | None:
    """Refuse what can't be asked of this order. Raises InputError `bad_field`."""
    if order.kind == "return":
        return orders.RETURN
    _check_lines(order, plea)
    by_no = {n.no: n for n in order.lines}
    if plea.kind in (COMPENSATION, CLAIM):
        if not 0 <= plea.own <= AMOUNT_MINOR or (plea.kind == COMPENSATION and not plea.own):
            raise InputError("bad_field", "an amount over 0", "/own_fen")
        return None
    if not order.paid:
        return NOT_PAID
    if not plea.lines and not plea.over:
        raise InputError("bad_field", "at least one line", "/lines")
    if plea.kind == EXCHANGE and (order.completed or order.cancelled):
        return orders.ENDED  # nothing is sent any more of an order that has ended
    if plea.kind in WITH_GOODS:
        if any(not n.quantity for n in plea.lines):
            raise InputError("bad_field", "goods come back in units", "/lines")
        if any(n.quantity > by_no[n.line].shipped - by_no[n.line].returned for n in plea.lines):
            return NOT_SENT
    held = refunding.money(order)
    for asked in plea.lines:
        money = held.line(asked.line)
        if money is None or asked.quantity > money.units_left or asked.lowered > money.left:
            return after_sales_money.MORE_THAN_PAID
    return None


async def make(
    connection: Connection,
    world: World,
    order_id: uuid.UUID,
    actor: Actor,
    plea: Plea,
    now_ms: int,
) -> Row | Refusal:
    """Open a case in one commit with its vault row. Raises InputError `bad_field`."""
    async with connection.transaction():
        held = await acts.hold(connection, world, order_id)
        if held is None:
            return acts.NO_ORDER
        refusal = check(held.order, plea) or await _open_already(
            connection, world.tenant, order_id, plea
        )
        if refusal is not None:
            return refusal
        if plea.kind in _ASKS_MONEY:
            await _tell_promises(connection, world, held, actor, now_ms)
        row = await write_new(connection, world.tenant, held, plea, actor, now_ms)
    return row if row is not None else CASE_OPEN


async def _tell_promises(
    connection: Connection, world: World, held: Held, actor: Actor, now_ms: int
) -> None:
    """Let the order's promises hear that a refund is asked for: their clocks begin."""
    event = Event(
        name="buyer.refund_requested",
        occurred_ms=now_ms,
        recorded_ms=now_ms,
        source=f"after_sales.{actor.role}",
    )
    promises, said = contract.hear(held.promises, [event], now_ms)
    if said:
        decided = Change(order=held.order, said=list(said), promises=promises)
        await acts.change(connection, world, held.id, actor, now_ms, lambda *_: decided)


async def _open_already(
    connection: Connection, tenant: int, order_id: uuid.UUID, plea: Plea
) -> Refusal | None:
    rows = await (await connection.execute(_OPEN, (tenant, order_id))).fetchall()
    if len(rows) >= ORDER_CASES:
        return TOO_MANY
    lines = {n.line for n in plea.lines}
    for (doc,) in rows:
        case = after_sales_rows.decode(bytes(doc))
        is_open = case.state not in machine_of(case.kind).final
        about = {n.line for n in case.lines}
        same = lines & about or (plea.kind == CLAIM and case.fulfilment == plea.fulfilment)
        if is_open and case.kind == plea.kind and (same or not (lines or about)):
            return CASE_OPEN
    return None
