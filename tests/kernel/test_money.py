"""Money: every amount is read exactly or refused, and every share adds up."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from danshu.kernel.errors import InputError, ProgramError
from danshu.kernel.limits import AMOUNT_MINOR
from danshu.kernel.money import apportion, format_minor, from_float, minor_decimals, parse_minor

CURRENCIES = st.sampled_from(["CNY", "USD", "JPY", "KRW", "KWD", "CLF"])
AMOUNTS = st.integers(-AMOUNT_MINOR, AMOUNT_MINOR)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("224.80", "CNY", 22480),
        ("224.8", "CNY", 22480),
        ("224", "CNY", 22400),
        ("0.01", "CNY", 1),
        ("-0.05", "CNY", -5),
        ("-0.00", "CNY", 0),
        ("007.5", "CNY", 750),
        ("1.2300000", "USD", 123),
        ("100", "JPY", 100),
        ("100.00", "JPY", 100),
        ("1.234", "KWD", 1234),
        ("1.2", "KWD", 1200),
        ("1.2345", "CLF", 12345),
        ("100000000000.00", "CNY", AMOUNT_MINOR),
        (224, "CNY", 22400),
        (-3, "JPY", -3),
        (0, "KWD", 0),
        (Decimal("224.80"), "CNY", 22480),
        (Decimal("-224.800"), "CNY", -22480),
        (Decimal("2.2E+2"), "CNY", 22000),
        (Decimal("1E+2"), "JPY", 100),
        (Decimal("100.00"), "JPY", 100),
        (Decimal("0E-999999"), "CNY", 0),
        (Decimal("0E+999999"), "CNY", 0),
        (Decimal("0.0100"), "CNY", 1),
    ],
)
def test_amounts_are_read_exactly(amount: Any, currency: str, minor: int) -> None:
    assert parse_minor(amount, currency) == minor


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        ("", "CNY", "money"),
        (" 1", "CNY", "money"),
        ("1 ", "CNY", "money"),
        ("1\n", "CNY", "money"),
        ("+1", "CNY", "money"),
        ("--1", "CNY", "money"),
        ("1.", "CNY", "money"),
        (".5", "CNY", "money"),
        ("1e2", "CNY", "money"),
        ("1E2", "CNY", "money"),
        ("1,234.50", "CNY", "money"),
        ("1_000", "CNY", "money"),
        ("¥1", "CNY", "money"),
        ("NaN", "CNY", "money"),
        ("Infinity", "CNY", "money"),
        ("１２", "CNY", "money"),  # full-width digits
        ("٣", "CNY", "money"),
        ("0x1", "CNY", "money"),
        ("1.0.0", "CNY", "money"),
        ("0" * 40, "CNY", "money"),
        (True, "CNY", "money"),
        (None, "CNY", "money"),
        (1.5, "CNY", "money"),
        (Decimal("NaN"), "CNY", "money"),
        (Decimal("-Infinity"), "CNY", "money"),
        ("1.001", "CNY", "money_precision"),
        ("0.5", "JPY", "money_precision"),
        ("1.2345", "KWD", "money_precision"),
        (Decimal("1.001"), "CNY", "money_precision"),
        (Decimal("1E-30"), "CNY", "money_precision"),
        (Decimal("0.004"), "CNY", "money_precision"),
        ("100000000000.01", "CNY", "money_range"),
        ("-100000000000.01", "CNY", "money_range"),
        (10**13, "CNY", "money_range"),
        (Decimal("1E+999999"), "CNY", "money_range"),
        (Decimal("1" * 50), "CNY", "money_range"),
        ("1", "cny", "money_currency"),
        ("1", "", "money_currency"),
        ("1", "RMB2", "money_currency"),
        ("1", "人民币", "money_currency"),
    ],
    ids=repr,
)
def test_other_amounts_are_refused(amount: Any, currency: str, code: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_minor(amount, currency)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("currency", "decimals"), [("CNY", 2), ("EUR", 2), ("JPY", 0), ("KWD", 3), ("UYW", 4)]
)
def test_minor_units(currency: str, decimals: int) -> None:
    assert minor_decimals(currency) == decimals


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (22480, "CNY", "224.80"),
        (-5, "CNY", "-0.05"),
        (0, "CNY", "0.00"),
        (100, "JPY", "100"),
        (-1, "JPY", "-1"),
        (1, "KWD", "0.001"),
        (100, "USD", "1.00"),
    ],
)
def test_amounts_are_written(minor: int, currency: str, text: str) -> None:
    assert format_minor(minor, currency) == text


@given(AMOUNTS, CURRENCIES)
def test_what_is_written_is_read_again(minor: int, currency: str) -> None:
    text = format_minor(minor, currency)
    assert parse_minor(text, currency) == minor
    assert parse_minor(Decimal(text), currency) == minor
    assert Fraction(text) * 10 ** minor_decimals(currency) == minor


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-9999, max_value=9999)
)
def test_decimals_agree_with_fractions(amount: Decimal) -> None:
    exact = Fraction(amount) * 100
    if exact.denominator == 1:
        assert parse_minor(amount, "CNY") == exact
        return
    with pytest.raises(InputError) as caught:
        parse_minor(amount, "CNY")
    assert caught.value.code == "money_precision"


@pytest.mark.parametrize(
    ("amount", "minor"), [(224.8, 22480), (0.1, 10), (-5.0, -500), (1e3, 10**5)]
)
def test_floats_are_read_by_their_shortest_form(amount: float, minor: int) -> None:
    assert from_float(amount, "CNY") == minor


@pytest.mark.parametrize("amount", [0.1 + 0.2, 1e22, 1e-7, float("nan"), float("inf")])
def test_floats_that_are_no_money_are_refused(amount: float) -> None:
    with pytest.raises(InputError):
        from_float(amount, "CNY")


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (10, [0, 3, 0, 1], [0, 8, 0, 2]),  # 7.5 and 2.5: the tie goes to the first
        (5, [0, 0], [3, 2]),
        (0, [1, 2], [0, 0]),
        (0, [], []),
        (1, [1, 1, 2], [0, 0, 1]),
        (7, [10**30, 10**30], [4, 3]),
    ],
)
def test_shares(total: int, weights: list[int], shares: list[int]) -> None:
    assert apportion(total, weights) == shares


@given(AMOUNTS, st.lists(st.integers(0, 10**9), min_size=1, max_size=30))
def test_shares_add_up_and_stay_within_one_of_the_quota(total: int, weights: list[int]) -> None:
    shares = apportion(total, weights)
    assert sum(shares) == total
    whole = sum(weights)
    for share, weight in zip(shares, weights, strict=True):
        quota = Fraction(total * weight, whole) if whole else Fraction(total, len(weights))
        assert abs(share - quota) < 1
        if whole and not weight:
            assert share == 0
    assert apportion(-total, weights) == [-share for share in shares]


@given(st.integers(0, 10**6), st.lists(st.integers(1, 1000), min_size=2, max_size=10), st.data())
def test_a_heavier_weight_never_gets_less(
    total: int, weights: list[int], data: st.DataObject
) -> None:
    a, b = (data.draw(st.integers(0, len(weights) - 1)) for _ in range(2))
    shares = apportion(total, weights)
    if weights[a] > weights[b]:
        assert shares[a] >= shares[b]


@pytest.mark.parametrize(("total", "weights"), [(1, []), (1, [1, -1]), (0, [-1])])
def test_shares_that_nobody_can_make(total: int, weights: list[int]) -> None:
    with pytest.raises(ProgramError):
        apportion(total, weights)
