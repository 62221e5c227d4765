"""Valuations: formulas by hand, ranges that contain them, schedules to the fen, the table."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from danshu.capabilities.valuation import amortising, compute, treating
from danshu.capabilities.valuation.model import (
    DEFINED,
    ComparableDeal,
    InputSpan,
    MethodWeights,
    ValuationInputs,
)
from danshu.hub import balance_sheet
from danshu.kernel.errors import InputError

COST = MethodWeights(cost=1_000, income=0, market=0)


def fixed(**values: int) -> dict[str, float]:
    return {code: float(values.get(code, one.mid)) for code, one in DEFINED.items()}


def span(code: str, low: int, mid: int | None = None, high: int | None = None) -> InputSpan:
    return InputSpan(code=code, low=low, mid=mid or low, high=high or mid or low)


def test_the_formulas_by_hand() -> None:
    at = fixed(**{
        "cost.labour": 100_000, "cost.purchase": 20_000, "cost.overhead": 250, "cost.return": 100,
        "cost.obsolescence": 200, "cost.quality": 900, "cost.scenario": 1_000, "cost.market": 1_100,
    })  # fmt: skip
    assert compute.cost(at) == pytest.approx(120_000 * 1.25 * 1.1 * 0.8 * 0.9 * 1.1)
    earns = fixed(**{
        "income.licences": 100_000, "income.benefit": 1_000_000, "income.royalty": 50,
        "income.upkeep": 30_000, "income.growth": 0, "income.discount": 100, "income.life": 24,
        "income.tax": 250,
    })  # fmt: skip
    net = 120_000 * 0.75
    assert compute.income(earns) == pytest.approx(net / 1.1 + net / 1.21)
    assert compute.income({**earns, "income.growth": 100.0}) == pytest.approx(2 * net / 1.1)
    deal = ComparableDeal(name="d", price_fen=1_000, quality=900, scale=2_000)
    assert compute.adjust(deal) == pytest.approx(1_800)


def test_a_range_is_repeated_exactly_and_contains_what_it_says() -> None:
    inputs = ValuationInputs(
        spans=(span("cost.labour", 80_000, 100_000, 130_000), span("income.benefit", 10**6)),
        comparables=(ComparableDeal(name="a", price_fen=90_000),),
        weights=MethodWeights(cost=500, income=300, market=200),
    )
    told = compute.value(inputs, 500)
    assert told == compute.value(inputs, 500)
    for one in (told.range, *(m.range for m in told.methods)):
        assert one.least <= one.low <= one.mid <= one.high <= one.most
    widths = [abs(s.at_high - s.at_low) for s in told.swings]
    assert widths == sorted(widths, reverse=True)
    assert set(told.warnings) == {"few_comparables", "assumed"}


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 10**9), st.integers(0, 10**9), st.integers(0, 10**9))
def test_no_draw_leaves_the_corners(low: int, more: int, most: int) -> None:
    spans = (span("cost.labour", low, low + more, low + more + most),)
    told = compute.value(ValuationInputs(spans=spans, weights=COST), 100).range
    assert 0 <= told.least <= told.low <= told.high <= told.most


@pytest.mark.parametrize(
    ("inputs", "code"),
    [
        (ValuationInputs(spans=(span("cost.nothing", 1),), weights=COST), "unknown_input"),
        (ValuationInputs(spans=(span("cost.labour", 1),) * 2, weights=COST), "twice"),
        (ValuationInputs(spans=(span("cost.labour", 3, 2, 1),), weights=COST), "bad_span"),
        (ValuationInputs(spans=(span("cost.quality", 1_001),), weights=COST), "bad_span"),
        (ValuationInputs(spans=(), weights=MethodWeights(cost=900, income=0, market=0)), "weights"),
        (ValuationInputs(spans=(), weights=MethodWeights()), "no_method"),
    ],
)
def test_inputs_that_make_no_sense(inputs: ValuationInputs, code: str) -> None:
    with pytest.raises(InputError) as told:
        compute.value(inputs, 100)
    assert told.value.code == code


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**9), st.integers(1, 60), st.integers(0, 10**6))
def test_a_schedule_writes_off_every_fen(cost: int, months: int, added: int) -> None:
    since = datetime.date(2026, 11, 15)
    rows = amortising.spread(cost, months, since, added={"2026-12": added} if months > 1 else None)
    total = cost + (added if months > 1 else 0)
    assert sum(row.amortised_fen for row in rows) == total
    assert rows[-1].carrying_fen == 0
    assert rows[0].month == "2026-11"
    assert len({row.month for row in rows}) == months


def test_impairment_is_taken_once_and_never_more_than_there_is() -> None:
    since = datetime.date(2026, 1, 1)
    rows = amortising.spread(1_200, 12, since, {"2026-03": 450})
    assert [row.amortised_fen for row in rows][:4] == [100, 100, 100, 50]
    assert sum(row.amortised_fen + row.impaired_fen for row in rows) == 1_200
    with pytest.raises(InputError):
        amortising.spread(1_200, 12, since, {"2026-03": 1_000})


def test_the_table_decides_and_says_that_nobody_read_its_clauses() -> None:
    rules = balance_sheet.rules()
    whole = treating.TreatmentAnswers(
        controlled=True, benefit=True, measurable=True, held="use", phase="development",
        feasible=True, intended=True, useful=True, resourced=True, attributable=True,
    )  # fmt: skip
    for answers, code, gives in (
        (treating.TreatmentAnswers(), "not_controlled", "not_recognised"),
        (treating.TreatmentAnswers(controlled=True), "no_benefit", "not_recognised"),
        (whole, "developed", "intangible"),
        (treating.TreatmentAnswers(controlled=True, benefit=True, measurable=True),
         "research", "expense"),
        (treating.TreatmentAnswers(controlled=True, benefit=True, measurable=True, held="sale"),
         "for_sale", "inventory"),
        (treating.TreatmentAnswers(controlled=True, benefit=True, measurable=True,
                                   phase="development", feasible=True), "conditions", "expense"),
    ):  # fmt: skip
        told = treating.decide(answers, rules)
        assert (told.code, told.gives) == (code, gives)
    assert not any(rule.verified_by for rule in rules)
    assert all(rule.clause and rule.source for rule in rules)
