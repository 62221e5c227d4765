"""Refunds to the fen: what units are worth, whatever came before."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from danshu.capabilities.orders import decide, holding, refunding, supplements
from danshu.capabilities.orders.commands import Command
from danshu.capabilities.orders.evolve import evolve
from danshu.capabilities.orders.model import Line, RefundShare
from danshu.capabilities.orders.refund_facts import (
    ExchangeArranged,
    RefundReleased,
)
from danshu.kernel.errors import Refusal
from tests.capabilities.orders.builders import NOW_MS
from tests.capabilities.orders.lives import Life, an_order, paid, reserved


def test_any_cut_of_a_line_sums_to_what_was_paid() -> None:
    for base in (0, 1, 100, 101, 998):
        for units in (1, 3, 7):
            parts = [
                refunding.worth(base, units, n) - refunding.worth(base, units, n - 1)
                for n in range(1, units + 1)
            ]
            assert sum(parts) == base
            assert max(parts) - min(parts) <= 1


@pytest.mark.parametrize(
    ("units", "lowered", "postage", "amount"),
    [
        ({1: 1}, {}, False, 34),  # 100 for three: 34, 33, 33
        ({1: 3}, {}, False, 100),
        ({1: 3, 2: 2}, {}, True, 100 + 51 + 12),
        ({1: 9}, {}, False, 100),  # no more units than there are
        ({}, {1: 40}, False, 40),
        ({}, {1: 400}, False, 100),  # no more than was paid for the line
        ({}, {}, True, 12),
    ],
)
def test_a_refund_is_priced(
    units: dict[int, int], lowered: dict[int, int], postage: bool, amount: int
) -> None:
    order = an_order([(3, 50, 100), (2, 30, 51)], postage=12).order
    refund = refunding.price(refunding.money(order), units, lowered, postage=postage)
    assert refund.amount == amount
    assert not refunding.exceeds(refunding.money(order), refund)


def test_what_the_platform_paid_for_the_buyer_is_not_paid_back() -> None:
    """160 were due, 130 came from the buyer: a coupon of the platform's covers the rest."""
    held = refunding.money(an_order([(3, 50, 100), (2, 30, 48)], postage=12, paid=130).order)
    assert sum(n.base for n in held.lines) + held.postage == 130
    whole = refunding.price(held, {1: 3, 2: 2}, postage=True)
    assert whole.amount == 130


def test_a_lower_price_counts_when_the_unit_comes_back() -> None:
    order = an_order([(2, 50, 100)]).order
    less = refunding.price(refunding.money(order), {}, {1: 10})
    order = evolve(order, paid("a", less))
    one = refunding.price(refunding.money(order), {1: 1})
    assert one.amount == 45
    order = evolve(order, paid("b", one))
    assert refunding.price(refunding.money(order), {1: 1}).amount == 45
    assert refunding.money(order).left == 45


def test_what_a_person_kept_back_does_not_come_with_the_next_unit() -> None:
    """300 for three; the first came back worn and 60 were paid: the others are worth 100 each."""
    order = an_order([(3, 100, 300)]).order
    worn = refunding.Refund(shares=(RefundShare(amount=60, line=1, quantity=1),))
    held = refunding.money(order)
    order = evolve(order, paid("a", refunding.withhold(held, worn)))
    held = refunding.money(order)
    assert refunding.price(held, {1: 1}).amount == 100
    assert refunding.price(held, {1: 2}).amount == 200
    assert held.left == 240  # what was kept back may still be paid, by a person's word


def test_a_lower_price_is_of_the_units_that_are_left() -> None:
    """99 for three; one went back for 33, then 20 were made good: the others are worth 23 each."""
    order = an_order([(3, 33, 99)]).order
    for case, units, less in (("a", {1: 1}, {}), ("b", {}, {1: 20}), ("c", {1: 1}, {})):
        refund = refunding.price(refunding.money(order), units, less)
        order = evolve(order, paid(case, refund))
    assert order.lines[0].refunded == 33 + 20 + 23
    assert refunding.price(refunding.money(order), {1: 1}).amount == 23


def test_gifts_and_bundles_come_back_for_what_was_paid_for_them() -> None:
    """A bundle of two for 100 and a gift, postage 8: the gift is worth nothing."""
    order = an_order([(1, 90, 61), (1, 60, 39), (1, 0, 0)], postage=8).order
    held = refunding.money(order)
    assert refunding.price(held, {3: 1}).amount == 0
    part = refunding.price(held, {1: 1})
    assert (part.amount, refunding.is_whole(held, part)) == (61, False)
    order = evolve(order, paid("a", part))
    held = refunding.money(order)
    rest = refunding.price(held, {2: 1})
    assert refunding.is_whole(held, rest)  # who keeps the gift has sent back all that was paid for
    assert refunding.price(held, {2: 1}, postage=True).amount == 39 + 8


def test_dearer_goods_ask_for_the_difference_alone() -> None:
    """130 of 160 came from the buyer, the platform paid the rest: it is not asked for again."""
    life = Life(an_order([(2, 50, 100), (1, 60, 48)], postage=12, paid=130))
    moved = refunding.price_units(refunding.money(life.order).lines[0], 1)
    new = Line(asked=25, no=3, sku="C", quantity=1, price=0, paid=moved + 25)
    life.say(
        ExchangeArranged(
            case="e", difference=25, line=1, lines=(new,), moved=moved, quantity=1, supplement=25
        ),
        holding.held(holding.CATALOGUE[supplements.SUPPLEMENT]),
    )
    assert supplements.due_of(life.order) == 25
    assert decide.act(life.order, Command(event="unhold", by="t"), NOW_MS) == holding.STILL_DUE
    too_much = decide.act(life.order, Command(event="pay", amount=26, by="t"), NOW_MS)
    assert isinstance(too_much, Refusal)
    life.act("pay", amount=25)
    assert life.order.holds == ()
    assert refunding.money(life.order).left == 155
    life.check()


def test_what_one_case_has_reserved_no_other_may_pay() -> None:
    order = an_order([(2, 50, 100)]).order
    first = refunding.price(refunding.money(order), {1: 2})
    order = evolve(order, reserved("a", first))
    assert refunding.money(order).left == 0
    assert refunding.price(refunding.money(order), {1: 1}).amount == 0
    assert refunding.exceeds(refunding.money(order), first)
    assert refunding.price(refunding.money(order, "a"), {1: 2}) == first
    order = evolve(order, RefundReleased(case="a", reason="withdrawn"))
    assert refunding.money(order).left == 100


def test_a_share_of_no_line_exceeds() -> None:
    order = an_order([(1, 50, 50)]).order
    refund = refunding.Refund(shares=(RefundShare(amount=1, line=9, quantity=0),))
    assert refunding.exceeds(refunding.money(order), refund)
    twice = replace(order, lines=())
    assert refunding.exceeds(refunding.money(twice), refund)
