"""Random lives of orders by random types: to the minor unit, money in = kept + owed + worth.

A life is whatever a buyer, a merchant, a group and a clock may do, in any order; what the type
refuses changes nothing.
"""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from danshu.capabilities.order_types import decide, lint, reading
from danshu.capabilities.order_types.decide import Ending, Entering, Life
from danshu.capabilities.order_types.model import OrderType
from danshu.kernel.errors import Refusal

NOW_MS = 1_795_345_200_000
TEMPLATES = [msgspec.to_builtins(t) for t in reading.templates()]


@st.composite
def kinds(draw: st.DrawFn) -> OrderType:
    """A sound type: a template with its amounts, windows and rules drawn anew."""
    tree: dict[str, Any] = msgspec.json.decode(
        msgspec.json.encode(draw(st.sampled_from(TEMPLATES)))
    )
    for payment in tree["payments"]:
        payment["closes"] = draw(st.sampled_from(["PT30M", "P2D", "PT1S"]))
        payment["grace"] = draw(st.sampled_from(["", "PT5M"]))
        if payment["stage"] == "deposit":
            if draw(st.booleans()):
                payment["permille"] = draw(st.integers(1, 200))
            else:
                payment |= {"permille": 0, "amount_fen": draw(st.integers(1, 5_000))}
            payment["counts_permille"] = draw(st.sampled_from([1_000, 1_500, 2_000, 10_000]))
            if draw(st.booleans()):
                payment["refundable"] = True
                payment["clause"] = {"zh": "定金可退", "en": "The deposit is refundable"}
        if payment["stage"] == "tail":
            payment["opens"] = draw(st.sampled_from(["", "P1D"]))
            payment["missed"] = draw(st.sampled_from(["forfeit", "refund"]))
    kind = msgspec.convert(tree, OrderType)
    assert lint.is_sound(lint.check(kind, lint.Around(now_ms=NOW_MS)))
    return kind


MOVES = st.one_of(
    st.tuples(st.just("pay"), st.sampled_from([0, -1, 1])),
    st.tuples(st.just("wait"), st.sampled_from([1_000, 3_600_000, 86_400_000, 400_000_000])),
    st.tuples(st.just("cancel"), st.sampled_from([0, 1])),
    st.tuples(st.just("group"), st.sampled_from([0, 1])),
)


class Living:
    """An order as its decisions make it."""

    def __init__(self, kind: OrderType, goods: int, units: int) -> None:
        life = Life(goods=goods, total=goods, units=units)
        self.kind, self.now_ms, self.ended = kind, NOW_MS, False
        self.life = replace(life, total=goods - decide.discount_of(kind, life))
        self.enter(decide.begin(kind, NOW_MS))

    def enter(self, entries: list[Entering]) -> None:
        for entering in entries:
            assert entering.was == self.life.stage
            self.life = decide.entered(self.life, entering)

    def end(self, ending: Ending) -> None:
        assert ending.keep >= 0
        assert ending.owed >= 0
        life = self.life
        self.life = replace(
            life, forfeited=life.forfeited + ending.keep, owed=life.owed + ending.owed
        )
        self.ended = True

    def pay(self, off: int) -> None:
        payment = decide.expected(self.kind, self.life.stage)
        due = decide.amount_due(self.kind, self.life, payment) if payment else 100
        taken = decide.pay(self.kind, self.life, due + off, self.now_ms)
        if isinstance(taken, Refusal):
            return
        assert off == 0, "neither a fen more nor less is taken"
        frozen = due if taken.stage == "deposit" else 0
        life = self.life
        self.life = replace(life, paid=life.paid + due, deposit=life.deposit + frozen)
        self.enter(decide.hear(self.kind, self.life, decide.paid_by(taken), self.now_ms))

    def wait(self, ms: int) -> None:
        self.now_ms += ms
        for _ in range(10):
            told = decide.pass_time(self.kind, self.life, self.now_ms)
            if told is None or told == []:
                return
            if isinstance(told, Ending):
                return self.end(told)
            self.enter(told)
        raise AssertionError("time stands still")

    def move(self, name: str, value: int) -> None:
        if name == "pay":
            self.pay(value)
        elif name == "wait":
            self.wait(value)
        elif name == "cancel":
            self.end(decide.cancel(self.kind, self.life, ("buyer_regret", "merchant_stock")[value]))
        elif decide.awaited(self.kind, self.life.stage) == "group.formed":
            if value:
                self.enter(decide.hear(self.kind, self.life, "group.formed", self.now_ms))
            else:
                self.end(decide.end(self.kind, self.life, "group_failed", keeps=False))


@settings(max_examples=150, deadline=None)
@given(
    kind=kinds(),
    price=st.integers(1, 500_000),
    units=st.integers(1, 9),
    moves=st.lists(MOVES, max_size=14),
)
def test_money_is_exact_in_any_life(
    kind: OrderType, price: int, units: int, moves: list[tuple[str, int]]
) -> None:
    living = Living(kind, price * units, units)
    for name, value in moves:
        if living.ended:
            break
        living.move(name, value)
        life = living.life
        assert 0 <= life.deposit <= life.paid <= life.total
    life = living.life
    last = kind.stages[-1].name
    if living.ended:
        assert life.paid == life.forfeited + life.owed
        if life.paid > life.deposit:
            assert life.forfeited == 0, "a deposit that became part of the price is not kept"
        deposit = decide.payment_of(kind, "deposit")
        if deposit is None or deposit.refundable:
            assert life.forfeited == 0
    elif life.stage == last:
        assert life.paid == life.total
    released = {s.name for s in kind.stages if "release" in s.open}
    if life.stage in released:
        assert life.paid == life.total, "dispatch is open only to what is paid"
