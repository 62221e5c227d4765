"""Goods that come back 退货: their waybill, receipt, inspection, and what is sent in exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import psycopg
from msgspec.structs import replace

from danshu.capabilities.after_sales import facts
from danshu.capabilities.after_sales.model import (
    EXCHANGE,
    GRADES,
    OUTCOMES,
    RETURN,
    Case,
    CaseLine,
    ExchangeGoods,
    Inspected,
    Sum,
)
from danshu.capabilities.orders import evolve as order_evolve
from danshu.capabilities.orders import holding, model, refunding
from danshu.capabilities.orders.refund_facts import (
    ExchangeArranged,
    GoodsReturned,
    RefundReleased,
)
from danshu.capabilities.orders.supplements import SUPPLEMENT
from danshu.hub import acts, after_sales, after_sales_money, changes
from danshu.hub.changes import Change
from danshu.kernel.errors import InputError, Refusal
from danshu.kernel.fact import Evidence, Said, rfc3339
from danshu.kernel.money import apportion

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from msgspec import Struct

    from danshu.hub.after_sales import Doing
    from danshu.hub.after_sales_rows import Row

Connection = psycopg.AsyncConnection[Any]
INSPECTION: Final = "return_inspection"
SOUND: Final = frozenset({"as_new", "opened"})
_SIGNED: Final = """
select 1 from performances where tenant=%s and id=%s and oid=%s and action=%s
and state not in ('open','cancelled')
"""
MORE_THAN_SENT: Final = Refusal(
    code="more_than_asked",
    reason="质检件数超过申请件数",
    reason_en="More units were found than were to come back",
    clause="after_sales.inspect",
)
NOTHING_CAME: Final = Refusal(
    code="nothing_came",
    reason="没有可换的实收件",
    reason_en="No units came back for which others could be sent",
    clause="after_sales.exchange",
)


async def send_back(doing: Doing, carrier: str, waybill: str) -> Row | Refusal:
    """Note the waybill of the goods that come back."""
    refusal = after_sales.step(doing.case, "send_back")
    if refusal is not None:
        return refusal
    if not waybill:
        raise InputError("no_waybill", "the waybill number is missing", "/waybill")
    times = doing.timed("returning")
    return await doing.say(facts.AfterSaleSentBack(carrier=carrier, waybill=waybill, **times))


async def receive(doing: Doing, warehouse: str) -> Row | Refusal:
    """Say that the parcel lies in a warehouse; the time to pay back begins."""
    refusal = after_sales.step(doing.case, "receive")
    if refusal is not None:
        return refusal
    if warehouse not in doing.world.warehouse_no:
        raise InputError("bad_field", "no such warehouse", "/warehouse")
    heard = doing.event("buyer.return_received", "warehouse.receipt")
    refusal = await doing.tell_order(event=heard)
    if refusal is not None:
        return refusal
    times = doing.timed("received")
    return await doing.say(facts.AfterSaleReceived(warehouse=warehouse, **times))


async def inspect(
    doing: Doing,
    found: Sequence[Inspected],
    note: str,
    performance: uuid.UUID | None,
    *,
    is_heard: bool = False,
) -> Row | Refusal:
    """Say what lay in the parcel and what becomes of it; goods that may be sold count as on hand.

    `is_heard`: the act `performance` was ended in this commit, and the promises have heard it.

    Where all of it is sound, what was agreed follows at once: money is owed for what came, or other
    goods are sent. Else a person decides. Raises InputError `bad_field`.
    """
    case = doing.case
    refusal = why_not(case, found)
    if refusal is not None:
        return refusal
    await _check_signature(doing, performance)
    id_ = str(doing.row.id)
    came: list[Struct] = [
        GoodsReturned(
            case=id_,
            outcome=outcome,
            shares=tuple(
                model.Share(line=n.line, sku=n.sku, quantity=n.quantity)
                for n in found
                if n.outcome == outcome and n.quantity
            ),
            warehouse=case.warehouse,
        )
        for outcome in OUTCOMES
        if outcome != "send_back" and any(n.outcome == outcome and n.quantity for n in found)
    ]
    own_word = performance is None  # signed, it is more than the merchant's word
    heard = None
    if not is_heard:
        heard = doing.event("return.inspected", "warehouse.inspection", own_word=own_word)
    refusal = await doing.tell_order(*came, event=heard)
    if refusal is not None:
        return refusal
    await _relock(doing)
    evidence = tuple(Evidence(digest=digest, kind="photo") for digest in doing.row.photos)
    said = facts.AfterSaleInspected(
        by=doing.actor.sub,
        due=rfc3339(case.due_ms) if case.due_ms else "",
        lines=tuple(found),
        note=note,
        performance=str(performance) if performance else "",
        rule=case.rule,
    )
    row = await doing.say(said, evidence=evidence)
    if not all(n.grade in SOUND and n.outcome != "send_back" for n in found if n.quantity):
        return row
    if not any(n.quantity for n in found):
        return row
    if case.kind == RETURN:
        return await _grant(doing)
    return await replace_goods(doing, waives=False, quietly=True)


async def _relock(doing: Doing) -> None:
    """Read the order again: its position has moved with what was said of it."""
    held = await acts.hold(doing.connection, doing.world, doing.held.id)
    if held is not None:
        doing.held = held


def why_not(case: Case, found: Sequence[Inspected]) -> Refusal | None:
    """Say why this can't be what was found; None where it can. Raises InputError `bad_field`."""
    return after_sales.step(case, "inspect") or _check(case.lines, found)


