"""The three methods and their ranges, pure: inputs in, a range out, everywhere the same.

Each formula moves one way with each input alone, so its extremes stand in corners of the inputs'
box: least and most are exact. In between, inputs are drawn from triangles between their ends.
"""

from __future__ import annotations

import hashlib
import itertools
import random
from typing import TYPE_CHECKING, Final

import msgspec

from danshu.capabilities.valuation.model import (
    DEFINED,
    METHODS,
    MethodRange,
    ValuationResult,
    ValueRange,
    ValueSwing,
)
from danshu.kernel.errors import InputError
from danshu.kernel.limits import VALUATION_DRAWS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from danshu.capabilities.valuation.model import (
        ComparableDeal,
        InputSpan,
        Method,
        ValuationInputs,
    )

Values = "Mapping[str, float]"
DRAWS: Final = 4_000
_DIRECT: Final = ("cost.compute", "cost.storage", "cost.labour", "cost.purchase")
_K: Final = 1_000.0
_FEW: Final = 3


def value(inputs: ValuationInputs, draws: int = DRAWS) -> ValuationResult:
    """Value an asset. Raises InputError: unknown_input, twice, bad_span, weights, no_method."""
    _check(inputs)
    if not 100 <= draws <= VALUATION_DRAWS:
        raise InputError("draws", f"100 to {VALUATION_DRAWS} draws")
    spans = {**{code: _usual(code) for code in DEFINED}, **{s.code: _ends(s) for s in inputs.spans}}
    weights = _weights(inputs)
    seed = hashlib.sha256(msgspec.json.encode(inputs, order="sorted")).hexdigest()
    found: dict[Method, list[float]] = {}
    bounds: dict[Method, tuple[float, float]] = {}
    for method in weights:
        rng = random.Random(f"{seed}/{method}")  # to be repeated, no secret
        found[method] = _draw(method, spans, inputs.comparables, rng, draws)
        bounds[method] = _corners(method, spans, inputs.comparables)
    whole = [sum(found[m][n] * weight for m, weight in weights.items()) / _K for n in range(draws)]
    ends = tuple(
        sum(bounds[m][side] * weight for m, weight in weights.items()) / _K for side in (0, 1)
    )
    return ValuationResult(
        range=_range(whole, (ends[0], ends[1])),
        methods=tuple(
            [
                MethodRange(method=m, weight=weight, range=_range(found[m], bounds[m]))
                for m, weight in weights.items()
            ]
        ),
        swings=_swings(spans, inputs.comparables, weights),
        warnings=_warn(inputs, weights),
        draws=draws,
        seed=seed,
    )


def _check(inputs: ValuationInputs) -> None:
    seen: set[str] = set()
    for at, span in enumerate(inputs.spans):
        defined = DEFINED.get(span.code)
        if defined is None:
            raise InputError("unknown_input", f"there is no input {span.code}", f"/spans/{at}/code")
        if span.code in seen:
            raise InputError("twice", f"{span.code} is given twice", f"/spans/{at}/code")
        seen.add(span.code)
        if not defined.least <= span.low <= span.mid <= span.high <= defined.most:
            raise InputError(
                "bad_span",
                f"{span.code}: {defined.least} <= low <= mid <= high <= {defined.most}",
                f"/spans/{at}",
            )


def _weights(inputs: ValuationInputs) -> dict[Method, int]:
    told = inputs.weights
    weights: dict[Method, int] = {m: getattr(told, m) for m in METHODS if getattr(told, m)}
    if sum(weights.values()) != 1_000:
        raise InputError("weights", "the weights of the methods come to 1,000", "/weights")
    if "market" in weights and not inputs.comparables:
        raise InputError("no_method", "the market method needs comparables", "/comparables")
    return weights


def _usual(code: str) -> tuple[float, float, float]:
    one = DEFINED[code]
    return (float(one.low), float(one.mid), float(one.high))


def _ends(span: InputSpan) -> tuple[float, float, float]:
    return (float(span.low), float(span.mid), float(span.high))


def cost(v: Mapping[str, float]) -> float:
    """成本法: what making it again takes, with a return, less what is outdated, by its factors."""
    direct = sum(v[code] for code in _DIRECT)
    total = direct * (1 + v["cost.overhead"] / _K) * (1 + v["cost.return"] / _K)
    factors = v["cost.quality"] * v["cost.scenario"] * v["cost.market"] / _K**3
    return total * (1 - v["cost.obsolescence"] / _K) * factors


def income(v: Mapping[str, float]) -> float:
    """收益法: licence income and the royalty that owning it saves, less upkeep and tax, growing,
    discounted at the end of each year of its useful life.
    """
    yearly = v["income.licences"] + v["income.benefit"] * v["income.royalty"] / _K
    net = (yearly - v["income.upkeep"]) * (1 - v["income.tax"] / _K)
    growth, discount = v["income.growth"] / _K, v["income.discount"] / _K
    years = v["income.life"] / 12
    if abs(discount - growth) < 1e-9:
        return net * years / (1 + discount)
    ratio = ((1 + growth) / (1 + discount)) ** years
    return float(net * (1 - ratio) / (discount - growth))


