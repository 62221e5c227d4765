"""Orders that live at random: every step that moves money, and what must hold after each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from danshu.capabilities.orders import decide, holding, refunding, supplements
from danshu.capabilities.orders.amend_facts import OrderAmended
from danshu.capabilities.orders.amending import LineWish, Wish, amend
from danshu.capabilities.orders.commands import Command
from danshu.capabilities.orders.evolve import evolve, fold
from danshu.capabilities.orders.facts import CompensationPaid, OrderPaid
from danshu.capabilities.orders.model import Line, Order, Share
from danshu.capabilities.orders.money_facts import DepositForfeited
from danshu.capabilities.orders.refund_facts import (
    ExchangeArranged,
    GoodsReturned,
    RefundPaid,
    RefundReleased,
    RefundReserved,
)
from danshu.kernel.errors import Refusal
from danshu.kernel.fact import rfc3339
from danshu.ports.channel import Draft, DraftLine
from tests.capabilities.orders.builders import NOW_MS, SKUS

Row = tuple[int, int, int]  # units, price, what was paid for all


def an_order(rows: list[Row], postage: int = 0, paid: int | None = None) -> decide.Done:
    goods = sum(price * q for q, price, _ in rows)
    shares = sum(paid for _, _, paid in rows)
    total = shares + postage
    draft = Draft(
        channel="taobao",
        number="1",
        status="paid",
        lines=tuple(
            DraftLine(line=f"l{i}", sku="ABC"[i], title="", quantity=q, price=price, paid=share)
            for i, (q, price, share) in enumerate(rows)
        ),
        goods=goods,
        discount=max(0, goods - shares),
        postage=postage,
        total=total,
        paid=total if paid is None else paid,
        paid_ms=NOW_MS,
        created_ms=NOW_MS,
    )
    return decide.place(draft, key="k", region="330100", skus=SKUS, now_ms=NOW_MS)


def reserved(case: str, refund: refunding.Refund) -> RefundReserved:
    return RefundReserved(
        amount=refund.amount,
        case=case,
        over=refund.over,
        postage=refund.postage,
        reason="other",
        shares=refund.shares,
    )


def paid(case: str, refund: refunding.Refund) -> RefundPaid:
    return RefundPaid(
        amount=refund.amount,
        case=case,
        over=refund.over,
        postage=refund.postage,
        reason="other",
        receipt="r",
        shares=refund.shares,
    )


class Life:
    """An order and everything that was said of it; money in and out as its facts count them."""

    def __init__(self, first: decide.Done) -> None:
        self.order: Order = first.order
        self.facts: list[Struct] = [s.data for s in first.said]
        self.cases = 0
        self.sent: dict[str, refunding.Refund] = {}

    def say(self, *datas: Struct) -> None:
        for data in datas:
            self.order = evolve(self.order, data)
            self.facts.append(data)

    def take(self, done: decide.Done | Refusal) -> None:
        if isinstance(done, decide.Done):
            self.order = done.order
            self.facts += [s.data for s in done.said]

    def act(self, event: str, **more: Any) -> None:
        self.take(decide.act(self.order, Command(event=event, by="t", **more), NOW_MS))

    def check(self) -> None:
        order, held = self.order, refunding.money(self.order)
        came = sum(f.amount for f in self.facts if isinstance(f, OrderPaid))
        back = sum(f.amount for f in self.facts if isinstance(f, RefundPaid))
        waits = sum(r.amount for r in order.reserves)
        lost = sum(f.amount for f in self.facts if isinstance(f, DepositForfeited))
        kept = sum(n.base - n.refunded for n in held.lines)
        kept += held.postage - held.postage_refunded + held.over
        assert came == kept + back + waits + lost
        assert 0 <= back + waits <= came - lost
        assert held.left == kept
        assert held.over >= 0
        if not any(isinstance(f, OrderAmended) for f in self.facts):
            # an amendment may make a line worth less than what went back of it before
            assert all(n.base >= n.refunded >= 0 for n in held.lines)
            assert all(n.refunded_units <= n.units for n in held.lines)
            assert 0 <= held.postage_refunded <= held.postage
        assert order.refunded == back
        assert fold([(f, NOW_MS) for f in self.facts]) == order


def allocate(life: Life, data: st.DataObject) -> None:
    plan = [(n.no, "X", decide.open_units(n)) for n in life.order.lines if decide.open_units(n)]
    if plan and decide.routable(life.order):
        life.take(decide.allocate(life.order, plan))


def move(life: Life, data: st.DataObject) -> None:
    for event in data.draw(
        st.sampled_from([["release"], ["release", "pick"], ["release", "pick", "pack", "ship"]])
    ):
        life.act(event, carrier="SF", waybill="1")


def cancel(life: Life, data: st.DataObject) -> None:
    before = len(life.facts)
    life.act("cancel")
    shares = [s for f in life.facts[before:] for s in getattr(f, "shares", ())]
    held = refunding.money(life.order)
    owed = refunding.price(held, {s.line: s.quantity for s in shares}, postage=True)
    if shares and owed.amount:
        begin(life, owed)


def begin(life: Life, refund: refunding.Refund) -> None:
    life.cases += 1
    case = str(life.cases)
    assert not refunding.exceeds(refunding.money(life.order), refund)
    life.say(reserved(case, refund))
    life.sent[case] = refund


def ask(life: Life, data: st.DataObject) -> None:
    held = refunding.money(life.order)
    line = data.draw(st.sampled_from(life.order.lines)).no
    n = data.draw(st.integers(0, 3))
    lowered = {line: data.draw(st.integers(0, 60))} if not n else {}
    refund = refunding.price(held, {line: n}, lowered, postage=data.draw(st.booleans()))
    if refund.amount:
        begin(life, refund)


def end(life: Life, data: st.DataObject) -> None:
    if not life.sent:
        return
    case = data.draw(st.sampled_from(sorted(life.sent)))
    refund = life.sent.pop(case)
    if data.draw(st.booleans()):
        life.say(paid(case, refund))
    else:
        life.say(RefundReleased(case=case, reason="withdrawn"))


def come_back(life: Life, data: st.DataObject) -> None:
    line = data.draw(st.sampled_from(life.order.lines))
    if line.shipped > line.returned:
        share = Share(line=line.no, sku=line.sku, quantity=1)
        life.say(GoodsReturned(case="g", outcome="scrap", shares=(share,), warehouse="X"))


def exchange(life: Life, data: st.DataObject) -> None:
    """Send goods at the same price, or dearer ones: then the difference is asked for."""
    held = refunding.money(life.order)
    line = data.draw(st.sampled_from(life.order.lines))
    money = held.line(line.no)
    if money is None or not money.units_left or len(life.order.lines) > 5 or not line.returned:
        return
    if line.asked:  # it is held until that is paid, so it cannot have come back
        return
    moved = refunding.price_units(money, 1)
    no = max(n.no for n in life.order.lines) + 1
    asked = data.draw(st.integers(0, 40))
    new = Line(asked=asked, no=no, sku="C", quantity=1, price=0, paid=moved + asked)
    before = refunding.money(life.order)
    said: list[Struct] = [
        ExchangeArranged(
            case="e",
            difference=asked,
            line=line.no,
            lines=(new,),
            moved=moved,
            quantity=1,
            supplement=asked,
        )
    ]
    if asked and supplements.SUPPLEMENT not in life.order.holds:
        said.append(holding.held(holding.CATALOGUE[supplements.SUPPLEMENT]))
    life.say(*said)
    after = refunding.money(life.order)
    # nobody has paid the difference yet: what may be paid back is what it was
    assert (after.left, after.over, after.postage) == (before.left, before.over, before.postage)


def supplement(life: Life, data: st.DataObject) -> None:
    """Pay what is due, whole or in two parts; then the order is let go."""
    if supplements.SUPPLEMENT not in life.order.holds:
        return
    due = supplements.due_of(life.order)
    first = data.draw(st.integers(1, due)) if due else 0
    for amount in (first, due - first):
        if amount:
            life.act("pay", amount=amount)
            life.check()
    if due:
        assert supplements.SUPPLEMENT not in life.order.holds
        assert not any(n.asked for n in life.order.lines if n.cancelled < n.quantity)


def cut(life: Life, data: st.DataObject) -> None:
    """Pay less for units than they were worth: they came back worn."""
    held = refunding.money(life.order)
    line = data.draw(st.sampled_from(life.order.lines)).no
    refund = refunding.price(held, {line: 1})
    if not refund.amount:
        return
    (share,) = refund.shares
    less = data.draw(st.integers(0, share.amount))
    if less:
        told = replace(refund, shares=(replace(share, amount=less),))
        begin(life, refunding.withhold(held, told))


def change(life: Life, data: st.DataObject) -> None:
    line = data.draw(st.sampled_from(life.order.lines))
    quantity = data.draw(st.integers(1, 4))
    done = amend(
        life.order, Wish(by="t", reason="t", lines=(LineWish(line=line.no, quantity=quantity),))
    )
    if isinstance(done, Refusal):
        return
    life.take(done)
    held = refunding.money(life.order)
    if held.over:
        begin(life, refunding.price(held, {}, over=held.over))
    due = life.order.total - life.order.paid
    if due > 0 and data.draw(st.booleans()):
        life.say(OrderPaid(amount=due, at=rfc3339(NOW_MS), stage="supplement"))


def compensate(life: Life, data: st.DataObject) -> None:
    life.say(CompensationPaid(amount=7))


def forfeit(life: Life, data: st.DataObject) -> None:
    held = refunding.money(life.order)
    if not held.refunded and held.paid and not life.order.forfeited:
        life.say(DepositForfeited(amount=min(5, held.paid), clause="ab", reason="tail_missed"))


STEPS: list[Callable[[Life, st.DataObject], None]] = [
    allocate,
    move,
    cancel,
    ask,
    end,
    come_back,
    exchange,
    supplement,
    cut,
    change,
    compensate,
    forfeit,
]
ROWS = st.lists(
    st.tuples(st.integers(1, 3), st.integers(1, 90), st.integers(0, 250)), min_size=1, max_size=3
)