def _check(asked: Sequence[CaseLine], found: Sequence[Inspected]) -> Refusal | None:
    units = {n.line: (n.quantity, n.sku) for n in asked}
    counted: dict[int, int] = {}
    for i, n in enumerate(found):
        if n.line not in units or units[n.line][1] != n.sku:
            raise InputError("bad_field", "a line of the case", f"/lines/{i}/line")
        if n.grade not in GRADES or n.outcome not in OUTCOMES:
            raise InputError("bad_field", "no such grade or outcome", f"/lines/{i}/grade")
        counted[n.line] = counted.get(n.line, 0) + n.quantity
    if any(q > units[no][0] for no, q in counted.items()):
        return MORE_THAN_SENT
    return None


async def _check_signature(doing: Doing, performance: uuid.UUID | None) -> None:
    """Hold the inspector to the signed act that is named. Raises InputError `bad_field`."""
    if performance is None:
        return
    asked = (doing.world.tenant, performance, doing.held.id, INSPECTION)
    if await (await doing.connection.execute(_SIGNED, asked)).fetchone() is None:
        raise InputError("bad_field", "no signed inspection of this order", "/performance")


async def _grant(doing: Doing) -> Row | Refusal:
    """Owe the money for what came, never more than was agreed."""
    pays = after_sales_money.due(doing.held.order, doing.case, str(doing.row.id))
    if pays.amount > doing.case.sum.amount or not pays.amount:
        return doing.row  # a person looks at it
    return await after_sales.settle(doing, "grant", pays, "")


async def replace_goods(doing: Doing, *, waives: bool, quietly: bool = False) -> Row | Refusal:
    """Send other goods for what came back: new lines, allocated by the same door.

    What they cost more is asked of the buyer as a supplement, and the order is held until it is
    paid; `waives` says that the merchant bears it. What they cost less is paid back. `quietly`
    leaves to a person what cannot be sent.
    """
    case, order, id_ = doing.case, doing.held.order, str(doing.row.id)
    refusal = after_sales.step(case, "replace")
    if case.kind != EXCHANGE:
        refusal = refusal or NOTHING_CAME
    lines = after_sales_money.accepted(case)
    if refusal is not None or len(lines) != 1:
        return doing.row if quietly else refusal or NOTHING_CAME
    (back,) = lines
    held = refunding.money(order, id_)
    money = held.line(back.line)
    moved = refunding.price_units(money, back.quantity) if money else 0
    wanted, is_same = _wanted(case, back)
    difference = 0 if is_same else sum(w.price * w.quantity for w in wanted) - moved
    supplement = 0 if waives else max(0, difference)
    arranged = ExchangeArranged(
        case=id_,
        difference=difference,
        line=back.line,
        lines=_new_lines(doing, wanted, moved, supplement),
        moved=moved,
        quantity=back.quantity,
        supplement=supplement,
    )
    datas: list[Struct] = [RefundReleased(case=id_, reason="exchanged"), arranged]
    if supplement and SUPPLEMENT not in order.holds:
        datas.append(holding.held(holding.CATALOGUE[SUPPLEMENT]))
    after = order
    for data in datas:
        after = order_evolve.evolve(after, data)
    cause = f"{id_}/{doing.row.seq}"
    said = [Said(data=data, cause=cause) for data in datas]
    routed = changes.allocate(
        doing.world, replace(doing.held, order=after), doing.now_ms
    )  # no stock by now: the units wait as those of any order do
    change = Change(order=after, said=said, promises=doing.held.promises)
    if isinstance(routed, Change):
        change = replace(routed, said=[*said, *routed.said])
    told = await doing.tell_order(change=change)
    if told is not None:
        return told
    return await _close_exchange(doing, -difference)


def _wanted(case: Case, back: CaseLine) -> tuple[tuple[ExchangeGoods, ...], bool]:
    """Give what is sent, and whether it is the same goods: as many as came, at what those cost."""
    if case.wanted and all(w.sku == back.sku for w in case.wanted):
        return (replace(case.wanted[0], quantity=back.quantity),), True
    return case.wanted, False


def _new_lines(
    doing: Doing, wanted: Sequence[ExchangeGoods], moved: int, supplement: int
) -> tuple[model.Line, ...]:
    """Make the new lines; what the goods that came back were worth pays for them, by price, and
    the supplement for the rest of it.
    """
    order = doing.held.order
    weights = [w.price * w.quantity for w in wanted]
    shares, asked = apportion(moved, weights), apportion(supplement, weights)
    first = max(n.no for n in order.lines) + 1
    return tuple(
        model.Line(
            asked=more,
            no=no,
            sku=w.sku,
            title=w.title,
            quantity=w.quantity,
            price=0,
            paid=paid + more,
            known=w.sku in doing.world.skus,
        )
        for no, (w, paid, more) in enumerate(zip(wanted, shares, asked, strict=True), first)
    )


async def _close_exchange(doing: Doing, less: int) -> Row | Refusal:
    """End it, or pay back what the new goods cost less."""
    await _relock(doing)
    order = doing.held.order
    if less > 0:
        first = max(n.no for n in order.lines) - len(doing.case.wanted) + 1  # the first new line
        held = refunding.money(order)
        lowered = {first: less}
        refund = refunding.price(held, {}, lowered)
        if refund.amount:
            pays: Sum = after_sales_money.as_sum(refund)
            return await after_sales.settle(doing, "grant", pays, "")
    return await doing.say(facts.AfterSaleClosed(outcome="exchanged"))
