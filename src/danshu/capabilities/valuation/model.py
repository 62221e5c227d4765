"""Inputs, ranges and results of a valuation.

After 《数据资产评估指导意见》(中评协, in force since 2023-10-01): cost, scenario, market and
quality as factors; methods cost, income and market (what nobody read in the text is 条款未核).
Money is minor units (分), shares thousandths, lives months.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from danshu.kernel.limits import AMOUNT_MINOR, COMPARABLES

PLAIN: Final = r"^[^\x00-\x1f\x7f]*(?![\s\S])"
Method = Literal["cost", "income", "market"]
METHODS: Final[tuple[Method, ...]] = ("cost", "income", "market")
Factor = Literal["cost", "scenario", "market", "quality", "income"]
Unit = Literal["fen", "thousandths", "months"]
Told = Literal["measured", "ledger", "licences", "checks", "person", "assumed"]
Amount = Annotated[int, Meta(ge=-AMOUNT_MINOR, le=AMOUNT_MINOR)]
Words = Annotated[str, Meta(max_length=500, pattern=PLAIN)]


class InputSpan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An input: the least, the likeliest and the greatest it may be, who says so and from what."""

    code: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[a-z_.]+(?![\s\S])")]
    low: Amount
    mid: Amount
    high: Amount
    told: Told = "person"
    note: Words = ""


class ComparableDeal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A deal over a like asset: its price, how it is made comparable (thousandths, 1,000 = alike):
    `quality`, `scale`, `time`, `scenario`, `terms`; `spread` is how unsure the adjusted price is.
    """

    name: Annotated[str, Meta(min_length=1, max_length=200, pattern=PLAIN)]
    price_fen: Annotated[int, Meta(ge=1, le=AMOUNT_MINOR)]
    quality: Annotated[int, Meta(ge=100, le=5_000)] = 1_000
    scale: Annotated[int, Meta(ge=100, le=5_000)] = 1_000
    time: Annotated[int, Meta(ge=100, le=5_000)] = 1_000
    scenario: Annotated[int, Meta(ge=100, le=5_000)] = 1_000
    terms: Annotated[int, Meta(ge=100, le=5_000)] = 1_000
    spread: Annotated[int, Meta(ge=0, le=900)] = 100
    source: Words = ""


class MethodWeights(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much each method counts, in thousandths; together 1,000."""

    cost: Annotated[int, Meta(ge=0, le=1_000)] = 400
    income: Annotated[int, Meta(ge=0, le=1_000)] = 400
    market: Annotated[int, Meta(ge=0, le=1_000)] = 200


class ValuationInputs(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that a valuation follows from."""

    spans: Annotated[tuple[InputSpan, ...], Meta(max_length=64)]
    comparables: Annotated[tuple[ComparableDeal, ...], Meta(max_length=COMPARABLES)] = ()
    weights: MethodWeights = MethodWeights()


class ValueRange(Struct, frozen=True, kw_only=True):
    """Never one number: 10, 50 and 90 % of the draws, in fen; `least` and `most` are what no mix of
    the inputs leaves.
    """

    low: int
    mid: int
    high: int
    least: int
    most: int


class MethodRange(Struct, frozen=True, kw_only=True):
    """What one method gives, and how much it counts (thousandths)."""

    method: Method
    weight: int
    range: ValueRange


class ValueSwing(Struct, frozen=True, kw_only=True):
    """What the whole would be with one input at its ends and all others likeliest, in fen."""

    code: str
    at_low: int
    at_high: int


class ValuationResult(Struct, frozen=True, kw_only=True):
    """The valuation: the whole, each method, what moves it most (the greatest swing first).

    `warnings` are codes of docs/reference/valuation.md; `draws` mixes were drawn from `seed`, a
    digest of the inputs, so that who repeats it gets the same.
    """

    range: ValueRange
    methods: tuple[MethodRange, ...]
    swings: tuple[ValueSwing, ...]
    warnings: tuple[str, ...] = ()
    draws: int
    seed: str


class InputDefined(Struct, frozen=True, kw_only=True):
    """What an input is: its method, factor, unit, bounds, and what holds until somebody knows."""

    code: str
    method: Method
    factor: Factor
    unit: Unit
    least: int
    most: int
    low: int = 0
    mid: int = 0
    high: int = 0


def _of(
    code: str, method: Method, factor: Factor, unit: Unit, bounds: tuple[int, int],
    usual: tuple[int, int, int] = (0, 0, 0),
) -> InputDefined:  # fmt: skip
    low, mid, high = usual
    return InputDefined(
        code=code, method=method, factor=factor, unit=unit, least=bounds[0], most=bounds[1],
        low=low, mid=mid, high=high,
    )  # fmt: skip


_FEN: Final = (0, AMOUNT_MINOR)
_SHARE: Final = (0, 1_000)
DEFINED: Final[dict[str, InputDefined]] = {
    one.code: one
    for one in (
        _of("cost.compute", "cost", "cost", "fen", _FEN),
        _of("cost.storage", "cost", "cost", "fen", _FEN),
        _of("cost.labour", "cost", "cost", "fen", _FEN),
        _of("cost.purchase", "cost", "cost", "fen", _FEN),
        _of("cost.overhead", "cost", "cost", "thousandths", (0, 3_000), (100, 200, 300)),
        _of("cost.return", "cost", "market", "thousandths", (0, 3_000), (50, 100, 200)),
        _of("cost.obsolescence", "cost", "quality", "thousandths", _SHARE, (0, 100, 300)),
        _of("cost.quality", "cost", "quality", "thousandths", _SHARE, (700, 850, 950)),
        _of("cost.scenario", "cost", "scenario", "thousandths", (100, 5_000), (800, 1_000, 1_500)),
        _of("cost.market", "cost", "market", "thousandths", (100, 5_000), (800, 1_000, 1_300)),
        _of("income.licences", "income", "market", "fen", _FEN),
        _of("income.benefit", "income", "income", "fen", _FEN),
        _of("income.royalty", "income", "scenario", "thousandths", _SHARE, (5, 10, 30)),
        _of("income.upkeep", "income", "cost", "fen", _FEN),
        _of("income.growth", "income", "market", "thousandths", (-900, 1_000), (-50, 0, 100)),
        _of("income.discount", "income", "market", "thousandths", (10, 1_000), (120, 160, 220)),
        _of("income.life", "income", "quality", "months", (1, 360), (24, 36, 60)),
        _of("income.tax", "income", "cost", "thousandths", (0, 900), (150, 250, 250)),
    )
}
