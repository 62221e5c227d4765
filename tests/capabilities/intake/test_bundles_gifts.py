"""Bundles are cut to the fen whatever the units; gifts are decided by rules alone."""

from __future__ import annotations

import json
import os
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from danshu.adapters.channels.taobao import Taobao
from danshu.capabilities.intake import bundles, gifts
from danshu.capabilities.intake.bundles import Bundle, Part
from danshu.capabilities.intake.gifts import GiftRule, Item
from danshu.kernel.errors import InputError
from danshu.testing import messages

_PARTS = st.lists(
    st.builds(
        Part,
        sku=st.uuids().map(str),
        units=st.integers(1, 12),
        share=st.integers(0, 100_000),
    ),
    min_size=1,
    max_size=12,
)


@given(_PARTS, st.integers(1, 9_999), st.integers(0, 10**9), st.integers(0, 10**12))
def test_a_bundles_money_is_that_of_its_components(
    parts: list[Part], quantity: int, price: int, paid: int
) -> None:
    bundle = Bundle(code="B", name="套装", parts=tuple(parts))
    pieces = bundles.explode(bundle, quantity, price, paid)
    assert sum(p.amount for p in pieces) == price * quantity
    assert sum(p.paid for p in pieces) == paid
    assert [p.quantity for p in pieces] == [part.units * quantity for part in parts]
    assert all(p.price * p.quantity <= p.amount for p in pieces)
    if paid <= price * quantity:
        assert all(p.paid <= p.amount for p in pieces)
    if price * quantity and any(part.share for part in parts):
        free = [piece for part, piece in zip(parts, pieces, strict=True) if not part.share]
        assert all(piece.amount == piece.paid == 0 for piece in free)


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**9), min_size=1, max_size=40))
def test_what_is_cut_is_whole_and_nobody_is_a_unit_off(total: int, weights: list[int]) -> None:
    parts = bundles.apportion(total, weights)
    assert sum(parts) == total
    whole = sum(weights) or len(weights)
    told = weights if any(weights) else [1] * len(weights)
    for part, weight in zip(parts, told, strict=True):
        assert total * weight // whole <= part <= total * weight // whole + 1


def test_bundles_that_cannot_be_shipped_are_refused() -> None:
    def told(*made: Bundle, known: tuple[Bundle, ...] = ()) -> str:
        try:
            bundles.check(made, {"A", "C"}, {b.code: b for b in known})
        except InputError as error:
            return error.code
        return ""

    a, c = Part(sku="A", units=1, share=60), Part(sku="C", units=2, share=40)
    one = Bundle(code="B", name="", parts=(a, c))
    assert told(one) == ""
    assert told(Bundle(code="B", name="", parts=(a, a))) == "bundle_double"
    assert told(Bundle(code="B", name="", parts=(Part(sku="X", units=1, share=1),))) == (
        "bundle_part"
    )
    assert told(Bundle(code="B", name="", parts=(Part(sku="A", units=1, share=0),))) == (
        "bundle_share"
    )
    inner = Bundle(code="D", name="", parts=(Part(sku="B", units=1, share=1),))
    assert told(inner, known=(one,)) == told(one, inner) == "bundle_nested"
    assert told(Bundle(code="A", name="", parts=(c,)), known=(one,)) == "bundle_nested"


@pytest.mark.parametrize(
    ("change", "items", "left", "had", "expected"),
    [
        ({}, [(2, 20_000)], {}, set(), [("r", 1)]),
        ({}, [(2, 19_999)], {}, set(), []),
        ({"times": 3}, [(2, 45_000)], {}, set(), [("r", 2)]),
        ({"times": 3, "least_fen": 0, "least_units": 2}, [(9, 1)], {}, set(), [("r", 3)]),
        ({"stock": 5, "units": 2, "times": 9}, [(2, 99_000)], {"r": 3}, set(), [("r", 2)]),
        ({"stock": 5}, [(2, 99_000)], {"r": 0}, set(), ["used_up"]),
        ({"once": True}, [(2, 99_000)], {}, {"r"}, ["buyer_had"]),
        ({"channels": ("jd",)}, [(2, 99_000)], {}, set(), []),
        ({"until_ms": 1_000}, [(2, 99_000)], {}, set(), []),
        ({"skus": ("OTHER",)}, [(2, 99_000)], {}, set(), []),
    ],
)
def test_a_gift_is_given_by_its_rule(
    change: dict[str, object],
    items: list[tuple[int, int]],
    left: dict[str, int],
    had: set[str],
    expected: list[object],
) -> None:
    base: dict[str, object] = {"code": "r", "name": "n", "sku": "G", "least_fen": 20_000}
    rule = msgspec.convert({**base, **change}, GiftRule)
    bought = [Item(codes=("A",), units=units, paid=fen) for units, fen in items]
    given_, kept = gifts.decide(gifts.sort([rule]), bought, "taobao", 1_000, left, had, 5)
    assert [
        *[(one.rule, one.units) for one in given_],
        *[one.because for one in kept],
    ] == expected
    assert all(one.line == 5 for one in given_)


def test_of_a_group_the_first_gives_and_a_gift_without_stock_does_not_go() -> None:
    rules = gifts.sort(
        [
            GiftRule(code="b", name="", sku="G1", group="x", rank=1),
            GiftRule(code="a", name="", sku="G2", group="x", rank=2),
            GiftRule(code="c", name="", sku="G3"),
            GiftRule(code="off", name="", sku="G4", active=False),
        ]
    )
    bought = [Item(codes=("A",), units=1, paid=1)]
    given_, kept = gifts.decide(rules, bought, "jd", 0, {}, (), 2, lambda rule, _: rule.sku != "G3")
    assert [(one.rule, one.line) for one in given_] == [("b", 2)]
    assert [(one.rule, one.because) for one in kept] == [("c", "short"), ("a", "group")]


def test_a_platforms_gift_is_recognised_in_a_trade() -> None:
    """The platform's own sample where DANSHU_PAYLOADS has it, else a trade in its form."""
    sample = Path(os.environ.get("DANSHU_PAYLOADS", ""), "taobao_trade.json")
    if sample.exists():
        told = json.loads(sample.read_text("utf-8"))
    else:
        told = json.loads(messages.message("taobao", 1, 1, 1_795_900_000_000))
    trade = told.get("trade_fullinfo_get_response", told)
    trade = trade.get("trade", trade)
    child = trade["orders"]["order"][-1]
    for kind, is_gift in (("10", True), (10, True), ("fixed", False), (None, False)):
        child.pop("type", None)
        if kind is not None:
            child["type"] = kind
        (draft,) = Taobao().parse(json.dumps(told).encode())
        assert draft.lines[-1].gift is is_gift