def adjust(one: ComparableDeal) -> float:
    """市场法: the price of a deal as it would have been for this asset."""
    factors = one.quality * one.scale * one.time * one.scenario * one.terms
    return one.price_fen * factors / _K**5


_FORMULAS: Final[dict[str, Callable[[Mapping[str, float]], float]]] = {
    "cost": cost,
    "income": income,
}


def _codes(method: Method) -> list[str]:
    return [code for code, one in DEFINED.items() if one.method == method]


def _draw(
    method: Method,
    spans: Mapping[str, tuple[float, float, float]],
    comparables: Sequence[ComparableDeal],
    rng: random.Random,
    draws: int,
) -> list[float]:
    if method == "market":
        return [_draw_deal(comparables, rng) for _ in range(draws)]
    formula, codes = _FORMULAS[method], _codes(method)
    return [formula({c: _triangle(rng.random(), *spans[c]) for c in codes}) for _ in range(draws)]


def _draw_deal(comparables: Sequence[ComparableDeal], rng: random.Random) -> float:
    one = comparables[int(rng.random() * len(comparables))]
    return adjust(one) * (1 + (2 * rng.random() - 1) * one.spread / _K)


def _triangle(u: float, low: float, mid: float, high: float) -> float:
    """Turn a share of 1 into a value of the triangle, by its inverse distribution."""
    if high <= low:
        return low
    turn = (mid - low) / (high - low)
    if u < turn:
        return float(low + ((high - low) * (mid - low) * u) ** 0.5)
    return float(high - ((high - low) * (high - mid) * (1 - u)) ** 0.5)


def _corners(
    method: Method,
    spans: Mapping[str, tuple[float, float, float]],
    comparables: Sequence[ComparableDeal],
) -> tuple[float, float]:
    if method == "market":
        lows = [adjust(c) * (1 - c.spread / _K) for c in comparables]
        highs = [adjust(c) * (1 + c.spread / _K) for c in comparables]
        return min(lows), max(highs)
    codes = _codes(method)
    loose = [c for c in codes if spans[c][0] < spans[c][2]]
    fixed = {c: spans[c][0] for c in codes}
    formula = _FORMULAS[method]
    told = [
        formula({**fixed, **dict(zip(loose, ends, strict=True))})
        for ends in itertools.product(*[(spans[c][0], spans[c][2]) for c in loose])
    ]
    return min(told), max(told)


def _swings(
    spans: Mapping[str, tuple[float, float, float]],
    comparables: Sequence[ComparableDeal],
    weights: Mapping[Method, int],
) -> tuple[ValueSwing, ...]:
    mid = {code: span[1] for code, span in spans.items()}
    deals = [adjust(c) for c in comparables]
    at_mid: dict[str, float] = {
        m: _FORMULAS[m](mid) if m != "market" else sum(deals) / len(deals) for m in weights
    }
    rest = {m: sum(at_mid[o] * w for o, w in weights.items() if o != m) / _K for m in weights}
    found = []
    for code, (low, _, high) in spans.items():
        method = DEFINED[code].method
        if method not in weights or high <= low:
            continue
        ends = [
            rest[method] + _FORMULAS[method]({**mid, code: at}) * weights[method] / _K
            for at in (low, high)
        ]
        found.append(ValueSwing(code=code, at_low=round(ends[0]), at_high=round(ends[1])))
    if "market" in weights and len(deals) > 1:
        ends = [rest["market"] + at * weights["market"] / _K for at in (min(deals), max(deals))]
        found.append(ValueSwing(code="market.deal", at_low=round(ends[0]), at_high=round(ends[1])))
    return tuple(sorted(found, key=lambda s: (-abs(s.at_high - s.at_low), s.code)))


def _range(drawn: Sequence[float], bounds: tuple[float, float]) -> ValueRange:
    told = sorted(drawn)
    low, mid, high = [round(told[int((len(told) - 1) * share)]) for share in (0.1, 0.5, 0.9)]
    return ValueRange(low=low, mid=mid, high=high, least=round(bounds[0]), most=round(bounds[1]))


def _warn(inputs: ValuationInputs, weights: Mapping[Method, int]) -> tuple[str, ...]:
    spans = {s.code: s for s in inputs.spans}
    found = []
    if "cost" in weights and not any(spans[c].high for c in _DIRECT if c in spans):
        found.append("no_costs")
    earns = [spans[c].high for c in ("income.licences", "income.benefit") if c in spans]
    if "income" in weights and not any(earns):
        found.append("no_income")
    if "market" in weights and len(inputs.comparables) < _FEW:
        found.append("few_comparables")
    if len(weights) == 1:
        found.append("one_method")
    assumed = [s for s in DEFINED if s not in spans and DEFINED[s].method in weights]
    if assumed:
        found.append("assumed")
    return tuple(found)
